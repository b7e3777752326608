//! The ledger's rows: entered before a call is sent, closed when it has ended.

use std::vec;

use rusqlite::params;

use crate::domain::{Key, Micros, Moment, NotAsked};
use crate::store::AccountId;
use crate::store::answers::index::Reply;
use crate::store::ledger::operations::Frozen;
use crate::store::ledger::requests::{
    Call, Close, Granted, NOT_SENT, RELEASED, Reserve, RoomWish, Shortage,
};
use crate::store::ledger::windows::{Entry, Limits, Room, Window};
use crate::store::ledger::{accounts, charges, processes, waits};
use crate::store::transaction::Transaction;

/// Keys of a call in `calls.keys`.
const KEY_SEPARATOR: &str = "\n";

/// What room is asked for.
struct Asked<'a> {
    account: AccountId,
    limits: &'a Limits,
    /// What one call may cost.
    price: Micros,
    now: Moment,
}

/// Enters as many calls as there is room for.
pub(in crate::store) fn reserve(
    tx: &mut Transaction<'_>,
    mut wish: Reserve,
) -> rusqlite::Result<Granted> {
    processes::learn_from_others(tx)?;
    let price = charges::price_still_open(tx, &wish)?;
    let mut wanted = Wanted::take(&mut wish);
    let asked = Asked { account: wish.account, limits: &wish.limits, price, now: wish.now };
    let mut granted = Granted::default();
    let room = match room(tx, &asked, wanted.calls())? {
        Ok(room) => room,
        Err(shortage) => {
            granted.held = Some(shortage);
            granted.reached = limit_reached(tx, &asked)?;
            0
        }
    };
    while (granted.calls.len() as u64) < room {
        let is_elsewhere = |key: &Key| tx.in_flight.contains(wish.source, key);
        let Some(batch) = wanted.next_batch(is_elsewhere, &mut granted.elsewhere) else { break };
        grant(tx, &wish, batch, &mut granted)?;
    }
    (granted.fixed, granted.keys) = wanted.rest();
    granted.left = calls_left(tx, &asked)?;
    Ok(granted)
}

/// What a wish asks about, as far as it is not granted.
struct Wanted {
    fixed: vec::IntoIter<Vec<Key>>,
    keys: vec::IntoIter<Key>,
    /// The keys of a batch that is not full.
    next: Vec<Key>,
    batch: usize,
    last: bool,
}

impl Wanted {
    fn take(wish: &mut Reserve) -> Self {
        Self {
            fixed: std::mem::take(&mut wish.fixed).into_iter(),
            keys: std::mem::take(&mut wish.keys).into_iter(),
            next: Vec::with_capacity(wish.batch),
            batch: wish.batch,
            last: wish.last,
        }
    }

    /// How many calls that would be.
    fn calls(&self) -> u64 {
        (self.fixed.len() + self.keys.len().div_ceil(self.batch.max(1))) as u64
    }

    /// The keys of the next call, without those that another run asks about:
    /// they go to `elsewhere`.
    fn next_batch(
        &mut self,
        is_elsewhere: impl Fn(&Key) -> bool,
        elsewhere: &mut Vec<Key>,
    ) -> Option<Vec<Key>> {
        for fixed in self.fixed.by_ref() {
            // While it waited to be sent again, another run may have asked.
            let (theirs, ours): (Vec<Key>, Vec<Key>) = fixed.into_iter().partition(&is_elsewhere);
            // A probe is about no key at all.
            let is_all_theirs = ours.is_empty() && !theirs.is_empty();
            elsewhere.extend(theirs);
            if !is_all_theirs {
                return Some(ours);
            }
        }
        while self.next.len() < self.batch
            && let Some(key) = self.keys.next()
        {
            if is_elsewhere(&key) {
                elsewhere.push(key);
            } else {
                self.next.push(key);
            }
        }
        let is_ready = !self.next.is_empty() && (self.next.len() >= self.batch || self.last);
        is_ready.then(|| std::mem::take(&mut self.next))
    }

    /// The batches and keys that found no room.
    fn rest(self) -> (Vec<Vec<Key>>, Vec<Key>) {
        let mut keys = self.next;
        keys.extend(self.keys);
        (self.fixed.collect(), keys)
    }
}

/// Enters one call, unless another run has done what it does, or may have.
fn grant(
    tx: &mut Transaction<'_>,
    wish: &Reserve,
    batch: Vec<Key>,
    granted: &mut Granted,
) -> rusqlite::Result<()> {
    match tx.journal().freeze(wish, &batch)? {
        Frozen::Send(idempotency_key) => {
            let id = enter(tx, wish, &batch)?;
            granted.calls.push(Call { id, keys: batch, idempotency_key });
        }
        Frozen::Elsewhere(call) => {
            for key in &batch {
                tx.in_flight.note(wish.source, key.clone(), call);
            }
            granted.elsewhere.extend(batch);
        }
        Frozen::Unknown => granted.unknown.extend(batch),
    }
    Ok(())
}

