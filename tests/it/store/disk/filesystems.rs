//! Filesystems that cannot hold a store, or take no files: refused with a word,
//! before anything is asked.

use super::work_with;
use crate::support::Work;
use crate::support::command::DECODE;
use crate::support::command::trace::{can_mount, can_trace, failing, in_namespace, under, was_hit};

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
