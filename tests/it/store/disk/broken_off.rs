//! Backups and restores that are killed, or run into a full disk, at any system call.

use rusqlite::Connection;

use super::copies::{backup, decode, restore};
use super::{asked_again, leftovers, step, work_with};
use crate::support::Work;
use crate::support::command::Ended;
use crate::support::command::trace::{can_trace, failing, was_hit};

/// A store that knows more than the backup beside it.
struct Prepared {
    work: Work,
    store: Vec<u8>,
    backup: Vec<u8>,
}

impl Prepared {
    fn new() -> Self {
        let work = work_with(20, &[]);
        decode(&work, 0, 20);
        backup(&work, "b.db");
        decode(&work, 20, 40);
        let read = |path: std::path::PathBuf| std::fs::read(path).expect("a store");
        Self { store: read(work.store()), backup: read(work.path("b.db")), work }
    }

    /// Runs `vinrich store COMMAND` on both as they were while a system call
    /// fails, from the nth time on; nothing where it is not called so often.
    fn fails(&self, command: &[&str], call: &str, fault: &str, n: usize) -> Option<Ended> {
        std::fs::remove_dir_all(self.work.path("store")).expect("emptied");
        std::fs::create_dir(self.work.path("store")).expect("a folder");
        std::fs::write(self.work.store(), &self.store).expect("a store");
        std::fs::write(self.work.path("b.db"), &self.backup).expect("a backup");
        let rules = [format!("trace={call}"), format!("inject={call}:{fault}:when={n}+")];
        let ended = failing(&self.work, command, &rules);
        (was_hit(&self.work) || ended.code.is_none()).then_some(ended)
    }
}

/// Killed or failing at any system call, a restore leaves the old store or the new one.
#[test]
fn an_interrupted_restore_leaves_a_whole_store() {
    if !can_trace() {
        return;
    }
    let prepared = Prepared::new();
    let work = &prepared.work;
    let cases = [
        ("pwrite64", "signal=SIGKILL", 40),
        ("rename", "signal=SIGKILL", 1),
        ("linkat", "signal=SIGKILL", 1),
        ("unlink", "signal=SIGKILL", 3),
        ("fsync", "signal=SIGKILL", 3),
        ("pwrite64", "error=ENOSPC", 40),
        ("fsync", "error=EIO", 3),
        ("rename", "error=EROFS", 1),
        ("linkat", "error=EPERM", 1),
    ];
    for (call, fault, by) in cases {
        let mut hits = 0;
        for n in (1..).step_by(step(by)) {
            let Some(ended) = prepared.fails(&["store", "restore", "b.db"], call, fault, n) else {
                break;
            };
            hits += 1;
            let story = format!("{call} {fault} {n}: {:?} {}", ended.code, ended.stderr);
            assert!(matches!(ended.code, None | Some(0 | 73 | 74 | 78 | 137)), "{story}");
            work.assert_sound();
            assert_eq!(work.number("SELECT count(*) FROM calls"), 2, "{story}");
            assert_eq!(work.number("SELECT count(*) FROM answers"), 40, "{story}");
        }
        assert!(hits > 0, "{call} was never called");
    }
    restore(work, "b.db");
    decode(work, 0, 40);
    assert_eq!(asked_again(work), 0);
}

/// Killed where the replaced store has its second name and the backup is not in place.
#[test]
fn an_interrupted_restore_is_undone_by_the_next_run() {
    if !can_trace() {
        return;
    }
    let prepared = Prepared::new();
    let work = &prepared.work;
    let ended = prepared.fails(&["store", "restore", "b.db"], "rename", "signal=SIGKILL", 1);
    assert!(ended.is_some_and(|ended| ended.code != Some(0)), "it was killed");
    let set_aside = || {
        let names = std::fs::read_dir(work.path("store")).expect("a folder").flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains(".before-restore-")).count()
    };
    assert_eq!(set_aside(), 1);
    decode(work, 0, 40);
    assert_eq!((set_aside(), asked_again(work)), (0, 0));
    work.assert_sound();
}

#[test]
fn an_interrupted_backup_leaves_the_old_one() {
    if !can_trace() {
        return;
    }
    let prepared = Prepared::new();
    let work = &prepared.work;
    for (call, fault, by) in
        [("pwrite64", "error=ENOSPC", 13), ("fsync", "error=EIO", 1), ("rename", "error=EIO", 1)]
    {
        for n in (1..).step_by(step(by)) {
            let command = ["store", "backup", "b.db", "--force"];
            let Some(ended) = prepared.fails(&command, call, fault, n) else { break };
            let story = format!("{call} {fault} {n}: {:?} {}", ended.code, ended.stderr);
            assert!(matches!(ended.code, Some(74 | 78)), "{story}");
            // The last sync is of the folder, when the new one is in place.
            let now = std::fs::read(work.path("b.db")).expect("a backup");
            let db = Connection::open(work.path("b.db")).expect("a store");
            let answers: i64 = db
                .query_row("SELECT count(*) FROM answers", [], |row| row.get(0))
                .expect("a count");
            assert!(now == prepared.backup || answers == 40, "{story}");
            assert_eq!(leftovers(work, "."), [""; 0], "{story}");
        }
    }
}
