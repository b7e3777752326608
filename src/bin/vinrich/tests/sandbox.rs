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
    let mut settings =
        settings_of("[vendors.carvin]\nquotas = ['3/day']\n[vendors.visor]\nspend = ['1 USD/day']");
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
