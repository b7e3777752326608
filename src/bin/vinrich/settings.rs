//! The settings of this machine: the configuration over the vendors of this build.

use std::path::Path;

use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::vendors;

/// Loads the settings; `file` as given by `--config`.
pub(crate) fn load(file: Option<&Path>) -> Result<Settings, Error> {
    Settings::load(file, std::env::vars_os(), &vendors::specs())
}
