use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::*;
use crate::store::RunLimits;

/// In the environment of a child of the test below: the folder of its stores.
const STORES: &str = "VINRICH_TEST_STORES";

/// Real processes, since SQLite's locks are a process's. The children live for
/// all the rounds: starting 1,600 of them would take longer than the rounds.
#[test]
fn eight_processes_open_a_new_store_at_once() {
    const ROUNDS: usize = 200;
    if let Some(folder) = std::env::var_os(STORES) {
        return open_stores(Path::new(&folder));
    }
    // What is tried is locks: on a disk most of the time would go to fsync.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    let this = std::env::current_exe().expect("this program");
    let name = std::thread::current().name().expect("a test's thread has its name").to_owned();
    let mut children: Vec<_> = (0..8)
        .map(|_| {
            let mut child = Command::new(&this);
            child.args(["--exact", &name, "--nocapture"]).env(STORES, folder.path());
            child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            child.spawn().expect("a child")
        })
        .collect();
    let mut asked: Vec<_> =
        children.iter_mut().map(|child| child.stdin.take().expect("piped")).collect();
    let mut answers: Vec<_> = children
        .iter_mut()
        .map(|child| BufReader::new(child.stderr.take().expect("piped")).lines())
        .collect();
    let mut failures = Vec::new();
    for round in 0..ROUNDS {
        for child in &mut asked {
            writeln!(child, "{round}").expect("a living child");
        }
        for answer in &mut answers {
            let answer = answer.next().expect("an answer").expect("readable");
            failures.extend(Some(answer).filter(|answer| answer != "opened"));
        }
    }
    drop(asked);
    for mut child in children {
        assert!(child.wait().expect("the child's end").success());
    }
    assert_eq!(failures, [""; 0]);
}

/// Opens the store of each round that is asked for, and says what came of it.
fn open_stores(folder: &Path) {
    for round in std::io::stdin().lines() {
        let path = folder.join(round.expect("a line")).join("store.db");
        let spec = StoreSpec {
            path: &path,
            durability: Durability::Normal,
            must_exist: false,
            limits: RunLimits::default(),
        };
        let answer = match ensure(&spec) {
            Ok(_in_use) => "opened".to_owned(),
            Err(error) => format!("{error}: {:?}", std::error::Error::source(&error)),
        };
        writeln!(std::io::stderr(), "{answer}").expect("a living parent");
    }
}
