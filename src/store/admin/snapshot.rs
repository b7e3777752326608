//! Snapshots of the store: what is known, in a file that is only read. It has the answers of
//! one kind of origin and the recall file, and neither a ledger nor runs nor accounts. Any
//! number of processes may read it, also on a file system that is only read.
//!
//! It is written beside its place, checked, synced and renamed, as a backup is.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, params};

use crate::domain::Error;
use crate::store::admin::backup::write_copy;
use crate::store::admin::maintain;
use crate::store::{failed, migration, read_only};

/// Bodies copied at a time, by their numbers.
const STRETCH: i64 = 4096;

/// What a snapshot is made of.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotSpec<'a> {
    /// Which answers: those for `live` keys, for `test` keys, or of the `sandbox`. `None`
    /// where the store has those of one alone.
    pub origin: Option<&'a str>,
    /// Whether a file that is there is replaced.
    pub force: bool,
}

/// What a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// The file's length.
    pub bytes: u64,
    /// Answers.
    pub answers: u64,
    /// Whose answers; `None` where there are none.
    pub origin: Option<String>,
    /// Campaigns of the recall file.
    pub campaigns: u64,
}

/// Writes what `store` knows at one moment to `file`, whatever runs do meanwhile; `progress`
/// hears how many bytes of how many are copied.
///
/// # Errors
/// 64 where the store has answers of several kinds of origin and none is named, or none of the
/// one named; 73 where there is a file already and is not to be replaced; 78 where there is no
/// store; 79 where another command writes the file.
pub fn snapshot(
    store: &Path,
    file: &Path,
    spec: SnapshotSpec<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<SnapshotFile, Error> {
    let ((origin, campaigns), holds) =
        write_copy(store, file, spec.force, |to| copy(store, to, spec.origin, progress))?;
    Ok(SnapshotFile { bytes: holds.bytes, answers: holds.answers, origin, campaigns })
}

/// Copies what is wanted into an empty file; gives the kind of origin and the campaigns.
fn copy(
    store: &Path,
    to: &Path,
    origin: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Option<String>, u64), Error> {
    let failed = failed("cannot copy what is", store);
    let db = Connection::open(to).map_err(&failed)?;
    // Nobody sees it before it is whole and synced.
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
         PRAGMA temp_store = MEMORY;",
    )
    .and_then(|()| migration::make_snapshot(&db))
    .and_then(|()| db.execute("ATTACH DATABASE ?1 AS store", [read_only::address(store)]))
    .and_then(|_| db.execute_batch("BEGIN"))
    .map_err(&failed)?;
    let held = origins(&db).map_err(&failed)?;
    let origin = chosen(store, origin, &held)?;
    let copied = copy_answers(&db, origin.as_deref().unwrap_or_default())
        .and_then(|()| copy_bodies(&db, progress))
        .and_then(|()| copy_recall_file(&db))
        .and_then(|()| db.execute_batch("COMMIT; DETACH DATABASE store"))
        .and_then(|()| maintain::number(&db, "SELECT count(*) FROM recall_campaigns"));
    let campaigns = copied.map_err(&failed)?;
    db.close().map_err(|(_, error)| failed(error))?;
    Ok((origin, campaigns.unsigned_abs()))
}

/// An origin is an address and, behind it, what kind of key was shown there.
fn kind_of(origin: &str) -> &str {
    origin.split(' ').nth(1).unwrap_or_default()
}

/// The kinds of origins of which the store has answers.
fn origins(db: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut find = db.prepare(
        "SELECT DISTINCT origin FROM store.sources
         WHERE EXISTS (SELECT 1 FROM store.answers WHERE source = sources.id)",
    )?;
    let origins = find.query_map([], |row| Ok(kind_of(row.get_ref(0)?.as_str()?).to_owned()))?;
    origins.collect()
}

