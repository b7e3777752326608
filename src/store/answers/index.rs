//! From replies to answers: bodies are content-addressed, answers are sorted,
//! and both go in with the replies they came in, one transaction for all that
//! the writer found waiting.

use bytes::Bytes;
use hashbrown::HashMap;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::domain::{Answer, Dataset, Key, Timestamp};
use crate::store::transaction::DataVersion;
use crate::store::{SourceId, SourceName, without_vin};

/// `sources.dataset` of catalogues and of calls that act.
const NO_DATASET: &str = "none";

/// Body ids remembered, so that a body seen in this run is not looked up again.
const REMEMBERED: usize = 1 << 20;

/// One answer on its way into the store.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    /// What was asked about.
    pub key: Key,
    /// What was said.
    pub said: Answer,
    /// Whether it may take the place of a find.
    pub replaces_find: bool,
    /// The raw words.
    pub body: Body,
    /// Until when it is fresh.
    pub expires_at: Timestamp,
}

/// Whether answers about different VINs may share a stored body.
#[derive(Clone, Debug)]
pub enum Body {
    /// Kept with the VIN taken out.
    Shared(Bytes),
    /// Kept as it is.
    Own(Bytes),
}

pub(in crate::store) type Hash = [u8; 16];

/// The reply that answers come in.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Reply {
    /// Its call's row in the ledger.
    pub(in crate::store) call: i64,
    /// Where its answers are kept.
    pub(in crate::store) source: SourceId,
    /// When it came.
    pub(in crate::store) fetched_at: Timestamp,
}

#[derive(Debug)]
struct Entry {
    reply: Reply,
    key: Box<str>,
    status: u8,
    detail: Option<Box<str>>,
    replaces_find: bool,
    body: Hash,
    expires_at: Timestamp,
}

impl Entry {
    /// In the order of the table, the earlier answer first.
    fn place(&self) -> (SourceId, &str, Timestamp) {
        (self.reply.source, &self.key, self.reply.fetched_at)
    }
}

/// The answers of the replies in the open transaction.
#[derive(Debug, Default)]
pub(in crate::store) struct Index {
    entries: Vec<Entry>,
    new_bodies: HashMap<Hash, Box<[u8]>>,
    body_ids: HashMap<Hash, i64>,
    version: DataVersion,
}

impl Index {
    /// At the start of a transaction: bodies that another process may have removed
    /// are looked up again.
    pub(in crate::store) fn look_around(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.version.has_changed(db)? {
            self.forget_bodies();
        }
        Ok(())
    }

    /// The ids of bodies are looked up again from here on. Nothing may wait to be
    /// flushed.
    pub(in crate::store) fn forget_bodies(&mut self) {
        self.body_ids.clear();
    }

    /// Takes the answers of one reply.
    pub(in crate::store) fn add(&mut self, reply: Reply, answers: &[NewAnswer]) {
        for answer in answers {
            let body = self.take_body(answer);
            let (status, detail) = match &answer.said {
                Answer::Found => (0, None),
                Answer::Absent => (1, None),
                Answer::Refused(why) => (2, Some(why.as_str().into())),
            };
            let key = answer.key.to_stored().into();
            let expires_at = answer.expires_at;
            let replaces_find = answer.replaces_find;
            self.entries.push(Entry {
                reply,
                key,
                status,
                detail,
                replaces_find,
                body,
                expires_at,
            });
        }
    }

    fn take_body(&mut self, answer: &NewAnswer) -> Hash {
        let shared;
        let bytes: &[u8] = match (&answer.body, answer.key.vin()) {
            (Body::Shared(bytes), Some(vin)) => {
                shared = without_vin(bytes, vin);
                &shared
            }
            (Body::Shared(bytes) | Body::Own(bytes), _) => bytes,
        };
        let hash = body_hash(bytes);
        if !self.body_ids.contains_key(&hash) {
            self.new_bodies.entry(hash).or_insert_with(|| bytes.into());
        }
        hash
    }

    /// Writes them, inside the caller's transaction.
    pub(in crate::store) fn flush(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.write_bodies(db)?;
        self.write_answers(db)?;
        if self.body_ids.len() > REMEMBERED {
            self.body_ids.clear();
        }
        Ok(())
    }

    /// Nearly every body here is new: the insertion itself finds out.
    fn write_bodies(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut insert = db.prepare_cached(
            "INSERT INTO bodies (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING",
        )?;
        let mut find = db.prepare_cached("SELECT id FROM bodies WHERE hash = ?1")?;
        for (hash, body) in self.new_bodies.drain() {
            let id = match insert.execute(params![&hash[..], &body[..]])? {
                0 => find.query_row([&hash[..]], |row| row.get(0))?,
                _ => db.last_insert_rowid(),
            };
            self.body_ids.insert(hash, id);
        }
        Ok(())
    }

    fn write_answers(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.entries.sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        let mut upsert = db.prepare_cached(
            "INSERT INTO answers (source, key, status, detail, body, fetched_at, expires_at, call)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (source, key) DO UPDATE SET
                 status = excluded.status, detail = excluded.detail, body = excluded.body,
                 fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, call = excluded.call
             -- A later call counts even when the clock was set back in between.
             WHERE (excluded.fetched_at >= answers.fetched_at OR excluded.call > answers.call)
                 AND (?9 OR answers.status <> 0)",
        )?;
        for entry in self.entries.drain(..) {
            upsert.execute(params![
                entry.reply.source.0,
                entry.key,
                entry.status,
                entry.detail,
                self.body_ids.get(&entry.body),
                entry.reply.fetched_at,
                entry.expires_at,
                entry.reply.call,
                entry.replaces_find,
            ])?;
        }
        Ok(())
    }
}

/// What a body is found by: the first half of its SHA-256.
pub(in crate::store) fn body_hash(bytes: &[u8]) -> Hash {
    let digest = Sha256::digest(bytes);
    let mut hash = Hash::default();
    hash.copy_from_slice(&digest[..16]);
    hash
}

/// The row of a source, made when it is new.
pub(in crate::store) fn source_id(
    db: &Connection,
    name: &SourceName,
) -> rusqlite::Result<SourceId> {
    let dataset = name.dataset.map_or(NO_DATASET, Dataset::name);
    db.execute(
        "INSERT INTO sources (dataset, vendor, endpoint, origin) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        [dataset, name.vendor, name.endpoint, &name.origin],
    )?;
    db.query_row(
        "SELECT id FROM sources WHERE vendor = ?1 AND endpoint = ?2 AND origin = ?3",
        [name.vendor, name.endpoint, &name.origin],
        |row| row.get(0),
    )
    .map(SourceId)
}
