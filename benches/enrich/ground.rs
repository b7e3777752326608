//! Where the races are run: the fleets, the vendors, the files, and vinrich's commands.

use std::env;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::child;
use crate::contest::IN_FLIGHT;
use crate::fleet::{self, Fleet};
use crate::race::Measured;
use crate::vendor::Vendor;
use crate::{Result, rivals::Rivals};

/// Where the key is; the vendor takes any.
const KEY_VARIABLE: &str = "BENCH_CARVIN_KEY";

/// What the offline decoder is asked by the command for a few VINs.
const ONE_VIN: &str = "1HGCM82633A004352";

/// A fleet's file.
pub(crate) struct Input {
    pub(crate) fleet: Fleet,
    pub(crate) path: PathBuf,
}

/// A folder that lasts as long as it is used.
pub(crate) struct Ground {
    folder: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Result<Self> {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        fs::create_dir_all(&parent)?;
        Ok(Self { folder: TempDir::new_in(parent)? })
    }

    /// A folder of its own in it.
    pub(crate) fn inner(&self) -> Result<Self> {
        Ok(Self { folder: TempDir::new_in(self.folder.path())? })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A fleet of the kinds that the local vendor knows.
    pub(crate) fn fleet(&self, distinct: usize) -> Result<Input> {
        let (fleet, path) = (Fleet::of(distinct)?, self.path(&format!("fleet-{distinct}.csv")));
        fleet.write(&path, &fleet::kinds())?;
        Ok(Input { fleet, path })
    }

    /// A fleet of kinds that exist, as the offline decoder knows them.
    pub(crate) fn real_fleet(&self, rivals: &Rivals, distinct: usize) -> Result<Input> {
        let (fleet, path) = (Fleet::of(distinct)?, self.path("real-fleet.csv"));
        let list = self.path("kinds.txt");
        rivals.prepare("kinds", &[&fleet::KINDS.to_string(), &list])?;
        let kinds = fs::read_to_string(list)?;
        let kinds: std::result::Result<Vec<[u8; 17]>, _> =
            kinds.lines().map(|vin| vin.as_bytes().try_into()).collect();
        fleet.write(&path, &kinds?)?;
        Ok(Input { fleet, path })
    }

    /// The bare client: its output is `bare.parquet`.
    pub(crate) fn bare(&self, input: &Input, vendor: &Vendor) -> Result<Measured> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["--role", "bare", &vendor.port]).arg(&input.path);
        command.arg(self.path("bare.parquet")).arg(self.report());
        self.measured(&mut command, input.fleet.rows())
    }

    /// `vinrich enrich` at a vendor: it asks what the folder's store does not know.
    pub(crate) fn enrich(&self, input: &Input, vendor: &Vendor, calls: usize) -> Result<Measured> {
        let config = format!(
            "store = '{}'\n\
             [vendors.carvin]\n\
             base_url = \"http://127.0.0.1:{}/api/v1\"\n\
             api_key_env = \"{KEY_VARIABLE}\"\n\
             quotas = []\n\
             concurrency = {IN_FLIGHT}\n",
            self.path("vinrich.db").display(),
            vendor.port
        );
        fs::write(self.path("vinrich.toml"), config)?;
        let measured = self.vinrich(input, &[])?;
        let sent = measured.report["vendors"]["carvin"]["attempted"].as_u64().unwrap_or(0);
        if sent != calls as u64 {
            return Err(format!("{sent} calls, not {calls}").into());
        }
        Ok(measured)
    }

    /// `vinrich enrich` with the offline decoder.
    pub(crate) fn decode(&self, input: &Input, data: &Path) -> Result<Measured> {
        self.offline_config(data)?;
        self.vinrich(input, &["--offline", "--decode", "vpic"])
    }

    /// `vinrich decode` of one VIN.
    pub(crate) fn decode_one(&self, data: &Path) -> Result<Measured> {
        self.offline_config(data)?;
        let mut command = Self::command();
        command.args(["decode", ONE_VIN, "--config"]).arg(self.path("vinrich.toml"));
        Self::silent(&mut command)
    }

    /// `vinrich --version`.
    pub(crate) fn version() -> Result<Measured> {
        Self::silent(Self::command().arg("--version"))
    }

    /// Where `enrich` writes.
    pub(crate) fn output(&self) -> PathBuf {
        self.path("vinrich.parquet")
    }

    /// Runs what writes a report with the rows it wrote.
    pub(crate) fn measured(&self, command: &mut Command, rows: usize) -> Result<Measured> {
        let used = child::run(command.stdin(Stdio::null()))?;
        let report: Value = serde_json::from_reader(BufReader::new(File::open(self.report())?))?;
        // Speed counts for nothing where the work was not done.
        let written = report["rows"]["written"].as_u64();
        if written != Some(rows as u64) {
            return Err(format!("{written:?} rows written, not {rows}").into());
        }
        Ok(Measured { used, report })
    }

    pub(crate) fn report(&self) -> PathBuf {
        self.path("run.json")
    }

    fn offline_config(&self, data: &Path) -> Result<()> {
        let store = self.path("vinrich.db");
        let (store, data) = (store.display(), data.display());
        let config = format!("store = '{store}'\n[vendors.vpic]\ndata = '{data}'\n");
        Ok(fs::write(self.path("vinrich.toml"), config)?)
    }

    fn vinrich(&self, input: &Input, arguments: &[&str]) -> Result<Measured> {
        let mut command = Self::command();
        command.arg("enrich").arg(&input.path).args(["--with", "decode", "--quiet"]);
        command.args(arguments).arg("-o").arg(self.output());
        command.arg("--config").arg(self.path("vinrich.toml"));
        command.arg("--report").arg(self.report());
        self.measured(&mut command, input.fleet.rows())
    }

    /// No setting of the person who runs this may change the job.
    fn command() -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vinrich"));
        command.env_clear().env(KEY_VARIABLE, "bench");
        command
    }

    fn silent(command: &mut Command) -> Result<Measured> {
        let used = child::run(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
        Ok(Measured { used, report: Value::Null })
    }
}
