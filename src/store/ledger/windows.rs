//! The ledger's arithmetic: how many calls an account's windows allow now.
//!
//! A call fills a window from its reservation until the window's length after
//! its answer, so that the vendor, who counts it somewhere in between, can
//! never count more than we do. Time is the boot clock's, which cannot be
//! set: a wall clock that jumps neither refills a window nor keeps one full.
//! Nothing here touches SQLite.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::time::micros;
use crate::domain::{Micros, Moment, NotAsked, Timestamp};

/// Wall and boot clock drift apart by less than this while neither is set.
const DRIFT_MICROS: u64 = 120_000_000;

/// The stretch of time that a limit counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last so long.
    Sliding(Duration),
    /// From one reset to the next, by the wall clock.
    Since {
        /// The latest reset.
        last: Timestamp,
        /// The coming reset.
        next: Timestamp,
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

    /// How far back calls still matter.
    pub fn reach(&self, now: Moment) -> Duration {
        let spans = self.windows.iter().map(|window| window.span);
        spans
            .chain(self.spend.iter().map(|spend| spend.span))
            .map(|span| match span {
                Span::Sliding(length) => length,
                Span::Since { last, length, .. } => now.wall.since(last).max(length),
            })
            .max()
            .unwrap_or(Duration::ZERO)
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

    /// The place of the spend limit that leaves no room for a call at `price`; of several,
    /// of the one that does so for longest.
    pub fn reached(&self, limits: &Limits, price: Micros, now: Moment) -> Option<usize> {
        let room = |spend: &SpendWindow| self.money_room(*spend, price, 1, now);
        let waits =
            limits.spend.iter().enumerate().filter_map(|(place, spend)| match room(spend) {
                Room::After(wait, _) => Some((wait, place)),
                Room::Calls(_) | Room::AfterOpen => None,
            });
        waits.max_by_key(|(wait, _)| *wait).map(|(_, place)| place)
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
        let ahead = |at: Moment| at.wall.micros().saturating_sub(at.boot);
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
            Span::Since { next, .. } => micros(next.since(now.wall)),
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

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0).max(1))
}

#[cfg(test)]
#[path = "tests/windows.rs"]
mod tests;
