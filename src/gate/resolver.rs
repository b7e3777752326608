//! Where the name of a vendor may lead. A name is checked whenever it is looked up,
//! since it may lead elsewhere than when the configuration was read.

use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::config::{is_loopback, is_off_limits};

/// Looks names up, and leaves out addresses where no vendor can be. Addresses
/// written as numbers are not looked up; the configuration refuses those.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resolver {
    /// Anywhere but where machines get their credentials from.
    Anywhere,
    /// Only to this machine: what is sent unencrypted stays on it.
    Loopback,
}

/// A name that leads only to addresses where nothing may be sent.
#[derive(Debug)]
pub(super) struct OffLimits;

impl fmt::Display for OffLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its name leads to an address where nothing may be sent")
    }
}

impl std::error::Error for OffLimits {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            // The port is that of the request, whatever it is here.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| resolver.allows(address)).collect();
            if allowed.is_empty() {
                return Err(OffLimits.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Resolver {
    fn allows(self, address: &SocketAddr) -> bool {
        match self {
            Self::Anywhere => !is_off_limits(address.ip()),
            Self::Loopback => is_loopback(address.ip()),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
