//! What can be asked at this moment: for each vendor whether its key is there
//! and accepted, by calls that are not billed, and which data are on this machine.

mod offline;
mod online;

use std::path::PathBuf;

use serde::Serialize;

use crate::config::{Local, Settings};
use crate::domain::{Error, Exit};
use crate::enrich::report::ReportBuilder;
use crate::enrich::session::{Context, Session, SessionSpec};
use crate::ops::probe;
use crate::vendors::Counted;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Where answers are kept.
    pub store: PathBuf,
    /// Whether there is a store yet.
    pub store_exists: bool,
    /// The files that decide where keys are sent and what is spent, as far as they are
    /// believed.
    pub trusted: Vec<TrustedFile>,
    /// Whether vendors were asked.
    pub asked: bool,
    /// The vendors.
    pub vendors: Vec<VendorCheck>,
    /// The data on this machine.
    pub local: Vec<LocalCheck>,
}

/// A file that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustedFile {
    /// Its path.
    pub path: PathBuf,
    /// `configuration`, or whose key it holds.
    pub holds: String,
    /// What a person should know about who may change it.
    pub warning: Option<String>,
}

/// One vendor.
#[derive(Clone, Debug, Serialize)]
pub struct VendorCheck {
    /// Its id.
    pub vendor: &'static str,
    /// Its key.
    pub key: KeyCheck,
    /// Its address.
    pub address: String,
    /// The datasets it is asked for.
    pub asked_for: Vec<&'static str>,
    /// The quotas that are kept.
    pub quotas: Vec<String>,
    /// How those of a day or longer are counted, where there are any.
    pub quota_reset: Option<String>,
    /// The spend limits that are kept.
    pub spend: Vec<String>,
    /// Whether some call costs money.
    pub priced: bool,
    /// What a person should know about where the key is kept.
    pub warning: Option<String>,
    /// What the vendor itself says.
    pub call: CallCheck,
}

/// A vendor's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the states and their places speak for themselves")]
pub enum KeyCheck {
    NotNeeded,
    Found { place: String },
    Missing { place: String },
    Unusable { why: String, hint: Option<String> },
}

/// What came of asking a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CallCheck {
    /// It was not asked.
    NotAsked {
        /// Why.
        why: String,
    },
    /// It answered.
    Accepted {
        /// The name of the call in the ledger.
        call: &'static str,
        /// The scope that the key is seen to have.
        scope: Option<&'static str>,
        /// From the sending to the last byte.
        milliseconds: u64,
        /// The quotas its headers tell of.
        limits: Vec<LimitCheck>,
        /// What it counted in the last 30 days.
        usage: Option<UsageCheck>,
    },
    /// It was asked and gave no answer.
    Failed {
        /// What was seen.
        why: String,
        /// What to do.
        hint: String,
        /// Whether a run that asks this vendor would fare no better.
        stops_runs: bool,
        /// The exit code of such a run.
        exit_code: u8,
    },
}

/// A quota as a vendor's headers tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitCheck {
    /// Such as `10/10s`.
    pub quota: String,
    /// Calls left in it.
    pub remaining: Option<u32>,
}

/// What a vendor counted, beside the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsageCheck {
    /// The UTC days, today included.
    pub days: u16,
    /// The vendor's word.
    pub said: Counted,
    /// Our ledger's.
    pub ledger: Counted,
}

/// A source that is data on this machine.
#[derive(Clone, Debug, Serialize)]
pub struct LocalCheck {
    /// Its id.
    pub source: &'static str,
    /// The datasets it is asked for.
    pub asked_for: Vec<&'static str>,
    /// Its data.
    pub data: LocalData,
}

/// The data of a source on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LocalData {
    /// The offline decoder's.
    Decoder {
        /// The month NHTSA published them, such as `2026-10`.
        data_month: String,
        /// The file; `None`: they are in this binary.
        path: Option<PathBuf>,
    },
    /// NHTSA's recall file, by its parts.
    RecallFile {
        /// At least one.
        parts: Vec<RecallPart>,
    },
    /// None.
    Missing {
        /// The command that brings them.
        command: &'static str,
    },
    /// Some that cannot be used.
    Unusable {
        /// Why.
        why: String,
        /// What to do.
        hint: Option<String>,
    },
}