/// How many calls fit now, however long the patience for those that do not.
pub(in crate::store) fn room_for(
    tx: &mut Transaction<'_>,
    wish: &RoomWish,
) -> rusqlite::Result<u64> {
    let RoomWish { account, price, want, now, .. } = *wish;
    let Ok(want) = tx.ledger.budget.room(price, want) else { return Ok(0) };
    if waits::wait_left(tx, account, now)?.is_some_and(|wait| wait > wish.patience) {
        return Ok(0);
    }
    let limits = &wish.limits.longer_than(wish.patience);
    Ok(match room_in_windows(tx, &Asked { account, limits, price, now }, want)? {
        Room::Calls(calls) => calls,
        Room::AfterOpen | Room::After(..) => 0,
    })
}

/// How many of `want` calls the run's limits, the vendor and the account's
/// limits allow; at least one.
fn room(
    tx: &mut Transaction<'_>,
    asked: &Asked<'_>,
    want: u64,
) -> rusqlite::Result<Result<u64, Shortage>> {
    let want = match tx.ledger.budget.room(asked.price, want) {
        Ok(room) => room,
        Err(shortage) => return Ok(Err(shortage)),
    };
    if let Some(wait) = waits::wait_left(tx, asked.account, asked.now)? {
        return Ok(Err(Shortage::After(wait, NotAsked::RateLimited)));
    }
    let mut room = room_in_windows(tx, asked, want)?;
    // The places may be those of a process that died meanwhile.
    if !matches!(room, Room::Calls(_)) && processes::close_dead_runs(tx, asked.now)? {
        room = room_in_windows(tx, asked, want)?;
    }
    Ok(match room {
        Room::Calls(calls) => Ok(calls),
        Room::AfterOpen => Err(Shortage::AfterOpen),
        Room::After(wait, why) => Err(Shortage::After(wait, why)),
    })
}

fn room_in_windows(
    tx: &mut Transaction<'_>,
    asked: &Asked<'_>,
    want: u64,
) -> rusqlite::Result<Room> {
    let account = accounts::account(tx, asked.account, asked.limits, asked.now)?;
    Ok(account.room(asked.limits, asked.price, want, asked.now))
}

/// The place of the spend limit that leaves no room.
fn limit_reached(tx: &mut Transaction<'_>, asked: &Asked<'_>) -> rusqlite::Result<Option<usize>> {
    let account = accounts::account(tx, asked.account, asked.limits, asked.now)?;
    Ok(account.reached(asked.limits, asked.price, asked.now))
}

/// The calls that each window still allows.
fn calls_left(tx: &mut Transaction<'_>, asked: &Asked<'_>) -> rusqlite::Result<Vec<u64>> {
    let account = accounts::account(tx, asked.account, asked.limits, asked.now)?;
    let left = |window: &Window| window.calls.saturating_sub(account.used(window.span, asked.now));
    Ok(asked.limits.windows.iter().map(left).collect())
}

fn enter(tx: &mut Transaction<'_>, wish: &Reserve, keys: &[Key]) -> rusqlite::Result<i64> {
    let stored: Vec<String> = keys.iter().map(Key::to_stored).collect();
    let call = tx
        .db
        .prepare_cached(
            "INSERT INTO calls (account, source, run, reserved_wall, reserved_boot, price, keys)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert(params![
            wish.account.0,
            wish.source.0,
            tx.run.id,
            wish.now.wall,
            wish.now.boot,
            wish.price.0,
            stored.join(KEY_SEPARATOR)
        ])?;
    if let Some(account) = tx.ledger.accounts.get_mut(&wish.account) {
        account.put(call, Entry { at: wish.now, open: true, cost: wish.price });
    }
    tx.ledger.budget.reserve(wish.price);
    Ok(call)
}

/// Closes a call, and keeps its answers.
pub(in crate::store) fn close(tx: &mut Transaction<'_>, close: &Close) -> rusqlite::Result<()> {
    tx.db
        .prepare_cached(
            "INSERT OR REPLACE INTO replies (call, answered_wall, answered_boot, state, http_status, charged, request_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            close.call,
            close.at.wall,
            close.at.boot,
            close.state,
            close.http_status,
            close.charged.0,
            close.request_id
        ])?;
    let fills_nothing = [NOT_SENT, RELEASED].contains(&&*close.state);
    // An account that is not at hand is read from the ledger, with this reply.
    match tx.ledger.accounts.get_mut(&close.account) {
        Some(account) if fills_nothing => account.remove(close.call),
        Some(account) => account.close(close.call, close.at, close.charged),
        None => {}
    }
    charges::charge_once(tx, close)?;
    if let Some(end) = close.operation {
        tx.journal().end(close.call, end)?;
    }
    tx.ledger.budget.close(close);
    if let Some((source, answers)) = &close.answers {
        let reply = Reply { call: close.call, source: *source, fetched_at: close.at.wall };
        tx.answers.add(reply, answers);
    }
    Ok(())
}

pub(in crate::store) fn parse_keys(stored: &str) -> impl Iterator<Item = Key> + '_ {
    stored.split(KEY_SEPARATOR).filter_map(Key::from_stored)
}
