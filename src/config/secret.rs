//! API keys: where they are fetched from. A key is never part of a message.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

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

    /// What a person should know about `key`: that it is one for tests.
    pub(crate) fn test_key_warning(&self, key: &SecretString) -> Option<String> {
        let is_for_tests = !self.sandbox && is_test_key(key);
        is_for_tests.then(|| {
            format!(
                "the key in {} is a test key: what it brings is not real, and is kept apart from the answers to a live key",
                self.key_name()
            )
        })
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

    /// The key in a message: where it is looked for, by the name of its file or its
    /// environment variable.
    pub(crate) fn key_name(&self) -> String {
        let file = self.api_key_file.as_ref().map(|path| format!("`{}`", path.display()));
        let variable = || self.api_key_env.as_ref().map(|name| format!("`{name}`"));
        let named = if self.api_key.is_some() { None } else { file.or_else(variable) };
        named.or_else(|| self.key_place()).unwrap_or_else(|| "the settings".into())
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

/// Whether a vendor gave `key` out for tests, as `vis_test_…`: there nothing is real.
pub(crate) fn is_test_key(key: &SecretString) -> bool {
    key.expose_secret().split('_').nth(1) == Some("test")
}

const READ: u32 = 0o004;
/// Users who are neither the owner nor of the group may write.
pub(super) const WRITE: u32 = 0o002;
/// Users of the group may.
pub(super) const GROUP_WRITE: u32 = 0o020;

/// Whether users who are neither the owner nor of the group may do `what`.
/// False where the file cannot be looked at; reading it then says why.
fn others_may(path: &Path, what: u32) -> bool {
    std::fs::metadata(path).is_ok_and(|found| may(&found, what))
}

/// Whether the mode of the file that `found` describes allows `what`.
#[cfg(unix)]
pub(super) fn may(found: &std::fs::Metadata, what: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.is_file() && found.mode() & what != 0
}

#[cfg(not(unix))]
pub(super) fn may(_found: &std::fs::Metadata, _what: u32) -> bool {
    false
}

/// Whether the file is of a user who is neither this one nor the system's.
fn is_another_users(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && !is_ours(&found))
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
pub(super) fn is_ours(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == 0 || found.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub(super) fn is_ours(_found: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
#[path = "tests/secret.rs"]
mod tests;
