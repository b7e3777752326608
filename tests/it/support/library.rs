//! Plans made to measure, and what a run over them left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vinrich::SystemClock;
use vinrich::config::{DatasetSettings, Settings, SpendLimit, VendorSettings};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::domain::events::Silent;
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::Clock;
use vinrich::domain::vin::Vin;
use vinrich::plan::Plan;
use vinrich::report::Report;
use vinrich::sandbox;
use vinrich::vendors;

use super::{Work, csv_rows, is_long_form, sample};

/// One row of output, by column.
pub(crate) type Row = BTreeMap<String, String>;

/// A run that has ended.
pub(crate) struct Enriched {
    pub(crate) report: Report,
    pub(crate) rows: Vec<Row>,
}

impl Enriched {
    /// Runs `plan`, whose output is a CSV file.
    pub(crate) fn by(plan: &Plan) -> Self {
        Self::at(plan, &SystemClock::new())
    }

    /// Runs `plan` by another clock.
    pub(crate) fn at(plan: &Plan, clock: &dyn Clock) -> Self {
        let report = vinrich::enrich(
            plan,
            vinrich::Context { events: &Silent, clock, cancel: &Cancel::new() },
        )
        .expect("the run ends");
        let out = plan.output.path.as_deref().expect("an output file");
        let rows = csv_rows(&std::fs::read_to_string(out).expect("the output was written"));
        assert_eq!(rows.len() as u64, report.rows.written, "{report:#?}");
        Self { report, rows }
    }

    /// The rows by a column's value, counted.
    pub(crate) fn count(&self, column: &str) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row[column].as_str()).or_default() += 1;
        }
        counts
    }

    /// Asserts that every row has `value` in `column`.
    pub(crate) fn all(&self, column: &str, value: &str) {
        assert_eq!(self.count(column), [(value, self.rows.len())].into(), "{:#?}", self.report);
    }

    /// The row of a VIN.
    pub(crate) fn row(&self, vin: &str) -> &Row {
        self.rows.iter().find(|row| row["vin"] == vin).expect("a row of this VIN")
    }

    /// Calls sent to a vendor, by its report.
    pub(crate) fn attempted(&self, vendor: &str) -> u64 {
        self.report.vendors[vendor].attempted
    }

    /// When the report says to come back, in seconds from now.
    pub(crate) fn resumes_in(&self) -> f64 {
        let text = self.report.resume_at.as_deref().expect("a time to resume at");
        let at: jiff::Timestamp = text.parse().expect("RFC 3339");
        (at.as_millisecond() - jiff::Timestamp::now().as_millisecond()) as f64 / 1000.0
    }
}

/// Changes to a plan, written as a person would say them.
pub(crate) trait Tweak {
    /// Only these datasets, by name.
    fn only(self, datasets: &[Dataset]) -> Self;
    fn vendor(&mut self, id: &str) -> &mut VendorSettings;
    fn dataset(&mut self, dataset: Dataset) -> &mut DatasetSettings;
}

impl Tweak for Plan {
    fn only(mut self, datasets: &[Dataset]) -> Self {
        self.datasets.named = datasets.iter().copied().collect();
        self
    }

    fn vendor(&mut self, id: &str) -> &mut VendorSettings {
        self.settings.vendors.get_mut(id).expect("a known vendor")
    }

    fn dataset(&mut self, dataset: Dataset) -> &mut DatasetSettings {
        self.settings.datasets.get_mut(&dataset).expect("every dataset has settings")
    }
}

