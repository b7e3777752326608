use std::fs;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Takes the lock of the one file `path`.
fn lock(path: &Path, wait: Option<Duration>) -> Result<OutputLocks, Error> {
    let cancel = Cancel::new();
    let wait = wait.map(|wait| Wait { wait, cancel: &cancel });
    OutputLocks::take(&[Named { flag: "--output", path }], &Protected::default(), wait)
}

/// All names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_second_run_is_told_who_holds_the_output() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let held = lock(&out, None).expect("free");
    for wait in [None, Some(Duration::from_millis(1))] {
        let error = lock(&out, wait).expect_err("held");
        assert_eq!(error.exit(), Exit::Locked);
        assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
    }
    assert!(lock(&folder.path().join("other.csv"), None).is_ok());
    drop(held);
    assert!(lock(&out, None).is_ok());
    if cfg!(unix) {
        assert_eq!(names(folder.path()), [""; 0], "no lock stays beside an output");
    }
}

#[test]
fn a_stop_ends_the_wait() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let _held = lock(&out, None).expect("free");
    let cancel = Cancel::new();
    cancel.stop(true);
    let wait = Some(Wait { wait: Duration::from_hours(1), cancel: &cancel });
    let written = [Named { flag: "--output", path: &out }];
    let error = OutputLocks::take(&written, &Protected::default(), wait).expect_err("stopped");
    assert_eq!(error.exit(), Exit::Terminated);
}

#[test]
fn a_run_that_waits_gets_the_output_when_it_is_free() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let held = lock(&out, None).expect("free");
    let waiting = thread::spawn(move || lock(&out, Some(Duration::from_secs(30))));
    drop(held);
    assert!(waiting.join().expect("no panic").is_ok());
}

#[test]
fn many_threads_hold_a_removed_lock_one_at_a_time() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let folder = folder();
    let out = folder.path().join("out.csv");
    let holders = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    // Sleeps are too long for so many turns: looks again at once.
                    let held = loop {
                        match lock(&out, None) {
                            Ok(held) => break held,
                            Err(error) => assert_eq!(error.exit(), Exit::Locked, "{error}"),
                        }
                    };
                    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                    thread::yield_now();
                    holders.fetch_sub(1, Ordering::SeqCst);
                    drop(held);
                }
            });
        }
    });
}

#[test]
fn replacing_the_output_does_not_lose_the_lock() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let _held = lock(&out, None).expect("free");
    crate::output::write_atomically(&out, b"new").expect("written");
    assert!(lock(&out, None).is_err());
}

#[test]
fn a_missing_folder_has_no_lock() {
    let out = folder().path().join("missing/out.csv");
    let error = lock(&out, None).expect_err("no folder");
    assert_eq!(error.exit(), Exit::CannotCreate);
}

#[test]
fn the_lock_of_a_killed_run_goes_with_the_next() {
    let folder = folder();
    let out = folder.path().join("fleet.parquet");
    fs::write(folder.path().join(".fleet.parquet.vinrich-lock"), "pid 1 since long ago")
        .expect("a file");
    drop(lock(&out, None).expect("nobody holds it"));
    if cfg!(unix) {
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_a_lock_file_is_left_alone() {
    let folder = folder();
    let (out, precious) = (folder.path().join("rows.tsv"), folder.path().join("letter.txt"));
    let lock_file = folder.path().join(".rows.tsv.vinrich-lock");
    fs::write(&precious, "dear all").expect("a file");
    let refused = |words: &str| {
        let error = lock(&out, None).expect_err(words);
        assert_eq!(error.exit(), Exit::CannotCreate, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(fs::read_to_string(&precious).expect("text"), "dear all");
    };
    std::os::unix::fs::symlink(&precious, &lock_file).expect("a link");
    refused("is a symbolic link");
    fs::remove_file(&lock_file).expect("removed");
    std::os::unix::fs::symlink(folder.path().join("new.txt"), &lock_file).expect("a link");
    refused("is a symbolic link");
    assert!(!folder.path().join("new.txt").exists(), "nor is it created");
    fs::remove_file(&lock_file).expect("removed");
    fs::hard_link(&precious, &lock_file).expect("a link");
    refused("has a second name");
    fs::remove_file(&lock_file).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&lock_file).status().expect("mkfifo");
    assert!(made.success());
    refused("is not a regular file");
    fs::remove_file(&lock_file).expect("removed");
    fs::create_dir(&lock_file).expect("a folder");
    refused("cannot be opened");
}

#[cfg(unix)]
#[test]
fn a_lock_removed_by_hand_is_not_removed_twice() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let first = lock(&out, None).expect("free");
    fs::remove_file(folder.path().join(".out.csv.vinrich-lock")).expect("there");
    let second = lock(&out, None).expect("its file is new");
    drop(first);
    assert!(lock(&out, None).is_err(), "the second run's lock is still there");
    drop(second);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn two_names_of_one_file_share_a_lock() {
    let folder = folder();
    let (one, other) = (folder.path().join("one.csv"), folder.path().join("other.csv"));
    fs::write(&one, "1FTFW1ET5DFC10312").expect("a file");
    fs::hard_link(&one, &other).expect("a link");
    let held = lock(&one, None).expect("free");
    let error = lock(&other, None).expect_err("held");
    assert_eq!(error.exit(), Exit::Locked);
    assert!(!error.to_string().contains("1FTFW1"), "{error}");
    drop(held);
    assert!(lock(&other, None).is_ok());
    assert_eq!(names(folder.path()), ["one.csv", "other.csv"]);
}

#[test]
fn two_flags_never_name_one_file() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("old.csv"), "old").expect("a file");
    let mut pairs = vec![("new.csv", "./new.csv"), ("old.csv", "old.csv"), ("a.csv", "a.csv")];
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("old.csv", path("soft.csv")).expect("a link");
        symlink("unmade.csv", path("dangling.csv")).expect("a link");
        symlink(".", path("here")).expect("a link");
        fs::hard_link(path("old.csv"), path("hard.csv")).expect("a link");
        pairs.extend([
            ("old.csv", "soft.csv"),
            ("soft.csv", "hard.csv"),
            ("old.csv", "hard.csv"),
            ("unmade.csv", "dangling.csv"),
            ("here/new.csv", "new.csv"),
        ]);
    }
    for (one, other) in pairs {
        for (one, other) in [(one, other), (other, one)] {
            let (one, other, third) = (path(one), path(other), path("third.json"));
            let written = [
                Named { flag: "--rejects", path: &one },
                Named { flag: "--report", path: &third },
                Named { flag: "--metrics", path: &other },
            ];
            let error = OutputLocks::take(&written, &Protected::default(), None).expect_err("one");
            assert_eq!(error.exit(), Exit::Usage, "{error}");
            assert_eq!(error.to_string(), "`--rejects` and `--metrics` name the same file");
        }
    }
    let dash = [Named { flag: "--rejects", path: Path::new("-") }];
    let error = OutputLocks::take(&dash, &Protected::default(), None).expect_err("no file");
    assert_eq!(error.to_string(), "`--rejects` needs a file; only `--output` can be stdout");
}
