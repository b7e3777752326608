//! A store that nobody can write, or nobody finds, from some moment of a run on: made
//! read-only, mounted over, its disk full.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use super::{Scene, WANTED};
use crate::store::disk::step;
use crate::support::command::Running;
use crate::support::command::trace::{Namespace, Nobody};
use crate::support::{Work, one_in};

/// Where the copy of what the run held is.
#[derive(Clone, Copy, PartialEq)]
enum Rescue {
    Beside,
    /// Where temporary files go.
    Elsewhere,
    /// The same, unless the disk took the last reply and not the next reservation.
    Perhaps,
}

/// What is done with mounts, in shell.
struct Mounted {
    name: &'static str,
    /// Before the store is made.
    before: &'static str,
    act: &'static str,
    code: i32,
    says: &'static str,
    rescue: Rescue,
    /// What a person does about it, before the restore.
    mend: &'static str,
}

const MOUNTED: [Mounted; 6] = [
    Mounted {
        name: "a folder over its folder",
        before: "true",
        act: "mount -t tmpfs none store",
        code: 78,
        says: "was removed",
        rescue: Rescue::Beside,
        mend: "true",
    },
    Mounted {
        name: "a read-only folder over its folder",
        before: "true",
        act: "mount -t tmpfs -o ro none store",
        code: 78,
        says: "was removed",
        rescue: Rescue::Elsewhere,
        mend: "umount store",
    },
    Mounted {
        name: "another file over it",
        before: "true",
        act: "mount --bind store/vinrich.backup store/vinrich.db",
        code: 78,
        says: "was replaced by another file",
        rescue: Rescue::Beside,
        mend: "umount store/vinrich.db",
    },
    Mounted {
        name: "another file over its log",
        before: "true",
        act: "cp store/vinrich.db-wal log; mount --bind log store/vinrich.db-wal",
        code: 78,
        says: "to another file",
        rescue: Rescue::Beside,
        mend: "umount store/vinrich.db-wal",
    },
    Mounted {
        name: "a full disk",
        before: "mkdir store; mount -t tmpfs -o size=4m none store",
        act: "head -c 9m /dev/zero > store/fill 2> /dev/null || true",
        code: 74,
        says: "disk",
        rescue: Rescue::Elsewhere,
        mend: "rm store/fill",
    },
    Mounted {
        name: "a disk that is almost full",
        before: "mkdir store; mount -t tmpfs -o size=4m none store",
        act: "head -c 9m /dev/zero > store/fill 2> /dev/null || true; truncate -s -16K store/fill",
        code: 74,
        says: "disk",
        rescue: Rescue::Perhaps,
        mend: "rm store/fill",
    },
];

fn assert_rescued(scene: &Scene, name: &str, wanted: Rescue) {
    let story = scene.story(name);
    let is_beside = |file: &str| {
        let is = file.contains("store/vinrich.db.rescue-");
        if is { Rescue::Beside } else { Rescue::Elsewhere }
    };
    let found = scene.rescue().map(is_beside);
    let is_wanted = match (found, wanted) {
        (None | Some(Rescue::Elsewhere), Rescue::Perhaps) => true,
        (found, wanted) => found == Some(wanted),
    };
    assert!(is_wanted, "{story}");
}

#[test]
fn mounts_and_full_disks_stop_the_run_and_lose_nothing() {
    for case in &MOUNTED {
        for at in one_in(step(3)).take_while(|at| *at <= WANTED / 20) {
            let work = Work::with_faults(&[]);
            let Some(space) = Namespace::of(&work) else { return };
            let space = Arc::new(space);
            space.shell(case.before);
            let run = |work: &Work, words: &[&str]| space.run(&work.command(words));
            let inside = Arc::clone(&space);
            let scene = Scene::play(work, &run, at, move |_| inside.shell(case.act));
            let asked = scene.vendor.heard().len();
            scene.assert_stopped(case.name, case.code, case.says);
            assert_rescued(&scene, case.name, case.rescue);
            space.shell(case.mend);
            if case.rescue != Rescue::Beside {
                space.shell("! ls store | grep rescue");
            }
            if let Some(rescue) = scene.rescue() {
                run(&scene.work, &["store", "restore", rescue]).exits(0);
            }
            assert_eq!(scene.vendor.heard().len(), asked, "a restore asks nobody");
            scene.assert_resumes(case.name, &run, |_| false);
        }
    }
}

#[test]
fn a_store_made_read_only_stops_the_run_and_loses_nothing() {
    /// What is made read-only, and its mode before and after.
    type Modes = &'static [(&'static str, u32, u32)];
    const READ_ONLY: [(&str, Modes); 3] = [
        ("its file", &[("store/vinrich.db", 0o600, 0o400)]),
        ("its folder", &[("store", 0o700, 0o500)]),
        ("both", &[("store/vinrich.db", 0o600, 0o400), ("store", 0o700, 0o500)]),
    ];
    for (name, modes) in READ_ONLY {
        for at in one_in(step(3)).take_while(|at| *at <= WANTED / 20) {
            let work = Work::with_faults(&[]);
            let Some(nobody) = Nobody::of(&work) else { return };
            let run = |work: &Work, words: &[&str]| {
                nobody.give(work);
                Running::start(&mut nobody.command(&work.command(words))).end()
            };
            let set = move |folder: &Path, pick: fn(&(&str, u32, u32)) -> u32| {
                for mode in modes {
                    let permissions = Permissions::from_mode(pick(mode));
                    fs::set_permissions(folder.join(mode.0), permissions).expect("ours");
                }
            };
            let folder = work.folder.path().to_owned();
            let scene = Scene::play(work, &run, at, move |_| set(&folder, |mode| mode.2));
            scene.assert_stopped(name, 78, "was made read-only");
            assert_eq!(scene.rescue(), None, "{}", scene.story(name));
            run(&scene.work, &super::DECODE).exits(78);
            set(scene.work.folder.path(), |mode| mode.1);
            scene.assert_resumes(name, &run, |_| false);
            scene.work.assert_sound();
        }
    }
}
