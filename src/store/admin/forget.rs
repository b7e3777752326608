//! Forgetting VINs: their answers, every text that names them, and the places
//! in the file where either stood.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params};

use crate::domain::{Error, Key, Page, Task, Vin};
use crate::store::admin::fingerprint::{FORGOTTEN, Fingerprints, one_spelling};
use crate::store::admin::maintain;
use crate::store::answers::recalls::statuses;
use crate::store::run_locks::InUse;
use crate::store::{failed, open, output_snapshots};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    /// Answers about the VINs, by any source.
    pub answers: u64,
    /// Earlier answers.
    pub history: u64,
    /// Answers about other keys whose words named one of the VINs: they are asked again.
    pub mentions: u64,
    /// Lists that named one: they are read again, whole.
    pub lists: u64,
    /// Bodies that no other answer uses.
    pub bodies: u64,
    /// Records of calls that act.
    pub operations: u64,
    /// Ledger rows whose VIN is a keyed hash now; they still count and cost.
    pub calls: u64,
    /// What was said of recalls on them.
    pub recall_statuses: u64,
    /// Runs whose command line, report or output's name named one.
    pub runs: u64,
    /// Snapshots of outputs that had one of the VINs.
    pub snapshots: u64,
    /// The file's size before and after, with its log.
    pub bytes: (u64, u64),
}

/// Removes all that the store at `path` knows of `vins`, and overwrites where it
/// stood. `None` where there is no store.
///
/// Refused with 79 while a run uses the store, and with 64 while it is not known
/// whether a call about one of the VINs has acted, unless `force`: with its
/// record goes what keeps it from being done, and charged, twice.
pub fn forget(path: &Path, vins: &[Vin], force: bool) -> Result<Option<Forgotten>, Error> {
    if !open::check(path)? {
        return Ok(None);
    }
    // No other process writes from here on.
    let _alone = InUse::alone(path)?;
    let db = maintain::connect(path)?;
    let failed = failed("cannot forget", path);
    let prints = Fingerprints::new(&open::install_key(&db, path)?);
    let before = maintain::size(path);
    // What is looked for is in temporary tables: not on the disk.
    db.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;").map_err(&failed)?;
    know_mentions(&db, vins).map_err(&failed)?;
    db.execute_batch("BEGIN IMMEDIATE").map_err(&failed)?;
    find(&db).map_err(&failed)?;
    let open_operations = count_open_operations(&db).map_err(&failed)?;
    if open_operations > 0 && !force {
        return Err(has_open_operations(open_operations));
    }
    let mut forgotten = remove(&db, vins, &prints).map_err(&failed)?;
    db.execute_batch("COMMIT").map_err(&failed)?;
    scrub(&db, path)?;
    forgotten.bytes = (before, maintain::size(path));
    Ok(Some(forgotten))
}

/// `mentions(x)`: whether text or bytes hold one of `vins`, however it is spelled.
fn know_mentions(db: &Connection, vins: &[Vin]) -> rusqlite::Result<()> {
    let vins = vins.to_vec();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("mentions", 1, flags, move |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => mentions(bytes, &vins),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => false,
        })
    })
}

fn mentions(bytes: &[u8], vins: &[Vin]) -> bool {
    let spelled: Vec<u8> = one_spelling(bytes).map(|(byte, _)| byte).collect();
    vins.iter().any(|vin| memchr::memmem::find(&spelled, vin.as_str().as_bytes()).is_some())
}

/// Lists the bodies and answers to be removed. A page is not removed alone: a
/// list without one of its pages would say less than there is.
fn find(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TEMP TABLE tainted (id INTEGER PRIMARY KEY);
         INSERT INTO tainted SELECT id FROM bodies WHERE mentions(body);
         CREATE TEMP TABLE doomed (
             source INTEGER, key TEXT, is_about INTEGER, PRIMARY KEY (source, key)
         ) WITHOUT ROWID;
         INSERT INTO doomed SELECT source, key, mentions(key) FROM answers
             WHERE mentions(key) OR mentions(detail) OR body IN (SELECT id FROM tainted);",
    )
}

/// Operations of which it is not known whether they were done.
fn count_open_operations(db: &Connection) -> rusqlite::Result<i64> {
    maintain::number(
        db,
        "SELECT count(*) FROM operations WHERE settled IS NULL
             AND (mentions(key) OR (source, key) IN (SELECT source, key FROM doomed))",
    )
}

fn has_open_operations(number: i64) -> Error {
    Error::usage(format!(
        "of {number} {} about these VINs it is not known whether they were done",
        if number == 1 { "call" } else { "calls" }
    ))
    .hint(
        "run `vinrich photos status` or the same `vinrich tool run` again, which find out; \
         with `--force` they are forgotten, and may be done and charged twice",
    )
}

