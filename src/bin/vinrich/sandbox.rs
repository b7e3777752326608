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
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use secrecy::{ExposeSecret, SecretString};
    use vinrich::domain::money::Micros;

    use super::*;

    fn settings_of(text: &str) -> Settings {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Settings::load(Some(file.path()), std::iter::empty(), &vendors::specs()).unwrap()
    }

    fn sandboxed() -> SandboxedArgs {
        SandboxedArgs { sandbox: true, faults: Vec::new() }
    }

    #[test]
    fn a_sandboxed_run_reaches_no_vendor_and_no_lasting_store() {
        let mut settings = settings_of("store = '/var/lib/real.db'");
        let session = Session::start(&sandboxed(), &mut settings).unwrap();
        for (id, vendor) in &settings.vendors {
            assert!(vendor.base_url.starts_with("http://127.0.0.1:"), "{id}");
            assert!(vendor.sandbox && !vendor.spend.is_empty());
            let key = vendor.resolve_key().unwrap();
            let ours = |key: SecretString| key.expose_secret().starts_with("sandbox-");
            assert!(key.is_none_or(ours), "a real key never leaves");
        }
        let folder = settings.store.parent().unwrap().to_owned();
        assert!(folder.starts_with(std::env::temp_dir()) && folder.is_dir());
        drop(session);
        assert!(!folder.exists(), "the throwaway store is thrown away");
    }

    #[test]
    fn the_sandbox_keeps_the_users_limits_and_lifts_the_vendors() {
        let mut settings = settings_of(
            "[vendors.carvin]\nquotas = ['3/day']\n[vendors.visor]\nspend = ['1 USD/day']",
        );
        let _session = Session::start(&sandboxed(), &mut settings).unwrap();
        let quotas =
            |id: &str| settings.vendors[id].quotas.iter().map(Quota::to_string).collect::<Vec<_>>();
        assert_eq!(quotas("carvin"), ["3/day"]);
        assert_eq!(settings.vendors["visor"].quotas, Quotas::roomy().of("visor"));
        assert_eq!(settings.vendors["visor"].spend[0].amount, Micros(1_000_000));
        assert_eq!(settings.vendors["carvin"].spend[0].amount, Micros(1_000_000_000));
    }

    #[test]
    fn faults_need_a_sandbox() {
        let args = SandboxedArgs { sandbox: false, faults: vec!["carvin/500".parse().unwrap()] };
        let error = Session::start(&args, &mut settings_of("")).unwrap_err();
        assert_eq!(error.to_string(), "`--fault` makes the sandbox fail, so it needs `--sandbox`");
        assert_eq!(error.exit(), Exit::Usage);
        let plain = Session::start(&SandboxedArgs::default(), &mut settings_of("")).unwrap();
        assert!(plain.is_none());
    }

    #[test]
    fn the_printed_lines_point_a_configuration_at_the_sandbox() {
        let sandbox = Sandbox::start(SandboxSpec::default()).unwrap();
        let text = directions(&sandbox).unwrap();
        let env = text.lines().filter_map(|line| line.strip_prefix("export "));
        let env = env.filter_map(|line| line.split(' ').next()?.split_once('='));
        let env = env.map(|(name, value)| (name.into(), value.into()));
        let nothing = tempfile::NamedTempFile::new().unwrap();
        let settings = Settings::load(Some(nothing.path()), env, &vendors::specs()).unwrap();
        for id in sandbox::vendors() {
            assert_eq!(settings.vendors[id].base_url, sandbox.base_url(id));
        }
    }

    #[test]
    fn typed_quotas_replace_those_of_their_vendor_alone() {
        let typed = [("carvin".to_owned(), vinrich::config::quota("9/day").unwrap())];
        let quotas = quotas(&typed);
        assert_eq!(quotas.of("carvin"), [typed[0].1]);
        assert_eq!(quotas.of("visor"), Quotas::default().of("visor"));
    }
}
