//! The audit: every call of the ledger, and the run and user behind it, without a VIN.

use rusqlite::{Row, params};

use crate::domain::{Error, Key, Micros, Page, Task, Timestamp, Vin};
use crate::store::admin::fingerprint::{FORGOTTEN, Fingerprints, SHOWN};
use crate::store::{Snapshot, failed, open};

/// Which calls are wanted; all of them where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Reserved at this time or later.
    pub since: Option<Timestamp>,
    /// Reserved before this time.
    pub until: Option<Timestamp>,
    /// Made by the runs whose id begins so.
    pub run: Option<String>,
    /// Made at this vendor.
    pub vendor: Option<String>,
    /// About this VIN, whether it was forgotten since or not.
    pub vin: Option<Vin>,
}

/// One call of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number: they rise in the order in which calls were reserved.
    pub call: i64,
    /// When it was entered, before it was sent.
    pub reserved_at: Timestamp,
    /// When it had ended; `None` while it is on its way.
    pub answered_at: Option<Timestamp>,
    /// The run that made it.
    pub run_id: String,
    /// The operating system's name for the user who started that run; empty where unknown.
    pub os_user: String,
    /// The vendor's id.
    pub vendor: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// `base_url` plus `live`, `test` or `sandbox`.
    pub origin: String,
    /// The account's name; empty where all keys of the origin are one.
    pub account: String,
    /// What it asked about: `hmac:` and a keyed hash for a VIN, other keys as they are.
    pub keys: Vec<String>,
    /// `ok`, `open`, `not_sent`, `released`, `unknown` or a fault's code.
    pub state: String,
    /// The HTTP status, where a reply came.
    pub http_status: Option<u16>,
    /// The vendor's name for the request.
    pub request_id: Option<String>,
    /// What it cost; while it is on its way, what it may cost.
    pub charged: Micros,
}

impl Snapshot<'_> {
    /// Hands each call that is wanted to `take`, the oldest first, one at a time.
    pub fn audit(
        &self,
        filter: &AuditFilter,
        mut take: impl FnMut(AuditEntry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = failed("cannot read the ledger", &self.path);
        let prints = Fingerprints::new(&open::install_key(self.db, &self.path)?);
        let mut calls = self.db.prepare(CALLS).map_err(&failed)?;
        let forgotten = filter.vin.map(|vin| format!("{FORGOTTEN}{}", prints.of(&vin)));
        let mut rows = calls
            .query(params![
                filter.since,
                filter.until,
                filter.run,
                filter.vendor,
                filter.vin.map(|vin| vin.to_string()),
                forgotten,
            ])
            .map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            take(read(row, &prints).map_err(&failed)?)?;
        }
        Ok(())
    }

    /// `vin` as [`AuditEntry::keys`] shows it.
    pub fn fingerprint(&self, vin: &Vin) -> Result<String, Error> {
        let prints = Fingerprints::new(&open::install_key(self.db, &self.path)?);
        Ok(format!("{SHOWN}{}", prints.of(vin)))
    }
}

const CALLS: &str = "
    SELECT calls.id, calls.reserved_wall, replies.answered_wall, runs.run_id, runs.os_user,
           accounts.vendor, sources.endpoint, accounts.origin, accounts.account, calls.keys,
           coalesce(replies.state, 'open'), replies.http_status, replies.request_id,
           coalesce(replies.charged, calls.price)
    FROM calls
    CROSS JOIN runs ON runs.id = calls.run
    CROSS JOIN accounts ON accounts.id = calls.account
    CROSS JOIN sources ON sources.id = calls.source
    LEFT JOIN replies ON replies.call = calls.id
    WHERE (?1 IS NULL OR calls.reserved_wall >= ?1)
      AND (?2 IS NULL OR calls.reserved_wall < ?2)
      AND (?3 IS NULL OR substr(runs.run_id, 1, length(?3)) = ?3)
      AND (?4 IS NULL OR accounts.vendor = ?4)
      AND (?5 IS NULL OR instr(calls.keys, ?5) > 0 OR instr(calls.keys, ?6) > 0)
    ORDER BY calls.id";

fn read(row: &Row<'_>, prints: &Fingerprints) -> rusqlite::Result<AuditEntry> {
    let keys = row.get_ref(9)?.as_str()?;
    let request_id: Option<String> = row.get(12)?;
    Ok(AuditEntry {
        call: row.get(0)?,
        reserved_at: row.get(1)?,
        answered_at: row.get(2)?,
        run_id: row.get(3)?,
        os_user: row.get(4)?,
        vendor: row.get(5)?,
        endpoint: row.get(6)?,
        origin: row.get(7)?,
        account: row.get(8)?,
        keys: keys.lines().map(|key| shown(key, prints)).collect(),
        state: row.get(10)?,
        http_status: row.get(11)?,
        request_id: request_id.map(|id| without_keys(&id, keys, prints)),
        charged: Micros(row.get(13)?),
    })
}

/// A stored key as an auditor may see it. Of a task that is what it is about,
/// not its words: those may hold a customer's.
fn shown(stored: &str, prints: &Fingerprints) -> String {
    let words = match Key::from_stored(stored) {
        Some(Key::Vehicle(vehicle)) => vehicle.to_string().trim_end().to_owned(),
        Some(Key::Page(Page { list, number, .. })) => format!("{list} page {number}"),
        Some(Key::Task(task)) => about(task),
        Some(Key::Name(name)) => name,
        Some(Key::Vin(_) | Key::VinOfYear(..)) | None => stored.to_owned(),
    };
    prints.hide(&words)
}

/// What a task is about: its subject, and the VINs that only its words name.
fn about(Task { subject, body }: Task) -> String {
    let mut about = subject;
    let words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != FORGOTTEN);
    for word in words.filter(|word| Vin::new(word).is_some() || word.starts_with(FORGOTTEN)) {
        if !about.contains(word) {
            about = format!("{about} {word}");
        }
    }
    about
}

/// A vendor may name a request after what it is about.
fn without_keys(id: &str, keys: &str, prints: &Fingerprints) -> String {
    let mut id = id.to_owned();
    for vin in keys.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(Vin::new) {
        let print = prints.of(&vin);
        let erased = prints.erase(&id, &vin);
        id = erased.replace(&format!("{FORGOTTEN}{print}"), &format!("{SHOWN}{print}"));
    }
    prints.hide(&id)
}

#[cfg(test)]
#[path = "tests/audit.rs"]
mod tests;
