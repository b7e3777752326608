//! The plan: what one run shall do, checked; and the forecast of what it will take.

pub(crate) mod counter;
pub mod forecast;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::{Settings, VendorSettings};
use crate::domain::vin::Rules;
use crate::domain::{Dataset, Error, Micros};
use crate::enrich::report::OutputReport;
use crate::files::Named;
use crate::gate::PingUrl;
use crate::input::{InputFormat, InputSpec};
use crate::output::{Format, OutputSpec};

/// What one run of `vinrich enrich` shall do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the rows come from.
    pub input: InputSpec,
    /// How strictly VINs are read.
    pub rules: Rules,
    /// Where the rows go.
    pub output: OutputSpec,
    /// Store, datasets and vendors.
    pub settings: Settings,
    /// The datasets wanted.
    pub datasets: Wanted,
    /// What this run may use up.
    pub limits: Limits,
    /// When a finished run still counts as failed.
    pub thresholds: Thresholds,
    /// How long to wait for another run that holds the output.
    pub wait_lock: Option<Duration>,
    /// Where the run report goes, besides the store.
    pub report: Option<PathBuf>,
    /// Where the metrics go, for Prometheus' textfile collector.
    pub metrics: Option<PathBuf>,
    /// What is pinged when the run begins and ends.
    pub ping: Option<PingUrl>,
    /// The command line as it may be kept: program name and flags, no values that hold a key.
    pub command: String,
}

impl Plan {
    /// `input` (a file, a folder, a glob, or `-` for stdin) enriched into the file
    /// `output`, in the format of its name, with every dataset that has a source.
    ///
    /// # Errors
    /// 64 where the name of `output` does not tell a format.
    pub fn new(
        input: impl Into<String>,
        output: impl Into<PathBuf>,
        settings: Settings,
    ) -> Result<Self, Error> {
        let output = OutputSpec::new(Some(output.into()), None)?;
        Ok(Self {
            input: InputSpec { sources: vec![input.into()], ..InputSpec::default() },
            rules: Rules::default(),
            output,
            settings,
            datasets: Wanted::default(),
            limits: Limits::default(),
            thresholds: Thresholds::default(),
            wait_lock: None,
            report: None,
            metrics: None,
            ping: None,
            command: "vinrich::enrich".into(),
        })
    }

    /// Whether rows pass through once, batch by batch: an Arrow stream, said to be one, from
    /// stdin to stdout, about which nothing is asked. Nothing is kept of such a run.
    pub fn is_filter(&self) -> bool {
        let is_arrow = matches!(self.input.format, Some(InputFormat::Arrow | InputFormat::Arrows));
        let from_stdin = self.input.sources == ["-"];
        let to_stdout = self.output.path.is_none() && self.output.format == Format::Arrows;
        self.datasets.offline && is_arrow && from_stdin && to_stdout
    }

    /// Every file that the run is going to write, by its flag.
    pub(crate) fn written(&self) -> Vec<Named<'_>> {
        let OutputSpec { path, rejects, partial, .. } = &self.output;
        let rejects = rejects.as_ref().filter(|path| path.as_os_str() != "-");
        let flags = [
            ("--output", path.as_ref()),
            ("--rejects", rejects),
            ("--partial", partial.as_ref()),
            ("--report", self.report.as_ref()),
            // A folder of metrics that is gone is no reason to stop.
            ("--metrics", self.metrics.as_ref().filter(|_| self.metrics_have_a_folder())),
        ];
        flags.into_iter().filter_map(|(flag, path)| Some(Named { flag, path: path? })).collect()
    }

    fn metrics_have_a_folder(&self) -> bool {
        let folder = self.metrics.as_deref().and_then(Path::parent);
        folder.is_some_and(|folder| folder.as_os_str().is_empty() || folder.is_dir())
    }
}

/// The datasets a run is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Named by `--with` or a vendor flag: each must have a usable vendor.
    /// Empty: every dataset that has one.
    pub named: BTreeSet<Dataset>,
    /// Asked again though fresh (`--refresh`).
    pub refresh: BTreeSet<Dataset>,
    /// Nothing is asked; the store answers alone.
    pub offline: bool,
}

/// What a run may use up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Calls, over all vendors.
    pub max_calls: Option<u64>,
    /// Money, over all vendors.
    pub max_cost: Option<Micros>,
}

