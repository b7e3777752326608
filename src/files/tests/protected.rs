use std::fs;

use super::*;
use crate::domain::{Error, Exit};

struct Kept {
    folder: tempfile::TempDir,
    protected: Protected,
}

impl Kept {
    fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let protected = Protected::of_store(&path(store))
            .and("the configuration file", [path("settings.toml")])
            .and("an input file", [path("fleet.csv")]);
        Self { folder, protected }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn judge(&self, name: &str) -> Result<(), Error> {
        Place::find(&self.path(name))?.refuse(&self.protected)
    }

    #[track_caller]
    fn refuses(&self, name: &str, what: &str) {
        let error = self.judge(name).expect_err(name);
        assert_eq!(error.exit(), Exit::CannotCreate, "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
    }
}

const ALL: [(&str, &str); 7] = [
    ("answers.db", "it is the store"),
    ("answers.db-wal", "it is a file of the store's"),
    ("answers.db-shm", "it is a file of the store's"),
    ("answers.db-journal", "it is a file of the store's"),
    ("answers.db.runs", "it is the folder of the store's runs"),
    ("settings.toml", "it is the configuration file"),
    ("fleet.csv", "it is an input file"),
];

#[test]
fn what_is_kept_is_refused_before_it_exists() {
    let kept = Kept::new("answers.db");
    fs::create_dir(kept.path("sub")).expect("a folder");
    for (name, what) in ALL {
        kept.refuses(name, what);
        kept.refuses(&format!("sub/../{name}"), what);
    }
    for name in ["answers.csv", "answers.db.csv", "fleet.csv.gz", "sub/answers.db"] {
        kept.judge(name).expect(name);
    }
    fs::create_dir(kept.path("answers.db.runs")).expect("a folder");
    kept.refuses(
        "answers.db.runs/20260101T000000Z-00000000",
        "it is the folder of the store's runs",
    );
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_refused_by_every_link() {
    use std::os::unix::fs::symlink;
    let kept = Kept::new("answers.db");
    for (at, (name, what)) in ALL.into_iter().enumerate() {
        let (soft, hard) = (format!("soft{at}"), format!("hard{at}"));
        symlink(name, kept.path(&soft)).expect("a link");
        kept.refuses(&soft, what);
        fs::write(kept.path(name), "kept").expect("a file");
        fs::hard_link(kept.path(name), kept.path(&hard)).expect("a link");
        kept.refuses(&soft, what);
        kept.refuses(&hard, what);
    }
}

#[test]
fn the_lock_of_a_run_is_refused_by_a_second_name() {
    let mut kept = Kept::new("answers.db");
    fs::create_dir(kept.path("answers.db.runs")).expect("a folder");
    fs::write(kept.path("answers.db.runs/in-use"), "kept").expect("a file");
    fs::hard_link(kept.path("answers.db.runs/in-use"), kept.path("out.csv")).expect("a link");
    kept.protected = Protected::of_store(&kept.path("answers.db"));
    kept.refuses("out.csv", "it is the lock of a run");
}

#[cfg(unix)]
#[test]
fn a_store_behind_a_link_is_kept_at_both_ends() {
    let mut kept = Kept::new("link.db");
    fs::create_dir(kept.path("disk")).expect("a folder");
    std::os::unix::fs::symlink("disk/real.db", kept.path("link.db")).expect("a link");
    kept.protected = Protected::of_store(&kept.path("link.db"));
    for name in ["link.db", "disk/real.db"] {
        kept.refuses(name, "it is the store");
    }
    for name in ["link.db-wal", "disk/real.db-wal", "disk/real.db-shm"] {
        kept.refuses(name, "it is a file of the store's");
    }
    kept.refuses("disk/real.db.runs", "it is the folder of the store's runs");
}

#[test]
fn names_of_our_own_files_are_refused() {
    let kept = Kept::new("answers.db");
    for name in [".out.csv.vinrich-lock", ".out.csv.vinrich-20260101.tmp"] {
        kept.refuses(name, "vinrich keeps such names");
    }
    kept.judge("out.csv.vinrich-lock").expect("a name like any other");
}
