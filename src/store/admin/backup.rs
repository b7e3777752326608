//! Backups of the store, made while runs go on.
//!
//! A backup, like a restored store, is written to a new file beside its place,
//! checked, synced and renamed, so that whatever happens there is the old file or
//! the new one.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use crate::domain::numbers::thousands;
use crate::domain::{Error, Exit, Timestamp};
use crate::files::place::Place;
use crate::files::{OutputLocks, Protected};
use crate::output::Draft;
use crate::store::{failed, is_about_file, open};

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file's length.
    pub bytes: u64,
    /// Answers.
    pub answers: u64,
    /// Calls in the ledger.
    pub calls: u64,
    /// When the latest call was entered.
    pub latest: Option<Timestamp>,
}

/// Writes a copy of `store` to `file`: as it is at one moment, whatever runs do
/// meanwhile. Fails with 73 where there is a file already and `force` is false, and with
/// 79 where another command writes it.
pub fn backup(store: &Path, file: &Path, force: bool) -> Result<Backup, Error> {
    write_copy(store, file, force, |to| copy_out(store, to, file)).map(|((), holds)| holds)
}

/// Writes a copy of `store` to `file` by `copy`, which is given the draft's path; whole or
/// not at all. What `copy` gives, and what the file holds.
pub(super) fn write_copy<T>(
    store: &Path,
    file: &Path,
    force: bool,
    copy: impl FnOnce(&Path) -> Result<T, Error>,
) -> Result<(T, Backup), Error> {
    if !open::check(store)? {
        return Err(Error::config(format!("there is no store at `{}`", store.display()))
            .hint("the first run creates it"));
    }
    refuse_same(store, file)?;
    let _lock = OutputLocks::alone(file)?;
    if !force && file.symlink_metadata().is_ok() {
        let message = format!("`{}` is there already", file.display());
        return Err(Error::new(Exit::CannotCreate, message)
            .hint("name another file, or replace it with `--force`"));
    }
    let mut draft = Draft::private_beside(file)?;
    let copied = copy(draft.path())?;
    drop(draft.sync().map_err(|error| Error::io("cannot write", file, error))?);
    let holds = check_copy(&draft, store)?;
    draft.publish()?;
    Ok((copied, holds))
}

pub(super) fn refuse_same(store: &Path, file: &Path) -> Result<(), Error> {
    let protected = Protected::of_store(store);
    let is_own = Place::find(file).is_ok_and(|place| protected.find(&place).is_some());
    if is_own {
        return Err(Error::usage(format!(
            "`{}` is the store itself, or a file of its own",
            file.display()
        ))
        .hint("name another file"));
    }
    Ok(())
}

/// What `VACUUM INTO` writes is one moment's state, without what was deleted.
fn copy_out(store: &Path, to: &Path, file: &Path) -> Result<(), Error> {
    let db = open::connect(store)?;
    let to = to.to_str().ok_or_else(|| {
        Error::new(Exit::CannotCreate, format!("`{}` is not valid UTF-8", file.display()))
    })?;
    db.execute("VACUUM INTO ?1", [to]).map_err(|error| {
        if is_about_file(&error) {
            return Error::new(Exit::Io, format!("cannot write `{}`", file.display()))
                .because(error)
                .hint("make room, or name a file on another disk; nothing was changed");
        }
        failed("cannot copy what is", store)(error)
    })?;
    Ok(())
}

/// What is wrong with a database, in SQLite's words or ours.
pub(super) fn damage(db: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found.replace('\n', " ")));
    }
    let mut bodies = db.prepare("SELECT hash, body FROM bodies")?;
    let mut rows = bodies.query([])?;
    let mut changed = 0_u64;
    while let Some(row) = rows.next()? {
        changed +=
            u64::from(!is_as_written(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?));
    }
    Ok((changed > 0).then(|| format!("{} answers are not what was written", thousands(changed))))
}

/// Whether a body still has the hash it was kept under.
pub(in crate::store) fn is_as_written(hash: &[u8], body: &[u8]) -> bool {
    Sha256::digest(body).starts_with(hash)
}

/// Reads a finished copy back, as a restore will.
pub(super) fn check_copy(draft: &Draft, of: &Path) -> Result<Backup, Error> {
    let failed = failed("cannot read back the copy of", of);
    // A connection that may only read leaves files beside a database that has a log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let db = Connection::open_with_flags(draft.path(), flags).map_err(&failed)?;
    if let Some(damage) = damage(&db).map_err(&failed)? {
        return Err(Error::config(format!("`{}` is damaged: {damage}", of.display()))
            .hint("nothing was replaced; an older backup may be sound"));
    }
    let bytes = draft.path().metadata().map_err(|error| Error::io("cannot look at", of, error))?;
    db.query_row(
        "SELECT (SELECT count(*) FROM answers), count(*), max(reserved_wall) FROM calls",
        [],
        |row| {
            let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
            Ok(Backup {
                bytes: bytes.len(),
                answers: count(0)?,
                calls: count(1)?,
                latest: row.get(2)?,
            })
        },
    )
    .map_err(&failed)
}
