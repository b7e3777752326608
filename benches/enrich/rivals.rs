//! The rivals that come from `PyPI`, where a Python has them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Result;

/// A Python that has what one of the scripts beside this file runs.
pub(crate) struct Scripted<V> {
    script: PathBuf,
    python: PathBuf,
    pub(crate) versions: V,
}

/// `DuckDB` and the offline decoder.
pub(crate) type Rivals = Scripted<Versions>;

/// What fleets are enriched with elsewhere; they are run on request.
pub(crate) type Clients = Scripted<ClientVersions>;

/// Which they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Versions {
    pub(crate) duckdb: String,
    pub(crate) ultravin: String,
}

/// Which they are.
#[derive(Debug, Deserialize)]
pub(crate) struct ClientVersions {
    pub(crate) aiohttp: String,
    pub(crate) dlt: String,
}

impl Versions {
    pub(crate) fn duckdb_name(&self) -> String {
        format!("DuckDB {}", self.duckdb)
    }

    pub(crate) fn ultravin_name(&self) -> String {
        format!("ultravin {}", self.ultravin)
    }
}

impl<V: DeserializeOwned> Scripted<V> {
    /// With the Python that `variable` names; nothing where it names nothing.
    pub(crate) fn find(script: &str, variable: &str) -> Result<Option<Self>> {
        let Some(python) = env::var_os(variable).filter(|path| !path.is_empty()) else {
            return Ok(None);
        };
        // Cargo runs a bench in the package's folder, whatever the variable is relative to.
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let script = package.join("benches/enrich").join(script);
        let python = package.join(python);
        let output = Command::new(&python).arg(&script).arg("versions").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(Some(Self { script, python, versions: serde_json::from_slice(&output.stdout)? }))
    }

    /// One of the script's jobs.
    pub(crate) fn job(&self, name: &str, arguments: &[&dyn AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(name);
        command.args(arguments.iter().map(AsRef::as_ref));
        command
    }

    /// A job that prepares a race.
    pub(crate) fn prepare(&self, name: &str, paths: &[&dyn AsRef<OsStr>]) -> Result<()> {
        let status = self.job(name, paths).status()?;
        if status.success() { Ok(()) } else { Err(format!("`{name}` failed: {status}").into()) }
    }
}
