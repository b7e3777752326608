//! The sandbox: a local stand-in for the vendors, to try the tool, to teach it,
//! and to run other people's pipelines against in CI. It spends nothing and
//! needs no key.
//!
//! It speaks HTTP on the loopback interface and keeps the vendors' contracts:
//! authentication, batch limits, error envelopes, quotas, rate-limit headers
//! and prices. What it says follows from the VIN alone, so two runs agree.
//! [`FaultRule`] makes it fail on request, in ways a test can count on.
//!
//! ```text
//! server -> carvin, visor -> recalls, lot -> fleet (what a VIN is) -> makers, body
//!        -> faults (what goes wrong) and journal (what was asked)
//! ```

mod body;
mod carvin;
mod fault;
mod faults;
mod fleet;
mod journal;
mod lot;
mod makers;
mod quota;
mod recalls;
mod server;
mod stand;
#[cfg(test)]
mod tests;
mod visor;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Quota;
use crate::error::Error;

pub use fault::FaultRule;
pub use journal::{Seen, Tally};

/// The vendors the sandbox stands in for, by id.
pub const VENDORS: [&str; 2] = ["carvin", "visor"];

/// The API key that the stand-in for carvin takes unless told otherwise.
pub const CARVIN_KEY: &str = "sandbox-carvin";

/// The API key that the stand-in for visor takes unless told otherwise.
pub const VISOR_KEY: &str = "sandbox-visor";

/// What a sandbox is to be like.
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
#[expect(missing_docs, reason = "one field a vendor")]
pub struct Quotas {
    pub carvin: Vec<Quota>,
    pub visor: Vec<Quota>,
}

impl Default for Quotas {
    /// Generous, so that a demonstration is quick: for carvin 5000 a day, for
    /// visor its tier T3.
    fn default() -> Self {
        Self {
            carvin: vec![per(5000, Duration::from_hours(24))],
            visor: vec![per(200, Duration::from_secs(10)), per(600, Duration::from_mins(1))],
        }
    }
}

fn per(calls: u32, window: Duration) -> Quota {
    Quota { calls: NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN), window }
}

/// The API key of each vendor.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "one field a vendor")]
pub struct Keys {
    pub carvin: String,
    pub visor: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self { carvin: CARVIN_KEY.into(), visor: VISOR_KEY.into() }
    }
}

/// A running sandbox; it stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    server: server::Server,
    journal: Arc<journal::Journal>,
}

impl Sandbox {
    /// Listens from here on. Fails when the port is taken.
    pub fn start(spec: SandboxSpec) -> Result<Self, Error> {
        let journal = Arc::new(journal::Journal::default());
        let server = server::Server::start(spec, Arc::clone(&journal))?;
        Ok(Self { server, journal })
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
