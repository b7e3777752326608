//! The versions of the schema: new stores, and older ones brought up to date.
//!
//! All of it is in one transaction, so that a store always has one whole version;
//! and an older store is copied before its first table changes. A version may have
//! several steps while it is made: `meta` says which of the later ones a store has.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::open::{self, BUSY};
use super::patience::{TRY, is_holder_stopped};
use super::{MEND, as_text, failed};
use crate::config::one_spelling;
use crate::domain::Error;
use crate::files::{beside, os};
use crate::output::Draft;

/// `VINR`, in the file's header: no other SQLite file has it.
pub(super) const APPLICATION_ID: i64 = 0x5649_4e52;

/// `VINS`: a store that is only read, and was never written but once.
pub(super) const SNAPSHOT_ID: i64 = 0x5649_4e53;

/// What makes each schema version of the one before it; the first, of an empty file.
const SCHEMA: [&str; 4] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// The version that this program reads and writes: the last step.
pub(super) const SCHEMA_VERSION: i64 = 4;
const _: () = assert!(SCHEMA.len() == 4, "one step a version");

/// Within this version: accounts and origins have one spelling. `meta` has a row of this
/// name where it was done.
const ACCOUNTS: &str = "accounts";
const ACCOUNTS_STEP: &str = include_str!("schema/4-accounts.sql");

/// How long a process waits for another that brings the store up to date, and
/// copies all of it before.
const LONGEST_MIGRATION: Duration = Duration::from_mins(15);

/// Creates the tables in an empty file, and brings an older store up to date,
/// after a copy of it is made beside it.
pub(super) fn create(db: &Connection, path: &Path) -> Result<(), Error> {
    apply(db, path, || keep_copy(path))
}

/// As [`create`], for a file that is a copy itself.
pub(super) fn update_copy(db: &Connection, path: &Path) -> Result<(), Error> {
    apply(db, path, || Ok(()))
}

fn apply(
    db: &Connection,
    path: &Path,
    before: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = failed("cannot create the tables", path);
    let new = is_empty(db).map_err(&failed)?;
    if new {
        prepare(db, path)?;
    } else if !is_older(db).map_err(&failed)? {
        return Ok(());
    }
    begin(db, path).map_err(&failed)?;
    // Another process may have been quicker.
    if is_empty(db).map_err(&failed)? {
        db.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID};")).map_err(&failed)?;
        upgrade(db).map_err(&failed)?;
        let mut key = [0_u8; 32];
        os::random(&mut key)
            .map_err(|error| Error::io("cannot find random bytes for the store", path, error))?;
        db.execute("INSERT INTO meta (name, value) VALUES ('install_key', ?1)", [&key[..]])
            .map_err(&failed)?;
    } else if is_older(db).map_err(&failed)? {
        // No other process writes until the commit: the copy is all there is.
        before()?;
        upgrade(db).map_err(&failed)?;
    }
    db.execute_batch("COMMIT").map_err(&failed)
}

/// Waits for another process that is at it, as long as that works and is not stopped.
fn begin(db: &Connection, path: &Path) -> rusqlite::Result<()> {
    let started = Instant::now();
    db.busy_timeout(TRY)?;
    let begin = || db.execute_batch("BEGIN IMMEDIATE");
    let is_worth_it = || started.elapsed() < LONGEST_MIGRATION && !is_holder_stopped(path);
    loop {
        match begin() {
            Err(error) if open::is_busy(&error) && is_worth_it() => {}
            begun => break begun?,
        }
    }
    db.busy_timeout(BUSY)
}

/// What must be set before the first table exists.
fn prepare(db: &Connection, path: &Path) -> Result<(), Error> {
    db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")
        .map_err(failed("cannot prepare the file", path))?;
    open::share_log(db, path)
}

/// Where a store of `version` is kept when it is brought up to date. One of this version
/// leaves the copy of the version before it where it is.
fn copy_of(path: &Path, version: i64) -> PathBuf {
    match version {
        SCHEMA_VERSION => beside(path, &format!(".before-{ACCOUNTS}")),
        _ => beside(path, &format!(".before-schema-{SCHEMA_VERSION}")),
    }
}

