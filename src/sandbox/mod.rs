//! The sandbox: the vendors imitated on this machine, to try the tool, to teach it,
//! and to run other people's pipelines against in CI. It spends nothing and
//! needs no key.
//!
//! It speaks HTTP on the loopback interface and keeps the vendors' contracts:
//! authentication, batch limits, error envelopes, quotas, rate-limit headers
//! and prices. What it says follows from the VIN alone, so two runs agree.
//! [`FaultRule`] makes it fail on request, in ways a test can count on.
//!
//! ```text
//! server -> registry -> carvin, visor, carstrel, nhtsa, vpic_api, visio, visa
//!        -> decode, recalls, dealer_stock -> fleet (what a VIN is) -> makers (data/*.csv)
//!        -> faults (what goes wrong) and journal (what was asked)
//! ```

mod carstrel;
mod carvin;
mod dealer_stock;
mod decode;
mod fault;
mod faults;
mod fleet;
mod handler;
mod journal;
mod makers;
mod nhtsa;
mod quota;
mod recalls;
mod redirect;
mod registry;
mod server;
#[cfg(test)]
mod tests;
mod visa;
mod visio;
mod visor;
mod vpic_api;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::Quota;
use crate::domain::Error;

pub use fault::FaultRule;
pub use journal::{Seen, Tally};

/// The vendors that the sandbox knows, by id.
pub fn vendors() -> Vec<&'static str> {
    registry::ALL.iter().map(|profile| profile.id).collect()
}

/// The usual API key of `vendor` in the sandbox; `None` for one that asks for no key.
pub fn key(vendor: &str) -> Option<&'static str> {
    registry::find(vendor)?.key
}

/// How a sandbox is set up.
#[derive(Clone, Debug, Default)]
pub struct SandboxSpec {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// What goes wrong, in order of precedence.
    pub faults: Vec<FaultRule>,
    /// How many calls the vendors allow.
    pub quotas: Quotas,
    /// How long every reply takes at least.
    pub latency: Option<Duration>,
    /// The API keys taken.
    pub keys: Keys,
}

/// The quotas of each vendor: sliding windows, all of which hold.
#[derive(Clone, Debug)]
pub struct Quotas(BTreeMap<String, Vec<Quota>>);

impl Default for Quotas {
    /// Generous, so that a demonstration is quick: for carvin 5000 a day, for
    /// visor its tier T3.
    fn default() -> Self {
        Self::all(|profile| profile.quotas)
    }
}

impl Quotas {
    /// Quotas that let a million rows through within the hour, so that trying a
    /// large file takes no patience.
    pub fn roomy() -> Self {
        Self::all(|profile| profile.roomy)
    }

    /// The same, but for `vendor`.
    #[must_use]
    pub fn with(mut self, vendor: &str, quotas: Vec<Quota>) -> Self {
        self.0.insert(vendor.to_owned(), quotas);
        self
    }

    /// Those of `vendor`.
    pub fn of(&self, vendor: &str) -> &[Quota] {
        self.0.get(vendor).map(Vec::as_slice).unwrap_or_default()
    }

    fn all(quotas: impl Fn(&registry::Profile) -> &'static [Quota]) -> Self {
        let pair = |profile: &&registry::Profile| (profile.id.to_owned(), quotas(profile).to_vec());
        Self(registry::ALL.iter().map(pair).collect())
    }
}

/// Locks what one account counts or keeps; a thread that panicked left at worst one
/// entry out.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn per(calls: u32, window: Duration) -> Quota {
    let calls = match NonZeroU32::new(calls) {
        Some(calls) => calls,
        None => NonZeroU32::MIN,
    };
    Quota { calls, window }
}

/// The API keys taken, where they are not the usual ones.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<String, String>);

impl Keys {
    /// The same, but for `vendor`.
    #[must_use]
    pub fn with(mut self, vendor: &str, key: &str) -> Self {
        self.0.insert(vendor.to_owned(), key.to_owned());
        self
    }

    /// The key of a vendor; empty where it asks for none.
    fn of(&self, profile: &registry::Profile) -> String {
        let own = || profile.key.unwrap_or_default().to_owned();
        self.0.get(profile.id).cloned().unwrap_or_else(own)
    }
}

/// A running sandbox; it stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    server: server::Server,
    journal: Arc<journal::Journal>,
    quotas: Quotas,
}

impl Sandbox {
    /// Listens from here on. Fails when the port is taken.
    pub fn start(spec: SandboxSpec) -> Result<Self, Error> {
        let journal = Arc::new(journal::Journal::default());
        let quotas = spec.quotas.clone();
        let server = server::Server::start(spec, Arc::clone(&journal))?;
        Ok(Self { server, journal, quotas })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The `base_url` of `vendor`, such as `http://127.0.0.1:4800/carvin`.
    pub fn base_url(&self, vendor: &str) -> String {
        format!("http://{}/{vendor}", self.address())
    }

    /// The latest calls, in the order they arrived; at most 20,000.
    pub fn log(&self) -> Vec<Seen> {
        self.journal.calls()
    }

    /// Every call so far, counted by vendor, endpoint and status.
    pub fn tally(&self) -> Vec<Tally> {
        self.journal.tally()
    }
}
