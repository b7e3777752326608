//! The ledger's rows: entered before a call is sent, closed when it has ended.

use rusqlite::params;

use super::ledger::{Account, Entry, Limits, Room, Window};
use super::message::{Call, Close, Granted, NOT_SENT, RELEASED, Reserve, RoomWish, Shortage};
use super::operations::Frozen;
use super::state::State;
use super::{AccountId, SourceId};
use crate::clock::Moment;
use crate::key::Key;
use crate::money::Micros;

/// Keys of a call in `calls.keys`.
const KEY_SEPARATOR: &str = "\n";

impl State {
    pub(super) fn reserve(&mut self, wish: Reserve) -> rusqlite::Result<Granted> {
        self.learn_from_others(&wish)?;
        let price = self.price_still_open(&wish)?;
        let mut granted = Granted::default();
        let mut batches = wish.fixed.into_iter();
        let mut keys = wish.keys.into_iter().peekable();
        let mut next = Vec::with_capacity(wish.batch);
        let want = batches.len() + keys.len().div_ceil(wish.batch.max(1));
        let room = match self.room(wish.account, &wish.limits, price, want as u64, wish.now) {
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
        granted.left = self.calls_left(wish.account, &wish.limits, wish.now);
        Ok(granted)
    }

    /// Whether another run has asked about `key` since this one began.
    fn is_claimed(&self, source: SourceId, key: &Key) -> bool {
        self.claims.contains_key(&(source, key.clone()))
    }

    /// How many calls fit now, however long the patience for those that do not.
    pub(super) fn room_for(&mut self, wish: &RoomWish) -> rusqlite::Result<u64> {
        let RoomWish { account, price, want, now, .. } = *wish;
        self.know(account, &wish.limits, now)?;
        let limits = wish.limits.longer_than(wish.patience);
        Ok(self.room(account, &limits, price, want, now).unwrap_or(0))
    }

    /// How many of `want` calls the account's limits and the run's allow; at least one.
    fn room(
        &self,
        account: AccountId,
        limits: &Limits,
        price: Micros,
        want: u64,
        now: Moment,
    ) -> Result<u64, Shortage> {
        let mut room = want;
        if let Some(most) = self.limits.max_calls {
            room = room.min(most.saturating_sub(self.used_calls));
        }
        if let Some(most) = self.limits.max_cost.filter(|_| price > Micros::ZERO) {
            let left = most - self.used_cost;
            room = room.min(u64::try_from(left.0 / price.0).unwrap_or(0));
        }
        if room == 0 {
            return if want == 0 { Ok(0) } else { Err(Shortage::Run) };
        }
        let empty = Account::default();
        match self.accounts.get(&account).unwrap_or(&empty).room(limits, price, room, now) {
            Room::Calls(calls) => Ok(calls),
            Room::AfterOpen => Err(Shortage::AfterOpen),
            Room::After(wait, why) => Err(Shortage::After(wait, why)),
        }
    }

    /// The place of the tightest window, and the calls that it still allows.
    fn calls_left(&self, account: AccountId, limits: &Limits, now: Moment) -> Option<(usize, u64)> {
        let account = self.accounts.get(&account)?;
        let left = |window: &Window| window.calls.saturating_sub(account.used(window.span, now));
        limits.windows.iter().map(left).enumerate().min_by_key(|(_, left)| *left)
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
        let entry = Entry { at: now, same_boot: true, open: true, cost: price };
        self.accounts.entry(account).or_default().put(call, entry);
        self.used_calls += 1;
        self.used_cost += price;
        Ok(call)
    }

    pub(super) fn close(&mut self, close: Close) -> rusqlite::Result<()> {
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
        let account = self.accounts.entry(close.account).or_default();
        if [NOT_SENT, RELEASED].contains(&&*close.state) {
            account.remove(close.call);
        } else {
            account.close(close.call, close.at, close.charged);
        }
        self.charge_once(&close)?;
        if let Some(end) = close.operation {
            self.end_operation(close.call, end)?;
        }
        self.used_cost = self.used_cost - close.price + close.charged;
        if let Some((source, answers)) = close.answers {
            self.index.add(close.call, source, close.at.wall, answers);
        }
        Ok(())
    }
}

pub(super) fn parse_keys(stored: &str) -> impl Iterator<Item = Key> + '_ {
    stored.split(KEY_SEPARATOR).filter_map(Key::from_stored)
}
