//! Opening the file: permissions, identity, WAL. Its version is `migration`'s.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::admin::restore::undo_half;
use super::migration::{
    self, APPLICATION_ID, SCHEMA_VERSION, SNAPSHOT_ID, is_empty, is_older, version,
};
use super::patience::{LockWait, Patience, TRY};
use super::read_only;
use super::run_locks::{self, InUse};
use super::{MEND, RESTORE, StoreSpec, WRITABLE, failed};
use crate::config::Durability;
use crate::domain::{Error, Exit};
use crate::files::os;
use crate::files::place::folder_of;

/// How long a writer waits for another process.
pub(super) const BUSY: Duration = Duration::from_secs(30);

/// How soon the switch to the write-ahead log is tried again.
const AGAIN: Duration = Duration::from_millis(5);

/// Makes sure that there is a store of this version at `spec.path`, which stays
/// there as long as the share in it is held.
pub(super) fn ensure(spec: &StoreSpec<'_>) -> Result<InUse, Error> {
    waiting(spec.path, || try_ensure(spec))
}

/// Does `work`, which fails soon where another process is in the way ([`is_locked_out`]), as
/// soon as none is, or half a minute later not at all.
pub(super) fn waiting<T>(path: &Path, work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    LockWait::new(&Patience::default(), path, false).until_free(&|_| (), work)
}

/// As [`ensure`]; fails soon where another process is in the way ([`is_locked_out`]).
pub(super) fn try_ensure(spec: &StoreSpec<'_>) -> Result<InUse, Error> {
    let path = spec.path;
    // An empty file is what a new store begins with, and no store yet.
    if spec.must_exist && !try_check(path)? {
        return Err(Error::config(format!("there is no store at `{}`", path.display()))
            .hint("run once without `--require-store` to create it, or name one that is there"));
    }
    refuse_snapshot(path)?;
    let folder = folder_of(path);
    os::create_private_folder(folder)
        .map_err(|source| unusable("cannot create the folder of", path, source))?;
    refuse_network(path, folder)?;
    undo_half(path)?;
    refuse_stub(path)?;
    let opened = os::open_private_file(path);
    drop(opened.map_err(|source| unusable("cannot open the store", path, source))?);
    let in_use = InUse::share(path)?;
    let db = connect_waiting(TRY, path)?;
    migration::create(&db, path)?;
    db.busy_timeout(TRY).map_err(failed("cannot open", path))?;
    check_identity(&db, path)?;
    share_log(&db, path)?;
    in_use.note_store();
    Ok(in_use)
}

/// 78 where `path` is a snapshot, which nobody writes to.
pub(super) fn refuse_snapshot(path: &Path) -> Result<(), Error> {
    if !read_only::is_snapshot(path) {
        return Ok(());
    }
    let message = format!("`{}` is a snapshot of a store, which is only read", path.display());
    Err(Error::config(message).hint("read it with `--offline`, or name the store it was made of"))
}

/// 78 where this user, or any user, may not write; 74 where the disk failed.
pub(super) fn unusable(what: &str, path: &Path, source: io::Error) -> Error {
    use io::ErrorKind::{IsADirectory, NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    let message = format!("{what} `{}`", path.display());
    match source.kind() {
        PermissionDenied | ReadOnlyFilesystem | IsADirectory | NotADirectory => {
            Error::config(message).hint(WRITABLE)
        }
        _ => Error::new(Exit::Io, message).hint(MEND),
    }
    .because(source)
}

/// A write-ahead log is shared by memory, which ends at this machine's edge.
fn refuse_network(path: &Path, folder: &Path) -> Result<(), Error> {
    let Some(kind) = os::network_filesystem(folder) else { return Ok(()) };
    Err(Error::config(format!(
        "the store `{}` is on a network filesystem ({kind}), where runs of two machines would destroy it",
        path.display()
    ))
    .hint("put `store` on a local disk"))
}

/// SQLite takes a file that is too short for a page as the beginning of a new
/// database. Where there was a store that would forget what was spent, and how
/// much of the quotas is used; elsewhere it would write over another file.
pub(super) fn refuse_stub(path: &Path) -> Result<(), Error> {
    /// The least that a database has.
    const SMALLEST_PAGE: u64 = 512;
    // In this order: a store is made before it is noted.
    let had_store = run_locks::had_store(path);
    let length = path.metadata().map_or(0, |file| file.len());
    if length >= SMALLEST_PAGE || !path.exists() {
        Ok(())
    } else if had_store {
        Err(Error::config(format!("the store `{}` was emptied", path.display()))
            .hint(format!("{RESTORE}; to begin anew, forgetting what was spent, remove the file")))
    } else if length > 0 {
        Err(no_store(path))
    } else {
        Ok(())
    }
}

/// Whether there is a store at `path`. Checks whose it is, and brings it up to
/// date. A run killed while it made its store leaves an empty database: that is
/// none yet.
pub(super) fn check(path: &Path) -> Result<bool, Error> {
    waiting(path, || try_check(path))
}

/// As [`check`]; fails soon where another process is in the way ([`is_locked_out`]).
fn try_check(path: &Path) -> Result<bool, Error> {
    if !path.exists() {
        return Ok(false);
    }
    refuse_stub(path)?;
    let failed = failed("cannot read the header", path);
    let db = connect_waiting(TRY, path)?;
    if is_empty(&db).map_err(&failed)? {
        return Ok(false);
    }
    if is_older(&db).map_err(&failed)? {
        migration::create(&db, path)?;
    }
    check_identity(&db, path).map(|()| true)
}

/// A connection with the settings every connection has.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    connect_waiting(BUSY, path)
}

