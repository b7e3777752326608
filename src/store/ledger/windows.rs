//! The ledger's arithmetic: how many calls an account's windows allow now.
//!
//! A call fills a window from its reservation until the window's length after
//! its answer, so that the vendor, who counts it somewhere in between, can
//! never count more than we do. Time is the boot clock's, which cannot be
//! set: a wall clock that jumps neither refills a window nor keeps one full.
//! Nothing here touches SQLite.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::{Micros, Moment, NotAsked};

/// Wall and boot clock drift apart by less than this while neither is set.
const DRIFT_MICROS: u64 = 120_000_000;

/// The stretch of time that a limit counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last so long.
    Sliding(Duration),
    /// From one reset to the next, both in microseconds of wall time.
    Since {
        /// The latest reset.
        last: i64,
        /// The coming reset.
        next: i64,
        /// The longest that can lie between two resets.
        length: Duration,
    },
}

/// So many calls in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Calls.
    pub calls: u64,
    /// Over which time.
    pub span: Span,
}

/// So much money in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendWindow {
    /// Money.
    pub amount: Micros,
    /// Over which time.
    pub span: Span,
}

/// Every limit that holds for an account at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Quotas.
    pub windows: Vec<Window>,
    /// Spend limits.
    pub spend: Vec<SpendWindow>,
}

impl Limits {
    /// Whether nothing is limited at all.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.spend.is_empty()
    }

    /// The same without the quotas whose window is no longer than `wait`.
    #[must_use]
    pub fn longer_than(&self, wait: Duration) -> Self {
        let is_longer =
            |window: &&Window| !matches!(window.span, Span::Sliding(length) if length <= wait);
        let windows = self.windows.iter().filter(is_longer).copied().collect();
        Self { windows, spend: self.spend.clone() }
    }

    /// How far back calls still matter, in microseconds.
    pub fn reach(&self, now: Moment) -> i64 {
        let spans = self.windows.iter().map(|window| window.span);
        spans
            .chain(self.spend.iter().map(|spend| spend.span))
            .map(|span| match span {
                Span::Sliding(length) => micros(length),
                Span::Since { last, length, .. } => {
                    now.wall.saturating_sub(last).max(micros(length))
                }
            })
            .max()
            .unwrap_or(0)
    }
}

/// One window of an account, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Calls in each window, in the order of the limits.
    pub used: u64,
    /// Until one more call fits, when the window is full.
    pub next_free: Option<Duration>,
}

/// One call as the windows see it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// When it was answered, or reserved while it is open, by the clock of the
    /// current boot; below nothing when that was before it.
    pub at: Moment,
    /// Whether it is still on its way.
    pub open: bool,
    /// What it cost, or may cost.
    pub cost: Micros,
}

/// What the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// So many calls now; at least one.
    Calls(u64),
    /// None before a call on its way has ended.
    AfterOpen,
    /// None for so long.
    After(Duration, NotAsked),
}

/// The calls of one account that still fill a window.
#[derive(Debug, Default)]
pub struct Account {
    entries: HashMap<i64, Entry>,
}

impl Account {
    /// Adds or replaces a call.
    pub fn put(&mut self, call: i64, entry: Entry) {
        self.entries.insert(call, entry);
    }

    /// Forgets a call that never left.
    pub fn remove(&mut self, call: i64) {
        self.entries.remove(&call);
    }

    /// Marks a call as ended.
    pub fn close(&mut self, call: i64, at: Moment, cost: Micros) {
        if let Some(entry) = self.entries.get_mut(&call) {
            *entry = Entry { at, open: false, cost };
        }
    }

    /// Corrects what a call cost.
    pub fn charge(&mut self, call: i64, cost: Micros) {
        if let Some(entry) = self.entries.get_mut(&call) {
            entry.cost = cost;
        }
    }

    /// Calls that fill `span` now.
    pub fn used(&self, span: Span, now: Moment) -> u64 {
        self.filling(span, now).count() as u64
    }

    /// How full each of the windows is.
    pub fn usage(&self, limits: &Limits, now: Moment) -> Vec<Usage> {
        let usage = |window: &Window| {
            let alone = Limits { windows: vec![*window], spend: Vec::new() };
            let next_free = match self.room(&alone, Micros::ZERO, 1, now) {
                Room::After(wait, _) => Some(wait),
                Room::Calls(_) | Room::AfterOpen => None,
            };
            Usage { used: self.used(window.span, now), next_free }
        };
        limits.windows.iter().map(usage).collect()
    }

    /// What the calls in a span cost.
    pub fn spent(&self, span: Span, now: Moment) -> Micros {
        self.filling(span, now).map(|entry| entry.cost).sum()
    }

    /// How many of `want` calls at `price` every limit allows now.
    pub fn room(&self, limits: &Limits, price: Micros, want: u64, now: Moment) -> Room {
        let calls = limits.windows.iter().map(|window| self.call_room(*window, want, now));
        let money = limits.spend.iter().map(|spend| self.money_room(*spend, price, want, now));
        calls.chain(money).fold(Room::Calls(want), Room::tighter)
    }

