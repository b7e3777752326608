use super::*;

/// What `resolver` finds for a name that leads to `address`; a number leads to itself.
fn leads(resolver: Resolver, address: &str) -> Result<Vec<SocketAddr>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let name: Name = address.parse().expect("a name");
    let found = runtime.expect("a runtime").block_on(resolver.resolve(name));
    found.map(Iterator::collect).map_err(|error| error.to_string())
}

#[test]
fn names_never_lead_to_machine_credentials() {
    for address in ["169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"] {
        for resolver in [Resolver::Anywhere, Resolver::Loopback] {
            let error = leads(resolver, address).expect_err(address);
            assert_eq!(error, OffLimits.to_string(), "{address}");
        }
    }
}

#[test]
fn plain_http_names_lead_to_this_machine() {
    for address in ["10.0.0.1", "192.0.2.1", "2001:db8::1", "0.0.0.0"] {
        assert!(leads(Resolver::Loopback, address).is_err(), "{address}");
        assert_eq!(leads(Resolver::Anywhere, address).map(|found| found.len()), Ok(1));
    }
    let found = leads(Resolver::Loopback, "localhost").expect("every machine knows it");
    assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()));
}
