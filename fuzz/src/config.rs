//! The configuration: a file of settings and the variables that change them.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::time::Duration;

use vinrich::config::{QuotaReset, Settings, quota};
use vinrich::domain::error::Exit;
use vinrich::vendors::{registry, specs};

use super::with_file;

/// The file; behind a NUL byte, variables, one `NAME=VALUE` a line.
pub(crate) fn config(bytes: &[u8]) {
    let (file, variables) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let variables = String::from_utf8_lossy(variables);
    let variables: Vec<(OsString, OsString)> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    with_file(file, |path| {
        let load = || Settings::load(Some(path), variables.clone().into_iter(), &specs());
        match load() {
            Ok(settings) => {
                assert_settings(&settings);
                let again = load().expect("what was read once");
                assert_eq!(format!("{settings:?}"), format!("{again:?}"));
            }
            Err(error) => {
                assert_eq!(error.exit(), Exit::Config, "{error}");
                assert!(!error.to_string().is_empty());
            }
        }
    });
}

/// What holds of settings, however odd the words they came from.
fn assert_settings(settings: &Settings) {
    let century = Duration::from_hours(100 * 365 * 24);
    assert!(settings.max_wait <= century);
    assert!(settings.datasets.len() == 3 && settings.vendors.len() == registry().len());
    for dataset in settings.datasets.values() {
        assert!(dataset.ttl <= century);
    }
    for vendor in settings.vendors.values() {
        assert_address(&vendor.base_url);
        assert!(!vendor.timeout.is_zero() && vendor.concurrency.get() <= 256);
        for limit in &vendor.quotas {
            assert!(!limit.window.is_zero() && limit.window <= century);
            assert_eq!(quota(&limit.to_string()).as_ref(), Ok(limit), "as it is written");
        }
        for limit in &vendor.spend {
            assert!(limit.amount.0 >= 0 && !limit.window.is_zero());
        }
        assert!(vendor.price.values().all(|price| price.0 >= 0));
        if let QuotaReset::At { time, .. } = &vendor.quota_reset {
            assert_eq!((time.second(), time.subsec_nanosecond()), (0, 0));
        }
    }
}

/// A key is sent there: encrypted, or to this machine, and nowhere inside a cloud.
fn assert_address(url: &str) {
    let (scheme, rest) = url.split_once("://").expect("an address");
    let host = rest.split('/').next().unwrap_or_default();
    let is_loopback =
        ["localhost", "127.", "[::1]", "[::ffff:"].iter().any(|home| host.starts_with(home));
    assert!(scheme == "https" || (scheme == "http" && is_loopback), "{url}");
    assert!(!host.is_empty() && !host.contains('@'), "{url}");
    let ip = host.split(':').next().and_then(|host| host.parse::<Ipv4Addr>().ok());
    assert!(!ip.is_some_and(|ip| ip.is_link_local()), "{url}");
    assert!(!url.contains(['?', '#', ' ', '\n']), "{url}");
}
