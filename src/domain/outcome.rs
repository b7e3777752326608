//! The words for what came of asking: faults of a call, outcomes of a key,
//! statuses of a dataset in a row, and the one table that ties them together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::error::Exit;

/// What can be known about a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dataset {
    /// What the vehicle is: make, model, model year, engine, plant.
    Decode,
    /// The safety recall campaigns that name it.
    Recalls,
    /// What it is listed for.
    Listings,
}

impl Dataset {
    /// Every dataset, in the order of the output columns.
    pub const ALL: [Self; 3] = [Self::Decode, Self::Recalls, Self::Listings];

    /// The word used in columns, configuration and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Recalls => "recalls",
            Self::Listings => "listings",
        }
    }

    /// The dataset called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name)
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a vendor turned an account away for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denied {
    /// The key is missing, wrong or revoked (401).
    Key,
    /// The key may not do this (403).
    Scope,
    /// The account is blocked or over its cap (402).
    Billing,
    /// There is no such route: `base_url` is wrong.
    Address,
}

impl Denied {
    /// The `reason` of a log line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Scope => "scope",
            Self::Billing => "billing",
            Self::Address => "address",
        }
    }
}

/// Why one call brought no answer. How the gate reacts depends on nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request never left: no connection, no name, no TLS. Retried freely.
    NotSent,
    /// No reply in time, or the connection broke after sending.
    Timeout,
    /// The server failed (5xx); retried with back-off.
    Server(u16),
    /// The server asks to wait (429, or 503 with `Retry-After`).
    Limited {
        /// How long, as far as the server said.
        wait: Option<Duration>,
    },
    /// The whole batch was refused because of what it asks (400, 422).
    Poisoned {
        /// The vendor's code or words, shortened.
        code: String,
    },
    /// The account may not ask; the vendor is off for this run.
    Denied(Denied),
    /// The vendor itself cannot tell whether it has acted; it is not asked again.
    Unsettled {
        /// Its code, shortened.
        code: String,
    },
    /// A zero that may only mean "not now"; asked for once more, later.
    Unsure,
    /// A body that is no answer: HTML, cut short, `success: false`, over the cap.
    Garbled {
        /// What was seen, shortened, without keys or VINs.
        excerpt: String,
    },
}

impl Fault {
    /// The word written to `<dataset>_error` and counted in the report.
    pub fn code(&self) -> String {
        match self {
            Self::NotSent => "unreachable".into(),
            Self::Timeout => "timeout".into(),
            Self::Server(status) => format!("http_{status}"),
            Self::Limited { .. } => "rate_limited".into(),
            Self::Poisoned { code } => code.clone(),
            Self::Unsettled { .. } => OUTCOME_UNKNOWN.into(),
            Self::Denied(_) => "denied".into(),
            Self::Unsure => INCONCLUSIVE.into(),
            Self::Garbled { .. } => "garbled".into(),
        }
    }
}

/// What was said about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The vendor knows it.
    Found,
    /// The vendor knows nothing of it.
    Absent,
    /// The vendor's word that this key is wrong, with its code or words, shortened.
    Refused(String),
}

/// Why a key was not asked, though a vendor could have answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotAsked {
    /// A quota window is full for longer than `max_wait`.
    Quota,
    /// The server asked us to wait longer than `max_wait`.
    RateLimited,
    /// The run's own limit: `--max-calls`, `--max-cost` or `spend`.
    OwnLimit,
    /// The vendor failed too often in a row.
    Breaker,
    /// The run was asked to stop.
    Stopped,
    /// `--offline`: nothing is asked.
    Offline,
    /// Another run is asking for it.
    Elsewhere,
}

impl NotAsked {
    /// The word written to `<dataset>_error`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::RateLimited => "rate_limited",
            Self::OwnLimit => "own_limit",
            Self::Breaker => "outage",
            Self::Stopped => "stopped",
            Self::Offline => "offline",
            Self::Elsewhere => "in_flight_elsewhere",
        }
    }
}

/// The word for a call that may have acted.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// The word for a zero that nothing confirms.
pub const INCONCLUSIVE: &str = "inconclusive";

