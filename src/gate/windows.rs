//! From configured quotas to the windows that hold right now, tightened by
//! what the server says, never loosened.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::config::{Quota, QuotaReset, VendorSettings};
use crate::domain::{Moment, Timestamp};
use crate::gate::report::QuotaReport;
use crate::store::ledger::windows::{Limits, Span, SpendWindow, Usage, Window};
use crate::vendors::ServerLimit;

/// Windows this long or longer follow `quota_reset`.
const DAY: Duration = Duration::from_hours(24);

/// The longest month; `month` in a quota means as much.
const MONTH: Duration = Duration::from_hours(744);

/// The most by which a zone's clocks are set back, so that a day between two resets
/// is longer than 24 hours.
const SET_BACK: Duration = Duration::from_hours(2);

/// Windows longer than this are not paced, only counted.
const PACED: Duration = Duration::from_mins(1);

/// The quotas of one vendor during a run.
#[derive(Debug)]
pub struct Windows {
    quotas: Vec<Quota>,
    reset: QuotaReset,
    spend: Vec<(crate::domain::money::Micros, Duration)>,
}

impl Windows {
    /// As configured.
    pub fn new(settings: &VendorSettings) -> Self {
        Self {
            quotas: settings.quotas.clone(),
            reset: settings.quota_reset.clone(),
            spend: settings.spend.iter().map(|limit| (limit.amount, limit.window)).collect(),
        }
    }

    /// The quota that paces single calls, if one is short enough.
    pub(super) fn pace(&self) -> Option<Quota> {
        self.quotas.iter().copied().filter(|quota| quota.window <= PACED).min_by_key(|q| q.window)
    }

    /// How long the longest window needs to be free again, if it is used up: a 429
    /// may mean "tomorrow".
    pub(super) fn longest(&self, now: Moment) -> Option<Duration> {
        let free_in = |quota: &Quota| match self.span(quota.window, now) {
            Span::Sliding(length) => length,
            Span::Since { next, .. } => next.since(now.wall),
        };
        self.quotas.iter().map(free_in).max()
    }

    /// Calls in a window of this length, if there is a quota for it.
    pub(super) fn calls_in(&self, window: Duration) -> Option<u64> {
        let quota = self.quotas.iter().find(|quota| quota.window == window)?;
        Some(u64::from(quota.calls.get()))
    }

    /// How many calls the pacer lets through within `time`, at its steady pace; at least one.
    pub(super) fn paced_within(&self, time: Duration) -> usize {
        let Some(pace) = self.pace() else { return usize::MAX };
        let calls =
            time.as_micros() * u128::from(pace.calls.get()) / pace.window.as_micros().max(1);
        usize::try_from(calls).unwrap_or(usize::MAX).max(1)
    }

    /// Takes a server's limit for a window where it is smaller than configured.
    pub(super) fn tighten(&mut self, limit: &ServerLimit) {
        let (Some(window), Some(calls)) =
            (limit.window, limit.limit.and_then(|n| n.try_into().ok()))
        else {
            return;
        };
        match self.quotas.iter_mut().find(|quota| quota.window == window) {
            Some(quota) => quota.calls = quota.calls.min(calls),
            None => self.quotas.push(Quota { calls, window }),
        }
    }

    /// The name of each window, such as `100/day`.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.quotas.iter().map(name)
    }

    /// The name of each spend limit, such as `$2.00/day`.
    pub fn spend_names(&self) -> impl Iterator<Item = String> + '_ {
        self.spend.iter().map(|(amount, window)| format!("{amount}/{}", window_name(*window)))
    }

    /// The windows in the report's form.
    pub fn report(&self, usage: Vec<Usage>, now: Moment) -> Vec<QuotaReport> {
        let reports = self.names().zip(usage).map(|(quota, usage)| QuotaReport {
            quota,
            used: usage.used,
            next_free_at: usage.next_free.map(|wait| now.wall.later(wait).rfc3339()),
        });
        reports.collect()
    }

    /// The limits at this moment.
    pub fn at(&self, now: Moment) -> Limits {
        let windows = self.quotas.iter().map(|quota| Window {
            calls: u64::from(quota.calls.get()),
            span: self.span(quota.window, now),
        });
        let spend = self
            .spend
            .iter()
            .map(|&(amount, window)| SpendWindow { amount, span: self.span(window, now) });
        Limits { windows: windows.collect(), spend: spend.collect() }
    }

    /// The window that allows the fewest calls, and how many, when each has `left`.
    pub(super) fn tightest(&self, left: &[u64]) -> Option<(u64, String)> {
        // Of two that are equally full the longer one holds calls up.
        let windows = left.iter().zip(&self.quotas);
        let tightest = windows.min_by_key(|(left, quota)| (**left, Reverse(quota.window)));
        tightest.map(|(left, quota)| (*left, name(quota)))
    }

    /// Seconds until `calls` more calls have been sent, when each window has `left`.
    pub(super) fn seconds_for(&self, calls: u64, left: &[u64]) -> u64 {
        let windows = self.quotas.iter().zip(left);
        windows.map(|(quota, left)| seconds_for(*quota, calls, *left)).max().unwrap_or(0)
    }

    fn span(&self, window: Duration, now: Moment) -> Span {
        let QuotaReset::At { time, zone } = &self.reset else { return Span::Sliding(window) };
        // Only days and months begin at a time of day; any other window slides.
        if ![DAY, MONTH].contains(&window) {
            return Span::Sliding(window);
        }
        // A reset that cannot be placed on the calendar is counted as sliding, which is stricter.
        since_reset(*time, zone, window, now.wall).unwrap_or(Span::Sliding(window))
    }
}

fn name(quota: &Quota) -> String {
    format!("{}/{}", quota.calls, window_name(quota.window))
}

/// Seconds until `calls` calls have been sent under `quota`, when `left` fit right now.
pub(crate) fn seconds_for(quota: Quota, calls: u64, left: u64) -> u64 {
    let waits = calls.saturating_sub(left).div_ceil(u64::from(quota.calls.get()));
    waits.saturating_mul(quota.window.as_secs().max(1))
}

/// The latest and the coming reset: each day, or each first day of a month.
fn since_reset(
    time: jiff::civil::Time,
    zone: &TimeZone,
    window: Duration,
    wall: Timestamp,
) -> Option<Span> {
    let monthly = window > DAY;
    let now = wall.in_zone(zone)?;
    let day = if monthly { now.date().first_of_month() } else { now.date() };
    let step = if monthly { 1.month() } else { 1.day() };
    let at = |date: jiff::civil::Date| {
        let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
        Some(Timestamp::from(at.timestamp()))
    };
    let this = at(day)?;
    let (last, next) = if this <= wall {
        (this, at(day.checked_add(step).ok()?)?)
    } else {
        (at(day.checked_sub(step).ok()?)?, this)
    };
    Some(Span::Since { last, next, length: window + SET_BACK })
}

fn window_name(window: Duration) -> String {
    match window.as_secs() {
        1 => "second".into(),
        60 => "minute".into(),
        3600 => "hour".into(),
        86_400 => "day".into(),
        2_678_400 => "month".into(),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
#[path = "tests/windows.rs"]
mod tests;
