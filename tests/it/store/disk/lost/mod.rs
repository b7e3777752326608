//! A store that is removed, replaced, cut short or given a second name while a run
//! uses it: the run asks nothing more, and what it paid for is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::step;
use crate::support::command::{DECODE, Ended, Setup, vins};
use crate::support::server::{Fake, Heard, Reply};
use crate::support::{Work, csv_rows, one_in};

#[cfg(target_os = "linux")]
mod barred;

const OLD: &str = "last night's rows\n";

/// VINs that the store knows before, and those that the run is to ask for.
const KNOWN: usize = 40;
const WANTED: usize = 100;

/// What is done to the store, and what the run says of it.
struct Sabotage {
    name: &'static str,
    act: fn(&Path),
    code: i32,
    says: &'static str,
}

const SABOTAGES: [Sabotage; 9] = [
    Sabotage { name: "removed", act: remove, code: 78, says: "was removed" },
    Sabotage { name: "folder moved", act: move_folder, code: 78, says: "was removed" },
    Sabotage { name: "replaced", act: replace, code: 78, says: "was replaced by another file" },
    Sabotage { name: "log removed", act: remove_log, code: 78, says: "lost the log beside it" },
    Sabotage { name: "index removed", act: remove_index, code: 78, says: "lost the log beside it" },
    Sabotage { name: "log replaced", act: replace_log, code: 78, says: "to another file" },
    Sabotage { name: "cut", act: cut, code: 74, says: "was cut short" },
    Sabotage { name: "emptied", act: empty, code: 74, says: "was cut short" },
    Sabotage { name: "second name", act: link, code: 78, says: "second name" },
];

fn remove(store: &Path) {
    fs::remove_file(store).expect("removed");
}

fn move_folder(store: &Path) {
    let folder = store.parent().expect("a folder");
    fs::rename(folder, folder.with_extension("moved")).expect("moved");
    fs::create_dir(folder).expect("a folder");
}

/// As a restored backup of the whole folder would be put there.
fn replace(store: &Path) {
    fs::copy(store.with_extension("backup"), store.with_extension("new")).expect("a copy");
    fs::rename(store.with_extension("new"), store).expect("replaced");
}

fn remove_log(store: &Path) {
    fs::remove_file(store.with_extension("db-wal")).expect("removed");
}

fn remove_index(store: &Path) {
    fs::remove_file(store.with_extension("db-shm")).expect("removed");
}

/// As a copy of the folder, put back file by file, would do.
fn replace_log(store: &Path) {
    let log = store.with_extension("db-wal");
    fs::copy(&log, store.with_extension("new")).expect("a copy");
    fs::rename(store.with_extension("new"), log).expect("replaced");
}

fn cut(store: &Path) {
    let file = fs::File::options().write(true).open(store).expect("the store");
    file.set_len(file.metadata().expect("its length").len() / 2).expect("cut");
}

fn empty(store: &Path) {
    fs::File::options().write(true).open(store).and_then(|file| file.set_len(0)).expect("cut");
}

fn link(store: &Path) {
    fs::hard_link(store, store.with_extension("link")).expect("linked");
}

/// Runs `vinrich WORDS…` where, and as whom, a story has it.
type Run<'a> = dyn Fn(&Work, &[&str]) -> Ended + 'a;

fn here(work: &Work, words: &[&str]) -> Ended {
    work.vinrich(words)
}

/// A run in whose middle something is done to its store.
struct Scene {
    work: Work,
    vendor: Fake,
    ended: Ended,
    /// At which of its calls.
    at: usize,
}

