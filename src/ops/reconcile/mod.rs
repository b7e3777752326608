//! What a vendor says it counted and charged, against our ledger: by day and
//! class, in calls and money.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;

use serde::{Serialize, Serializer};

use crate::config::Settings;
use crate::domain::{Error, Exit, Moment, Timestamp};
use crate::enrich::report::ReportBuilder;
use crate::enrich::session::{Context, Session, SessionSpec};
use crate::gate::{Probed, VendorAccount};
use crate::ops::probe::{self, Target, Trouble};
use crate::store::DayCalls;
use crate::vendors::{self, Counted, Usage, Vendor};

/// How far a vendor's count may lag behind its calls: what it says of a day that
/// ended less than this ago may still grow.
const LAG: Duration = Duration::from_hours(1);

/// One vendor's word against the ledger's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// The vendor's id.
    pub vendor: &'static str,
    /// The first day compared, UTC.
    #[serde(serialize_with = "as_text")]
    pub first_day: Date,
    /// The last one: today.
    #[serde(serialize_with = "as_text")]
    pub last_day: Date,
    /// What our ledger says was charged.
    pub ledger: Counted,
    /// What the vendor says.
    pub said: Counted,
    /// The days on which they differ, in order.
    pub differences: Vec<DayDifference>,
    /// Calls that were never answered, so that only the vendor knows whether
    /// they were charged.
    pub unanswered: u64,
    /// Whether the vendor's own total is the sum of what it lists.
    pub adds_up: bool,
}

/// A day on which the ledger and the vendor differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayDifference {
    /// The day, UTC.
    #[serde(serialize_with = "as_text")]
    pub day: Date,
    /// Whether the vendor may not have counted all of it yet.
    pub unsettled: bool,
    /// The classes of calls that differ.
    pub lines: Vec<ClassDifference>,
}

/// A class of calls counted differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassDifference {
    /// Our endpoint where the class is one's, else the vendor's word.
    pub class: String,
    /// What our ledger says was charged.
    pub ledger: Counted,
    /// What the vendor says.
    pub said: Counted,
}

/// What came of asking one vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reconciled {
    /// It said what it counted.
    Compared(Reconciliation),
    /// It has no way to tell.
    Silent {
        /// The vendor's id.
        vendor: &'static str,
    },
    /// It was not asked.
    NotAsked {
        /// The vendor's id.
        vendor: &'static str,
        /// Why.
        why: String,
    },
}

impl Reconciliation {
    /// Whether every difference may be the vendor's delay.
    pub fn is_even(&self) -> bool {
        self.adds_up && self.differences.iter().all(|day| day.unsettled)
    }
}

/// Asks every vendor that tells what it counted in the last `days` UTC days,
/// today included, and compares. Each is called once, and no call is billed.
/// `command` is the command line, for the list of runs.
///
/// # Errors
/// A vendor that tells, but cannot be asked: 77 where its key is refused, 69 where the
/// key may not ask, 68, 75 or 76 where it does not answer. 70, 74 and 78 where the store
/// cannot be used; 130 and 143 where the run was stopped.
pub fn reconcile(
    settings: &Settings,
    command: &str,
    context: Context<'_>,
    days: u16,
) -> Result<Vec<Reconciled>, Error> {
    let report = ReportBuilder::start(command, context);
    let period = Period::until(report.run.started, days);
    let mut reconciled = Vec::new();
    let mut targets = Vec::new();
    for vendor in vendors::registry() {
        match target(*vendor, settings, &period)? {
            Ok(target) => targets.push(target),
            Err(not_asked) => reconciled.push(not_asked),
        }
    }
    if targets.is_empty() {
        return Ok(reconciled);
    }
    let session = Session::open(&SessionSpec::new(settings), &report)?;
    let compared = compare_all(&session, &targets, &period);
    let exit = compared.as_ref().map_or_else(Error::exit, |_| Exit::Success);
    probe::close(session, exit, &compared.as_ref().ok())?;
    reconciled.splice(0..0, compared?);
    Ok(reconciled)
}

/// The UTC days that are compared.
#[derive(Clone, Debug)]
pub(super) struct Period {
    days: RangeInclusive<Date>,
    now: Moment,
}

impl Period {
    /// The last `count` days, today included.
    pub(super) fn until(now: Moment, count: u16) -> Self {
        let today = now.wall.day();
        let back = i64::from(count.saturating_sub(1));
        Self { days: today.saturating_sub(back.days())..=today, now }
    }
}

