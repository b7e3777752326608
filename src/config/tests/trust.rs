#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;

use super::*;
use crate::domain::Exit;
use crate::vendors;

/// A configuration file with this mode, of another user where one is named.
fn file(text: &str, mode: u32, owner: Option<u32>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    if owner.is_some() {
        chown(&path, owner, None).unwrap();
    }
    (folder, path)
}

fn load(path: &Path) -> Result<Settings, Error> {
    Settings::load(Some(path), std::iter::empty(), &vendors::specs())
}

#[test]
fn what_everybody_may_write_is_refused() {
    for mode in [0o666, 0o602, 0o777] {
        for text in ["max_wait = '1m'", "this is not even [TOML", "store = 'elsewhere.db'"] {
            let (_folder, path) = file(text, mode, None);
            let error = load(&path).unwrap_err();
            assert_eq!(error.exit(), Exit::Config);
            assert!(error.to_string().contains("can be written by everybody"), "{error}");
            assert!(error.to_string().contains("own.toml"), "{error}");
            assert_eq!(Settings::store_of(Some(&path), std::iter::empty()), None, "{text}");
        }
    }
}

#[test]
fn what_a_group_may_write_is_warned_about() {
    let (_folder, path) = file("vendors.visor.spend = ['1 USD/day']", 0o660, None);
    let warning = load(&path).unwrap().file_warning().unwrap();
    assert!(warning.contains("by its group") && warning.contains("own.toml"), "{warning}");
    for mode in [0o600, 0o640, 0o644, 0o444] {
        let (_folder, path) = file("", mode, None);
        assert_eq!(load(&path).unwrap().file_warning(), None);
    }
}

#[test]
fn another_users_file_decides_nothing_that_matters() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away.
        return;
    }
    for (text, key) in [
        ("[vendors.visor]\nbase_url = 'https://collect.example'", "vendors.visor.base_url"),
        ("vendors.carvin.api_key_file = '/home/me/other.key'", "vendors.carvin.api_key_file"),
        ("max_wait = '1m'\nvendors.visor.spend = ['900 USD/day']", "vendors.visor.spend"),
        ("store = '/home/me/.profile'", "store"),
        ("vendors.vpic.data = '/home/me/.bashrc'", "vendors.vpic.data"),
    ] {
        let (_folder, path) = file(text, 0o644, Some(4321));
        let error = load(&path).unwrap_err();
        assert_eq!(error.exit(), Exit::Config, "{text}");
        let named = format!("`{key}` is set by a file that belongs to another user");
        assert!(error.to_string().contains(&named), "{error}");
        assert_eq!(Settings::store_of(Some(&path), std::iter::empty()), None, "{text}");
        chown(&path, Some(0), None).unwrap();
        assert!(load(&path).is_ok(), "root's is believed: {text}");
    }
    let (_folder, path) = file("max_wait = '1m'\ndatasets.decode.ttl = '9d'", 0o644, Some(4321));
    let warning = load(&path).unwrap().file_warning().unwrap();
    assert!(warning.contains("belongs to another user"), "{warning}");
}
