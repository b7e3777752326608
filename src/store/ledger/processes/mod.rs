//! Other processes on the same store: their calls fill the same windows, and
//! what they ask about is not asked again. Dead ones are taken in.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::time::Moment;
use crate::store::admin::runs;
use crate::store::ledger::calls::parse_keys;
use crate::store::ledger::windows::{Account, Entry, Limits};
use crate::store::message::{Elsewhere, RESERVED_FOR};
use crate::store::state::State;
use crate::store::{AccountId, SourceId};

/// A call is reserved before it is answered: calls are read a day further back
/// than the longest window.
const SLACK_MICROS: i64 = 86_400_000_000;

/// A call that has left is counted by its vendor within this time.
const LONGEST_CALL: Duration = Duration::from_mins(1);

/// What a process had sent when it died may still be on the wire for so long.
const ON_THE_WIRE: Duration = Duration::from_secs(2);

impl State {
    /// When another process has written: forgets what the windows held and learns what it asks about.
    pub(in crate::store) fn learn_from_others(&mut self) -> rusqlite::Result<()> {
        let version =
            self.db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let changed = std::mem::replace(&mut self.data_version, version) != version;
        if changed {
            // Every account is stale now; each is reloaded when it is next asked for.
            self.accounts.clear();
            self.learn_claims()?;
        }
        Ok(())
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

    pub(in crate::store) fn elsewhere(
        &mut self,
        source: SourceId,
        keys: Vec<Key>,
        now: Moment,
    ) -> rusqlite::Result<Vec<Elsewhere>> {
        self.take_in_dead_runs(now)?;
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
    /// that is committed. Returns whether there were any.
    pub(in crate::store) fn take_in_dead_runs(&mut self, now: Moment) -> rusqlite::Result<bool> {
        let dead = runs::dead(&self.path);
        let open: Vec<String> = self
            .db
            .prepare_cached("SELECT run_id FROM runs WHERE ended_at IS NULL AND id <> ?1")?
            .query_map([self.run], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let lost: Vec<&String> =
            open.iter().filter(|run_id| !runs::has_lock(&self.path, run_id)).collect();
        for run_id in dead.iter().map(|dead| &dead.run_id).chain(lost.iter().copied()) {
            self.take_in(run_id, now)?;
        }
        let any = !dead.is_empty() || !lost.is_empty();
        if any {
            // What the windows held of their calls is another now.
            self.accounts.clear();
        }
        self.to_bury.extend(dead);
        Ok(any)
    }

    fn take_in(&self, run_id: &str, now: Moment) -> rusqlite::Result<()> {
        close_open_calls(&self.db, run_id, now)?;
        self.db.execute(
            "UPDATE runs SET ended_at = ?1 WHERE run_id = ?2 AND ended_at IS NULL",
            params![now.wall, run_id],
        )?;
        Ok(())
    }
}

/// The calls of an account that may still fill a window, by every process.
pub(in crate::store) fn load_account(
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
         WHERE calls.id IN (SELECT id FROM calls WHERE account = ?1 AND reserved_wall > ?2
                            UNION SELECT id FROM calls WHERE +account = ?1 AND id >= ?3)
           AND coalesce(replies.state, '') NOT IN ('not_sent', 'released')",
    )?;
    let reach = limits.reach(now).saturating_add(SLACK_MICROS);
    let start = BootStart::of(db, boot_id, now)?;
    let since = now.wall.min(start.wall_at(now.boot)).saturating_sub(reach);
    let first = first_of_boot(db, boot_id, now.boot.saturating_sub(reach))?;
    let mut rows = find.query([account.0, since, first])?;
    while let Some(row) = rows.next()? {
        let call = row.get(0)?;
        let is_of_this_boot = row.get_ref(1)?.as_str()? == boot_id;
        let answered: Option<Moment> = match row.get(5)? {
            Some(wall) => Some(Moment { wall, boot: row.get(6)? }),
            None => None,
        };
        let mut at = answered.unwrap_or(Moment { wall: row.get(2)?, boot: row.get(3)? });
        if !is_of_this_boot {
            at.boot = start.boot_at(at.wall, call);
        }
        let cost = Micros(if answered.is_some() { row.get(7)? } else { row.get(4)? });
        loaded.put(call, Entry { at, open: answered.is_none(), cost });
    }
    Ok(loaded)
}

/// This boot's first call. What was before the boot is placed on its clock by the
/// wall clock of that moment, so that only a clock that jumps while the machine
/// is down can mislead.
struct BootStart {
    call: i64,
    at: Moment,
}

impl BootStart {
    fn of(db: &Connection, boot_id: &str, now: Moment) -> rusqlite::Result<Self> {
        let call = first_of_boot(db, boot_id, i64::MIN)?;
        let at = db
            .prepare_cached("SELECT reserved_wall, reserved_boot FROM calls WHERE id = ?1")?
            .query_row([call], |row| Ok(Moment { wall: row.get(0)?, boot: row.get(1)? }))
            .optional()?;
        Ok(Self { call, at: at.unwrap_or(now) })
    }

    /// The wall time at `boot`, had nobody set the clock since.
    fn wall_at(&self, boot: i64) -> i64 {
        self.at.wall.saturating_add(boot.saturating_sub(self.at.boot))
    }

    /// Where on this boot's clock a moment of another boot lies.
    fn boot_at(&self, wall: i64, call: i64) -> i64 {
        let boot = self.at.boot.saturating_sub(self.at.wall.saturating_sub(wall));
        // Ids rise with true time, whatever the wall clock said of an earlier call.
        if call < self.call { boot.min(self.at.boot) } else { boot }
    }
}

/// From which call on all were reserved in this boot, at `since` or later by its
/// clock. A wall clock that jumped ahead makes calls look older than they are;
/// their ids rise with true time, so that the place is found by halving.
fn first_of_boot(db: &Connection, boot_id: &str, since: i64) -> rusqlite::Result<i64> {
    let mut at = db.prepare_cached(
        "SELECT calls.id, runs.boot_id = ?2 AND calls.reserved_boot >= ?3
         FROM calls CROSS JOIN runs ON runs.id = calls.run
         WHERE calls.id >= ?1 ORDER BY calls.id LIMIT 1",
    )?;
    let last: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM calls", [], |row| row.get(0))?;
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = at
            .query_row(params![middle, boot_id, since], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((id, false)) => low = i64::max(id, middle) + 1,
            Some((_, true)) | None => high = middle,
        }
    }
    Ok(low)
}

/// Closes the calls that a run never heard of again.
///
/// The vendor cannot have counted one later than either of two moments, and the
/// earlier holds. Now, since whoever died had died before its lock was found
/// free, but for what is still on the wire. And the reservation plus the time
/// within which it is sent or given back plus the longest call: a run that is
/// found dead after days takes no place in today's windows.
pub(in crate::store) fn close_open_calls(
    db: &Connection,
    run_id: &str,
    now: Moment,
) -> rusqlite::Result<()> {
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    db.execute(
        "INSERT OR IGNORE INTO replies (call, answered_wall, answered_boot, state, charged)
         SELECT calls.id,
                min(calls.reserved_wall + ?1, max(calls.reserved_wall, ?2) + ?4),
                min(calls.reserved_boot + ?1, max(calls.reserved_boot, ?3) + ?4),
                'unknown', calls.price
         FROM calls JOIN runs ON runs.id = calls.run
         WHERE runs.run_id = ?5
           AND NOT EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)",
        params![
            micros(RESERVED_FOR + LONGEST_CALL),
            now.wall,
            now.boot,
            micros(ON_THE_WIRE),
            run_id
        ],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
