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
#[path = "tests/resolver.rs"]
mod tests;
