//! What the vendors themselves say, all of them asked at once.

use super::offline::Known;
use super::{CallCheck, LimitCheck, UsageCheck, VendorCheck};
use crate::config::Quota;
use crate::domain::Error;
use crate::enrich::session::Session;
use crate::gate::{Probed, VendorAccount};
use crate::ops::probe::{self, Target, Trouble};
use crate::ops::reconcile::{self, Period};
use crate::vendors::{ServerLimit, Usage};

/// The days of a vendor's usage that are shown beside the ledger's: as many as
/// a vendor says when none are named.
const USAGE_DAYS: u16 = 30;

/// The vendors that a run asks and those that `named` holds, where they can be asked; of
/// the others it is written down why not.
pub(super) fn targets<'a>(
    known: Vec<Known<'a>>,
    named: &[String],
    checks: &mut [VendorCheck],
) -> Vec<(usize, Target<'a>)> {
    let mut targets = Vec::new();
    for (place, (known, check)) in known.into_iter().zip(checks).enumerate() {
        if check.asked_for.is_empty() && !named.iter().any(|id| id == check.vendor) {
            let why =
                format!("not asked: no dataset needs it; `vinrich check {}` asks it", check.vendor);
            check.call = CallCheck::NotAsked { why };
            continue;
        }
        match target(known) {
            Ok(target) => targets.push((place, target)),
            Err(why) => check.call = CallCheck::NotAsked { why: why.into() },
        }
    }
    targets
}

fn target(known: Known<'_>) -> Result<Target<'_>, &'static str> {
    let Known { vendor, settings, key } = known;
    let key = key.map_err(|_| "not asked: its key cannot be used")?;
    let account = VendorAccount { vendor, settings, key };
    if account.lacks_key() {
        return Err("not asked: it has no key");
    }
    Ok(Target { account, probe: vendor.probe()? })
}

/// Asks them and writes down what each said.
pub(super) fn ask_all(
    session: &Session<'_>,
    targets: &[(usize, Target<'_>)],
    checks: &mut [VendorCheck],
) -> Result<(), Error> {
    let probed = probe::ask_all(session, targets.iter().map(|(_, target)| target))?;
    for ((place, target), probed) in targets.iter().zip(probed) {
        checks[*place].call = match Trouble::of(target, &probed) {
            Some(trouble) => failed(&probed, trouble),
            None => accepted(probed, target, session)?,
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
    session: &Session<'_>,
) -> Result<CallCheck, Error> {
    let Probed::Answered { usage, limits, took } = probed else {
        return Err(Error::internal("a call without trouble has no answer"));
    };
    let usage = usage.map(|usage| usage_check(&usage, target, session)).transpose()?;
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

fn usage_check(
    usage: &Usage,
    target: &Target<'_>,
    session: &Session<'_>,
) -> Result<UsageCheck, Error> {
    let period = Period::until(session.started(), USAGE_DAYS);
    let books = reconcile::beside_ledger(session, target, usage, &period)?;
    Ok(UsageCheck { days: USAGE_DAYS, said: books.said, ledger: books.ledger })
}
