//! The ledger's rows: entered before a call is sent, closed when it has ended.

use rusqlite::params;

use crate::domain::key::Key;
use crate::domain::money::Micros;
use crate::domain::outcome::Held;
use crate::domain::time::Moment;
use crate::store::ledger::operations::Frozen;
use crate::store::ledger::windows::{Entry, Limits, Room, Window};
use crate::store::message::{
    Call, Close, Granted, NOT_SENT, RELEASED, Reserve, RoomWish, Shortage,
};
use crate::store::state::State;
use crate::store::{AccountId, SourceId};

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

impl State {
    pub(in crate::store) fn reserve(&mut self, wish: Reserve) -> rusqlite::Result<Granted> {
        self.learn_from_others()?;
        let price = self.price_still_open(&wish)?;
        let mut granted = Granted::default();
        let mut batches = wish.fixed.into_iter();
        let mut keys = wish.keys.into_iter().peekable();
        let mut next = Vec::with_capacity(wish.batch);
        let want = batches.len() + keys.len().div_ceil(wish.batch.max(1));
        let asked = Asked { account: wish.account, limits: &wish.limits, price, now: wish.now };
        let room = match self.room(&asked, want as u64)? {
            Ok(room) => room,
            Err(shortage) => {
                granted.held = Some(shortage);
                0
            }
        };
        while (granted.calls.len() as u64) < room {
            let batch = if let Some(fixed) = batches.next() {
                // While it waited to be sent again, another run may have asked.
                let (claimed, ours): (Vec<Key>, Vec<Key>) =
                    fixed.into_iter().partition(|key| self.is_claimed(wish.source, key));
                // A probe is about no key at all.
                let is_all_claimed = ours.is_empty() && !claimed.is_empty();
                granted.elsewhere.extend(claimed);
                if is_all_claimed {
                    continue;
                }
                ours
            } else {
                while next.len() < wish.batch
                    && let Some(key) = keys.next()
                {
                    if self.is_claimed(wish.source, &key) {
                        granted.elsewhere.push(key);
                    } else {
                        next.push(key);
                    }
                }
                if next.is_empty() || (next.len() < wish.batch && !wish.last) {
                    break;
                }
                std::mem::take(&mut next)
            };
            let idempotency_key =
                match self.freeze(wish.source, &batch, wish.effect, wish.now.wall)? {
                    Frozen::Send(idempotency_key) => idempotency_key,
                    Frozen::Elsewhere(call) => {
                        for key in batch {
                            self.claims.insert((wish.source, key.clone()), call);
                            granted.elsewhere.push(key);
                        }
                        continue;
                    }
                    Frozen::Unknown => {
                        granted.unknown.extend(batch);
                        continue;
                    }
                };
            let call = self.enter(wish.account, wish.source, wish.price, wish.now, &batch)?;
            granted.calls.push(Call { id: call, keys: batch, idempotency_key });
        }
        granted.fixed.extend(batches);
        granted.keys = next;
        granted.keys.extend(keys);
        granted.left = self.calls_left(&asked)?;
        Ok(granted)
    }

    /// Whether another run has asked about `key` since this one began.
    fn is_claimed(&self, source: SourceId, key: &Key) -> bool {
        self.claims.contains_key(&(source, key.clone()))
    }

    /// How many calls fit now, however long the patience for those that do not.
    pub(in crate::store) fn room_for(&mut self, wish: &RoomWish) -> rusqlite::Result<u64> {
        let RoomWish { account, price, want, now, .. } = *wish;
        let Ok(want) = self.own_room(price, want) else { return Ok(0) };
        if self.wait_left(account, now)?.is_some_and(|wait| wait > wish.patience) {
            return Ok(0);
        }
        let limits = &wish.limits.longer_than(wish.patience);
        Ok(match self.room_in_windows(&Asked { account, limits, price, now }, want)? {
            Room::Calls(calls) => calls,
            Room::AfterOpen | Room::After(..) => 0,
        })
    }