impl Limits {
    /// Whether a call of `price` may be asked of a vendor with these settings:
    /// money is spent under a limit or not at all.
    pub(crate) fn may_pay(&self, price: Micros, settings: &VendorSettings) -> bool {
        price <= Micros::ZERO || !settings.spend.is_empty() || self.max_cost.is_some()
    }
}

/// When a finished run still counts as failed.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Thresholds {
    /// Cells (a dataset of a row) that may fail before the output counts as incomplete.
    pub max_failed: Allowance,
    /// Rows that may be rejected before the exit code is 65; `None`: any number.
    pub max_rejected: Option<Allowance>,
    /// No rows at all is 65.
    pub require_rows: bool,
    /// An output without a usable VIN, or without a row, may replace another.
    pub allow_empty: bool,
    /// Rows that an output may have fewer than after its last complete run, before that
    /// is 65; `None`: any number.
    pub max_shrink: Option<Allowance>,
    /// A missing store is 78 instead of a new one.
    pub require_store: bool,
    /// A run whose output is incomplete leaves the old one as it is; its rows go to
    /// [`OutputSpec::partial`], if anywhere.
    pub keep_complete: bool,
}

impl Default for Thresholds {
    /// No lookup may fail; all else is allowed.
    fn default() -> Self {
        Self {
            max_failed: Allowance::Count(0),
            max_rejected: None,
            require_rows: false,
            allow_empty: false,
            max_shrink: None,
            require_store: false,
            keep_complete: false,
        }
    }
}

/// `N` or `P%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowance {
    /// At most this many.
    Count(u64),
    /// At most this share, 0 to 100.
    Percent(f64),
}

impl Allowance {
    /// Whether `part` of `whole` is more than allowed.
    pub fn exceeded_by(self, part: u64, whole: u64) -> bool {
        match self {
            Self::Count(most) => part > most,
            Self::Percent(most) => part as f64 * 100.0 > most * whole.max(part) as f64,
        }
    }
}

/// What `vinrich plan` says: what a run over the input would take.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forecast {
    /// Rows in the input.
    pub rows: u64,
    /// Rows with a usable VIN.
    pub valid: u64,
    /// Rows without, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Distinct VINs.
    pub distinct: u64,
    /// One entry for each dataset asked for.
    pub datasets: Vec<DatasetForecast>,
    /// One entry for each vendor that would be called.
    pub vendors: Vec<VendorForecast>,
    /// What a person should know before running.
    pub warnings: Vec<String>,
    /// The rejects file, where one was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputReport>,
}

/// What one dataset would take.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DatasetForecast {
    /// `decode`, `recalls` or `listings`.
    pub dataset: &'static str,
    /// The distinct keys it is asked about; at most, when `exact` is false.
    pub keys: u64,
    /// Keys that data on this machine answer.
    pub local: u64,
    /// Keys the store answers, fresh.
    pub cached: u64,
    /// Keys the store holds an expired answer to.
    pub stale: u64,
    /// Keys that must be asked, the expired ones included.
    pub missing: u64,
    /// Whether the calls are known, or depend on what sources will say.
    pub exact: bool,
    /// Runs on as many nights until every key has an answer, whichever source
    /// gives it.
    pub nights: u64,
    /// Why it is left out, if it is.
    pub left_out: Option<String>,
}

/// What one vendor would be asked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VendorForecast {
    /// As written to the `<dataset>_vendor` columns.
    pub vendor: String,
    /// Calls by endpoint.
    pub calls: BTreeMap<&'static str, u64>,
    /// Calls in all, at most.
    pub calls_total: u64,
    /// Calls that the next run makes at least, as far as its quotas and limits
    /// let it.
    pub calls_at_least: u64,
    /// Whether the calls are known, or depend on what sources will say.
    pub exact: bool,
    /// Money in all.
    pub cost: Micros,
    /// Calls that the quotas allow now, but for windows so short that a run waits for them;
    /// `None`: no quota.
    pub quota_left: Option<u64>,
    /// The end of a wait that the vendor asked for, RFC 3339; `None`: it may be
    /// asked now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_until: Option<String>,
    /// Until the last call, under the quotas and after that wait, in seconds.
    pub seconds: u64,
    /// Runs on as many nights until every key it is asked about has an answer,
    /// from it or from another source of the chain.
    pub nights: u64,
}