impl Scene {
    /// A store that knows some VINs, and a vendor that does `act` while it answers the
    /// `at`th call after that.
    fn play(
        work: Work,
        run: &Run<'_>,
        at: usize,
        act: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Self {
        let first = KNOWN / 20;
        let store = work.store();
        let vendor = Fake::start(move |n, heard| {
            if n == first + at {
                act(&store);
            }
            Reply::decoded(heard)
        });
        work.configure(&Setup { carvin: "quotas = []\nconcurrency = 1", ..Setup::default() });
        work.readdress("carvin", &vendor.url());
        work.write_vins(&vins(KNOWN));
        run(&work, &DECODE).exits(0);
        run(&work, &["store", "backup", "store/vinrich.backup"]).exits(0);
        work.write_vins(&vins(KNOWN + WANTED));
        work.write("out.csv", OLD);
        let ended = run(&work, &DECODE);
        Self { work, vendor, ended, at }
    }

    /// What to read where it does not hold.
    fn story(&self, name: &str) -> String {
        format!("{name} at {}: {}", self.at, self.ended.stderr)
    }

    /// The run asked nothing more, said why, and left the output as it was.
    fn assert_stopped(&self, name: &str, code: i32, says: &str) {
        let story = self.story(name);
        assert_eq!(self.ended.code, Some(code), "{story}");
        assert!(self.ended.stderr.contains(says), "{story}");
        assert!(self.ended.stderr.contains("hint: "), "{story}");
        let calls = self.vendor.heard().len() - KNOWN / 20;
        assert!(calls <= self.at + 1, "{calls} calls; {story}");
        let out = self.work.read("out.csv");
        let is_whole = csv_rows(&out).len() == KNOWN + WANTED;
        assert!(out == OLD || (is_whole && calls == WANTED / 20), "{story}");
    }

    /// The file that the run told to restore.
    fn rescue(&self) -> Option<&str> {
        let (_, rest) = self.ended.stderr.split_once("`vinrich store restore ")?;
        rest.split_once('`').map(|(file, _)| file)
    }

    /// Another run ends well, and no VIN that could be known was asked for twice.
    fn assert_resumes(&self, name: &str, run: &Run<'_>, is_forgotten: impl Fn(&String) -> bool) {
        let story = self.story(name);
        let again = run(&self.work, &DECODE);
        assert_eq!(again.code, Some(0), "{story}\nthen: {}", again.stderr);
        assert_eq!(csv_rows(&self.work.read("out.csv")).len(), KNOWN + WANTED, "{story}");
        run(&self.work, &["cache", "verify"]).exits(0);
        let mut times = BTreeMap::<String, usize>::new();
        for vin in self.vendor.heard().iter().flat_map(Heard::vins) {
            *times.entry(vin).or_default() += 1;
        }
        times.retain(|vin, times| *times > 1 && !is_forgotten(vin));
        assert_eq!(times, BTreeMap::new(), "{story}");
    }
}

#[test]
fn a_store_that_is_lost_stops_the_run_and_loses_nothing() {
    for sabotage in &SABOTAGES {
        for at in one_in(step(3)).take_while(|at| *at <= WANTED / 20) {
            let scene = Scene::play(Work::with_faults(&[]), &here, at, sabotage.act);
            scene.assert_stopped(sabotage.name, sabotage.code, sabotage.says);
            if sabotage.name == "second name" {
                let again = scene.work.vinrich(&DECODE);
                again.exits(78).says(&["second name", "hint: "]);
                fs::remove_file(scene.work.store().with_extension("link")).expect("removed");
                assert_eq!(scene.rescue(), None, "{}", scene.story(sabotage.name));
            } else {
                let rescue = scene.rescue().unwrap_or_else(|| panic!("{}", scene.story("none")));
                assert!(rescue.contains("store/vinrich.db.rescue-"), "{rescue}");
                scene.work.vinrich(&["store", "restore", rescue]).exits(0);
            }
            // What lay in the part that was cut off is lost, and only that.
            let known = vins(KNOWN);
            let is_forgotten = |vin: &String| sabotage.code == 74 && known.contains(vin);
            scene.assert_resumes(sabotage.name, &here, is_forgotten);
            scene.work.assert_sound();
        }
    }
}
