//! Waits that vendors asked for. They outlive the process that was asked, and
//! hold every other process on the store: none comes back early.
//!
//! A vendor's word is kept as an end by both clocks. Within the boot in which it
//! was heard only the boot clock counts, which cannot be set; after a reboot
//! there is but the wall clock.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::domain::time::micros;
use crate::domain::{Error, Moment, Timestamp};
use crate::store::ledger::accounts::{Rows, counted_with, counted_with_id};
use crate::store::run_locks::InUse;
use crate::store::transaction::{Present, Transaction};
use crate::store::{AccountId, AccountName, Snapshot, failed, open};

/// No vendor is believed for longer: a little more than the longest window that
/// any of them counts over. What it asks beyond was no wait, but a slip.
pub const LONGEST_WAIT: Duration = Duration::from_hours(32 * 24);

/// A shorter wait is over before it is worth a row.
const WORTH_KEEPING: Duration = Duration::from_secs(3);

/// Who says that an account should wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitWord {
    /// The vendor said how long.
    Asked,
    /// It refused again and again without a word: its longest window is taken
    /// for used up.
    Supposed,
}

/// A wait that a vendor has just asked for.
#[derive(Clone, Copy, Debug)]
pub struct HeardWait {
    /// Whom it asked.
    pub account: AccountId,
    /// When.
    pub now: Moment,
    /// For how long.
    pub wait: Duration,
    /// How that is known.
    pub word: WaitWord,
}

/// A wait that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptWait {
    /// How long it still lasts.
    pub left: Duration,
    /// How that is known.
    pub word: WaitWord,
}

impl WaitWord {
    fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Supposed => "supposed",
        }
    }

    fn from_name(name: &str) -> Self {
        if name == "supposed" { Self::Supposed } else { Self::Asked }
    }
}

/// Keeps a wait, unless one that ends later is known.
pub(in crate::store) fn keep_wait(tx: &Transaction<'_>, heard: HeardWait) -> rusqlite::Result<()> {
    let HeardWait { account, now, wait, word } = heard;
    let wait = wait.min(LONGEST_WAIT);
    let known = find(tx.db, &counted_with_id(tx.db, account)?, tx.present(now))?;
    if wait < WORTH_KEEPING || known.is_some_and(|known| known.left >= wait) {
        return Ok(());
    }
    tx.db
        .prepare_cached(
            "INSERT OR REPLACE INTO waits (account, boot_id, until_wall, until_boot, why)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            account.0,
            tx.run.boot_id,
            now.wall.later(wait),
            now.boot.saturating_add(micros(wait)),
            word.name()
        ])?;
    Ok(())
}

/// Forgets every wait that is over.
pub(in crate::store) fn forget_waits_over(
    tx: &Transaction<'_>,
    now: Moment,
) -> rusqlite::Result<()> {
    tx.db.execute(
        "DELETE FROM waits WHERE CASE boot_id WHEN ?1 THEN until_boot <= ?2 ELSE until_wall <= ?3 END",
        params![tx.run.boot_id, now.boot, now.wall],
    )?;
    Ok(())
}

/// How long an account must still wait. A wait that is over is forgotten.
pub(in crate::store) fn wait_left(
    tx: &Transaction<'_>,
    account: AccountId,
    now: Moment,
) -> rusqlite::Result<Option<Duration>> {
    let kept = find(tx.db, &counted_with_id(tx.db, account)?, tx.present(now))?;
    if kept.is_none() {
        tx.db.prepare_cached("DELETE FROM waits WHERE account = ?1")?.execute([account.0])?;
    }
    Ok(kept.map(|kept| kept.left))
}

impl Snapshot<'_> {
    /// The wait that the vendor asked of an account; none where it is unknown.
    pub fn wait(
        &self,
        name: &AccountName,
        present: Present<'_>,
    ) -> Result<Option<KeptWait>, Error> {
        counted_with(self.db, name)
            .and_then(|rows| find(self.db, &rows, present))
            .map_err(failed("cannot read the ledger", &self.path))
    }
}

/// Forgets what `vendor` asked of any of its accounts. Returns how many waits
/// that were.
pub fn forget_waits(store: &Path, vendor: &str) -> Result<usize, Error> {
    if !store.exists() {
        return Ok(0);
    }
    let _in_use = InUse::share(store)?;
    open::check(store)?;
    open::connect(store)?
        .execute(
            "DELETE FROM waits WHERE account IN (SELECT id FROM accounts WHERE vendor = ?1)",
            [vendor],
        )
        .map_err(failed("cannot forget a wait", store))
}

/// The longest wait of these accounts that is not over. After a reboot, one that seems
/// longer than any is kept was entered by a wall clock that was wrong.
fn find(
    db: &Connection,
    Rows(rows): &Rows,
    Present { now, boot_id }: Present<'_>,
) -> rusqlite::Result<Option<KeptWait>> {
    let mut find = db.prepare_cached(
        "SELECT boot_id = ?2, until_wall, until_boot, why FROM waits
         WHERE account IN (SELECT value FROM json_each(?1))",
    )?;
    let kept = find.query_map(params![rows, boot_id], |row| {
        let same_boot: bool = row.get(0)?;
        let (until_wall, until_boot): (Timestamp, i64) = (row.get(1)?, row.get(2)?);
        let left = if same_boot {
            let left = until_boot.saturating_sub(now.boot);
            Duration::from_micros(u64::try_from(left).unwrap_or(0))
        } else {
            until_wall.since(now.wall)
        };
        Ok(KeptWait { left, word: WaitWord::from_name(row.get_ref(3)?.as_str()?) })
    })?;
    let kept = kept.collect::<rusqlite::Result<Vec<_>>>()?.into_iter();
    let kept = kept.filter(|kept| !kept.left.is_zero() && kept.left <= LONGEST_WAIT);
    Ok(kept.max_by_key(|kept| kept.left))
}
