//! Why a call brought no answer, and what a person can do about it.

use std::time::Duration;

use super::Target;
use crate::domain::{Denied, Exit, Fault, NotAsked};
use crate::gate::Probed;

/// What is wrong.
#[derive(Clone, Debug)]
pub(in crate::ops) struct Trouble {
    /// What was seen.
    pub(in crate::ops) what: String,
    /// What to do.
    pub(in crate::ops) hint: String,
    /// The exit code of a command that depends on the answer.
    pub(in crate::ops) exit: Exit,
    /// Whether a run that asks this vendor would fare no better.
    pub(in crate::ops) stops_runs: bool,
}

impl Trouble {
    /// Nothing where the call was answered.
    pub(in crate::ops) fn of(target: &Target<'_>, probed: &Probed) -> Option<Self> {
        let (what, hint, exit) = match probed {
            Probed::Answered { .. } => return None,
            Probed::Held { why, wait } => held(*why, *wait),
            Probed::Failed { fault, status, words } => {
                let (what, hint, exit) = failed(target, fault);
                let seen = match (status, words) {
                    (Some(status), Some(words)) => format!("{what} (HTTP {status}: \"{words}\")"),
                    (Some(status), None) => format!("{what} (HTTP {status})"),
                    (None, words) => words.clone().unwrap_or(what),
                };
                (seen, hint, exit)
            }
        };
        Some(Self { what, hint, exit, stops_runs: !lacks_only_its_scope(target, probed) })
    }
}

/// Whether the key is good for everything but this call.
fn lacks_only_its_scope(target: &Target<'_>, probed: &Probed) -> bool {
    let no_scope = Fault::Denied(Denied::Scope);
    target.probe.scope.is_some()
        && matches!(probed, Probed::Failed { fault, .. } if *fault == no_scope)
}

fn held(why: NotAsked, wait: Option<Duration>) -> (String, String, Exit) {
    let hint = match wait {
        Some(_) if why == NotAsked::RateLimited => {
            "try again then; `vinrich quota` tells of it".to_owned()
        }
        Some(wait) => format!("there is room for a call in {}", seconds(wait)),
        None => "try again when the calls on their way have ended".into(),
    };
    let what = match why {
        NotAsked::Stopped => "stopped before it answered".into(),
        NotAsked::RateLimited => match wait {
            Some(wait) => format!("not asked, since it asks to wait {}", seconds(wait)),
            None => "not asked, since it asks to wait".into(),
        },
        why => format!("not asked, since its quota has no room ({})", why.code()),
    };
    (what, hint, Exit::Parked)
}

fn failed(target: &Target<'_>, fault: &Fault) -> (String, String, Exit) {
    let base_url = format!("`base_url` of [vendors.{}]", target.account.id());
    let later = || "try again later".to_owned();
    match fault {
        Fault::Denied(denied) => denied_for(target, *denied),
        Fault::NotSent => {
            let hint = format!("look at the network and at {base_url}, or try again later");
            ("no connection".into(), hint, Exit::Outage)
        }
        Fault::Timeout => ("no reply in time".into(), later(), Exit::Outage),
        Fault::Server(_) => ("it fails".into(), later(), Exit::Outage),
        Fault::Limited { wait: Some(wait) } => {
            (format!("it asks to wait {}", seconds(*wait)), later(), Exit::Parked)
        }
        Fault::Limited { wait: None } => ("it asks to wait".into(), later(), Exit::Parked),
        Fault::Unsure | Fault::Unsettled { .. } => {
            ("it gives no plain answer".into(), later(), Exit::Outage)
        }
        Fault::Poisoned { code } => {
            let hint = format!("does {base_url} name its API? that may have changed, too");
            (format!("it refuses the question: {code}"), hint, Exit::Protocol)
        }
        Fault::Garbled { excerpt } => {
            let hint = format!(
                "does {base_url} name its API? a proxy or a sign-in page may answer in its place"
            );
            (format!("its reply is none of its API: {excerpt}"), hint, Exit::Protocol)
        }
    }
}

fn denied_for(target: &Target<'_>, denied: Denied) -> (String, String, Exit) {
    match denied {
        Denied::Key => {
            let place =
                target.account.settings.key_place().unwrap_or_else(|| "the configuration".into());
            let hint = format!("put a key that the vendor accepts into {place}");
            ("the key is refused".into(), hint, Exit::Key)
        }
        Denied::Scope => {
            let lacks = target.probe.scope.map_or_else(
                || "the key may not ask this".to_owned(),
                |scope| format!("the key is accepted, but lacks the scope `{scope}`"),
            );
            let hint = "the vendor's console grants it; enriching does not need it";
            (lacks, hint.into(), Exit::Refused)
        }
        Denied::Address => {
            let hint = format!("correct `base_url` of [vendors.{}]", target.account.id());
            ("there is no such route".into(), hint, Exit::Config)
        }
        Denied::Billing => {
            let hint = "settle that with the vendor: it answers nothing until then";
            ("the account is blocked or over its cap".into(), hint.into(), Exit::Refused)
        }
    }
}

fn seconds(wait: Duration) -> String {
    format!("{} s", wait.as_millis().div_ceil(1000))
}
