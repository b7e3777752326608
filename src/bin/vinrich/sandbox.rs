//! The sandbox: as a server for other programs, and inside one run.

use std::fmt::Write as _;
use std::time::Duration;

use tempfile::TempDir;
use vinrich::config::{Quota, Settings};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::{Error, Exit};
use vinrich::sandbox::{self, Quotas, Sandbox, SandboxSpec};
use vinrich::vendors;

use crate::cli::{SandboxArgs, SandboxedArgs};
use crate::{signals, stdout};

/// `vinrich sandbox`: serves until a signal comes.
pub(crate) fn run(args: SandboxArgs) -> Result<u8, Error> {
    let sandbox = Sandbox::start(SandboxSpec {
        port: args.port,
        faults: args.faults,
        quotas: quotas(&args.quotas),
        latency: args.latency,
        ..SandboxSpec::default()
    })?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    stdout::write(&directions(&sandbox)?)?;
    wait(&cancel);
    // Stopping is how this command ends, so the signal is not a failure.
    Ok(Exit::Success.code())
}

/// A sandbox that lives as long as one run, with a store that goes with it.
#[derive(Debug)]
pub(crate) struct Session {
    _sandbox: Sandbox,
    _store: TempDir,
}

impl Session {
    /// Starts a sandbox if one was asked for, and points `settings` at it.
    pub(crate) fn start(
        args: &SandboxedArgs,
        settings: &mut Settings,
    ) -> Result<Option<Self>, Error> {
        if !args.sandbox {
            let alone = Error::usage("`--fault` makes the sandbox fail, so it needs `--sandbox`");
            return if args.faults.is_empty() { Ok(None) } else { Err(alone) };
        }
        let faults = args.faults.clone();
        let quotas = Quotas::roomy();
        let sandbox = Sandbox::start(SandboxSpec { faults, quotas, ..Default::default() })?;
        let store =
            tempfile::Builder::new().prefix("vinrich-sandbox-").tempdir().map_err(|source| {
                Error::io("cannot create a throwaway store in", &std::env::temp_dir(), source)
            })?;
        sandbox.redirect(settings)?;
        settings.store = store.path().join("vinrich.db");
        Ok(Some(Self { _sandbox: sandbox, _store: store }))
    }
}

/// The quotas typed for a vendor, all of them, or the sandbox's own.
fn quotas(typed: &[(String, Quota)]) -> Quotas {
    typed.iter().fold(Quotas::default(), |quotas, (vendor, _)| {
        let of_vendor = typed.iter().filter(|(other, _)| other == vendor);
        quotas.with(vendor, of_vendor.map(|(_, quota)| *quota).collect())
    })
}

/// What a configuration needs to reach it: lines for a file, and for a shell.
fn directions(sandbox: &Sandbox) -> Result<String, Error> {
    let mut text = format!("# the sandbox listens on {}; stop it with Ctrl-C\n", sandbox.address());
    for id in sandbox::vendors() {
        let Some(vendor) = vendors::find(id) else { continue };
        let name = id.to_ascii_uppercase().replace('-', "_");
        let address = sandbox.base_url(id);
        let key = vendor.spec().defaults.api_key_env.zip(sandbox::key(id));
        let key = key.map(|(variable, key)| format!(" {variable}={key}")).unwrap_or_default();
        let written = writeln!(text, "export VINRICH_VENDORS__{name}__BASE_URL={address}{key}");
        written.map_err(|source| Error::internal("cannot print the addresses").because(source))?;
    }
    Ok(text)
}

fn wait(cancel: &Cancel) {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    while cancel.asked().is_none() {
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
#[path = "tests/sandbox.rs"]
mod tests;
