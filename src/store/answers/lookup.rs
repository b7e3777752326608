//! Reading answers: sorted keys and the sorted answers are gone through side by side.

use std::num::NonZeroI64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::domain::{Error, Key, KeyKind, KeySet, Timestamp};
use crate::store::admin::backup::is_as_written;
use crate::store::{RESTORE, SourceId, SourceName, failed, migration, with_vin};

/// Rows skipped before the next key is searched for instead: a step costs an eighteenth of a
/// search (measured: 5.4 million rows/s scanned, 290,000 sorted lookups/s).
const STEPS: u32 = 16;

/// The row of `bodies` that holds an answer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BodyId(pub(in crate::store) NonZeroI64);

/// What an answer in the store says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `outcome::Answer`")]
pub enum AnswerKind {
    Found,
    Absent,
    Refused,
}

/// An answer in the store, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What it says.
    pub said: AnswerKind,
    /// Why it was refused.
    pub detail: Option<Arc<str>>,
    /// Its words.
    pub body: Option<BodyId>,
    /// When it came.
    pub fetched_at: Timestamp,
}

/// A consistent view of the answers: one read transaction. A view that is begun while another
/// of the same connection lives is of the same moment, and must not outlive that one.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(in crate::store) db: &'a Connection,
    pub(in crate::store) path: PathBuf,
    /// Whether the transaction ends with it.
    pub(in crate::store) is_outermost: bool,
}

impl<'a> Snapshot<'a> {
    pub(in crate::store) fn begin(db: &'a Connection, path: &Path) -> Result<Self, Error> {
        let failed = failed("cannot start reading", path);
        let is_outermost = db.is_autocommit();
        if is_outermost {
            db.execute_batch("BEGIN DEFERRED").map_err(&failed)?;
        }
        let begun = Self { db, path: path.to_owned(), is_outermost };
        // The first look is what decides the view, and what another process can be in the way of.
        migration::version(db).map_err(failed)?;
        Ok(begun)
    }

    /// A number that differs where another connection of this or any process has written
    /// since an earlier view of this store.
    pub(crate) fn version(&self) -> Result<i64, Error> {
        let version = self.db.pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(failed("cannot read the version of the data", &self.path))
    }

    /// The source called `name`, if anything was ever kept under it.
    pub fn source(&self, name: &SourceName) -> Result<Option<SourceId>, Error> {
        self.db
            .prepare_cached(
                "SELECT id FROM sources WHERE vendor = ?1 AND endpoint = ?2 AND origin = ?3",
            )
            .and_then(|mut find| {
                find.query_row((name.vendor, name.endpoint, &name.origin), |row| row.get(0))
                    .optional()
            })
            .map(|id| id.map(SourceId))
            .map_err(failed("cannot look up a source", &self.path))
    }