fn target<'a>(
    vendor: &'static dyn Vendor,
    settings: &'a Settings,
    period: &Period,
) -> Result<Result<Target<'a>, Reconciled>, Error> {
    let id = vendor.spec().id();
    let (Some(settings), Some(probe)) =
        (settings.vendors.get(id), vendor.usage(period.days.clone()))
    else {
        return Ok(Err(Reconciled::Silent { vendor: id }));
    };
    let Some(key) = settings.resolve_key()? else {
        let place = settings.api_key_env.as_deref().unwrap_or("api_key_file");
        let why = format!("no API key ({place})");
        return Ok(Err(Reconciled::NotAsked { vendor: id, why }));
    };
    Ok(Ok(Target { account: VendorAccount { vendor, settings, key: Some(key) }, probe }))
}

fn compare_all(
    session: &Session<'_>,
    targets: &[Target<'_>],
    period: &Period,
) -> Result<Vec<Reconciled>, Error> {
    let probed = probe::ask_all(session, targets)?;
    let compared = targets.iter().zip(probed).map(|(target, probed)| {
        let usage = usage_of(target, probed)?;
        Ok(Reconciled::Compared(beside_ledger(session, target, &usage, period)?))
    });
    compared.collect()
}

fn usage_of(target: &Target<'_>, probed: Probed) -> Result<Usage, Error> {
    if let Some(trouble) = Trouble::of(target, &probed) {
        let id = target.account.id();
        return Err(Error::new(trouble.exit, format!("{id}: {}", trouble.what)).hint(trouble.hint));
    }
    match probed {
        Probed::Answered { usage: Some(usage), .. } => Ok(usage),
        _ => Err(Error::internal("a vendor's usage was asked for and not read")),
    }
}

/// What the ledger and a vendor say of the same days.
pub(super) fn beside_ledger(
    session: &Session<'_>,
    target: &Target<'_>,
    usage: &Usage,
    period: &Period,
) -> Result<Reconciliation, Error> {
    let start = Timestamp::start_of(*period.days.start()).unwrap_or_default();
    let ledger = probe::calls_by_day(session, target, start)?;
    Ok(compare(target.account.id(), usage, &ledger, period))
}

fn compare(
    vendor: &'static str,
    usage: &Usage,
    ledger: &[DayCalls],
    Period { days, now }: &Period,
) -> Reconciliation {
    let mut books = Books::default();
    for row in usage.rows.iter().filter(|row| days.contains(&row.day)) {
        let class = row.endpoint.unwrap_or(&row.class);
        books.line(row.day, class).said += row.counted;
    }
    let mut unanswered = 0;
    for calls in ledger {
        let day = Timestamp::from_micros(calls.day.saturating_mul(DAY_MICROS)).day();
        if !days.contains(&day) {
            continue;
        }
        let counted = Counted { calls: calls.charged_calls, charged_micros: calls.charged };
        books.line(day, &calls.endpoint).ledger += counted;
        unanswered += calls.unanswered;
    }
    let unsettled_from = now.wall.earlier(LAG).day();
    Reconciliation {
        vendor,
        first_day: *days.start(),
        last_day: *days.end(),
        ledger: books.lines().map(|line| line.ledger).sum(),
        said: books.lines().map(|line| line.said).sum(),
        differences: books.differences(unsettled_from),
        unanswered,
        adds_up: usage.totals.is_none_or(|totals| totals == usage.total()),
    }
}

/// Both sides, by day and class.
#[derive(Default)]
struct Books(BTreeMap<Date, BTreeMap<String, Line>>);

#[derive(Clone, Copy, Default)]
struct Line {
    ledger: Counted,
    said: Counted,
}

impl Books {
    fn line(&mut self, day: Date, class: &str) -> &mut Line {
        self.0.entry(day).or_default().entry(class.to_owned()).or_default()
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// A day whose sums agree is even, by whatever names the vendor calls its classes.
    fn differences(&self, unsettled_from: Date) -> Vec<DayDifference> {
        let differs = |line: &Line| line.ledger != line.said;
        let uneven = self.0.iter().filter(|(_, classes)| {
            let ledger: Counted = classes.values().map(|line| line.ledger).sum();
            ledger != classes.values().map(|line| line.said).sum()
        });
        uneven
            .map(|(day, classes)| DayDifference {
                day: *day,
                unsettled: *day >= unsettled_from,
                lines: classes
                    .iter()
                    .filter(|(_, line)| differs(line))
                    .map(|(class, line)| ClassDifference {
                        class: class.clone(),
                        ledger: line.ledger,
                        said: line.said,
                    })
                    .collect(),
            })
            .collect()
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls takes a reference")]
fn as_text<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

#[cfg(test)]
mod tests;
