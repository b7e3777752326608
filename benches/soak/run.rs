//! One night: a run, killed as often as wished and started again until it ends.

use std::fs::{self, File};
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::figures::{Memory, Night};
use super::store::Store;
use super::vendor::Counts;
use super::world::{Row, World};
use super::{Result, Spec};

/// Calls on their way at once.
const IN_FLIGHT: usize = 16;

/// Between two looks at a run.
const LOOK: Duration = Duration::from_millis(10);

/// A run may start so much later than it was told how long answers are fresh.
const STARTING: Duration = Duration::from_secs(2);

/// What a night's runs have in common.
pub(crate) struct Runner<'a> {
    spec: &'a Spec,
    folder: &'a Path,
    world: &'a World,
    planned: u64,
    rows: u64,
}

/// One process and what it used up.
struct Ended {
    code: Option<i32>,
    memory: Memory,
    wall: Duration,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(spec: &'a Spec, folder: &'a Path, world: &'a World) -> Result<Self> {
        let store = folder.join("store/vinrich.db");
        let config = format!(
            "store = '{}'\nmax_wait = '10m'\n\
             [datasets.decode]\nvendors = ['carvin']\nmax_stale = '365d'\n\
             [datasets.recalls]\nvendors = ['carvin']\nmax_stale = '365d'\n\
             [vendors.carvin]\nbase_url = 'http://127.0.0.1:{}/api/v1'\napi_key_env = 'SOAK_KEY'\n\
             quotas = []\nconcurrency = {IN_FLIGHT}\n",
            store.display(),
            spec.port
        );
        fs::write(folder.join("vinrich.toml"), config)?;
        Ok(Self { spec, folder, world, planned: world.calls(), rows: world.rows().count() as u64 })
    }

    /// Plays one night.
    pub(crate) fn night(&self, number: usize, kills: usize) -> Result<Night> {
        let since = SystemTime::now();
        let since_micros = i64::try_from(since.duration_since(UNIX_EPOCH)?.as_micros())?;
        let before: Counts = serde_json::from_str(&self.control("counts")?)?;
        let mut night = Night { number, planned: self.planned, ..Night::default() };
        let mut known = vec![false; self.world.vins];
        loop {
            self.control("begin")?;
            let delay = (night.kills < kills).then(|| self.delay(&night));
            let ended = self.run(since, delay)?;
            night.wall += ended.wall;
            night.memory = night.memory.over(ended.memory);
            night.asked_twice += self.asked_again(&known)?;
            let killed = ended.code.is_none();
            night.kills += usize::from(killed);
            let Some(store) = Store::open(&self.store_path())? else { continue };
            known = store.decoded(self.world, since_micros)?;
            store.check()?;
            if killed {
                continue;
            }
            let after: Counts = serde_json::from_str(&self.control("counts")?)?;
            night.made = after.calls - before.calls;
            night.faults = after.faults - before.faults;
            night.asked_twice += after.again - before.again;
            night.lost = known.iter().filter(|known| !**known).count() as u64;
            night.unentered = after.calls.saturating_sub(store.calls()?);
            break;
        }
        night.store = fs::metadata(self.store_path())?.len();
        self.check_report(&mut night)?;
        self.check_rows(&mut night)?;
        Ok(night)
    }

    /// A moment to kill a run at: any, for what the night has taken so far.
    fn delay(&self, night: &Night) -> Duration {
        // An undisturbed run does some ten thousand rows a second, in any build.
        let usual = Duration::from_micros(self.spec.vins as u64 * 50) + Duration::from_millis(300);
        usual.max(night.wall).mul_f64(fastrand::f64())
    }

