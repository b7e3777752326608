//! One vendor in one state, asked by the command that asks it.

use std::time::Duration;

use vinrich::SystemClock;
use vinrich::config::{Settings, VendorSettings};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::domain::events::Silent;
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;
use vinrich::input::InputSpec;
use vinrich::photos::{self, PhotoPlan, To};
use vinrich::plan::Plan;
use vinrich::report::Report;
use vinrich::sandbox::{Quotas, SandboxSpec};
use vinrich::tool::{Per, ToolPlan};
use vinrich::vendors::Vendor;
use vinrich::{Context, Intent};

use super::{Cases, cases};
use crate::support::library::{self, Enriched, Row, Tweak};
use crate::support::{Work, csv_rows};

/// The command that asks a vendor.
#[derive(Clone, Copy)]
pub(super) enum Command {
    /// `vinrich enrich --with DATASET`; `column` is filled when it knows a VIN.
    Enrich { dataset: Dataset, column: &'static str },
    /// `vinrich photos request`.
    Photos,
    /// `vinrich tool run`.
    Tool,
}

/// A vendor, and a sandbox in which something goes wrong with it.
pub(super) struct Trial {
    vendor: &'static dyn Vendor,
    pub(super) cases: Cases,
    pub(super) work: Work,
    timeout: Duration,
    /// What else is changed in the vendor's settings.
    tweak: Box<dyn Fn(&mut VendorSettings)>,
}

/// What came of a run.
pub(super) struct Ran {
    pub(super) report: Report,
    /// One for each line of the file, in order.
    pub(super) rows: Vec<Told>,
}

/// What a row says of its VIN.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: String,
    pub(super) error: String,
    /// What only an answer fills.
    pub(super) value: String,
}

impl Command {
    /// What the vendor answers for.
    pub(super) fn dataset(self) -> Option<Dataset> {
        match self {
            Self::Enrich { dataset, .. } => Some(dataset),
            Self::Photos | Self::Tool => None,
        }
    }
}

impl Trial {
    /// A vendor with which nothing goes wrong.
    pub(super) fn of(vendor: &'static dyn Vendor) -> Self {
        Self::with(vendor, None)
    }

    /// A vendor that fails by this rule, such as `429:every=2`.
    pub(super) fn failing(vendor: &'static dyn Vendor, rule: &str) -> Self {
        Self::with(vendor, Some(rule))
    }

    fn with(vendor: &'static dyn Vendor, rule: Option<&str>) -> Self {
        let rule = rule.map(|rule| format!("{}/{rule}", vendor.spec().id()));
        let faults = rule.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
        let spec = SandboxSpec { faults, quotas: Quotas::roomy(), ..SandboxSpec::default() };
        let timeout = Duration::from_secs(30);
        let tweak = Box::new(|_: &mut VendorSettings| ());
        Self { vendor, cases: cases(vendor), work: Work::with(spec), timeout, tweak }
    }

    /// The same, with other settings of the vendor.
    pub(super) fn tweaked(self, tweak: impl Fn(&mut VendorSettings) + 'static) -> Self {
        Self { tweak: Box::new(tweak), ..self }
    }