/// An imported part of NHTSA's recall file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecallPart {
    /// The file's name.
    pub name: String,
    /// When it was imported, RFC 3339.
    pub imported_at: String,
    /// The latest day it names, such as `2026-11-20`.
    pub data_as_of: Option<String>,
    /// Distinct campaigns.
    pub campaigns: u64,
}

/// Looks, and unless `ask` is `None` calls every vendor of a chain and those that `ask`
/// names, by calls that are not billed, all at once. `command` is the command line, for
/// the list of runs.
///
/// # Errors
/// 64 where `ask` names a vendor that there is not; 70, 74 and 78 where the store cannot be used; 130 and 143 where the run was stopped.
/// What is wrong with a vendor, its key or local data is part of the [`Check`].
pub fn check(
    settings: &Settings,
    command: &str,
    context: Context<'_>,
    ask: Option<&[String]>,
) -> Result<Check, Error> {
    let keys = offline::keys(settings);
    for id in ask.unwrap_or_default() {
        if !keys.iter().any(|key| key.vendor.spec().id() == id) {
            return Err(Error::usage(format!("unknown vendor `{id}`"))
                .hint("`vinrich check --offline` lists those that there are"));
        }
    }
    let mut check = Check {
        store: settings.store.clone(),
        store_exists: settings.store.exists(),
        trusted: offline::trusted(settings, &keys),
        asked: ask.is_some(),
        vendors: keys.iter().map(|key| offline::vendor(key, settings)).collect(),
        local: Local::ALL.map(|local| offline::local(local, settings)).into(),
    };
    let targets = ask.map(|named| online::targets(keys, named, &mut check.vendors));
    let Some(targets) = targets.filter(|targets| !targets.is_empty()) else {
        return Ok(check);
    };
    let report = ReportBuilder::start(command, context);
    let session = Session::open(&SessionSpec::new(settings), &report)?;
    check.store_exists = true;
    let asked = online::ask_all(&session, &targets, &mut check.vendors);
    let exit = asked.as_ref().map_or_else(Error::exit, |()| check.exit());
    probe::close(session, exit, &check)?;
    asked.map(|()| check)
}

impl Check {
    /// 77 when a key that is there is refused or cannot be read; else 0 when some
    /// dataset has a source that can be asked; else why none has.
    pub fn exit(&self) -> Exit {
        let broken = self.vendors.iter().any(|vendor| vendor.key.is_unusable());
        if broken || self.failed_with(Exit::Key) {
            return Exit::Key;
        }
        let usable = self.vendors.iter().any(VendorCheck::is_usable)
            || self.local.iter().any(LocalCheck::is_usable);
        if usable {
            return Exit::Success;
        }
        let reasons = [Exit::Refused, Exit::Protocol, Exit::Outage, Exit::Parked];
        reasons.into_iter().find(|exit| self.failed_with(*exit)).unwrap_or(Exit::Key)
    }

    fn failed_with(&self, exit: Exit) -> bool {
        self.vendors.iter().any(|vendor| {
            matches!(vendor.call, CallCheck::Failed { exit_code, .. } if exit_code == exit.code())
        })
    }
}

impl VendorCheck {
    /// Whether a run would ask it, and nothing seen says that it would do so in vain.
    fn is_usable(&self) -> bool {
        let has_key = matches!(self.key, KeyCheck::NotNeeded | KeyCheck::Found { .. });
        let in_vain = matches!(self.call, CallCheck::Failed { stops_runs: true, .. });
        has_key && !self.asked_for.is_empty() && !in_vain
    }
}

impl LocalCheck {
    fn is_usable(&self) -> bool {
        let there = matches!(self.data, LocalData::Decoder { .. } | LocalData::RecallFile { .. });
        there && !self.asked_for.is_empty()
    }
}

impl KeyCheck {
    fn is_unusable(&self) -> bool {
        matches!(self, Self::Unusable { .. })
    }
}
