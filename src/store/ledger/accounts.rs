//! Accounts: the calls of each that may still fill a window, by every process.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::time::micros;
use crate::domain::{Micros, Moment, Timestamp};
use crate::store::ledger::budget::Budget;
use crate::store::ledger::requests::RunLimits;
use crate::store::ledger::windows::{Account, Entry, Limits};
use crate::store::transaction::{DataVersion, Present, Transaction};
use crate::store::{AccountId, AccountName};

/// A call is reserved before it is answered: calls are read a day further back
/// than the longest window.
const SLACK: Duration = Duration::from_hours(24);

/// What is kept in memory of the ledger.
#[derive(Debug)]
pub(in crate::store) struct Ledger {
    /// Those at hand; any other is read from the calls when it is asked for.
    pub(in crate::store) accounts: HashMap<AccountId, Account>,
    /// What this run may use up.
    pub(in crate::store) budget: Budget,
    version: DataVersion,
}

impl Ledger {
    pub(in crate::store) fn new(limits: RunLimits) -> Self {
        Self {
            accounts: HashMap::new(),
            budget: Budget::new(limits),
            version: DataVersion::default(),
        }
    }

    /// Whether another process has written since this was last asked. Every
    /// account is stale then, and is read again when it is next asked for.
    pub(in crate::store) fn look_around(&mut self, db: &Connection) -> rusqlite::Result<bool> {
        let has_changed = self.version.has_changed(db)?;
        if has_changed {
            self.accounts.clear();
        }
        Ok(has_changed)
    }
}

/// The row of an account, made when it is new.
pub(in crate::store) fn account_id(
    db: &Connection,
    name: &AccountName,
) -> rusqlite::Result<AccountId> {
    let AccountName { vendor, origin, account } = name;
    db.execute(
        "INSERT INTO accounts (vendor, origin, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        (vendor, origin, account),
    )?;
    db.query_row(
        "SELECT id FROM accounts WHERE vendor = ?1 AND origin = ?2 AND account = ?3",
        (vendor, origin, account),
        |row| row.get(0),
    )
    .map(AccountId)
}

/// The rows whose calls and waits count for an account: its own, and those without a
/// name, which may have been its own; for one without a name all of its origin.
pub(in crate::store) fn counted_with(
    db: &Connection,
    name: &AccountName,
) -> rusqlite::Result<Rows> {
    let AccountName { vendor, origin, account } = name;
    db.prepare_cached(
        "SELECT json_group_array(id) FROM accounts
         WHERE vendor = ?1 AND origin = ?2 AND (?3 = '' OR account IN ('', ?3))",
    )?
    .query_row((vendor, origin, account), |row| row.get(0))
    .map(Rows)
}

/// As [`counted_with`], for an account that has a row.
pub(in crate::store) fn counted_with_id(
    db: &Connection,
    AccountId(id): AccountId,
) -> rusqlite::Result<Rows> {
    db.prepare_cached(
        "SELECT json_group_array(others.id)
         FROM accounts AS own JOIN accounts AS others USING (vendor, origin)
         WHERE own.id = ?1 AND (own.account = '' OR others.account IN ('', own.account))",
    )?
    .query_row([id], |row| row.get(0))
    .map(Rows)
}

/// Rows of `accounts`, as a JSON list.
#[derive(Debug)]
pub(in crate::store) struct Rows(pub(in crate::store) String);

/// The calls of an account, read from the ledger where they are not at hand.
pub(in crate::store) fn account<'t>(
    tx: &'t mut Transaction<'_>,
    id: AccountId,
    limits: &Limits,
    now: Moment,
) -> rusqlite::Result<&'t Account> {
    let present = Present { now, boot_id: &tx.run.boot_id };
    Ok(match tx.ledger.accounts.entry(id) {
        Place::Occupied(known) => known.into_mut(),
        Place::Vacant(unknown) => {
            let rows = counted_with_id(tx.db, id)?;
            unknown.insert(load_account(tx.db, &rows, limits, present)?)
        }
    })
}

/// The calls of an account that may still fill a window, by every process.
pub(in crate::store) fn load_account(
    db: &Connection,
    Rows(rows): &Rows,
    limits: &Limits,
    present: Present<'_>,
) -> rusqlite::Result<Account> {
    let mut loaded = Account::default();
    let mut find = db.prepare_cached(
        "SELECT calls.id, runs.boot_id, calls.reserved_wall, calls.reserved_boot, calls.price,
                replies.answered_wall, replies.answered_boot, replies.charged
         FROM calls JOIN runs ON runs.id = calls.run LEFT JOIN replies ON replies.call = calls.id
         WHERE calls.id IN (SELECT id FROM calls WHERE account IN (SELECT value FROM json_each(?1)) AND reserved_wall > ?2
                            UNION SELECT id FROM calls WHERE +account IN (SELECT value FROM json_each(?1)) AND id >= ?3)
           AND coalesce(replies.state, '') NOT IN ('not_sent', 'released')",
    )?;
    let now = present.now;
    let reach = limits.reach(now).saturating_add(SLACK);
    let start = BootStart::of(db, present)?;
    let since = now.wall.min(start.wall_at(now.boot)).earlier(reach);
    let first = first_of_boot(db, present.boot_id, now.boot.saturating_sub(micros(reach)))?;
    let mut calls = find.query(params![rows, since, first])?;
    while let Some(row) = calls.next()? {
        let call = row.get(0)?;
        let is_of_this_boot = row.get_ref(1)?.as_str()? == present.boot_id;
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
    fn of(db: &Connection, Present { now, boot_id }: Present<'_>) -> rusqlite::Result<Self> {
        let call = first_of_boot(db, boot_id, i64::MIN)?;
        let at = db
            .prepare_cached("SELECT reserved_wall, reserved_boot FROM calls WHERE id = ?1")?
            .query_row([call], |row| Ok(Moment { wall: row.get(0)?, boot: row.get(1)? }))
            .optional()?;
        Ok(Self { call, at: at.unwrap_or(now) })
    }

    /// The wall time at `boot`, had the clock not been set since.
    fn wall_at(&self, boot: i64) -> Timestamp {
        let since = boot.saturating_sub(self.at.boot);
        Timestamp::from_micros(self.at.wall.micros().saturating_add(since))
    }

    /// Where on this boot's clock a moment of another boot lies.
    fn boot_at(&self, wall: Timestamp, call: i64) -> i64 {
        let before = self.at.wall.micros().saturating_sub(wall.micros());
        let boot = self.at.boot.saturating_sub(before);
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
