//! What can be copied out of a store that was removed, replaced or cut short while it
//! was open.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::{as_text, failed, migration};
use crate::domain::Error;
use crate::files::os;

/// Copies what `db` holds into the new file `to`: all of it, or where the file was cut
/// what of each table can be read.
pub(super) fn copy(db: &Connection, to: &Path) -> Result<(), Error> {
    let name = as_text(to, to)?;
    os::create_private_file(to).map_err(|error| Error::io("cannot create", to, error))?;
    if db.execute("VACUUM INTO ?1", [name]).is_ok() {
        return Ok(());
    }
    // What it wrote by then is not a store.
    std::fs::write(to, []).map_err(|error| Error::io("cannot write", to, error))?;
    migration::create(&Connection::open(to).map_err(failed("cannot begin", to))?, to)?;
    salvage(db, name).map_err(failed("cannot copy what is left", to))
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
            let _ended = copy_rows(db, &table, &columns, order);
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
