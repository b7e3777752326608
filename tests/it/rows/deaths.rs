//! The ways in which vendors can be dead for a night.

use vinrich::config::Quota;
use vinrich::plan::Plan;

use crate::support::clock::NIGHT;
use crate::support::library::Tweak as _;

/// Nobody listens where the vendors were.
pub(crate) const GONE: &str = "gone";

/// What happens to the vendors before the second night.
pub(crate) struct Death {
    pub(crate) name: &'static str,
    /// Of the sandbox, by its rules.
    pub(crate) faults: &'static [&'static str],
    /// Of the plan.
    pub(crate) change: fn(&mut Plan),
    pub(crate) exit: u8,
    /// The marks that it leaves.
    pub(crate) marks: &'static [&'static str],
}

const ALIVE: Death = Death { name: "alive", faults: &[], change: |_| (), exit: 0, marks: &[] };

/// Every way to die, and some at once.
pub(crate) fn deaths() -> Vec<Death> {
    vec![
        Death { name: GONE, exit: 68, marks: &["outage", "unreachable"], ..ALIVE },
        Death { name: "500", faults: &["500"], exit: 68, marks: &["outage", "http_500"], ..ALIVE },
        Death { name: "401", faults: &["401"], exit: 77, marks: &["denied"], ..ALIVE },
        Death { name: "402", faults: &["402"], exit: 69, marks: &["denied"], ..ALIVE },
        Death {
            name: "429",
            faults: &["429:wait=2h"],
            exit: 75,
            marks: &["rate_limited"],
            ..ALIVE
        },
        Death { name: "html", faults: &["html"], exit: 76, marks: &["garbled", "outage"], ..ALIVE },
        Death {
            name: "quota full",
            change: |plan| {
                let window = NIGHT * 31;
                for vendor in plan.settings.vendors.values_mut() {
                    vendor.quotas = vec![Quota { calls: 1.try_into().expect("one"), window }];
                }
            },
            exit: 75,
            marks: &["quota"],
            ..ALIVE
        },
        Death {
            name: "offline",
            change: |plan| plan.datasets.offline = true,
            marks: &["offline"],
            ..ALIVE
        },
        Death {
            name: "no calls",
            change: |plan| plan.limits.max_calls = Some(0),
            exit: 80,
            marks: &["own_limit"],
            ..ALIVE
        },
        Death {
            name: "key lost",
            change: |plan| {
                for vendor in plan.settings.vendors.values_mut() {
                    (vendor.api_key, vendor.api_key_env) = (None, None);
                }
            },
            exit: 77,
            marks: &["denied"],
            ..ALIVE
        },
        Death {
            name: "mixed",
            faults: &[
                "carvin/402",
                "nhtsa/down",
                "visor/500:every=2",
                "visor/html",
                "carstrel/reset",
            ],
            change: |plan| {
                plan.vendor("vpic-api").quotas =
                    vec![Quota { calls: 1.try_into().expect("one"), window: NIGHT * 31 }];
            },
            exit: 69,
            marks: &["denied", "outage", "garbled", "http_503", "http_500", "timeout", "quota"],
        },
    ]
}
