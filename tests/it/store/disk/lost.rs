//! A store that is removed, replaced, cut short or given a second name while a run
//! uses it: the run asks nothing more, and what it paid for is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::step;
use crate::support::Work;
use crate::support::command::{DECODE, Ended, Setup, vins};
use crate::support::csv_rows;
use crate::support::server::{Fake, Heard, Reply};

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

/// A store that knows some VINs, and a vendor that commits the sabotage while it
/// answers the `at`th call after that.
fn sabotaged(sabotage: &Sabotage, at: usize) -> (Work, Fake, Ended) {
    let work = Work::with_faults(&[]);
    let first = KNOWN / 20;
    let (act, store) = (sabotage.act, work.store());
    let vendor = Fake::start(move |n, heard| {
        if n == first + at {
            act(&store);
        }
        Reply::decoded(heard)
    });
    work.configure(&Setup { carvin: "quotas = []\nconcurrency = 1", ..Setup::default() });
    let config = work.read("vinrich.toml");
    work.write("vinrich.toml", &config.replace(&work.sandbox.base_url("carvin"), &vendor.url()));
    work.write_vins(&vins(KNOWN));
    work.vinrich(&DECODE).exits(0);
    let backup = work.store().with_extension("backup");
    work.vinrich(&["store", "backup", backup.to_str().expect("a name")]).exits(0);
    work.write_vins(&vins(KNOWN + WANTED));
    work.write("out.csv", OLD);
    let ended = work.vinrich(&DECODE);
    (work, vendor, ended)
}

/// How often each VIN was asked for.
fn asked(vendor: &Fake) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for vin in vendor.heard().iter().flat_map(Heard::vins) {
        *times.entry(vin).or_default() += 1;
    }
    times
}

fn rescued(work: &Work) -> Option<PathBuf> {
    let folder = work.store().parent().expect("a folder").to_owned();
    let mut files = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    files.find(|path| path.to_string_lossy().contains(".rescue-"))
}

#[test]
fn a_store_that_is_lost_stops_the_run_and_loses_nothing() {
    for sabotage in &SABOTAGES {
        for at in (1..=WANTED / 20).step_by(step(2)) {
            let (work, vendor, ended) = sabotaged(sabotage, at);
            let story = format!("{} at {at}: {}", sabotage.name, ended.stderr);
            assert_eq!(ended.code, Some(sabotage.code), "{story}");
            assert!(ended.stderr.contains(sabotage.says), "{story}");
            assert!(ended.stderr.contains("hint: "), "{story}");
            let calls = vendor.heard().len() - KNOWN / 20;
            assert!(calls <= at + 1, "{calls} calls; {story}");
            let out = work.read("out.csv");
            let is_whole = csv_rows(&out).len() == KNOWN + WANTED;
            assert!(out == OLD || (is_whole && calls == WANTED / 20), "{story}");

            if sabotage.name == "second name" {
                work.vinrich(&DECODE).exits(78).says(&["second name", "hint: "]);
                fs::remove_file(work.store().with_extension("link")).expect("removed");
                assert_eq!(rescued(&work), None, "{story}");
            } else {
                let rescue = rescued(&work).unwrap_or_else(|| panic!("no rescue: {story}"));
                let rescue = rescue.to_str().expect("a name");
                let name = rescue.rsplit_once('/').expect("a folder").1;
                assert!(ended.stderr.contains(name), "{story}");
                work.vinrich(&["store", "restore", rescue]).exits(0);
            }
            work.vinrich(&DECODE).exits(0);
            assert_eq!(csv_rows(&work.read("out.csv")).len(), KNOWN + WANTED, "{story}");
            work.assert_sound();
            let known = vins(KNOWN);
            // What lay in the part that was cut off is lost, and only that.
            let again = asked(&vendor)
                .into_iter()
                .filter(|(vin, times)| *times > 1 && !(sabotage.code == 74 && known.contains(vin)));
            assert_eq!(again.collect::<Vec<_>>(), [], "{story}");
        }
    }
}