fn chosen(
    store: &Path,
    origin: Option<&str>,
    held: &BTreeSet<String>,
) -> Result<Option<String>, Error> {
    let listed = || held.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
    match origin {
        Some(named) if held.contains(named) => Ok(Some(named.to_owned())),
        Some(named) => {
            let what = format!("the store `{}` has no answers of `{named}`", store.display());
            let hint = if held.is_empty() {
                "it has none at all; leave out `--origin`".to_owned()
            } else {
                format!("it has those of {}", listed())
            };
            Err(Error::usage(what).hint(hint))
        }
        None if held.len() > 1 => Err(Error::usage(format!(
            "the store `{}` has answers of several origins: {}",
            store.display(),
            listed()
        ))
        .hint("name the one that is wanted, such as `--origin live`")),
        None => Ok(held.first().cloned()),
    }
}

fn copy_answers(db: &Connection, origin: &str) -> rusqlite::Result<()> {
    let mut find = db.prepare("SELECT id, origin FROM store.sources ORDER BY id")?;
    let mut sources = find.query([])?;
    while let Some(row) = sources.next()? {
        if kind_of(row.get_ref(1)?.as_str()?) != origin {
            continue;
        }
        let id: i64 = row.get(0)?;
        for copy in [
            "INSERT INTO main.sources SELECT * FROM store.sources WHERE id = ?1",
            "INSERT INTO main.inventories SELECT * FROM store.inventories WHERE source = ?1",
            // No call is known where there is no ledger.
            "INSERT INTO main.answers
                 (source, key, status, detail, body, fetched_at, expires_at, call)
             SELECT source, key, status, detail, body, fetched_at, expires_at, 0
             FROM store.answers WHERE source = ?1",
        ] {
            db.execute(copy, [id])?;
        }
    }
    Ok(())
}

/// Copies the bodies of the answers that were copied.
fn copy_bodies(db: &Connection, progress: &mut dyn FnMut(u64, u64)) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TEMP TABLE wanted (id INTEGER PRIMARY KEY) STRICT;
         INSERT OR IGNORE INTO wanted SELECT body FROM main.answers WHERE body IS NOT NULL;",
    )?;
    let number = |sql: &str| maintain::number(db, sql);
    let all = number(
        "SELECT coalesce(sum(length(body)), 0) FROM store.bodies JOIN temp.wanted USING (id)",
    )?;
    let last = number("SELECT coalesce(max(id), 0) FROM temp.wanted")?;
    let mut insert = db.prepare(
        "INSERT INTO main.bodies (id, hash, body)
         SELECT id, hash, body FROM store.bodies JOIN temp.wanted USING (id)
         WHERE id > ?1 AND id <= ?2",
    )?;
    let mut length = db.prepare(
        "SELECT coalesce(sum(length(body)), 0) FROM main.bodies WHERE id > ?1 AND id <= ?2",
    )?;
    let (mut from, mut done) = (0, 0);
    while from < last {
        let stretch = params![from, from + STRETCH];
        insert.execute(stretch)?;
        done += length.query_row(stretch, |row| row.get::<_, i64>(0))?;
        progress(done.unsigned_abs(), all.unsigned_abs());
        from += STRETCH;
    }
    db.execute_batch("DROP TABLE temp.wanted")
}

/// Copies the tables of the recall file: those that came without a new version are made by
/// the first that is kept in them.
fn copy_recall_file(db: &Connection) -> rusqlite::Result<()> {
    let mut find = db.prepare(
        "SELECT name, sql FROM store.sqlite_schema
         WHERE tbl_name GLOB 'recall_*' AND sql IS NOT NULL ORDER BY type DESC, name",
    )?;
    let made = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let made = made.collect::<rusqlite::Result<Vec<(String, String)>>>()?;
    for (name, sql) in made {
        if !migration::has_table(db, "main", &name)? {
            db.execute_batch(&sql)?;
        }
        if sql.starts_with("CREATE TABLE") {
            db.execute_batch(&format!(
                "INSERT INTO main.\"{name}\" SELECT * FROM store.\"{name}\""
            ))?;
        }
    }
    Ok(())
}