    /// Starts the program and waits for its end, or kills it after `kill`.
    fn run(&self, since: SystemTime, kill: Option<Duration>) -> Result<Ended> {
        // What was fetched tonight is fresh, also for a run that starts again.
        let ttl = since.elapsed()? + STARTING;
        let ttl = format!("{}ms", ttl.as_millis());
        let mut child = Command::new(&self.spec.executable)
            .args(["enrich", "fleet.csv", "-o", "out.csv", "--with", "decode,recalls", "--quiet"])
            .args(["--report", "report.json"])
            .current_dir(self.folder)
            .env_clear()
            .env("HOME", self.folder)
            .env("SOAK_KEY", "soak")
            .env("VINRICH_DATASETS__DECODE__TTL", &ttl)
            .env("VINRICH_DATASETS__RECALLS__TTL", &ttl)
            .stdin(Stdio::null())
            .stderr(File::create(self.folder.join("stderr"))?)
            .spawn()?;
        let started = Instant::now();
        let mut memory = Memory::default();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            memory.look(child.id());
            if kill.is_some_and(|after| started.elapsed() >= after) {
                kill_now(&mut child)?;
            }
            thread::sleep(LOOK);
        };
        if status.code().is_some_and(|code| code != 0) {
            let said = fs::read_to_string(self.folder.join("stderr"))?;
            let errors = self.report().map(|report| report["errors"].clone()).unwrap_or_default();
            return Err(format!("a run ended with {status}: {said}{errors}").into());
        }
        Ok(Ended { code: status.code(), memory, wall: started.elapsed() })
    }

    /// VINs of the last run that were asked though the store had their answers before it.
    fn asked_again(&self, known: &[bool]) -> Result<u64> {
        let asked = self.control("asked")?;
        let both = asked.bytes().zip(known).filter(|(times, known)| *times > b'0' && **known);
        Ok(both.count() as u64)
    }

    /// Asks the vendor what it counted.
    fn control(&self, what: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.spec.port))?;
        write!(stream, "GET /control/{what} HTTP/1.1\r\n\r\n")?;
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let (_, body) = reply.split_once("\r\n\r\n").ok_or("the vendor said nothing")?;
        Ok(body.to_owned())
    }

    fn check_report(&self, night: &mut Night) -> Result<()> {
        let report = self.report()?;
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        night.retries = number(&report["vendors"]["carvin"]["retries"]);
        let rows = [number(&report["rows"]["read"]), number(&report["rows"]["written"])];
        night.rows = rows[1];
        night.misplaced += u64::from(rows != [self.rows; 2]);
        Ok(())
    }

    fn report(&self) -> Result<Value> {
        let file = File::open(self.folder.join("report.json"))?;
        Ok(serde_json::from_reader(BufReader::new(file))?)
    }

    /// Holds every row against what is true.
    fn check_rows(&self, night: &mut Night) -> Result<()> {
        let mut reader = csv::Reader::from_path(self.folder.join("out.csv"))?;
        let header = reader.headers()?.clone();
        let place = |name: &str| {
            header.iter().position(|column| column == name).ok_or(format!("no column `{name}`"))
        };
        let [vin, make, model, year, recalls] =
            ["vin", "make", "model", "model_year", "recall_campaign_count"].map(place);
        let (vin, places) = (vin?, [make?, model?, year?, recalls?]);
        let mut record = csv::StringRecord::new();
        let mut rows = self.world.rows();
        while reader.read_record(&mut record)? {
            let told = places.map(|place| record[place].to_owned());
            match rows.next() {
                Some(Row::Vin(expected)) if record[vin] == *expected => {
                    let truth = self.world.vehicle(&expected);
                    let recalls = truth.recalls.to_string();
                    let truth = [&truth.make, &truth.model, &truth.year, &recalls];
                    night.wrong +=
                        u64::from(told.iter().zip(truth).any(|(told, truth)| told != truth));
                }
                Some(Row::Damaged) if record[vin].is_empty() => {
                    night.wrong += u64::from(told.iter().any(|told| !told.is_empty()));
                }
                _ => night.misplaced += 1,
            }
        }
        night.misplaced += rows.count() as u64;
        Ok(())
    }

    fn store_path(&self) -> PathBuf {
        self.folder.join("store/vinrich.db")
    }
}

/// As `kill -9` does.
fn kill_now(child: &mut Child) -> Result<()> {
    match child.kill() {
        // It may have ended this very moment.
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
        Err(error) => Err(error.into()),
    }
}