    /// The same, with less patience.
    pub(super) fn waiting(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Asks the vendor, and no other that answers for the same, about a file of these lines.
    pub(super) fn run(&self, lines: &[String]) -> Ran {
        match self.cases.command {
            Command::Enrich { dataset, column } => self.enrich(lines, dataset, column),
            Command::Photos => self.photos(lines),
            Command::Tool => self.tool(lines),
        }
    }

    /// Calls that the vendor has seen.
    pub(super) fn calls(&self) -> usize {
        let id = self.vendor.spec().id();
        self.work.sandbox.log().iter().filter(|seen| seen.vendor == id).count()
    }

    /// Calls that the vendor has seen where it is asked about VINs.
    pub(super) fn asked(&self) -> usize {
        let place = (self.vendor.spec().id(), self.cases.endpoint);
        self.work.sandbox.log().iter().filter(|seen| (seen.vendor, seen.endpoint) == place).count()
    }

    /// The same; its exit code and what it said, whether or not it wrote anything.
    pub(super) fn ended(&self, lines: &[String]) -> (u8, String) {
        let report = match self.cases.command {
            Command::Enrich { dataset, .. } => library::run(&self.enrich_plan(lines, dataset)),
            Command::Photos => self.photos_report(lines),
            Command::Tool => self.tool_report(lines),
        };
        match report {
            Ok(report) => (report.exit_code, format!("{report:?}")),
            Err(error) => (error.exit().code(), error.to_string()),
        }
    }

    fn enrich_plan(&self, lines: &[String], dataset: Dataset) -> Plan {
        let mut plan = self.work.listing(lines).only(&[dataset]);
        plan.dataset(dataset).vendors = vec![self.vendor.spec().id()];
        plan.settings = self.patient(plan.settings);
        plan
    }

    fn enrich(&self, lines: &[String], dataset: Dataset, column: &str) -> Ran {
        let plan = self.enrich_plan(lines, dataset);
        let Enriched { report, rows } = Enriched::by(&plan);
        let told = |row: &Row| Told {
            status: row[&format!("{dataset}_status")].clone(),
            error: row[&format!("{dataset}_error")].clone(),
            value: row[column].clone(),
        };
        Ran { report, rows: rows.iter().map(told).collect() }
    }

    fn photos_report(&self, lines: &[String]) -> Result<Report, Error> {
        let plan = PhotoPlan {
            input: Some(self.input(lines)),
            settings: self.patient(self.work.settings()),
            max_calls: None,
            output: To::File(self.work.path("out.csv")),
            command: "vinrich photos request".into(),
        };
        in_context(|context| Ok(photos::request(&plan, false, context, &agreed)?.report))
    }

    fn photos(&self, lines: &[String]) -> Ran {
        let report = self.photos_report(lines).expect("it ends");
        self.ran(report, |row| Told {
            status: status_of(row).to_owned(),
            error: row["photo_error"].clone(),
            value: row["photo_request_url"].clone(),
        })
    }

    fn tool_report(&self, lines: &[String]) -> Result<Report, Error> {
        let plan = ToolPlan {
            input: self.input(lines),
            settings: self.patient(self.work.settings()),
            tool: "try-me".into(),
            template: ("the template".into(), r#"{"prompt": "Tell me of {vin}"}"#.into()),
            template_file: None,
            per: Per::Row,
            max_cost: Micros(1_000_000),
            max_calls: None,
            output: Some(self.work.path("out.csv")),
            command: "vinrich tool run".into(),
        };
        in_context(|context| vinrich::tool(&plan, context, &agreed))
    }

    fn tool(&self, lines: &[String]) -> Ran {
        let report = self.tool_report(lines).expect("it ends");
        self.ran(report, |row| Told {
            status: row["tool_status"].clone(),
            error: row["tool_error"].clone(),
            value: row["tool_result"].clone(),
        })
    }

    fn patient(&self, mut settings: Settings) -> Settings {
        let own = settings.vendors.get_mut(self.vendor.spec().id()).expect("a known vendor");
        own.timeout = self.timeout;
        (self.tweak)(own);
        settings
    }

    fn input(&self, lines: &[String]) -> InputSpec {
        let file = self.work.write("vins.csv", &format!("VIN\n{}\n", lines.join("\n")));
        InputSpec { sources: vec![file.display().to_string()], ..InputSpec::default() }
    }

    fn ran(&self, report: Report, told: impl Fn(&Row) -> Told) -> Ran {
        let rows = csv_rows(&self.work.read("out.csv"));
        Ran { report, rows: rows.iter().map(told).collect() }
    }
}

impl Ran {
    /// How many rows say so.
    pub(super) fn count(&self, status: &str, error: &str) -> usize {
        self.rows.iter().filter(|row| (&*row.status, &*row.error) == (status, error)).count()
    }

    /// Whether every row says one of these, and none has a value.
    pub(super) fn is_without_answer(&self, told: &[(&str, &str)]) -> bool {
        let is_told = |row: &Told| told.contains(&(&*row.status, &*row.error));
        self.rows.iter().all(|row| is_told(row) && row.value.is_empty())
    }
}

/// `photos` writes no status of ours, so its error tells, where there is no link.
fn status_of(row: &Row) -> &'static str {
    match &*row["photo_error"] {
        "" if row["photo_request_url"].is_empty() => "no link, and not why",
        "" => "found",
        "rate_limited" | "quota" | "outage" => "pending",
        "denied" | "garbled" | "timeout" | "outcome_unknown" => "failed",
        "not_a_vin" => "not_requested",
        _ => "refused",
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a user may say no")]
fn agreed(_: Intent) -> Result<(), Error> {
    Ok(())
}

fn in_context(act: impl FnOnce(Context<'_>) -> Result<Report, Error>) -> Result<Report, Error> {
    let (clock, cancel) = (SystemClock::new(), Cancel::new());
    act(Context { events: &Silent, clock: &clock, cancel: &cancel })
}
