#![allow(clippy::unwrap_used, reason = "tests")]
use secrecy::ExposeSecret;

use super::*;
use crate::domain::vendor::VendorDefaults;

static DEFAULTS: VendorDefaults = VendorDefaults {
    id: "carvin",
    base_url: "https://example.com",
    api_key_env: Some("CARVIN_API_KEY"),
    quotas: &[],
    price_micros: &[],
    concurrency: 4,
    options: &[],
};

fn key_of(settings: &VendorSettings, variable: &str) -> Option<String> {
    let found = settings.resolve_key_from(|_| Some(variable.to_owned())).unwrap();
    found.map(|key| key.expose_secret().to_owned())
}

fn key_file(content: &str) -> (tempfile::TempDir, VendorSettings) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, content).unwrap();
    #[cfg(unix)]
    set_mode(&path, 0o600);
    let settings =
        VendorSettings { api_key_file: Some(path), ..VendorSettings::new(&DEFAULTS).unwrap() };
    (folder, settings)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_set_directly_beats_the_file_and_the_file_beats_the_variable() {
    let (_folder, mut settings) = key_file("  from-file\n");
    assert_eq!(key_of(&settings, "from-variable").as_deref(), Some("from-file"));
    settings.api_key = Some("direct".to_owned().into());
    assert_eq!(key_of(&settings, "from-variable").as_deref(), Some("direct"));
    let plain = VendorSettings::new(&DEFAULTS).unwrap();
    assert_eq!(key_of(&plain, "from-variable").as_deref(), Some("from-variable"));
}

#[test]
fn an_empty_variable_is_not_a_key_and_an_empty_file_is_refused() {
    let plain = VendorSettings::new(&DEFAULTS).unwrap();
    assert_eq!(key_of(&plain, " \n"), None);
    let (_folder, settings) = key_file("\n");
    let error = settings.resolve_key().unwrap_err();
    assert_eq!(error.exit(), Exit::Key);
    assert!(error.to_string().ends_with("is empty"), "{error}");
}

#[test]
fn what_is_not_a_key_is_refused_without_repeating_it() {
    let (_folder, settings) = key_file("canary one\ncanary two");
    let error = settings.resolve_key().unwrap_err();
    assert_eq!(error.exit(), Exit::Key);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    let (_folder, settings) = key_file(&"canary".repeat(1000));
    assert!(settings.resolve_key().unwrap_err().to_string().ends_with("is too long to hold a key"));
}

#[test]
fn a_missing_key_file_is_an_error_with_its_path() {
    let mut settings = VendorSettings::new(&DEFAULTS).unwrap();
    settings.api_key_file = Some("no/such/key".into());
    let error = settings.resolve_key().unwrap_err();
    assert_eq!(error.to_string(), "key file `no/such/key` cannot be read");
    assert_eq!(error.exit(), Exit::Key);
}

#[cfg(unix)]
#[test]
fn a_key_file_open_to_everybody_is_warned_about_or_refused() {
    let (_folder, settings) = key_file("k3y");
    assert_eq!(settings.key_warning(), None);
    let path = settings.api_key_file.clone().unwrap();
    set_mode(&path, 0o644);
    assert!(settings.key_warning().unwrap().contains("can be read by everybody"));
    assert!(settings.resolve_key().is_ok());
    set_mode(&path, 0o602);
    let error = settings.resolve_key().unwrap_err();
    assert!(error.to_string().ends_with("can be written by everybody on this machine"));
}

#[cfg(unix)]
#[test]
fn a_secret_mounted_as_kubernetes_does_it_is_not_warned_about() {
    let (folder, mut settings) = key_file("k3y");
    let real = folder.path().join("..2026_11_22");
    std::fs::create_dir(&real).unwrap();
    std::fs::write(real.join("key"), "mounted").unwrap();
    std::os::unix::fs::symlink("..2026_11_22", folder.path().join("..data")).unwrap();
    std::fs::remove_file(folder.path().join("key")).unwrap();
    std::os::unix::fs::symlink("..data/key", folder.path().join("key")).unwrap();
    for through in ["key", "..data/key"] {
        settings.api_key_file = Some(folder.path().join(through));
        set_mode(&real.join("key"), 0o444);
        assert_eq!(settings.key_warning(), None, "{through}");
        assert_eq!(key_of(&settings, "").as_deref(), Some("mounted"));
        // One that its owner can write is an ordinary file, wherever it lies.
        set_mode(&real.join("key"), 0o644);
        assert!(settings.key_warning().is_some(), "{through}");
        set_mode(&real.join("key"), 0o446);
        assert!(settings.resolve_key().is_err(), "{through}");
    }
}

#[cfg(unix)]
#[test]
fn the_group_may_read_a_key_file() {
    let (_folder, settings) = key_file("k3y");
    set_mode(settings.api_key_file.as_ref().unwrap(), 0o640);
    assert_eq!(settings.key_warning(), None);
}

#[test]
fn debug_never_shows_the_key() {
    let mut settings = VendorSettings::new(&DEFAULTS).unwrap();
    settings.api_key = Some("canary".to_owned().into());
    assert!(!format!("{settings:?}").contains("canary"));
}