/// Writes the store as it is to [`copy_of`]. One of an earlier migration goes: who
/// went back to an older vinrich has a newer store than that.
fn keep_copy(path: &Path) -> Result<(), Error> {
    let db = open::connect(path)?;
    let copy = copy_of(path, version(&db).map_err(failed("cannot copy what is", path))?);
    let cannot = |error: Error| {
        let message = format!(
            "the store `{}` is of an older vinrich, and cannot be copied before it is brought up to date",
            path.display()
        );
        Error::new(error.exit(), message).because(error).hint(MEND)
    };
    let mut draft = Draft::private_beside(&copy).map_err(cannot)?;
    let to = as_text(draft.path(), path)?;
    db.execute("VACUUM INTO ?1", [to])
        .map_err(failed("cannot copy what is", path))
        .map_err(cannot)?;
    os::keep_owner(draft.path(), path)
        .and_then(|()| draft.sync())
        .map_err(|error| cannot(Error::io("cannot write", &copy, error)))?;
    draft.publish().map(drop).map_err(cannot)
}

/// Takes the steps from the file's version, 0 where it is empty, to [`SCHEMA_VERSION`].
fn upgrade(db: &Connection) -> rusqlite::Result<()> {
    let version = usize::try_from(version(db)?).unwrap_or_default();
    for step in &SCHEMA[version.min(SCHEMA.len())..] {
        db.execute_batch(step)?;
    }
    if version > 0 {
        unite_accounts(db)?;
    }
    db.execute("INSERT INTO meta (name, value) VALUES (?1, x'01')", [ACCOUNTS])?;
    db.execute_batch(&format!("PRAGMA user_version = {SCHEMA_VERSION};"))
}

/// Brings rows of one account or source together that differ in a key or a spelling.
fn unite_accounts(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("one_spelling", 1, flags, |context| {
        let origin: String = context.get(0)?;
        // An origin is an address and what kind of key was shown there.
        Ok(match origin.rsplit_once(' ') {
            Some((address, kind)) => format!("{} {kind}", one_spelling(address)),
            None => origin,
        })
    })?;
    db.execute_batch(ACCOUNTS_STEP)?;
    db.remove_function("one_spelling", 1)
}

/// Whether this is a store, of an earlier version or an earlier step of this one.
pub(super) fn is_older(db: &Connection) -> rusqlite::Result<bool> {
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Ok(false);
    }
    match version(db)? {
        SCHEMA_VERSION => lacks_accounts(db),
        version => Ok((1..SCHEMA_VERSION).contains(&version)),
    }
}

/// Where `meta` is missing too, the store is damaged: that is for others to say.
fn lacks_accounts(db: &Connection) -> rusqlite::Result<bool> {
    Ok(has_table(db, "main", "meta")?
        && !db.prepare("SELECT 1 FROM meta WHERE name = ?1")?.exists([ACCOUNTS])?)
}

/// Whether `schema`, `main` or an attached one, has a table `name`: those that came without a
/// new version are made by the first that is kept in them.
pub(super) fn has_table(db: &Connection, schema: &str, name: &str) -> rusqlite::Result<bool> {
    db.prepare(&format!("SELECT 1 FROM {schema}.sqlite_schema WHERE name = ?1"))?.exists([name])
}

pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub(super) fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && version(db)? == 0)
}

/// The tables of this version, without a file.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let new = Connection::open_in_memory()?;
    upgrade(&new)?;
    Ok(new)
}

/// Makes the tables of this version in an empty file that is going to be a snapshot.
pub(super) fn make_snapshot(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(&format!("PRAGMA application_id = {SNAPSHOT_ID};"))?;
    upgrade(db)
}

/// Fails where a table of this version is missing.
pub(super) fn require_tables(db: &Connection) -> rusqlite::Result<()> {
    let new = in_memory()?;
    let mut tables = new.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let mut names = tables.query([])?;
    while let Some(row) = names.next()? {
        db.prepare(&format!("SELECT 1 FROM main.{}", row.get::<_, String>(0)?))?;
    }
    db.query_row("SELECT 1 FROM meta WHERE name = 'install_key'", [], |_| Ok(()))
}
