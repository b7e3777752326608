//! What the tests share: a work folder with a plan that points at a sandbox.

pub(crate) mod binary;
pub(crate) mod breakage;
pub(crate) mod clock;
pub(crate) mod enriched;
pub(crate) mod fake;
pub(crate) mod ledger;
pub(crate) mod memory;
/// The decoder's real data, where this machine has them.
#[path = "../../../src/reference/vpic/testing.rs"]
pub(crate) mod vpic;
pub(crate) mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use vinrich::SystemClock;
use vinrich::config::{Settings, SpendLimit};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::domain::events::Silent;
use vinrich::domain::money::Micros;
use vinrich::enrich::plan::Plan;
use vinrich::enrich::report::Report;
use vinrich::sandbox::{self, Sandbox, SandboxSpec};
use vinrich::vendors;

/// A folder of its own with a sandbox beside it.
pub(crate) struct Work {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) sandbox: Sandbox,
}

impl Work {
    /// A sandbox with these faults, such as `500:every=5`.
    pub(crate) fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
        Self::with(SandboxSpec { faults, ..SandboxSpec::default() })
    }

    pub(crate) fn with(spec: SandboxSpec) -> Self {
        let sandbox = Sandbox::start(spec).expect("the sandbox starts");
        Self { folder: tempfile::tempdir().expect("a folder"), sandbox }
    }

    /// Puts another sandbox, with other faults, behind the same address.
    pub(crate) fn restart(&mut self, faults: &[&str]) {
        let port = self.sandbox.address().port();
        self.move_away();
        self.restart_at(port, faults);
    }

    /// Nobody listens where the sandbox was.
    pub(crate) fn move_away(&mut self) {
        self.sandbox = Sandbox::start(SandboxSpec::default()).expect("a free port");
    }

    /// Puts another sandbox behind an address that nobody listens at.
    pub(crate) fn restart_at(&mut self, port: u16, faults: &[&str]) {
        let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
        let spec = SandboxSpec { port, faults, ..SandboxSpec::default() };
        self.sandbox = Sandbox::start(spec).expect("the old port");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file is written");
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file is read")
    }

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

    /// Calls the sandbox has seen at `endpoint`.
    pub(crate) fn calls(&self, endpoint: &str) -> usize {
        self.sandbox.log().iter().filter(|seen| seen.endpoint == endpoint).count()
    }
}

/// `vinrich enrich INPUT -o OUT`.
pub(crate) fn plan_of(settings: Settings, input: &Path, out: PathBuf) -> Plan {
    let plan = Plan::new(input.display().to_string(), out, settings);
    Plan { command: "vinrich enrich".into(), ..plan.expect("a known format") }
}

pub(crate) fn run(plan: &Plan) -> Result<Report, Error> {
    let (clock, cancel) = (SystemClock::new(), Cancel::new());
    vinrich::enrich(plan, vinrich::Context { events: &Silent, clock: &clock, cancel: &cancel })
}

/// The rows of a CSV file, by column name.
pub(crate) fn csv_rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("a CSV file")
}

pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name)
}

/// Checks every case on a thread of its own, since each waits between its tries.
pub(crate) fn each_at_once<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let check = &check;
            scope.spawn(move || check(case));
        }
    });
}

/// Says why a test shows nothing on this machine.
#[expect(clippy::print_stderr, reason = "a test that passes by says so")]
pub(crate) fn passes_by(why: &str) {
    eprintln!("not shown: {why}");
}
