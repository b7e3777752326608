//! The settings of this machine: the configuration over the vendors of this build.

use std::path::{Path, PathBuf};

use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::vendors;

/// Loads the settings; `file` as given by `--config`.
pub(crate) fn load(file: Option<&Path>) -> Result<Settings, Error> {
    Settings::load(file, std::env::vars_os(), &vendors::specs())
}

/// The store of settings that [`load`] refuses, where that is known.
pub(crate) fn store_of(file: Option<&Path>) -> Option<PathBuf> {
    Settings::store_of(file, std::env::vars_os())
}
