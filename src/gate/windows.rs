//! From configured quotas to the windows that hold right now, tightened by
//! what the server says, never loosened.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Unit};

use crate::clock::Moment;
use crate::config::{Quota, QuotaReset, VendorSettings};
use crate::report::QuotaReport;
use crate::store::ledger::{Limits, Span, SpendWindow, Usage, Window};
use crate::vendors::ServerLimit;

/// Windows this long or longer follow `quota_reset`.
const DAY: Duration = Duration::from_hours(24);

/// Windows longer than this are not paced, only counted.
const PACED: Duration = Duration::from_mins(1);

/// The quotas of one vendor during a run.
#[derive(Debug)]
pub struct Windows {
    quotas: Vec<Quota>,
    reset: QuotaReset,
    spend: Vec<(crate::money::Micros, Duration)>,
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

    /// Whether some window is so long that a 429 may mean "tomorrow".
    pub(super) fn longest(&self) -> Option<Duration> {
        self.quotas.iter().map(|quota| quota.window).max()
    }

    /// Takes a server's word for a window that is smaller than configured.
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

    /// The words of each window, such as `100/day`.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.quotas.iter().map(|quota| format!("{}/{}", quota.calls, window_name(quota.window)))
    }

    /// The words of each spend limit, such as `$2.00/day`.
    pub fn spend_names(&self) -> impl Iterator<Item = String> + '_ {
        self.spend.iter().map(|(amount, window)| format!("{amount}/{}", window_name(*window)))
    }

    /// The windows in the report's form.
    pub fn report(&self, usage: Vec<Usage>, now: Moment) -> Vec<QuotaReport> {
        let reports = self.names().zip(usage).map(|(quota, usage)| QuotaReport {
            quota,
            used: usage.used,
            next_free_at: usage.next_free.map(|wait| rfc3339(later(now.wall, wait))),
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

    /// Seconds until `calls` more calls have been sent, when `left` fit right now.
    pub(super) fn seconds_for(&self, calls: u64, left: Option<u64>) -> u64 {
        let Some(left) = left else { return 0 };
        self.quotas.iter().map(|quota| seconds_for(*quota, calls, left)).max().unwrap_or(0)
    }

    fn span(&self, window: Duration, now: Moment) -> Span {
        let QuotaReset::At { time, zone } = &self.reset else { return Span::Sliding(window) };
        if window < DAY {
            return Span::Sliding(window);
        }
        // A reset that cannot be placed on the calendar is counted as sliding, which is stricter.
        since_reset(*time, zone, window > DAY, now.wall).unwrap_or(Span::Sliding(window))
    }
}

/// Seconds until `calls` calls have been sent under `quota`, when `left` fit right now.
pub fn seconds_for(quota: Quota, calls: u64, left: u64) -> u64 {
    let waits = calls.saturating_sub(left).div_ceil(u64::from(quota.calls.get()));
    waits.saturating_mul(quota.window.as_secs().max(1))
}

/// The latest and the coming reset: each day, or each first day of a month.
fn since_reset(time: jiff::civil::Time, zone: &TimeZone, monthly: bool, wall: i64) -> Option<Span> {
    let now = Timestamp::from_microsecond(wall).ok()?.to_zoned(zone.clone());
    let day = if monthly { now.date().first_of_month() } else { now.date() };
    let step = if monthly { 1.month() } else { 1.day() };
    let at = |date: jiff::civil::Date| {
        Some(date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
    };
    let this = at(day)?;
    let (last, next) = if this <= wall {
        (this, at(day.checked_add(step).ok()?)?)
    } else {
        (at(day.checked_sub(step).ok()?)?, this)
    };
    Some(Span::Since { last, next })
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

/// The wall time `wait` after `wall`, both in microseconds.
pub fn later(wall: i64, wait: Duration) -> i64 {
    wall.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX))
}

/// A moment in the words of a person: RFC 3339, UTC, whole seconds.
pub fn rfc3339(wall: i64) -> String {
    Timestamp::from_microsecond(wall)
        .and_then(|moment| moment.round(Unit::Second))
        .map_or_else(|_| "never".into(), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a timestamp").as_microsecond()
    }

    #[test]
    fn a_day_resets_at_its_wall_time_in_its_zone() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let span =
            since_reset(jiff::civil::time(0, 0, 0, 0), &zone, false, wall("2026-11-22T03:00:00Z"));
        let expected =
            Span::Since { last: wall("2026-11-21T05:00:00Z"), next: wall("2026-11-22T05:00:00Z") };
        assert_eq!(span, Some(expected));
    }

    #[test]
    fn a_month_resets_on_its_first_day() {
        let span = since_reset(
            jiff::civil::time(6, 0, 0, 0),
            &TimeZone::UTC,
            true,
            wall("2026-11-01T05:00:00Z"),
        );
        let expected =
            Span::Since { last: wall("2026-10-01T06:00:00Z"), next: wall("2026-11-01T06:00:00Z") };
        assert_eq!(span, Some(expected));
    }
}