/// As [`connect`], where another process is waited for so long.
pub(super) fn connect_waiting(longest: Duration, path: &Path) -> Result<Connection, Error> {
    let failed = failed("cannot open the database", path);
    let db = if read_only::is_read_only(path) {
        read_only::connect(path)
    } else {
        Connection::open(path)
    };
    let db = db.map_err(&failed)?;
    db.busy_timeout(longest).map_err(&failed)?;
    db.set_prepared_statement_cache_capacity(32);
    // 4 MiB of pages of its own; the operating system's cache serves the rest. It is not
    // mapped: a file that is cut short would end the process at the next look.
    db.execute_batch("PRAGMA cache_size = -4096; PRAGMA mmap_size = 0;").map_err(&failed)?;
    Ok(db)
}

/// The writing connection, as durable as asked; fails soon where another process is in the
/// way ([`is_locked_out`]). The log is folded in when it
/// has grown to 128 MiB, and when the last process closes the store.
pub(super) fn connect_writer(path: &Path, durability: Durability) -> Result<Connection, Error> {
    let db = connect_waiting(TRY, path)?;
    let synchronous = match durability {
        Durability::Normal => "NORMAL",
        Durability::Full => "FULL",
    };
    db.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 32768; PRAGMA temp_store = MEMORY;"
    ))
    .map_err(failed("cannot set up the writer", path))?;
    Ok(db)
}

/// Makes sure that the store has a write-ahead log: a copy that was put in
/// place by hand has none. The switch turns a read lock into a write lock, and
/// there SQLite does not wait for another process that switches too.
pub(super) fn share_log(db: &Connection, path: &Path) -> Result<(), Error> {
    let started = Instant::now();
    let switch = || db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    let mode = loop {
        match switch() {
            Err(error) if is_busy(&error) && started.elapsed() < TRY => thread::sleep(AGAIN),
            done => break done.map_err(failed("cannot set up the write-ahead log", path))?,
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::config(format!(
        "the store `{}` is on a filesystem that cannot share a write-ahead log",
        path.display()
    ))
    .hint("put `store` on a local disk"))
}

/// Whether another process's lock was in the way. The second code is that of one which
/// opens the store, or mends its log, and does not come to an end.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::FileLockingProtocolFailed))
}

/// As [`is_busy`], of an error that says what could not be done.
pub(super) fn is_locked_out(error: &Error) -> bool {
    let cause = std::error::Error::source(error);
    cause.and_then(|cause| cause.downcast_ref()).is_some_and(is_busy)
}

fn check_identity(db: &Connection, path: &Path) -> Result<(), Error> {
    if !read_only::is_snapshot(path) {
        require_store(db, path, failed("cannot read the header", path))?;
    }
    match version(db).map_err(failed("cannot read the header", path))? {
        SCHEMA_VERSION => Ok(()),
        other => Err(of_another_version(path, other)),
    }
}

/// Refuses what is not a store, or one of a newer version, with 78.
pub(super) fn require_store(
    db: &Connection,
    path: &Path,
    failed: impl Fn(rusqlite::Error) -> Error,
) -> Result<(), Error> {
    let application: i64 =
        db.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(&failed)?;
    if application == SNAPSHOT_ID {
        return Err(Error::config(format!("`{}` is a snapshot and has no ledger", path.display()))
            .hint("name a file that `vinrich store backup` wrote"));
    }
    if application != APPLICATION_ID {
        return Err(no_store(path));
    }
    match version(db).map_err(&failed)? {
        newer if newer > SCHEMA_VERSION => Err(of_another_version(path, newer)),
        _ => Ok(()),
    }
}

fn no_store(path: &Path) -> Error {
    Error::config(format!("`{}` is not a vinrich store", path.display()))
        .hint("`store` in the configuration must name a file of its own")
}

fn of_another_version(path: &Path, version: i64) -> Error {
    let hint = if read_only::is_snapshot(path) {
        "write it again with this vinrich's `vinrich store snapshot`"
    } else {
        "use the vinrich that wrote it, or a newer one"
    };
    Error::config(format!(
        "the store `{}` has schema version {version}, this vinrich knows {SCHEMA_VERSION}",
        path.display()
    ))
    .hint(hint)
}

/// The key that VINs are hashed under where they are not shown, made with the store.
pub(super) fn install_key(db: &Connection, path: &Path) -> Result<Vec<u8>, Error> {
    db.query_row("SELECT value FROM meta WHERE name = 'install_key'", [], |row| row.get(0))
        .map_err(failed("cannot read the install key", path))
}

#[cfg(test)]
#[path = "tests/open.rs"]
mod tests;
