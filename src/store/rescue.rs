//! What can be copied out of a store that was removed, replaced or cut short while it
//! was open.

use std::fs;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::{as_text, failed, migration};
use crate::domain::Error;
use crate::files::{beside, os};
use crate::output::COMPANIONS;

/// Copies what `db` holds into the new file `to`: all of it, or where the file was cut
/// what of each table can be read. Where that fails, there is no file.
pub(super) fn copy(db: &Connection, to: &Path) -> Result<(), Error> {
    let name = as_text(to, to)?;
    os::create_private_file(to).map_err(|error| Error::io("cannot create", to, error))?;
    copy_into(db, to, name).inspect_err(|_| discard(to))
}

/// Removes a copy, and what SQLite keeps beside it.
pub(super) fn discard(copy: &Path) {
    for end in [""].iter().chain(&COMPANIONS) {
        // What is left of it is not a store, and is not named as one.
        let _removed = fs::remove_file(beside(copy, end));
    }
}

fn copy_into(db: &Connection, to: &Path, name: &str) -> Result<(), Error> {
    match db.execute("VACUUM INTO ?1", [name]) {
        Ok(_) => return Ok(()),
        Err(error) if has_no_room(&error) => return Err(failed("cannot copy", to)(error)),
        Err(_) => {}
    }
    // What it wrote by then is not a store.
    fs::write(to, []).map_err(|error| Error::io("cannot write", to, error))?;
    migration::create(&Connection::open(to).map_err(failed("cannot begin", to))?, to)?;
    salvage(db, name).map_err(failed("cannot copy what is left", to))
}

/// Whether it is the copy that could not be written.
fn has_no_room(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::ReadOnly))
}

/// Copies of each table what can be read.
fn salvage(db: &Connection, to: &str) -> rusqlite::Result<()> {
    // What a row refers to may be lost.
    db.execute_batch("PRAGMA foreign_keys = OFF")?;
    db.execute("ATTACH ?1 AS rescue", [to])?;
    let tables: Vec<String> = db
        .prepare("SELECT name FROM rescue.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for table in tables {
        let columns: Vec<String> = db
            .prepare("SELECT name FROM pragma_table_info(?1, 'rescue') ORDER BY pk = 0, pk")?
            .query_map([&table], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        // From either end as far as it goes: what is between cannot be read.
        for order in ["ASC", "DESC"] {
            match copy_rows(db, &table, &columns, order) {
                Err(error) if has_no_room(&error) => return Err(error),
                _ => {}
            }
        }
    }
    db.execute_batch("DETACH rescue")
}

/// Copies rows in the order of the first column of the key, up to the first that
/// cannot be read.
fn copy_rows(
    db: &Connection,
    table: &str,
    columns: &[String],
    order: &str,
) -> rusqlite::Result<()> {
    let names = columns.join(", ");
    let places = vec!["?"; columns.len()].join(", ");
    let key = &columns[0];
    let mut rows =
        db.prepare(&format!("SELECT {names} FROM main.{table} ORDER BY {key} {order}"))?;
    let mut keep =
        db.prepare(&format!("INSERT OR REPLACE INTO rescue.{table} ({names}) VALUES ({places})"))?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..columns.len()).map(|place| row.get::<_, Value>(place));
        keep.execute(params_from_iter(values.collect::<rusqlite::Result<Vec<_>>>()?))?;
    }
    Ok(())
}
