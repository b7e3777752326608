//! Other processes on the same store: their calls fill the same windows, and
//! what they ask about is not asked again. Dead ones are taken in.

use rusqlite::{Connection, params};

use super::calls::parse_keys;
use super::ledger::{Account, Entry, Limits};
use super::message::{Elsewhere, Reserve};
use super::state::State;
use super::{AccountId, SourceId, runs};
use crate::clock::Moment;
use crate::key::Key;
use crate::money::Micros;

/// A call is reserved before it is answered, and the wall clock may have been
/// set: calls are read a day further back than the longest window.
const SLACK_MICROS: i64 = 86_400_000_000;

/// A call whose run died may have been answered this long after its reservation.
const LONGEST_CALL_MICROS: i64 = 60_000_000;

impl State {
    /// When another process has written: reloads the account's windows and learns what it asks about.
    pub(super) fn learn_from_others(&mut self, wish: &Reserve) -> rusqlite::Result<()> {
        let version =
            self.db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let changed = std::mem::replace(&mut self.data_version, version) != version;
        if changed {
            // Every account is stale now; each is reloaded when it is next asked for.
            self.accounts.clear();
            self.learn_claims()?;
        }
        self.know(wish.account, &wish.limits, wish.now)
    }

    fn learn_claims(&mut self) -> rusqlite::Result<()> {
        let mut find = self.db.prepare_cached(
            "SELECT id, source, keys FROM calls WHERE id > ?1 AND run <> ?2 ORDER BY id",
        )?;
        let mut rows = find.query([self.last_claim, self.run])?;
        while let Some(row) = rows.next()? {
            self.last_claim = row.get(0)?;
            let source = SourceId(row.get(1)?);
            for key in parse_keys(row.get_ref(2)?.as_str()?) {
                self.claims.insert((source, key), self.last_claim);
            }
        }
        Ok(())
    }

    pub(super) fn elsewhere(
        &mut self,
        source: SourceId,
        keys: Vec<Key>,
        since: i64,
    ) -> rusqlite::Result<Vec<Elsewhere>> {
        self.take_in_dead_runs(since)?;
        keys.into_iter()
            .map(|key| {
                let state = self.claim_state(source, &key)?;
                if state != Elsewhere::InFlight {
                    self.claims.remove(&(source, key));
                }
                Ok(state)
            })
            .collect()
    }

    fn claim_state(&self, source: SourceId, key: &Key) -> rusqlite::Result<Elsewhere> {
        let Some(&call) = self.claims.get(&(source, key.clone())) else {
            return Ok(Elsewhere::Free);
        };
        let has_ended =
            self.db.prepare_cached("SELECT 1 FROM replies WHERE call = ?1")?.exists([call])?;
        // The answer may be a later call's, or have been found by other means.
        let is_answered = self
            .db
            .prepare_cached("SELECT 1 FROM answers WHERE source = ?1 AND key = ?2 AND call >= ?3")?
            .exists(params![source.0, key.to_stored(), call])?;
        Ok(match (has_ended, is_answered) {
            (false, _) => Elsewhere::InFlight,
            (true, true) => Elsewhere::Answered,
            (true, false) => Elsewhere::Free,
        })
    }

    /// Closes what dead runs left open as `unknown`. Their lock files go once
    /// that is committed.
    pub(super) fn take_in_dead_runs(&mut self, now: i64) -> rusqlite::Result<()> {
        let dead = runs::dead(&self.path);
        for run in &dead {
            self.take_in(&run.run_id, now)?;
        }
        self.to_bury.extend(dead);
        let open: Vec<String> = self
            .db
            .prepare_cached("SELECT run_id FROM runs WHERE ended_at IS NULL AND id <> ?1")?
            .query_map([self.run], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for run_id in open.iter().filter(|run_id| !runs::has_lock(&self.path, run_id)) {
            self.take_in(run_id, now)?;
        }
        Ok(())
    }

    fn take_in(&self, run_id: &str, now: i64) -> rusqlite::Result<()> {
        close_open_calls(&self.db, run_id, now)?;
        self.db.execute(
            "UPDATE runs SET ended_at = ?1 WHERE run_id = ?2 AND ended_at IS NULL",
            params![now, run_id],
        )?;
        Ok(())
    }
}

/// The calls of an account that may still fill a window, by every process.
pub(super) fn load_account(
    db: &Connection,
    account: AccountId,
    limits: &Limits,
    now: Moment,
    boot_id: &str,
) -> rusqlite::Result<Account> {
    let mut loaded = Account::default();
    let mut find = db.prepare_cached(
        "SELECT calls.id, runs.boot_id, calls.reserved_wall, calls.reserved_boot, calls.price,
                replies.answered_wall, replies.answered_boot, replies.charged
         FROM calls JOIN runs ON runs.id = calls.run LEFT JOIN replies ON replies.call = calls.id
         WHERE calls.account = ?1 AND calls.reserved_wall > ?2 AND coalesce(replies.state, '') NOT IN ('not_sent', 'released')",
    )?;
    let since = now.wall.saturating_sub(limits.reach(now)).saturating_sub(SLACK_MICROS);
    let mut rows = find.query([account.0, since])?;
    while let Some(row) = rows.next()? {
        let same_boot = row.get_ref(1)?.as_str()? == boot_id;
        let answered: Option<i64> = row.get(5)?;
        let entry = match answered {
            Some(wall) => Entry {
                at: Moment { wall, boot: row.get(6)? },
                same_boot,
                open: false,
                cost: Micros(row.get(7)?),
            },
            None => Entry {
                at: Moment { wall: row.get(2)?, boot: row.get(3)? },
                same_boot,
                open: true,
                cost: Micros(row.get(4)?),
            },
        };
        loaded.put(row.get(0)?, entry);
    }
    Ok(loaded)
}

/// Closes the calls that a run never heard of again: they may have been
/// answered, and paid for, until the longest a call can take.
pub(super) fn close_open_calls(db: &Connection, run_id: &str, now: i64) -> rusqlite::Result<()> {
    db.execute(
        "INSERT OR IGNORE INTO replies (call, answered_wall, answered_boot, state, charged)
         SELECT calls.id, min(calls.reserved_wall + ?1, max(?2, calls.reserved_wall)),
                calls.reserved_boot + ?1, 'unknown', calls.price
         FROM calls JOIN runs ON runs.id = calls.run
         WHERE runs.run_id = ?3
           AND NOT EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)",
        params![LONGEST_CALL_MICROS, now, run_id],
    )?;
    Ok(())
}