    /// How many of `want` calls the run's limits, the vendor and the account's
    /// limits allow; at least one.
    fn room(&mut self, asked: &Asked<'_>, want: u64) -> rusqlite::Result<Result<u64, Shortage>> {
        let want = match self.own_room(asked.price, want) {
            Ok(room) => room,
            Err(shortage) => return Ok(Err(shortage)),
        };
        if let Some(wait) = self.wait_left(asked.account, asked.now)? {
            return Ok(Err(Shortage::After(wait, Held::RateLimited)));
        }
        let mut room = self.room_in_windows(asked, want)?;
        // The places may be those of a process that died meanwhile.
        if !matches!(room, Room::Calls(_)) && self.take_in_dead_runs(asked.now)? {
            room = self.room_in_windows(asked, want)?;
        }
        Ok(match room {
            Room::Calls(calls) => Ok(calls),
            Room::AfterOpen => Err(Shortage::AfterOpen),
            Room::After(wait, why) => Err(Shortage::After(wait, why)),
        })
    }

    /// How many of `want` calls the run's own limits allow; at least one.
    fn own_room(&self, price: Micros, want: u64) -> Result<u64, Shortage> {
        let mut room = want;
        if let Some(most) = self.limits.max_calls {
            room = room.min(most.saturating_sub(self.used_calls));
        }
        if room == 0 && want > 0 {
            return Err(Shortage::Run);
        }
        if let Some(most) = self.limits.max_cost.filter(|_| price > Micros::ZERO) {
            let affords = |left: Micros| u64::try_from(left.0 / price.0).unwrap_or(0);
            room = room.min(affords(most - self.used_cost));
            if room == 0 && want > 0 {
                // What is on its way may fail, and cost nothing.
                let at_best = affords(most - self.used_cost + self.open_cost);
                return Err(if at_best > 0 { Shortage::AfterOpen } else { Shortage::Run });
            }
        }
        Ok(room)
    }

    fn room_in_windows(&mut self, asked: &Asked<'_>, want: u64) -> rusqlite::Result<Room> {
        let account = self.account(asked.account, asked.limits, asked.now)?;
        Ok(account.room(asked.limits, asked.price, want, asked.now))
    }

    /// The place of the tightest window, and the calls that it still allows.
    fn calls_left(&mut self, asked: &Asked<'_>) -> rusqlite::Result<Option<(usize, u64)>> {
        let account = self.account(asked.account, asked.limits, asked.now)?;
        let left =
            |window: &Window| window.calls.saturating_sub(account.used(window.span, asked.now));
        Ok(asked.limits.windows.iter().map(left).enumerate().min_by_key(|(_, left)| *left))
    }

    fn enter(
        &mut self,
        account: AccountId,
        source: SourceId,
        price: Micros,
        now: Moment,
        keys: &[Key],
    ) -> rusqlite::Result<i64> {
        let stored: Vec<String> = keys.iter().map(Key::to_stored).collect();
        let call = self
            .db
            .prepare_cached(
                "INSERT INTO calls (account, source, run, reserved_wall, reserved_boot, price, keys)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .insert(params![
                account.0,
                source.0,
                self.run,
                now.wall,
                now.boot,
                price.0,
                stored.join(KEY_SEPARATOR)
            ])?;
        if let Some(account) = self.accounts.get_mut(&account) {
            account.put(call, Entry { at: now, open: true, cost: price });
        }
        self.used_calls += 1;
        self.used_cost += price;
        self.open_cost += price;
        Ok(call)
    }

    pub(in crate::store) fn close(&mut self, close: Close) -> rusqlite::Result<()> {
        self.db
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
        match self.accounts.get_mut(&close.account) {
            Some(account) if fills_nothing => account.remove(close.call),
            Some(account) => account.close(close.call, close.at, close.charged),
            None => {}
        }
        if close.state == RELEASED {
            // It never left, so that the run may send another.
            self.used_calls = self.used_calls.saturating_sub(1);
        }
        self.charge_once(&close)?;
        if let Some(end) = close.operation {
            self.end_operation(close.call, end)?;
        }
        self.used_cost = self.used_cost - close.price + close.charged;
        self.open_cost = self.open_cost - close.price;
        if let Some((source, answers)) = close.answers {
            self.index.add(close.call, source, close.at.wall, answers);
        }
        Ok(())
    }
}

pub(in crate::store) fn parse_keys(stored: &str) -> impl Iterator<Item = Key> + '_ {
    stored.split(KEY_SEPARATOR).filter_map(Key::from_stored)
}
