//! Where runs are killed: a work folder, a sandbox, and before it the vendor
//! that kills.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use vinrich::sandbox::{Quotas, SandboxSpec};

use super::vendor::Vendor;
use super::victim::{Fate, Victim};
use crate::support::Work;
use crate::support::command::Setup;
use crate::support::command::trace::under;

/// Calls of one vendor that may be on their way at once.
pub(super) const CONCURRENCY: usize = 2;

/// The work folder and who stands around it.
pub(super) struct Site {
    pub(super) work: Work,
    pub(super) vendor: Vendor,
}

/// Files to begin with, again and again.
pub(super) struct Start(TempDir);

impl Site {
    /// An empty folder but for the configuration, with these tables in it.
    pub(super) fn with(tables: &str) -> Self {
        let work = Work::with(SandboxSpec { quotas: without_quotas(), ..SandboxSpec::default() });
        let vendor = Vendor::before(work.sandbox.address());
        work.configure(&Setup {
            carvin: &format!("quotas = []\nconcurrency = {CONCURRENCY}"),
            visor: &format!("quotas = []\nspend = ['100000 USD/day']\nconcurrency = {CONCURRENCY}"),
            tables,
            ..Setup::default()
        });
        let config = work.read("vinrich.toml");
        let (sandbox, before) = (work.sandbox.address(), vendor.address());
        work.write("vinrich.toml", &config.replace(&sandbox.to_string(), &before.to_string()));
        Self { work, vendor }
    }

    /// Runs a command that nobody kills to its end.
    pub(super) fn run(&self, words: &[&str]) -> Fate {
        Victim::start(&mut self.command(words)).end()
    }

    /// Starts a command that somebody may kill.
    pub(super) fn start(&self, words: &[&str]) -> Victim {
        Victim::start(&mut self.command(words))
    }

    /// `vinrich WORDS…`; the input `-` is `stdin.csv`.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.work.command(words);
        self.feed(&mut command, words);
        command
    }

    /// The same, run by another program.
    pub(super) fn command_under(&self, runner: &[&str], words: &[&str]) -> Command {
        let mut command = under(runner, &self.work.command(words));
        self.feed(&mut command, words);
        command
    }

    fn feed(&self, command: &mut Command, words: &[&str]) {
        if words.contains(&"-") {
            command.stdin(File::open(self.work.path("stdin.csv")).expect("an input"));
        }
    }

    /// Keeps what is in the folder now as a start for later.
    pub(super) fn keep(&self) -> Start {
        let kept = tempfile::tempdir().expect("a folder");
        copy(self.work.folder.path(), kept.path());
        Start(kept)
    }

    /// Puts the folder back to `start`; the configuration stays this site's.
    pub(super) fn begin_at(&self, start: &Start) {
        let config = self.work.read("vinrich.toml");
        let folder = self.work.folder.path();
        for entry in fs::read_dir(folder).expect("the folder").flatten() {
            let path = entry.path();
            let removed =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.expect("it is removed");
        }
        copy(start.0.path(), folder);
        self.work.write("vinrich.toml", &config);
    }

    /// The names of all files in the work folder and the store's, those of runs included.
    pub(super) fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        list(self.work.folder.path(), "", &mut names);
        names.sort();
        names
    }
}

fn without_quotas() -> Quotas {
    let vendors = ["carvin", "visor", "visa", "visio"];
    vendors.iter().fold(Quotas::default(), |quotas, vendor| quotas.with(vendor, Vec::new()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names);
        } else {
            names.push(name);
        }
    }
}