    /// Whether any answer is kept under `source`.
    pub fn has_answers(&self, source: SourceId) -> Result<bool, Error> {
        self.db
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM answers WHERE source = ?1)",
                [source.0],
                |row| row.get(0),
            )
            .map_err(failed("cannot look for answers", &self.path))
    }

    /// Calls `take` with each key that has an answer, as it is stored.
    pub fn each_key(&self, source: SourceId, mut take: impl FnMut(&str)) -> Result<(), Error> {
        let mut read = || {
            let mut find = self.db.prepare_cached("SELECT key FROM answers WHERE source = ?1")?;
            let mut rows = find.query([source.0])?;
            while let Some(row) = rows.next()? {
                take(row.get_ref(0)?.as_str()?);
            }
            Ok(())
        };
        read().map_err(failed("cannot look up answers", &self.path))
    }

    /// Whether any answer of the source's vendor is kept, from whatever endpoint.
    pub fn has_heard_of(&self, name: &SourceName) -> Result<bool, Error> {
        self.db
            .query_row(
                "SELECT EXISTS (
                     SELECT 1 FROM sources JOIN answers ON answers.source = sources.id
                     WHERE sources.vendor = ?1 AND sources.origin = ?2)",
                (name.vendor, &name.origin),
                |row| row.get(0),
            )
            .map_err(failed("cannot look for answers", &self.path))
    }

    /// Calls `take` for each of `keys` that has an answer. The keys are sorted;
    /// each comes with a mark that is handed back.
    pub fn each_kept<K: AsRef<str>>(
        &self,
        source: SourceId,
        keys: impl Iterator<Item = (u32, K)>,
        take: impl FnMut(u32, KeptAnswer),
    ) -> Result<(), Error> {
        self.merge(source, keys, take).map_err(failed("cannot look up answers", &self.path))
    }

    /// The same for every key of a set that has a name, at an endpoint that takes keys of
    /// `kind`.
    pub fn each_kept_in(
        &self,
        (source, kind): (SourceId, KeyKind),
        keys: &KeySet,
        take: impl FnMut(u32, KeptAnswer),
    ) -> Result<(), Error> {
        match kind {
            KeyKind::VinOfYear => self.each_kept(source, keys.stored_of_year().into_iter(), take),
            _ => self.each_kept(source, keys.stored(), take),
        }
    }

    /// The words of an answer about `key`. 78 where they are not what was written.
    pub fn body(&self, id: BodyId, key: &Key) -> Result<Vec<u8>, Error> {
        let sound = self
            .db
            .prepare_cached("SELECT hash, body FROM bodies WHERE id = ?1")
            .and_then(|mut find| {
                find.query_row([id.0.get()], |row| {
                    let (hash, body) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
                    Ok(is_as_written(hash, body).then(|| with_vin(body, key)))
                })
            })
            .map_err(failed("cannot read an answer", &self.path))?;
        sound.ok_or_else(|| {
            let message = format!(
                "the store `{}` is damaged: an answer is not what was written",
                self.path.display()
            );
            Error::config(message).hint(RESTORE)
        })
    }

    /// Reads keys and answers side by side, and searches for the next key where many answers
    /// lie before it.
    fn merge<K: AsRef<str>>(
        &self,
        source: SourceId,
        keys: impl Iterator<Item = (u32, K)>,
        mut take: impl FnMut(u32, KeptAnswer),
    ) -> rusqlite::Result<()> {
        let mut from = self.db.prepare_cached(
            "SELECT key, status, detail, body, fetched_at FROM answers
             WHERE source = ?1 AND key >= ?2 ORDER BY key",
        )?;
        let mut keys = keys.peekable();
        while let Some((_, key)) = keys.peek() {
            let mut rows = from.query((source.0, key.as_ref()))?;
            let mut skipped = 0;
            while skipped < STEPS {
                let Some(row) = rows.next()? else { return Ok(()) };
                let stored = row.get_ref(0)?.as_str()?;
                skipped += 1;
                while let Some((mark, key)) = keys.next_if(|(_, key)| key.as_ref() <= stored) {
                    if key.as_ref() == stored {
                        take(mark, read_kept(row)?);
                        skipped = 0;
                    }
                }
                if keys.peek().is_none() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if self.is_outermost {
            // Ending a read transaction cannot lose anything; a broken connection says so at its next use.
            let _ended = self.db.execute_batch("COMMIT");
        }
    }
}

fn read_kept(row: &Row<'_>) -> rusqlite::Result<KeptAnswer> {
    Ok(KeptAnswer {
        said: match row.get::<_, u8>(1)? {
            0 => AnswerKind::Found,
            1 => AnswerKind::Absent,
            _ => AnswerKind::Refused,
        },
        detail: row.get::<_, Option<String>>(2)?.map(Arc::from),
        body: row.get::<_, Option<i64>>(3)?.and_then(NonZeroI64::new).map(BodyId),
        fetched_at: row.get(4)?,
    })
}

#[cfg(test)]
#[path = "tests/lookup.rs"]
mod tests;
