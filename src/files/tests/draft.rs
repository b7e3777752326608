use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::*;

fn mode(path: &Path) -> u32 {
    path.metadata().expect("a file").permissions().mode() & 0o7777
}

/// A file of `mode` at `path`.
fn holding(path: &Path, mode: u32) {
    fs::write(path, "old").expect("a file");
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

/// Writes `new` to `path`; gives the mode that the draft had meanwhile.
fn replace(path: &Path) -> u32 {
    let mut draft = Draft::beside(path).expect("a draft");
    draft.write_all(b"new").expect("written");
    let meanwhile = mode(draft.path());
    draft.sync().expect("synced");
    draft.publish().expect("in place");
    meanwhile
}

#[test]
fn a_replaced_file_keeps_its_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.csv");
    for kept in [0o600, 0o640, 0o664, 0o444, 0o200, 0o755] {
        holding(&out, kept);
        assert_eq!(replace(&out), 0o600, "nobody else reads what is being written");
        assert_eq!((mode(&out), fs::read(&out).expect("text")), (kept, b"new".to_vec()));
        fs::remove_file(&out).expect("removed");
    }
}

#[test]
fn a_new_file_has_the_mode_of_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, other) = (folder.path().join("out.csv"), folder.path().join("other.csv"));
    fs::write(&other, "by the umask").expect("a file");
    replace(&out);
    assert_eq!(mode(&out), mode(&other));
}

#[test]
fn a_private_draft_ignores_the_old_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("backup.db");
    holding(&out, 0o644);
    let mut draft = Draft::private_beside(&out).expect("a draft");
    draft.sync().expect("synced");
    draft.publish().expect("in place");
    assert_eq!(mode(&out), 0o600);
}

#[test]
fn a_replaced_file_keeps_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.csv");
    holding(&out, 0o640);
    let given = std::os::unix::fs::chown(&out, Some(12_345), Some(54_321));
    if given.is_err() {
        // Only an administrator may give files away.
        return;
    }
    replace(&out);
    let found = out.metadata().expect("a file");
    assert_eq!((found.uid(), found.gid(), mode(&out)), (12_345, 54_321, 0o640));
}
