//! Forgetting: vehicles leave every snapshot, with the ids of their rows, which may be
//! hashes of their VINs.

use rusqlite::{Connection, params};

use super::are_kept;
use super::packed::{self, FORMAT, Packer};
use crate::domain::Vin;

/// Takes `vins` out of all snapshots; gives the number of snapshots that had one. Those
/// that cannot be read go as a whole.
pub(in crate::store) fn forget(db: &Connection, vins: &[Vin]) -> rusqlite::Result<u64> {
    if !are_kept(db, "main")? {
        return Ok(0);
    }
    let all: Vec<(i64, i64)> = db
        .prepare("SELECT id, format FROM output_snapshots")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut changed = 0;
    for (id, format) in all {
        let had = if format == FORMAT { forget_in(db, id, vins)? } else { None };
        if had.is_none() {
            super::thinning::remove(db, id)?;
        }
        changed += u64::from(had != Some(0));
    }
    Ok(changed)
}

/// How many vehicles of a snapshot went; `None` where it cannot be read.
fn forget_in(db: &Connection, id: i64, vins: &[Vin]) -> rusqlite::Result<Option<i64>> {
    let places: Vec<i64> = db
        .prepare("SELECT place FROM output_snapshot_chunks WHERE snapshot = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut gone = 0;
    for place in places {
        let vehicles = db.query_row(
            "SELECT chunk FROM output_snapshot_chunks WHERE snapshot = ?1 AND place = ?2",
            [id, place],
            |row| Ok(packed::unpack(row.get_ref(0)?.as_blob()?)),
        )?;
        let Some(vehicles) = vehicles else { return Ok(None) };
        let mut packer = Packer::default();
        let mut had = 0;
        for vehicle in &vehicles {
            if vins.contains(&vehicle.vin) {
                had += 1;
            } else {
                packer.push(vehicle);
            }
        }
        if had > 0 {
            // An empty chunk keeps the places without a gap.
            let chunk = packer.finish().pop().unwrap_or_else(packed::empty);
            db.execute(
                "UPDATE output_snapshot_chunks SET chunk = ?3 WHERE snapshot = ?1 AND place = ?2",
                params![id, place, chunk],
            )?;
        }
        gone += had;
    }
    db.execute(
        "UPDATE output_snapshots SET vehicles = vehicles - ?2 WHERE id = ?1 AND ?2 > 0",
        [id, gone],
    )?;
    Ok(Some(gone))
}
