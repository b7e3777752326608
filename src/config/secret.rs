//! API keys: where they are fetched from. A key is never part of a message.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::SecretString;

use super::VendorSettings;
use crate::domain::{Error, Exit};

/// No vendor's key is longer; a longer file is not a key file.
const LONGEST: u64 = 4096;

impl VendorSettings {
    /// The vendor's API key: the one set directly, else `api_key_file`'s, else
    /// `api_key_env`'s. `None` where there is none or the variable is empty.
    ///
    /// # Errors
    ///
    /// 77 for a key file that cannot be read, that everybody may write or that is
    /// empty, and for a key that is not one word of visible ASCII.
    pub fn resolve_key(&self) -> Result<Option<SecretString>, Error> {
        self.resolve_key_from(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// What a person should know about where the key is kept.
    pub fn key_warning(&self) -> Option<String> {
        let path = self.api_key_file.as_deref()?;
        if is_mounted_secret(path) {
            return None;
        }
        let warning = if others_may(path, READ) {
            "can be read by everybody on this machine; `chmod 600` it"
        } else if is_another_users(path) {
            "belongs to another user, who can change it; `chown` it"
        } else {
            return None;
        };
        Some(format!("key file `{}` {warning}", path.display()))
    }

    /// Where the key is looked for, for a message; `None` where it is not.
    pub fn key_place(&self) -> Option<String> {
        if self.api_key.is_some() {
            let place = if self.sandbox { "the sandbox" } else { "the settings" };
            return Some(place.into());
        }
        let file = self.api_key_file.as_ref().map(|path| format!("key file `{}`", path.display()));
        let variable = || Some(format!("environment variable `{}`", self.api_key_env.as_ref()?));
        file.or_else(variable)
    }

    fn resolve_key_from(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<SecretString>, Error> {
        if let Some(key) = &self.api_key {
            return Ok(Some(key.clone()));
        }
        let Some(origin) = self.key_place() else { return Ok(None) };
        let text = if let Some(path) = &self.api_key_file {
            read_key_file(path)?
        } else {
            self.api_key_env.as_deref().and_then(variable).unwrap_or_default()
        };
        let key = text.trim();
        if key.is_empty() && self.api_key_file.is_some() {
            return Err(Error::new(Exit::Key, format!("{origin} is empty"))
                .hint("put the key in it, or take `api_key_file` out of the configuration"));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new(Exit::Key, format!("{origin} does not hold an API key"))
                .hint("a key is one word of letters, digits and signs"));
        }
        Ok((!key.is_empty()).then(|| key.to_owned().into()))
    }
}

fn read_key_file(path: &Path) -> Result<String, Error> {
    let refused =
        |what: &str| Error::new(Exit::Key, format!("key file `{}` {what}", path.display()));
    if others_may(path, WRITE) {
        return Err(refused("can be written by everybody on this machine")
            .hint("`chmod 600` it, and renew the key if someone else may have put it there"));
    }
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text)).map_err(
        |source| {
            refused("cannot be read")
                .because(source)
                .hint("`api_key_file` must name a file that the user who runs vinrich may read")
        },
    )?;
    if text.len() as u64 > LONGEST {
        return Err(refused("is too long to hold a key"));
    }
    Ok(text)
}

const READ: u32 = 0o004;
const WRITE: u32 = 0o002;

/// Whether users who are neither the owner nor of the group may do `what`.
/// False where the file cannot be looked at; reading it then says why.
#[cfg(unix)]
fn others_may(path: &Path, what: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & what != 0)
}

#[cfg(not(unix))]
fn others_may(_path: &Path, _what: u32) -> bool {
    false
}

/// Whether the file is of a user who is neither this one nor the system's.
#[cfg(unix)]
fn is_another_users(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && !is_ours(&found))
}

#[cfg(not(unix))]
fn is_another_users(_path: &Path) -> bool {
    false
}

/// Whether a container's runtime put the file there: on a filesystem that can
/// only be read, or as Kubernetes does it, behind a link named `..data` and
/// itself read-only. Its modes are then the runtime's, often 0444, and no
/// other user is on that machine.
fn is_mounted_secret(path: &Path) -> bool {
    /// The link that Kubernetes turns when a secret changes.
    const TURNED: &str = "..data";
    let target = std::fs::read_link(path).unwrap_or_default();
    let by_kubernetes =
        target.components().chain(path.components()).any(|part| part.as_os_str() == TURNED);
    let read_only = std::fs::metadata(path).is_ok_and(|found| found.permissions().readonly());
    is_read_only(path) || (by_kubernetes && read_only)
}

/// Whether `path` is on a filesystem that nothing can be written to from here,
/// as the secrets mounted into a container are. False where that cannot be known.
fn is_read_only(path: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::statvfs(path)
        .is_ok_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
    #[cfg(not(unix))]
    return path.metadata().is_ok_and(|found| found.permissions().readonly());
}

/// Whether the file that `found` describes is this user's own or the system's.
#[cfg(unix)]
fn is_ours(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == 0 || found.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
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
        assert!(
            settings.resolve_key().unwrap_err().to_string().ends_with("is too long to hold a key")
        );
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
}