impl Work {
    /// Settings whose vendors are the sandbox, without quotas of our own. Recalls
    /// are asked of carvin alone, so that calls can be counted.
    pub(crate) fn settings(&self) -> Settings {
        let nothing = self.write("empty.toml", "");
        let mut settings = Settings::load(Some(&nothing), std::iter::empty(), &vendors::specs())
            .expect("defaults are sound");
        settings.store = self.path("store/vinrich.db");
        settings.vpic_data = self.path("vpic.rkyv");
        settings.max_wait = Duration::from_secs(5);
        for dataset in settings.datasets.values_mut() {
            dataset.vendors.retain(|id| *id != "nhtsa");
        }
        for (id, vendor) in &mut settings.vendors {
            vendor.base_url = self.sandbox.base_url(id);
            vendor.api_key = sandbox::key(id).map(|key| key.to_owned().into());
            vendor.quotas.clear();
            let day = Duration::from_hours(24);
            vendor.spend = vec![SpendLimit { amount: Micros(1_000_000_000), window: day }];
        }
        settings
    }

    /// `vinrich enrich INPUT -o OUT` with these settings.
    pub(crate) fn plan(&self, input: &Path, out: &str) -> Plan {
        plan_of(self.settings(), input, self.path(out))
    }

    /// A plan that decodes `vins` and nothing else, with carvin at `base_url`.
    pub(crate) fn decoding(&self, vins: &[String], base_url: &str) -> Plan {
        let mut plan = self.listing(vins).only(&[Dataset::Decode]);
        base_url.clone_into(&mut plan.vendor("carvin").base_url);
        plan
    }

    /// A plan for a file that lists `vins`.
    pub(crate) fn listing(&self, vins: &[String]) -> Plan {
        self.plan(&self.list(vins), "out.csv")
    }

    fn list(&self, vins: &[String]) -> PathBuf {
        self.write("vins.csv", &format!("VIN\n{}\n", vins.join("\n")))
    }

    /// A plan for every third row of the sample fleet.
    pub(crate) fn fleet(&self) -> Plan {
        self.plan(&self.part_of_fleet(3), "out.csv")
    }

    /// One in `step` rows of the sample fleet, since there are many of each kind;
    /// `VINRICH_LONG=1` takes them all.
    pub(crate) fn part_of_fleet(&self, step: usize) -> PathBuf {
        let fleet = std::fs::read_to_string(sample("fleet.csv")).expect("the sample");
        let step = if is_long_form() { 1 } else { step };
        let (header, rows) = fleet.split_once('\n').expect("a header row");
        let rows: Vec<&str> = rows.lines().step_by(step).collect();
        self.write("fleet.csv", &format!("{header}\n{}\n", rows.join("\n")))
    }
}

/// `vinrich enrich INPUT -o OUT`.
pub(crate) fn plan_of(settings: Settings, input: &Path, out: PathBuf) -> Plan {
    let plan = Plan::new(input.display().to_string(), out, settings);
    Plan { command: "vinrich enrich".into(), ..plan.expect("a known format") }
}

pub(crate) fn run(plan: &Plan) -> Result<Report, Error> {
    vinrich::enrich(
        plan,
        vinrich::Context { events: &Silent, clock: &SystemClock::new(), cancel: &Cancel::new() },
    )
}

/// The first `count` VINs of the sample fleet.
pub(crate) fn fleet_vins(count: usize) -> Vec<String> {
    let text = std::fs::read_to_string(sample("fleet.csv")).expect("the sample");
    let cells = text.lines().flat_map(|line| line.split(',').map(str::trim));
    let vins = cells.filter(|cell| Vin::new(cell).is_some());
    vins.take(count).map(str::to_owned).collect()
}

/// `count` VINs that belong to as many different cars of one make and model.
pub(crate) fn vins(count: usize) -> Vec<String> {
    (0..count).map(|serial| vin("1HGBH41J", 'M', &format!("N{serial:06}"))).collect()
}

/// The VIN of these parts, with its check digit.
pub(crate) fn vin(descriptor: &str, year: char, plant_and_serial: &str) -> String {
    let with = |digit| format!("{descriptor}{digit}{year}{plant_and_serial}");
    "0123456789X"
        .chars()
        .map(with)
        .find(|text| Vin::new(text).is_some_and(|vin| vin.check_digit_fits()))
        .expect("one check digit fits")
}
