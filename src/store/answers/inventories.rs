//! Inventories: lists kept page by page. The pages are answers like any other;
//! a row of `inventories` says which reading of a list is whole.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{Error, Key, Page, Timestamp};
use crate::store::answers::lookup::{BodyId, Snapshot};
use crate::store::transaction::Transaction;
use crate::store::{SourceId, failed};

/// A reading of a list that has its last page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WholeList {
    /// When it began.
    pub snapshot: Timestamp,
    /// How many pages it has.
    pub pages: u32,
}

/// A kept page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptPage {
    /// From 1.
    pub number: u32,
    /// The vendor's raw words.
    pub body: BodyId,
}

/// A page that was found: others were refused.
const FOUND: u8 = 0;

/// A reading of a list that is whole now.
#[derive(Clone, Debug)]
pub struct CompleteList {
    /// Where its pages are kept.
    pub source: SourceId,
    /// The list.
    pub list: String,
    /// The reading.
    pub whole: WholeList,
    /// Now.
    pub now: Timestamp,
}

/// Makes a reading of a list the one that counts, and removes other readings.
/// `false` when some of its pages are not here: another run has put a newer
/// reading in its place.
pub(in crate::store) fn complete_list(
    tx: &mut Transaction<'_>,
    complete: &CompleteList,
) -> rusqlite::Result<bool> {
    let CompleteList { source, list, whole, now } = complete;
    // Bodies that only older readings used go; what waits here may use them.
    tx.answers.flush(tx.db)?;
    let (from, to) = Page::stored_bounds(list, Some(whole.snapshot));
    let kept: u32 = tx.db.query_row(
        "SELECT count(*) FROM answers WHERE source = ?1 AND key >= ?2 AND key < ?3 AND status = ?4",
        params![source.0, from, to, FOUND],
        |row| row.get(0),
    )?;
    if kept != whole.pages {
        return Ok(false);
    }
    tx.db.execute(
        "INSERT INTO inventories (source, list, snapshot, pages, completed_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (source, list) DO UPDATE SET
             snapshot = excluded.snapshot, pages = excluded.pages, completed_at = excluded.completed_at
         -- A reading of the future was stamped by a clock that was ahead.
         WHERE excluded.snapshot >= inventories.snapshot OR inventories.snapshot > ?5",
        params![source.0, list, whole.snapshot, whole.pages, now],
    )?;
    remove_other_readings(tx.db, complete)?;
    tx.answers.forget_bodies();
    Ok(true)
}

/// Removes the pages of readings before the one that counts, and of the future,
/// and the bodies that only they used.
fn remove_other_readings(db: &Connection, complete: &CompleteList) -> rusqlite::Result<()> {
    let CompleteList { source, list, now, .. } = complete;
    let counts: Timestamp = db.query_row(
        "SELECT snapshot FROM inventories WHERE source = ?1 AND list = ?2",
        params![source.0, list],
        |row| row.get(0),
    )?;
    let mut bodies: Vec<i64> = Vec::new();
    for key in page_keys(db, *source, list)? {
        let is_out = |key: &str| match Key::from_stored(key) {
            Some(Key::Page(page)) => {
                page.snapshot < counts || (page.snapshot > *now && page.snapshot != counts)
            }
            _ => false,
        };
        if !is_out(&key) {
            continue;
        }
        for table in ["answers", "answer_history"] {
            let mut delete = db.prepare_cached(&format!(
                "DELETE FROM {table} WHERE source = ?1 AND key = ?2 RETURNING body"
            ))?;
            let freed = delete.query_map(params![source.0, key], |row| row.get(0))?;
            bodies.extend(freed.collect::<rusqlite::Result<Vec<Option<i64>>>>()?.iter().flatten());
        }
    }
    remove_unused(db, &bodies)
}

fn page_keys(db: &Connection, source: SourceId, list: &str) -> rusqlite::Result<Vec<String>> {
    let (from, to) = Page::stored_bounds(list, None);
    db.prepare_cached("SELECT key FROM answers WHERE source = ?1 AND key >= ?2 AND key < ?3")?
        .query_map(params![source.0, from, to], |row| row.get(0))?
        .collect()
}

/// Removes those of `bodies` that no answer needs any more.
fn remove_unused(db: &Connection, bodies: &[i64]) -> rusqlite::Result<()> {
    if bodies.is_empty() {
        return Ok(());
    }
    let ids = bodies.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    db.execute_batch(&format!(
        "DELETE FROM bodies WHERE id IN ({ids}) AND id NOT IN (
             SELECT body FROM answers WHERE body IN ({ids})
             UNION SELECT body FROM answer_history WHERE body IN ({ids}))"
    ))
}

impl Snapshot<'_> {
    /// The reading of `list` that counts.
    pub fn whole_list(&self, source: SourceId, list: &str) -> Result<Option<WholeList>, Error> {
        self.db
            .prepare_cached(
                "SELECT snapshot, pages FROM inventories WHERE source = ?1 AND list = ?2",
            )
            .and_then(|mut find| {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok(WholeList { snapshot: row.get(0)?, pages: row.get(1)? })
                };
                find.query_row(params![source.0, list], read).optional()
            })
            .map_err(failed("cannot look for an inventory", &self.path))
    }

    /// The latest reading of `list`, up to `now`, of which any page is kept, whole or not.
    pub fn latest_reading(
        &self,
        source: SourceId,
        list: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let (from, to) = Page::stored_bounds(list, None);
        let read = || {
            let mut pages = self.db.prepare_cached(
                "SELECT key FROM answers WHERE source = ?1 AND key >= ?2 AND key < ?3",
            )?;
            let keys =
                pages.query_map(params![source.0, from, to], |row| row.get::<_, String>(0))?;
            let mut latest = None;
            for key in keys {
                if let Some(Key::Page(page)) = Key::from_stored(&key?)
                    && page.snapshot <= now
                {
                    latest = latest.max(Some(page.snapshot));
                }
            }
            Ok(latest)
        };
        read().map_err(failed("cannot look for pages", &self.path))
    }

    /// The kept pages of one reading of `list`, by number.
    pub fn pages(
        &self,
        source: SourceId,
        list: &str,
        snapshot: Timestamp,
    ) -> Result<Vec<KeptPage>, Error> {
        let (from, to) = Page::stored_bounds(list, Some(snapshot));
        let read = || {
            let mut find = self.db.prepare_cached(
                "SELECT answers.key, bodies.id FROM answers JOIN bodies ON bodies.id = answers.body
                 WHERE source = ?1 AND key >= ?2 AND key < ?3 AND status = ?4",
            )?;
            let mut rows = find.query(params![source.0, from, to, FOUND])?;
            let mut pages = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(Key::Page(page)) = Key::from_stored(row.get_ref(0)?.as_str()?) {
                    pages.push(KeptPage { number: page.number, body: BodyId(row.get(1)?) });
                }
            }
            pages.sort_unstable_by_key(|page| page.number);
            Ok(pages)
        };
        read().map_err(failed("cannot read pages", &self.path))
    }
}
