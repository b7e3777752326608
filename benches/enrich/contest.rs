//! The contest: the rounds, and what is told of them.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{self, Used};
use crate::table::{self, Runner};
use crate::{Result, fleet};

/// VINs of a call, the vendor's limit.
pub(crate) const BATCH: usize = 20;

/// Calls on their way at once.
pub(crate) const IN_FLIGHT: usize = 16;

/// An odd number, for the median.
const ROUNDS: usize = 3;

/// Where the key is; the vendor takes any.
const KEY_VARIABLE: &str = "BENCH_CARVIN_KEY";

/// One run of one runner.
pub(crate) struct Measured {
    pub(crate) used: Used,
    pub(crate) report: Value,
}

/// Runs every runner in turn, round after round, and tells the figures.
pub(crate) fn run() -> Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
    fs::create_dir_all(&folder)?;
    let input = folder.join("fleet.csv");
    fleet::write(&input)?;
    let vendor = Vendor::start()?;

    let mut bare = Runner::new("bare client");
    let mut fresh = Runner::new("vinrich, new store");
    let mut nightly = Runner::new("vinrich, all known");
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        let work = Work { folder: TempDir::new_in(&folder)?, input: &input };
        let calls = fleet::DISTINCT.div_ceil(BATCH) as u64;
        bare.add(checked(work.bare(&vendor)?, calls)?);
        fresh.add(checked(work.vinrich(&vendor)?, calls)?);
        nightly.add(checked(work.vinrich(&vendor)?, 0)?);
    }
    table::tell(&bare, &fresh, &nightly, child::cpu_of(&vendor.child));
    Ok(())
}

/// One round's files.
struct Work<'a> {
    folder: TempDir,
    input: &'a Path,
}

impl Work<'_> {
    fn bare(&self, vendor: &Vendor) -> Result<Measured> {
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["--role", "bare", &vendor.port])
            .arg(self.input)
            .arg(self.path("bare.parquet"));
        self.run(command.arg(self.report()))
    }

    /// The first run finds an empty store, the next one finds everything in it.
    fn vinrich(&self, vendor: &Vendor) -> Result<Measured> {
        let config = self.path("vinrich.toml");
        fs::write(&config, self.config(vendor))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_vinrich"));
        command
            .arg("enrich")
            .arg(self.input)
            .args(["--with", "decode", "--quiet", "-o"])
            .arg(self.path("vinrich.parquet"))
            .arg("--config")
            .arg(config)
            .arg("--report")
            .arg(self.report());
        // No setting of the person who runs this may change the job.
        self.run(command.env_clear().env(KEY_VARIABLE, "bench"))
    }

    fn config(&self, vendor: &Vendor) -> String {
        let port = &vendor.port;
        format!(
            "store = '{}'\n\
             [vendors.carvin]\n\
             base_url = \"http://127.0.0.1:{port}/api/v1\"\n\
             api_key_env = \"{KEY_VARIABLE}\"\n\
             quotas = []\n\
             concurrency = {IN_FLIGHT}\n",
            self.path("vinrich.db").display()
        )
    }

    fn run(&self, command: &mut Command) -> Result<Measured> {
        let used = child::run(command.stdin(Stdio::null()))?;
        let report = serde_json::from_reader(BufReader::new(File::open(self.report())?))?;
        Ok(Measured { used, report })
    }

    fn report(&self) -> PathBuf {
        self.path("run.json")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Speed counts for nothing where the work was not done.
fn checked(measured: Measured, calls: u64) -> Result<Measured> {
    let rows = measured.report["rows"]["written"].as_u64();
    if rows != Some(fleet::ROWS as u64) {
        return Err(format!("{rows:?} rows written, not {}", fleet::ROWS).into());
    }
    let sent = measured.calls();
    if sent != calls {
        return Err(format!("{sent} calls, not {calls}").into());
    }
    Ok(measured)
}

impl Measured {
    pub(crate) fn calls(&self) -> u64 {
        self.report["vendors"]["carvin"]["attempted"].as_u64().unwrap_or(0)
    }

    /// Seconds of a phase, where the report tells them.
    pub(crate) fn phase(&self, name: &str) -> Option<f64> {
        self.report["phase_seconds"][name].as_f64()
    }
}

/// The vendor's process; it ends when its stdin does.
struct Vendor {
    child: Child,
    port: String,
    stdin: Option<ChildStdin>,
}

impl Vendor {
    fn start() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--role", "vendor"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let mut port = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
        Ok(Self { child, port: port.trim().to_owned(), stdin })
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It serves nobody any more; how it ends changes no figure.
        let _ended = self.child.wait();
    }
}
