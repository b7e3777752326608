//! The command as a user runs it: a child process with a clean environment, in
//! a work folder whose configuration points at the sandbox.

pub(crate) mod memory;
#[cfg(unix)]
pub(crate) mod terminal;
#[cfg(unix)]
pub(crate) mod trace;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use vinrich::domain::vin::Vin;
use vinrich::sandbox;
use vinrich::vendors::{self, Vendor};

use super::Work;

/// Longer than any command of these tests takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(50);

/// The run that most tests make.
pub(crate) const DECODE: [&str; 6] = ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"];

/// A run of the sandbox's tool over `vins.csv`, with the template `input.json`.
pub(crate) const fn tool_run(out: &'static str, max_cost: &'static str) -> [&'static str; 11] {
    [
        "tool",
        "run",
        "vins.csv",
        "--tool",
        "try-me",
        "--input",
        "input.json",
        "-o",
        out,
        "--max-cost",
        max_cost,
    ]
}

/// Recalls are asked of carvin alone unless a test says otherwise, so that calls can be counted.
const CARVIN_RECALLS: &str = "[datasets.recalls]\nvendors = ['carvin']\n";

/// The parts of `vinrich.toml` that tests change; the addresses and the store
/// stand there anyway.
pub(crate) struct Setup<'a> {
    /// Keys outside of any table.
    pub(crate) general: &'a str,
    /// Keys of `[vendors.carvin]`.
    pub(crate) carvin: &'a str,
    /// Keys of `[vendors.visor]`.
    pub(crate) visor: &'a str,
    /// Whole tables.
    pub(crate) tables: &'a str,
}

impl Default for Setup<'_> {
    /// No quota is in the way, and play money pays for listings.
    fn default() -> Self {
        Self {
            general: "max_wait = '5s'",
            carvin: "quotas = []",
            visor: "quotas = []\nspend = ['1000 USD/day']",
            tables: "",
        }
    }
}

impl Work {
    /// Writes the configuration that the command finds in its folder.
    pub(crate) fn configure(&self, setup: &Setup<'_>) {
        let Setup { general, carvin, visor, tables } = setup;
        let vendor = |vendor: &&dyn Vendor| {
            let id = vendor.spec().id();
            let keys = match id {
                "carvin" => carvin,
                "visor" => visor,
                _ => "quotas = []",
            };
            format!("[vendors.{id}]\nbase_url = '{}'\n{keys}\n", self.sandbox.base_url(id))
        };
        // Every one of them: no test leaves this machine.
        let vendors: String = vendors::registry().iter().map(vendor).collect();
        let recalls = if tables.contains("[datasets.recalls]") { "" } else { CARVIN_RECALLS };
        self.write(
            "vinrich.toml",
            &format!("store = 'store/vinrich.db'\n{general}\n{vendors}{recalls}{tables}\n"),
        );
    }

    /// Points a vendor of the sandbox in the configuration to another address.
    pub(crate) fn readdress(&self, vendor: &str, url: &str) {
        let config = self.read("vinrich.toml").replace(&self.sandbox.base_url(vendor), url);
        self.write("vinrich.toml", &config);
    }

    /// A work folder with a sandbox that fails so, configured as usual.
    pub(crate) fn configured(faults: &[&str]) -> Self {
        let work = Self::with_faults(faults);
        work.configure(&Setup::default());
        work
    }