fn remove(db: &Connection, vins: &[Vin], prints: &Fingerprints) -> rusqlite::Result<Forgotten> {
    let lists = remove_lists(db)?;
    let delete = |sql: &str| db.execute(sql, []).map(|rows| rows as u64);
    let of_doomed = "(source, key) IN (SELECT source, key FROM doomed";
    let forgotten = Forgotten {
        answers: delete(&format!("DELETE FROM answers WHERE {of_doomed} WHERE is_about)"))?,
        mentions: delete(&format!("DELETE FROM answers WHERE {of_doomed})"))?,
        history: delete(
            "DELETE FROM answer_history
             WHERE mentions(key) OR mentions(detail) OR body IN (SELECT id FROM tainted)",
        )?,
        operations: delete("DELETE FROM operations WHERE mentions(key)")?,
        lists,
        ..Forgotten::default()
    };
    let recall_statuses = statuses::forget(db)?;
    let bodies = delete(
        "DELETE FROM bodies WHERE id NOT IN (
             SELECT body FROM answers WHERE body IS NOT NULL
             UNION SELECT body FROM answer_history WHERE body IS NOT NULL)",
    )?;
    delete("UPDATE replies SET request_id = NULL WHERE mentions(request_id)")?;
    // The place where the trimming of earlier answers stopped is a key.
    delete("DELETE FROM meta WHERE name = 'history_trimmed_to' AND mentions(value)")?;
    delete("UPDATE waits SET why = '' WHERE mentions(why)")?;
    let calls = rewrite(db, "calls", "keys", |keys| without(keys, vins, prints))?;
    let mut runs = 0;
    for column in ["command", "report", "output"] {
        runs = rewrite(db, "runs", column, |text| erased(text, vins, prints))?.max(runs);
    }
    let snapshots = output_snapshots::forget(db, vins)?;
    if output_snapshots::are_kept(db, "main")? {
        rewrite(db, "output_snapshots", "output", |text| erased(text, vins, prints))?;
    }
    Ok(Forgotten { bodies, calls, recall_statuses, runs, snapshots, ..forgotten })
}

/// Removes the lists of which a page names one of the VINs, with all of their pages.
fn remove_lists(db: &Connection) -> rusqlite::Result<u64> {
    let doomed: Vec<(i64, String)> = db
        .prepare("SELECT source, key FROM doomed")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let lists: BTreeSet<(i64, String)> = doomed
        .into_iter()
        .filter_map(|(source, key)| match Key::from_stored(&key)? {
            Key::Page(page) => Some((source, page.list)),
            Key::Vin(_) | Key::VinOfYear(..) | Key::Vehicle(_) | Key::Task(_) | Key::Name(_) => {
                None
            }
        })
        .collect();
    for (source, list) in &lists {
        let (from, to) = Page::stored_bounds(list, None);
        db.execute(
            "DELETE FROM inventories WHERE source = ?1 AND list = ?2",
            params![source, list],
        )?;
        for table in ["answers", "answer_history"] {
            db.execute(
                &format!("DELETE FROM {table} WHERE source = ?1 AND key >= ?2 AND key < ?3"),
                params![source, from, to],
            )?;
        }
    }
    Ok(lists.len() as u64)
}

/// Changes `column` of the rows that name one of the VINs; gives their number.
fn rewrite(
    db: &Connection,
    table: &str,
    column: &str,
    change: impl Fn(&str) -> String,
) -> rusqlite::Result<u64> {
    let found: Vec<(i64, String)> = db
        .prepare(&format!("SELECT id, {column} FROM {table} WHERE mentions({column})"))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut update = db.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?;
    for (id, text) in &found {
        update.execute(params![id, change(text)])?;
    }
    Ok(found.len() as u64)
}

/// The stored keys of a call, with a keyed hash where one of the VINs stood. Of a
/// task's words nothing else is kept.
fn without(keys: &str, vins: &[Vin], prints: &Fingerprints) -> String {
    let key = |stored: &str| match Key::from_stored(stored) {
        Some(Key::Task(Task { subject, body })) if mentions(stored.as_bytes(), vins) => {
            let named = vins.iter().filter(|vin| mentions(body.as_bytes(), &[**vin]));
            let body: Vec<_> = named.map(|vin| format!("{FORGOTTEN}{}", prints.of(vin))).collect();
            let subject = erased(&subject, vins, prints);
            Key::Task(Task { subject, body: body.join(" ") }).to_stored()
        }
        _ => erased(stored, vins, prints),
    };
    keys.lines().map(key).collect::<Vec<_>>().join("\n")
}

fn erased(text: &str, vins: &[Vin], prints: &Fingerprints) -> String {
    vins.iter().fold(text.to_owned(), |text, vin| prints.erase(&text, vin).into_owned())
}

/// Writes the file anew, without the places where removed rows stood, and empties
/// the log.
fn scrub(db: &Connection, path: &Path) -> Result<(), Error> {
    // The copy may be large: on the disk, in a file without a name.
    match db
        .execute_batch("PRAGMA temp_store = DEFAULT; VACUUM;")
        .and_then(|()| maintain::checkpoint(db))
    {
        Ok(true) => Ok(()),
        Ok(false) => Err(still_read()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            Err(still_read())
        }
        Err(error) => Err(failed("the rows are gone, but not overwritten yet", path)(error)),
    }
}

fn still_read() -> Error {
    maintain::in_use("the rows are gone, but another process still reads where they stood")
}
