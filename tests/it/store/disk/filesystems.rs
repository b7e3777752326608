//! Filesystems that cannot hold a store, or take no files: refused with a word,
//! before anything is asked.

use super::work_with;
use crate::support::command::trace::{
    Nobody, can_mount, can_trace, failing, in_namespace, under, was_hit,
};
use crate::support::command::{DECODE, Running, eventually};
use crate::support::{Work, csv_rows};

#[track_caller]
fn nothing_was_asked(work: &Work) {
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn a_filesystem_without_locks_is_refused() {
    if !can_trace() {
        return;
    }
    // The lock of the output, of the store, of the run; and what looks at them.
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        for n in [1, 3, 4, 5] {
            let work = work_with(20, &[]);
            let rules = ["trace=flock".to_owned(), format!("inject=flock:error={error}:when={n}+")];
            let ended = failing(&work, &DECODE, &rules);
            assert!(was_hit(&work), "{n}");
            assert!(matches!(ended.code, Some(73 | 78)), "{error} {n}: {:?}", ended.code);
            ended.says(&["has no locks", "hint: ", "local disk"]);
            nothing_was_asked(&work);
        }
    }
}

#[test]
fn a_filesystem_that_cannot_share_memory_is_refused() {
    if !can_trace() {
        return;
    }
    let work = work_with(20, &[]);
    std::fs::create_dir(work.path("store")).expect("a folder");
    let index = work.path("store/vinrich.db-shm").display().to_string();
    let mut wrapper = vec!["strace", "-f", "-qq", "-o", "strace.log", "-P", &index];
    wrapper.extend(["-e", "trace=mmap", "-e", "inject=mmap:error=ENODEV"]);
    let command = &mut under(&wrapper, &work.command(&DECODE));
    let ended = crate::support::command::Running::start(command).end();
    assert!(was_hit(&work));
    ended.exits(78).says(&["vinrich.db", "hint: ", "local disk"]);
    nothing_was_asked(&work);
}

#[test]
fn a_store_on_a_network_filesystem_is_refused() {
    if !can_mount() {
        return;
    }
    for kind in ["nfs4", "cifs", "9p", "fuse.sshfs"] {
        let work = work_with(20, &[]);
        let folder = work.folder.path().canonicalize().expect("a folder");
        work.write(
            "mounts",
            &format!(
                "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:99 / {} rw - {kind} filer:/x rw\n",
                folder.display()
            ),
        );
        // The kernel's own list of mounts, as this process will see it.
        let script = "mount --bind mounts /proc/$$/mountinfo && exec \"$@\"";
        in_namespace(&work, script, &DECODE).exits(78).says(&[
            "network filesystem",
            kind,
            "local disk",
        ]);
        nothing_was_asked(&work);
        in_namespace(&work, "exec \"$@\"", &DECODE).exits(0);
    }
}

#[test]
fn unwritable_folders_are_refused_before_any_call() {
    if !can_mount() {
        return;
    }
    for (folder, words, exit) in [
        ("out", &["enrich", "vins.csv", "-o", "out/rows.csv", "--with", "decode"][..], 73),
        ("out", &["enrich", "vins.csv", "-o", "rows.csv", "--rejects", "out/bad.csv"], 73),
        ("out", &["validate", "vins.csv", "--rejects", "out/bad.csv"], 73),
        ("store", &DECODE, 78),
    ] {
        for used_before in [false, true] {
            let work = work_with(20, &[]);
            std::fs::create_dir_all(work.path(folder)).expect("a folder");
            if used_before {
                work.vinrich(&words.iter().copied().chain(["--quiet"]).collect::<Vec<_>>())
                    .exits(0);
                work.write_vins(&crate::support::command::vins(60));
            }
            let asked = work.sandbox.log().len();
            let script = format!(
                "mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}; exec \"$@\""
            );
            in_namespace(&work, &script, words).exits(exit).says(&["error: ", "hint: "]);
            assert_eq!(work.sandbox.log().len(), asked, "{words:?}");
        }
    }
}

/// A report cannot be tried out beforehand where it is the only thing in its folder.
#[test]
fn a_read_only_store_says_so() {
    if !can_mount() {
        return;
    }
    let work = work_with(20, &[]);
    work.vinrich(&DECODE).exits(0);
    let script = "mount --bind store store; mount -o remount,bind,ro store; exec \"$@\"";
    for words in [&["runs", "list"][..], &["cache", "stats"], &["store", "backup", "b.db"]] {
        let ended = in_namespace(&work, script, words);
        assert!(matches!(ended.code, Some(0 | 78)), "{words:?}: {:?} {}", ended.code, ended.stderr);
        assert_eq!(ended.code == Some(78), ended.stderr.contains("error: "), "{}", ended.stderr);
    }
}

