//! What the tests share: a work folder with a plan that points at a sandbox.

pub(crate) mod clock;
pub(crate) mod command;
pub(crate) mod ledger;
pub(crate) mod library;
pub(crate) mod server;
/// The decoder's real data, where this machine has them.
#[path = "../../../src/reference/vpic/testing.rs"]
pub(crate) mod vpic;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::iter::StepBy;
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};

use vinrich::sandbox::{Sandbox, SandboxSpec};

use self::server::Port;

/// A folder of its own with a sandbox beside it.
pub(crate) struct Work {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) sandbox: Sandbox,
    /// Keeps the sandbox's address for it while nobody listens there.
    port: Port,
}

impl Work {
    /// A sandbox with these faults, such as `500:every=5`.
    pub(crate) fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
        Self::with(SandboxSpec { faults, ..SandboxSpec::default() })
    }

    pub(crate) fn with(spec: SandboxSpec) -> Self {
        let port = Port::reserve();
        let sandbox = Sandbox::start(SandboxSpec { port: port.number(), ..spec });
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, sandbox: sandbox.expect("the sandbox starts"), port }
    }

    /// Puts another sandbox, with other faults, behind the same address.
    pub(crate) fn restart(&mut self, faults: &[&str]) {
        self.move_away();
        self.come_back(faults);
    }

    /// Nobody listens where the sandbox was.
    pub(crate) fn move_away(&mut self) {
        self.sandbox = Sandbox::start(SandboxSpec::default()).expect("a free port");
    }

    /// Puts another sandbox where the first one was.
    pub(crate) fn come_back(&mut self, faults: &[&str]) {
        let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
        let spec = SandboxSpec { port: self.port.number(), faults, ..SandboxSpec::default() };
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

    /// Calls the sandbox has seen at `endpoint`.
    pub(crate) fn calls(&self, endpoint: &str) -> usize {
        self.sandbox.log().iter().filter(|seen| seen.endpoint == endpoint).count()
    }
}

/// The rows of a CSV file, by column name. Without serde, which takes most of the
/// time of a test that reads thousands of rows.
pub(crate) fn csv_rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> =
        reader.headers().expect("a header row").iter().map(str::to_owned).collect();
    // A map is made of sorted names without comparing them all again.
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&index| &names[index]);
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.expect("a CSV file");
        order.iter().map(|&index| (names[index].clone(), record[index].to_owned())).collect()
    };
    reader.records().map(row).collect()
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
pub(crate) fn passes_by(why: &str) {
    say(&format!("not shown: {why}"));
}

/// Says something to whoever reads the log, past the capture of a test that passes.
pub(crate) fn say(words: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// The number in a variable that makes a test longer or its dice others.
pub(crate) fn number_in(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Whether the long form of a test is wanted: `VINRICH_LONG=1`.
pub(crate) fn is_long_form() -> bool {
    std::env::var_os("VINRICH_LONG").is_some()
}

/// One in `stride` of the places of a sweep, which are numbered from 1. It begins anywhere,
/// so that many runs try them all.
pub(crate) fn one_in(stride: usize) -> StepBy<RangeFrom<usize>> {
    (1 + fastrand::usize(..stride)..).step_by(stride)
}

/// The seed of everything random, printed so that it can be played again.
pub(crate) fn seed() -> u64 {
    let given = number_in("VINRICH_SEED").map(|seed| seed as u64);
    let seed = given.unwrap_or_else(|| fastrand::u64(..1_000_000));
    say(&format!("VINRICH_SEED={seed}"));
    seed
}