    fn call_room(&self, window: Window, want: u64, now: Moment) -> Room {
        let used = self.used(window.span, now);
        if used < window.calls {
            return Room::Calls(want.min(window.calls - used));
        }
        self.wait_for(window.span, now, used - window.calls + 1, NotAsked::Quota)
    }

    fn money_room(&self, spend: SpendWindow, price: Micros, want: u64, now: Moment) -> Room {
        if price <= Micros::ZERO {
            return Room::Calls(want);
        }
        let left = spend.amount - self.spent(spend.span, now);
        match u64::try_from(left.0 / price.0).unwrap_or(0) {
            0 => self.wait_for(spend.span, now, 1, NotAsked::OwnLimit),
            calls => Room::Calls(want.min(calls)),
        }
    }

    /// The wait until `leavers` more calls have left the span.
    fn wait_for(&self, span: Span, now: Moment, leavers: u64, why: NotAsked) -> Room {
        let span = self.trusted(span, now);
        let ended = self.entries.values().filter(|entry| !entry.open && entry.fills(span, now));
        let mut left: Vec<i64> = ended.map(|entry| entry.stays(span, now)).collect();
        left.sort_unstable();
        match usize::try_from(leavers).ok().and_then(|n| left.get(n.saturating_sub(1))) {
            Some(&wait) => Room::After(duration(wait), why),
            None => Room::AfterOpen,
        }
    }

    fn filling(&self, span: Span, now: Moment) -> impl Iterator<Item = &Entry> {
        let span = self.trusted(span, now);
        self.entries.values().filter(move |entry| entry.fills(span, now))
    }

    /// A reset is believed while the wall clock has gone evenly since every call
    /// that may still count. After a jump the true time is not known: then the
    /// window slides, which is stricter.
    fn trusted(&self, span: Span, now: Moment) -> Span {
        match span {
            Span::Since { length, .. } if self.saw_a_jump(length, now) => Span::Sliding(length),
            span => span,
        }
    }

    fn saw_a_jump(&self, within: Duration, now: Moment) -> bool {
        let ahead = |at: Moment| at.wall.saturating_sub(at.boot);
        self.entries.values().any(|entry| {
            entry.elapsed(now) < micros(within)
                && ahead(entry.at).abs_diff(ahead(now)) > DRIFT_MICROS
        })
    }
}

impl Entry {
    fn fills(&self, span: Span, now: Moment) -> bool {
        self.open || self.stays(span, now) > 0
    }

    /// How long a call that has ended still fills `span`.
    fn stays(&self, span: Span, now: Moment) -> i64 {
        match span {
            Span::Sliding(length) => micros(length).saturating_sub(self.elapsed(now)),
            Span::Since { last, .. } if self.at.wall < last => 0,
            Span::Since { next, .. } => next.saturating_sub(now.wall),
        }
    }

    fn elapsed(&self, now: Moment) -> i64 {
        now.boot.saturating_sub(self.at.boot)
    }
}

