//! Opening the file: permissions, identity, version, WAL.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::{StoreSpec, failed};
use crate::config::Durability;
use crate::error::{Error, Exit};
use crate::os;

/// `VINR` in the file's header tells it from every other SQLite file.
const APPLICATION_ID: i64 = 0x5649_4e52;

/// What makes each schema version of the one before it; the first, of an empty file.
const SCHEMA: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The version that this program reads and writes: the last step.
const SCHEMA_VERSION: i64 = 3;
const _: () = assert!(SCHEMA.len() == 3, "one step a version");

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(30);

/// Makes sure that there is a store of this version at `spec.path`.
pub(super) fn ensure(spec: &StoreSpec<'_>) -> Result<(), Error> {
    let path = spec.path;
    if spec.must_exist && !check(path)? {
        return Err(Error::config(format!("there is no store at `{}`", path.display()))
            .hint("run once without `--require-store` to create it"));
    }
    let cannot = |what| {
        move |source| {
            Error::io(what, path, source)
                .hint("`store` in the configuration must be where this user may write")
        }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        os::create_private_folder(folder).map_err(cannot("cannot create the folder of"))?;
    }
    drop(os::open_private_file(path).map_err(cannot("cannot open the store"))?);
    let db = connect(path)?;
    create(&db, path)?;
    check_identity(&db, path)
}

/// Whether there is a store at `path`. Checks whose it is, and brings it up to
/// date. A run killed while it made its store leaves an empty database: that is
/// none yet.
pub(super) fn check(path: &Path) -> Result<bool, Error> {
    if !path.exists() {
        return Ok(false);
    }
    let failed = failed("cannot read the header", path);
    let db = connect(path)?;
    if is_empty(&db).map_err(&failed)? {
        return Ok(false);
    }
    if is_older(&db).map_err(&failed)? {
        create(&db, path)?;
    }
    check_identity(&db, path).map(|()| true)
}

/// A connection with the settings every connection has.
pub(super) fn connect(path: &Path) -> Result<Connection, Error> {
    let failed = failed("cannot open the database", path);
    let db = Connection::open(path).map_err(&failed)?;
    db.busy_timeout(BUSY).map_err(&failed)?;
    db.set_prepared_statement_cache_capacity(32);
    // 4 MiB of pages of its own; the operating system's cache, mapped, serves the rest.
    db.execute_batch("PRAGMA cache_size = -4096; PRAGMA mmap_size = 268435456;")
        .map_err(&failed)?;
    Ok(db)
}

/// The writing connection, as durable as asked. The log is folded in when it
/// has grown to 128 MiB, and when the last process closes the store.
pub(super) fn connect_writer(path: &Path, durability: Durability) -> Result<Connection, Error> {
    let db = connect(path)?;
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

/// Creates the tables in an empty file, and brings an older store up to date:
/// each in one transaction, so that a store always has one whole version.
fn create(db: &Connection, path: &Path) -> Result<(), Error> {
    let failed = failed("cannot create the tables", path);
    let new = is_empty(db).map_err(&failed)?;
    if new {
        prepare(db, path)?;
    } else if !is_older(db).map_err(&failed)? {
        return Ok(());
    }
    db.execute_batch("BEGIN IMMEDIATE").map_err(&failed)?;
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
        upgrade(db).map_err(&failed)?;
    }
    db.execute_batch("COMMIT").map_err(&failed)
}

/// What must be set before the first table exists.
fn prepare(db: &Connection, path: &Path) -> Result<(), Error> {
    let failed = failed("cannot prepare the file", path);
    db.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;").map_err(&failed)?;
    let mode: String =
        db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(&failed)?;
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::config(format!(
        "the store `{}` is on a filesystem that cannot share a write-ahead log",
        path.display()
    ))
    .hint("put `store` on a local disk"))
}

/// Takes the steps from the file's version to [`SCHEMA_VERSION`].
fn upgrade(db: &Connection) -> rusqlite::Result<()> {
    let version = usize::try_from(version(db)?).unwrap_or_default();
    for step in &SCHEMA[version.min(SCHEMA.len())..] {
        db.execute_batch(step)?;
    }
    db.execute_batch(&format!("PRAGMA user_version = {SCHEMA_VERSION};"))
}

/// Whether this is a store, of an earlier version.
fn is_older(db: &Connection) -> rusqlite::Result<bool> {
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(application == APPLICATION_ID && (1..SCHEMA_VERSION).contains(&version(db)?))
}

fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && version(db)? == 0)
}

fn check_identity(db: &Connection, path: &Path) -> Result<(), Error> {
    let failed = failed("cannot read the header", path);
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) =
        (pragma("application_id").map_err(&failed)?, pragma("user_version").map_err(&failed)?);
    if application != APPLICATION_ID {
        return Err(Error::config(format!("`{}` is not a vinrich store", path.display()))
            .hint("`store` in the configuration must name a file of its own"));
    }
    if version != SCHEMA_VERSION {
        return Err(Error::new(
            Exit::Config,
            format!(
                "the store `{}` has schema version {version}, this vinrich knows {SCHEMA_VERSION}",
                path.display()
            ),
        )
        .hint("use the vinrich that wrote it, or a newer one"));
    }
    Ok(())
}

/// The key that hashes API keys into account names, made with the store.
pub(super) fn install_key(db: &Connection, path: &Path) -> Result<Vec<u8>, Error> {
    db.query_row("SELECT value FROM meta WHERE name = 'install_key'", [], |row| row.get(0))
        .map_err(failed("cannot read the install key", path))
}