    /// The store's file.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store/vinrich.db")
    }

    /// `vinrich WORDS…` in the work folder. The environment holds what a system
    /// needs to run programs, and the sandbox's keys.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let home = self.path("home");
        std::fs::create_dir_all(&home).expect("a home folder");
        let mut command = Command::new(executable());
        command.args(words).current_dir(self.folder.path()).env_clear();
        for name in ["PATH", "SystemRoot"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("HOME", &home).env("TMPDIR", self.folder.path());
        for vendor in vendors::registry() {
            let spec = vendor.spec();
            command.envs(spec.defaults.api_key_env.zip(sandbox::key(spec.id())));
        }
        command
    }

    /// Runs `vinrich WORDS…` to its end.
    pub(crate) fn vinrich(&self, words: &[&str]) -> Ended {
        Running::start(&mut self.command(words)).end()
    }

    /// Runs `vinrich WORDS…` with `bytes` on stdin.
    pub(crate) fn vinrich_reading(&self, words: &[&str], bytes: &[u8]) -> Ended {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).and_then(|()| file.rewind()).expect("a file is written");
        Running::start(self.command(words).stdin(file)).end()
    }

    /// Starts `vinrich WORDS…`.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        Running::start(&mut self.command(words))
    }

    /// The report that the store keeps of the latest run which wrote to `output`.
    pub(crate) fn report(&self, output: &str) -> serde_json::Value {
        let words = ["runs", "show", "--output", output, "--format", "json"];
        self.vinrich(&words).exits(0).json()
    }

    /// The JSON in a file.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// Writes `vins.csv`, a column of VINs.
    pub(crate) fn write_vins(&self, vins: &[String]) {
        self.write("vins.csv", &format!("vin\n{}\n", vins.join("\n")));
    }

    /// How often the sandbox was asked to decode each VIN.
    pub(crate) fn decodes_by_vin(&self) -> std::collections::BTreeMap<String, usize> {
        let mut times = std::collections::BTreeMap::new();
        for call in self.sandbox.log().iter().filter(|call| call.endpoint == "batch-decode") {
            for vin in &call.keys {
                *times.entry(vin.clone()).or_default() += 1;
            }
        }
        times
    }
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    /// What it printed as data.
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("text")
    }

    /// The JSON it printed as data.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).expect("JSON on stdout")
    }

    /// Fails with the whole story unless it exited with `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stderr:\n{}", self.stderr);
        self
    }

    /// Fails unless stderr holds every one of `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no `{word}` in stderr:\n{}", self.stderr);
        }
        self
    }
}

/// A command on its way; killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Option<File>,
    stderr: File,
}

impl Running {
    /// Starts `command`. Its output goes to files: a full pipe would hold it up.
    pub(crate) fn start(command: &mut Command) -> Self {
        let stdout = tempfile::tempfile().expect("a file");
        let again = stdout.try_clone().expect("a second handle");
        let mut running = Self::start_with_stdout(command, again);
        running.stdout = Some(stdout);
        running
    }

    /// Starts `command` with a stdout of the caller's choice.
    pub(crate) fn start_with_stdout(command: &mut Command, stdout: impl Into<Stdio>) -> Self {
        let stderr = tempfile::tempfile().expect("a file");
        let again = stderr.try_clone().expect("a second handle");
        let child = command.stdout(stdout).stderr(again).spawn().expect("the command starts");
        Self { child, stdout: None, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The reading end of its stdout, where that is a pipe.
    pub(crate) fn take_stdout(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().expect("stdout is a pipe")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_none()
    }

    /// Sends a signal such as `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &line]).status().expect("a shell");
        assert!(sent.success(), "`{line}`");
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().expect("the child is ours");
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + LIMIT;
        while self.is_running() {
            assert!(Instant::now() < deadline, "it hangs; stderr:\n{}", text(&mut self.stderr));
            std::thread::sleep(Duration::from_millis(3));
        }
        let status: ExitStatus = self.child.wait().expect("the child is ours");
        Ended {
            code: status.code(),
            stdout: self.stdout.as_mut().map(bytes).unwrap_or_default(),
            stderr: text(&mut self.stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command under test. A build that was moved, such as a nextest archive,
/// names it when it runs.
pub(crate) fn executable() -> PathBuf {
    let moved = std::env::var_os("NEXTEST_BIN_EXE_vinrich").map(PathBuf::from);
    moved.unwrap_or_else(|| env!("CARGO_BIN_EXE_vinrich").into())
}

fn bytes(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("a file is read");
    bytes
}

fn text(file: &mut File) -> String {
    String::from_utf8(bytes(file)).expect("text")
}

/// Waits until something holds, and fails when that takes too long.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Distinct VINs of one model whose check digits fit.
pub(crate) fn vins(count: usize) -> Vec<String> {
    vins_in(0..count)
}

/// Those with these serial numbers.
pub(crate) fn vins_in(serials: std::ops::Range<usize>) -> Vec<String> {
    serials
        .map(|serial| {
            let with = |digit| format!("1FTFW1ET{digit}DF{serial:06}");
            let fits = |vin: &String| Vin::new(vin).is_some_and(|vin| vin.check_digit_fits());
            "0123456789X".chars().map(with).find(fits).expect("one of eleven fits")
        })
        .collect()
}
