//! What the vendors themselves say, all of them asked at once.

use super::offline::Known;
use super::{CallCheck, LimitCheck, UsageCheck, VendorCheck};
use crate::config::Quota;
use crate::domain::error::Error;
use crate::domain::time::Moment;
use crate::gate::Probed;
use crate::ops::probing::{Probing, Target, Trouble};
use crate::ops::reconcile::{compare, last_days, start_of};
use crate::vendors::{Auth, ServerLimit, Usage};

/// The days of a vendor's usage that are shown beside the ledger's: as many as
/// a vendor tells of when nobody names any.
const USAGE_DAYS: u16 = 30;

/// The vendors that can be asked; of the others it is written down why not.
pub(super) fn targets<'a>(
    known: Vec<Known<'a>>,
    checks: &mut [VendorCheck],
) -> Vec<(usize, Target<'a>)> {
    let mut targets = Vec::new();
    for (place, (known, check)) in known.into_iter().zip(checks).enumerate() {
        match target(known) {
            Ok(target) => targets.push((place, target)),
            Err(why) => check.call = CallCheck::NotAsked { why: why.into() },
        }
    }
    targets
}

fn target(known: Known<'_>) -> Result<Target<'_>, &'static str> {
    let Known { vendor, settings, key } = known;
    let key = key.map_err(|_| "not asked, for want of a key that can be used")?;
    if key.is_none() && vendor.spec().auth != Auth::None {
        return Err("not asked, for want of a key");
    }
    Ok(Target { vendor, settings, key, probe: vendor.probe()? })
}

/// Asks them and writes down what each said.
pub(super) fn all(
    probing: &Probing<'_>,
    targets: &[(usize, Target<'_>)],
    now: Moment,
    checks: &mut [VendorCheck],
) -> Result<(), Error> {
    let probed = probing.ask(targets.iter().map(|(_, target)| target))?;
    for ((place, target), probed) in targets.iter().zip(probed) {
        checks[*place].call = match Trouble::of(target, &probed) {
            Some(trouble) => failed(&probed, trouble),
            None => accepted(probed, target, probing, now)?,
        };
    }
    Ok(())
}

fn failed(probed: &Probed, trouble: Trouble) -> CallCheck {
    let Trouble { what, hint, exit, stops_runs } = trouble;
    if matches!(probed, Probed::Held { .. }) {
        return CallCheck::NotAsked { why: format!("{what}; {hint}") };
    }
    CallCheck::Failed { why: what, hint, stops_runs, exit_code: exit.code() }
}

fn accepted(
    probed: Probed,
    target: &Target<'_>,
    probing: &Probing<'_>,
    now: Moment,
) -> Result<CallCheck, Error> {
    let Probed::Answered { usage, limits, took } = probed else {
        return Err(Error::internal("an answer is none"));
    };
    let usage = usage.map(|usage| beside_the_ledger(&usage, target, probing, now)).transpose()?;
    Ok(CallCheck::Accepted {
        call: target.probe.endpoint,
        scope: target.probe.scope,
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        limits: limits.iter().filter_map(limit).collect(),
        usage,
    })
}

fn limit(limit: &ServerLimit) -> Option<LimitCheck> {
    let calls = limit.limit.and_then(|calls| calls.try_into().ok())?;
    let quota = match limit.window {
        Some(window) => Quota { calls, window }.to_string(),
        None => format!("{calls} in a window it does not name"),
    };
    Some(LimitCheck { quota, remaining: limit.remaining })
}

fn beside_the_ledger(
    usage: &Usage,
    target: &Target<'_>,
    probing: &Probing<'_>,
    now: Moment,
) -> Result<UsageCheck, Error> {
    let days = last_days(now, USAGE_DAYS);
    let ledger = probing.ledger(target, start_of(*days.start()))?;
    let books = compare(target.vendor.spec().id(), usage, &ledger, &days, now);
    Ok(UsageCheck { days: USAGE_DAYS, said: books.said, ledger: books.ledger })
}
