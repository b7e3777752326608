//! The rivals that come from `PyPI`, where a Python has them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::Result;

/// The script that has their jobs.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/enrich/rivals.py");

/// A Python that has the rivals.
pub(crate) struct Rivals {
    python: PathBuf,
    pub(crate) versions: Versions,
}

/// Which they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Versions {
    pub(crate) duckdb: String,
    pub(crate) ultravin: String,
}

impl Versions {
    pub(crate) fn duckdb_name(&self) -> String {
        format!("DuckDB {}", self.duckdb)
    }

    pub(crate) fn ultravin_name(&self) -> String {
        format!("ultravin {}", self.ultravin)
    }
}

impl Rivals {
    /// What `VINRICH_BENCH_PYTHON` names; nothing where it names nothing.
    pub(crate) fn find() -> Result<Option<Self>> {
        let Some(python) = env::var_os("VINRICH_BENCH_PYTHON").filter(|path| !path.is_empty())
        else {
            return Ok(None);
        };
        // Cargo runs a bench in the package's folder, whatever the variable is relative to.
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(python);
        let output = Command::new(&python).arg(SCRIPT).arg("versions").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(Some(Self { python, versions: serde_json::from_slice(&output.stdout)? }))
    }

    /// One of the script's jobs.
    pub(crate) fn job(&self, name: &str, paths: &[&dyn AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(SCRIPT).arg(name);
        command.args(paths.iter().map(AsRef::as_ref));
        command
    }

    /// A job that prepares a race.
    pub(crate) fn prepare(&self, name: &str, paths: &[&dyn AsRef<OsStr>]) -> Result<()> {
        let status = self.job(name, paths).status()?;
        if status.success() { Ok(()) } else { Err(format!("`{name}` failed: {status}").into()) }
    }
}
