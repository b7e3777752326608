//! Whether a configuration file may be believed: whoever can change it decides where API
//! keys go, what is spent and which files are written.

use std::fs::Metadata;
use std::path::Path;

use super::Settings;
use super::entry::Entry;
use super::secret::{GROUP_WRITE, WRITE, is_ours, may};
use crate::domain::Error;

/// Refuses a file that everybody may write.
pub(super) fn refuse_writable(path: &Path, found: &Metadata) -> Result<(), Error> {
    if !may(found, WRITE) {
        return Ok(());
    }
    let message = format!(
        "the configuration file `{}` can be written by everybody on this machine",
        path.display()
    );
    Err(Error::config(message)
        .hint("read it through, since someone else may have changed it, and `chmod 644` it"))
}

/// Refuses what a file of another user must not decide.
pub(super) fn refuse_foreign(found: &Metadata, entries: &[Entry]) -> Result<(), Error> {
    match entries.iter().find(|entry| is_a_matter_of_trust(entry)) {
        Some(entry) if found.is_file() && !is_ours(found) => Err(entry
            .wrong("is set by a file that belongs to another user")
            .hint("read it through, and `chown` it to the user who runs vinrich, or to root")),
        _ => Ok(()),
    }
}

/// Where keys are sent or found, what may be spent, and the paths that are written.
fn is_a_matter_of_trust(entry: &Entry) -> bool {
    let path: Vec<&str> = entry.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["store"] | ["vendors", "vpic", "data"] => true,
        ["vendors", _, name, ..] => ["base_url", "api_key_file", "spend"].contains(name),
        _ => false,
    }
}

impl Settings {
    /// What a person should know about who may change the configuration file.
    pub fn file_warning(&self) -> Option<String> {
        let path = self.file.as_deref()?;
        let found = path.metadata().ok()?;
        let warning = if may(&found, GROUP_WRITE) {
            "can be written by its group, which so decides where keys are sent; `chmod g-w` it"
        } else if found.is_file() && !is_ours(&found) {
            "belongs to another user, who can change it; `chown` it"
        } else {
            return None;
        };
        Some(format!("the configuration file `{}` {warning}", path.display()))
    }
}

#[cfg(test)]
#[path = "tests/trust.rs"]
mod tests;