impl Room {
    fn tighter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Calls(a), Self::Calls(b)) => Self::Calls(a.min(b)),
            (Self::After(a, why), Self::After(b, _)) if a >= b => Self::After(a, why),
            (Self::After(..), Self::After(b, why)) => Self::After(b, why),
            (wait @ Self::After(..), _) | (_, wait @ Self::After(..)) => wait,
            _ => Self::AfterOpen,
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn at(seconds: i64) -> Moment {
        Moment { wall: 1_000_000 * SECOND + seconds * SECOND, boot: seconds * SECOND }
    }

    fn answered(seconds: i64) -> Entry {
        Entry { at: at(seconds), open: false, cost: Micros(3000) }
    }

    fn per_minute(calls: u64) -> Limits {
        let window = Window { calls, span: Span::Sliding(Duration::from_mins(1)) };
        Limits { windows: vec![window], spend: Vec::new() }
    }

    #[test]
    fn a_window_frees_its_length_after_the_answer() {
        let mut account = Account::default();
        account.put(1, answered(0));
        account.put(2, answered(10));
        let limits = per_minute(2);
        let room = |now| account.room(&limits, Micros::ZERO, 5, now);
        assert_eq!(room(at(30)), Room::After(Duration::from_secs(30), NotAsked::Quota));
        assert_eq!(room(at(60)), Room::Calls(1));
        assert_eq!(room(at(70)), Room::Calls(2));
    }

    #[test]
    fn an_open_call_fills_its_window() {
        let mut account = Account::default();
        account.put(1, Entry { open: true, ..answered(0) });
        let limits = per_minute(1);
        assert_eq!(account.room(&limits, Micros::ZERO, 1, at(500)), Room::AfterOpen);
        account.close(1, at(500), Micros::ZERO);
        assert_eq!(
            account.room(&limits, Micros::ZERO, 1, at(501)),
            Room::After(Duration::from_secs(59), NotAsked::Quota)
        );
    }

    #[test]
    fn a_forward_clock_does_not_refill_a_window() {
        let mut account = Account::default();
        account.put(1, answered(0));
        let jumped = Moment { wall: at(7200).wall, boot: at(5).boot };
        assert_eq!(
            account.room(&per_minute(1), Micros::ZERO, 1, jumped),
            Room::After(Duration::from_secs(55), NotAsked::Quota)
        );
    }

    #[test]
    fn a_clock_set_back_still_frees_a_window() {
        let mut account = Account::default();
        account.put(1, answered(0));
        let jumped = |seconds| Moment { wall: at(-7200).wall, boot: at(seconds).boot };
        let room = |now| account.room(&per_minute(1), Micros::ZERO, 1, now);
        assert_eq!(room(jumped(59)), Room::After(Duration::from_secs(1), NotAsked::Quota));
        assert_eq!(room(jumped(60)), Room::Calls(1));
    }

    #[test]
    fn every_window_must_have_room() {
        let mut account = Account::default();
        for call in 0..10 {
            account.put(call, answered(call));
        }
        let mut limits = per_minute(1000);
        let day = Window { calls: 10, span: Span::Sliding(Duration::from_hours(24)) };
        limits.windows.push(day);
        assert_eq!(
            account.room(&limits, Micros::ZERO, 3, at(100)),
            Room::After(Duration::from_secs(86_300), NotAsked::Quota)
        );
    }

    #[test]
    fn a_spend_limit_counts_open_calls() {
        let mut account = Account::default();
        account.put(1, Entry { open: true, ..answered(0) });
        let span = Span::Sliding(Duration::from_hours(24));
        let spend = SpendWindow { amount: Micros(10_000), span };
        let limits = Limits { windows: Vec::new(), spend: vec![spend] };
        assert_eq!(account.room(&limits, Micros(3000), 9, at(1)), Room::Calls(2));
        assert_eq!(account.room(&limits, Micros(8000), 9, at(1)), Room::AfterOpen);
    }

    #[test]
    fn a_reset_forgets_earlier_calls() {
        let mut account = Account::default();
        account.put(1, answered(0));
        let limits = resets_at(10, 100);
        assert_eq!(account.room(&limits, Micros::ZERO, 1, at(20)), Room::Calls(1));
        account.put(2, answered(15));
        assert_eq!(
            account.room(&limits, Micros::ZERO, 1, at(20)),
            Room::After(Duration::from_secs(80), NotAsked::Quota)
        );
    }

    /// One call from the reset at `last` seconds to that at `next`.
    fn resets_at(last: i64, next: i64) -> Limits {
        let length = Duration::from_secs((next - last).unsigned_abs());
        let span = Span::Since { last: at(last).wall, next: at(next).wall, length };
        Limits { windows: vec![Window { calls: 1, span }], spend: Vec::new() }
    }

    /// By a wall clock that is so many seconds ahead of the one of [`at`].
    fn ahead(seconds: i64, by: i64) -> Moment {
        Moment { wall: at(seconds + by).wall, boot: at(seconds).boot }
    }

    #[test]
    fn a_jump_over_a_reset_refills_nothing() {
        const HOUR: i64 = 3600;
        let mut account = Account::default();
        account.put(1, answered(0));
        // Ten minutes before the reset the clock is set forward by an hour, and a call
        // is made by the wrong time.
        account.put(2, Entry { at: ahead(HOUR, HOUR), ..answered(0) });
        let mut limits = resets_at(2 * HOUR, 26 * HOUR);
        limits.windows[0].calls = 2;
        let room = |now| account.room(&limits, Micros::ZERO, 5, now);
        let Room::After(wait, NotAsked::Quota) = room(ahead(2 * HOUR, HOUR)) else {
            panic!("refilled by a jump")
        };
        assert_eq!(wait, Duration::from_hours(22), "as if it slid");
        assert_eq!(room(ahead(24 * HOUR, HOUR)), Room::Calls(1));
        // The clock is right again, but not the time of the second call.
        assert!(matches!(room(at(23 * HOUR)), Room::After(..)));
        assert_eq!(room(at(24 * HOUR)), Room::Calls(1));
        assert_eq!(room(at(26 * HOUR)), Room::Calls(2));
    }

    #[test]
    fn a_call_answered_after_a_reset_counts_after_it() {
        let mut account = Account::default();
        account.put(1, Entry { open: true, ..answered(90) });
        let room =
            |account: &Account, now| account.room(&resets_at(100, 200), Micros::ZERO, 1, at(now));
        assert_eq!(room(&account, 105), Room::AfterOpen, "it may yet be sent");
        account.close(1, at(110), Micros::ZERO);
        assert_eq!(room(&account, 120), Room::After(Duration::from_secs(80), NotAsked::Quota));
    }
}