/// What came of one key. Every key asked comes back with exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The vendor knows it.
    Found,
    /// The vendor's word that it knows nothing of it.
    Absent,
    /// The vendor's word that this key is wrong.
    Refused(String),
    /// Asked without a usable answer.
    Failed(Fault),
    /// Asked twice; the replies never mentioned it.
    Missing,
    /// Asked twice; the replies contradicted themselves about it.
    Contradictory,
    /// The vendor now says nothing of what it once found; what was found stays.
    WithoutFacts,
    /// A zero that nothing confirms, or an answer of no known shape.
    Inconclusive,
    /// A call that acts was sent once, and nobody knows whether it arrived: it is not sent again.
    Unknown,
    /// Not asked in this run.
    Pending(NotAsked),
}

/// The status of a dataset in a row. A later one gives way to an earlier one
/// when several vendors were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// A vendor knows the vehicle.
    Found,
    /// Not asked yet: quota, own limit, park or breaker.
    Pending,
    /// Asked without a usable answer, or the vendor denied us.
    Failed,
    /// The vendor's word that there is nothing.
    Absent,
    /// The vendor's word that this key is wrong.
    Refused,
    /// The row was rejected, or no vendor is usable.
    NotRequested,
}

impl Status {
    /// The word written to `<dataset>_status`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::NotRequested => "not_requested",
        }
    }
}

impl Outcome {
    /// The table: outcome -> status, the word for `<dataset>_error`, and what a cell
    /// without a better answer makes of the exit code. That a name is wrong, or that
    /// nothing can be concluded, is an answer.
    ///
    /// `tests/it` holds a snapshot of it over every outcome and fault.
    pub fn verdict(&self) -> (Status, Option<String>, Exit) {
        match self {
            Self::Found => (Status::Found, None, Exit::Success),
            Self::Absent => (Status::Absent, None, Exit::Success),
            Self::Refused(code) => (Status::Refused, Some(code.clone()), Exit::Success),
            Self::Missing => (Status::Failed, Some("missing_in_response".into()), Exit::SomeFailed),
            Self::Contradictory => (Status::Failed, Some("contradictory".into()), Exit::SomeFailed),
            Self::WithoutFacts => (Status::Failed, Some("without_facts".into()), Exit::SomeFailed),
            Self::Inconclusive => (Status::Failed, Some(INCONCLUSIVE.into()), Exit::Success),
            Self::Unknown => (Status::Failed, Some(OUTCOME_UNKNOWN.into()), Exit::SomeFailed),
            Self::Pending(held) => {
                let exit = match held {
                    NotAsked::Quota | NotAsked::RateLimited | NotAsked::Elsewhere => Exit::Parked,
                    NotAsked::Breaker => Exit::Outage,
                    NotAsked::OwnLimit => Exit::OwnLimit,
                    NotAsked::Stopped => Exit::Interrupted,
                    NotAsked::Offline => Exit::Success,
                };
                (Status::Pending, Some(held.code().into()), exit)
            }
            Self::Failed(fault) => {
                let exit = match fault {
                    Fault::NotSent | Fault::Timeout | Fault::Server(_) => Exit::Outage,
                    Fault::Poisoned { .. } | Fault::Unsettled { .. } => Exit::SomeFailed,
                    Fault::Unsure => Exit::Success,
                    Fault::Limited { .. } => Exit::Parked,
                    Fault::Denied(Denied::Key) => Exit::Key,
                    Fault::Denied(Denied::Scope | Denied::Billing) => Exit::Refused,
                    Fault::Denied(Denied::Address) => Exit::Config,
                    Fault::Garbled { .. } => Exit::Protocol,
                };
                (Status::Failed, Some(fault.code()), exit)
            }
        }
    }
}

/// What is said of an answer that is written though it has expired.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stale {
    /// `stale:<why>`, as written to `<dataset>_error`.
    pub mark: Arc<str>,
    /// What it makes of the exit code.
    pub exit: Exit,
}

impl Stale {
    /// It was not renewed, for the reason that `outcome` gives. Without one nobody
    /// was to renew it.
    pub fn because(outcome: Option<&Outcome>) -> Self {
        const OFFLINE: Outcome = Outcome::Pending(NotAsked::Offline);
        let (why, exit) = outcome.map_or((None, Exit::Success), |outcome| {
            let (_, why, exit) = outcome.verdict();
            // What is an answer by itself does not renew an earlier one.
            let is_silent = exit == Exit::Success && *outcome != OFFLINE;
            (why, if is_silent { Exit::SomeFailed } else { exit })
        });
        Self { mark: format!("stale:{}", why.as_deref().unwrap_or("not_renewed")).into(), exit }
    }
}