const READ_ONLY: &str = "mount --bind store store; mount -o remount,bind,ro store; exec \"$@\"";

/// What the store says, without asking anybody.
const OFFLINE: [&str; 9] = [
    "enrich",
    "vins.csv",
    "-o",
    "again.csv",
    "--with",
    "decode",
    "--offline",
    "--report",
    "run.json",
];

/// The rows without the run's own id and times.
fn rows(work: &Work) -> Vec<std::collections::BTreeMap<String, String>> {
    csv_rows(&work.read("again.csv"))
}

#[test]
fn an_offline_run_reads_a_read_only_store() {
    if !can_mount() {
        return;
    }
    let work = work_with(33, &[]);
    work.vinrich(&DECODE).exits(0);
    let store = std::fs::read(work.store()).expect("a store");
    in_namespace(&work, READ_ONLY, &OFFLINE).exits(0).says(&["read-only"]);
    let read_only = rows(&work);
    let report = work.json("run.json");
    assert_eq!((&report["exit_code"], &report["rows"]["written"]), (&0.into(), &33.into()));
    assert!(read_only.iter().all(|row| row["decode_status"] == "found"));
    assert!(std::fs::read(work.store()).expect("a store") == store, "it is only read");
    let shown = in_namespace(&work, READ_ONLY, &["runs", "list", "--format", "json"]).exits(0);
    let list = shown.json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "the report goes to `--report` alone");
    assert_ne!(list[0]["run_id"], report["run_id"]);
    work.vinrich(&OFFLINE).exits(0);
    assert_eq!(rows(&work), read_only);
    // What is asked must be kept: that needs a store that can be written.
    in_namespace(&work, READ_ONLY, &DECODE).exits(78).says(&["hint: "]);
}

#[test]
fn a_killed_runs_answers_are_read_read_only() {
    if !can_mount() {
        return;
    }
    let work = work_with(60, &["carvin/batch-decode/stall:after=1"]);
    let running = work.start(&DECODE);
    eventually("an answer", || {
        work.calls("batch-decode") > 0 && work.number("SELECT count(*) FROM answers") > 0
    });
    running.kill();
    let log = work.path("store/vinrich.db-wal");
    assert!(log.metadata().is_ok_and(|log| log.len() > 0), "a log that is not folded in");
    let ended = in_namespace(&work, READ_ONLY, &OFFLINE);
    let read_only = rows(&work);
    ended.exits(
        work.json("run.json")["exit_code"]
            .as_i64()
            .and_then(|code| code.try_into().ok())
            .expect("a code"),
    );
    work.vinrich(&OFFLINE);
    assert_eq!(rows(&work), read_only);
    assert!(read_only.iter().any(|row| row["decode_status"] == "found"));
}

#[test]
fn an_offline_run_needs_no_store() {
    if !can_mount() {
        return;
    }
    let (writable, read_only) = (work_with(6, &[]), work_with(6, &[]));
    std::fs::create_dir(read_only.path("store")).expect("a folder");
    let code = writable.vinrich(&OFFLINE).code.expect("a code");
    in_namespace(&read_only, READ_ONLY, &OFFLINE).exits(code);
    assert_eq!(rows(&read_only), rows(&writable));
    assert_eq!(read_only.json("run.json")["exit_code"], code);
    let strict = [&OFFLINE[..], &["--require-store"]].concat();
    in_namespace(&read_only, READ_ONLY, &strict).exits(78).says(&["there is no store"]);
}

/// By its mode, for a user who is not the administrator.
#[test]
fn an_offline_run_reads_another_users_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let work = work_with(14, &[]);
    work.vinrich(&DECODE).exits(0);
    std::fs::create_dir(work.path("nightly")).expect("a folder");
    for (path, mode) in [
        (".", 0o755),
        ("nightly", 0o777),
        ("store", 0o555),
        ("store/vinrich.db", 0o444),
        ("vins.csv", 0o444),
        ("vinrich.toml", 0o444),
    ] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(work.path(path), permissions).expect("ours");
    }
    let Some(nobody) = Nobody::of(&work) else { return };
    let words = ["enrich", "vins.csv", "-o", "nightly/rows.csv", "--with", "decode", "--offline"];
    let words = [&words[..], &["--report", "nightly/run.json"]].concat();
    let mut command = nobody.command(&work.command(&words));
    Running::start(command.env("TMPDIR", "nightly")).end().exits(0);
    let rows = csv_rows(&work.read("nightly/rows.csv"));
    assert!(rows.len() == 14 && rows.iter().all(|row| row["decode_status"] == "found"));
    assert_eq!(work.json("nightly/run.json")["exit_code"], 0);
    assert_eq!(work.number("SELECT count(*) FROM runs"), 1);
}
