//! Calls that are not billed, one to a vendor, as a run of their own: each is
//! in the ledger before it is sent, and the run is remembered like any other.

mod trouble;

use std::cell::RefCell;

use futures_util::StreamExt as _;
use secrecy::SecretString;

use crate::config::{Settings, VendorSettings};
use crate::domain::cancel::Cancel;
use crate::domain::error::{Error, Exit};
use crate::domain::events::Silent;
use crate::domain::time::Clock;
use crate::enrich::run::run_id;
use crate::gate::account_name;
use crate::gate::origin;
use crate::gate::{Door, LargeBodies, Probed, Shared};
use crate::store::{DayCalls, RunInfo, RunLimits, SourceName, Store, StoreSpec};
use crate::vendors::{Probe, Vendor};

pub(crate) use self::trouble::Trouble;

/// Vendors asked at the same time.
const AT_ONCE: usize = 8;

/// What a command brings along to make calls.
pub struct Caller<'a> {
    /// Which vendors, keys and store.
    pub settings: &'a Settings,
    /// The command line, for the list of runs.
    pub command: String,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The stop button.
    pub cancel: &'a Cancel,
}

/// A vendor and the one call it is to get.
pub(crate) struct Target<'a> {
    pub(crate) vendor: &'static dyn Vendor,
    pub(crate) settings: &'a VendorSettings,
    pub(crate) key: Option<SecretString>,
    pub(crate) probe: Probe,
}

/// A run that sends nothing but probes.
pub(crate) struct Probing<'a> {
    caller: &'a Caller<'a>,
    store: Store,
}

impl<'a> Probing<'a> {
    /// Opens the store, or creates it, and registers the run.
    pub(crate) fn begin(caller: &'a Caller<'a>) -> Result<Self, Error> {
        let started = caller.clock.now();
        let spec = StoreSpec {
            path: &caller.settings.store,
            durability: caller.settings.durability,
            must_exist: false,
            limits: RunLimits::default(),
        };
        let run = RunInfo {
            run_id: run_id(started.wall),
            boot_id: caller.clock.boot_id().to_owned(),
            command: caller.command.clone(),
            started,
        };
        Ok(Self { caller, store: Store::open(&spec, &run)? })
    }

    /// Sends every target its call; what came of each, in their order.
    pub(crate) fn ask<'t>(
        &self,
        targets: impl IntoIterator<Item = &'t Target<'t>>,
    ) -> Result<Vec<Probed>, Error> {
        let shared = Shared {
            writer: self.store.writer(),
            clock: self.caller.clock,
            cancel: self.caller.cancel,
            events: &Silent,
            progress: RefCell::default(),
            max_wait: self.caller.settings.max_wait,
            large_bodies: LargeBodies::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
        runtime.block_on(async {
            let calls = targets.into_iter().map(|target| self.call(&shared, target));
            let probed: Vec<_> =
                futures_util::stream::iter(calls).buffered(AT_ONCE).collect().await;
            shared.writer.settle().await?;
            probed.into_iter().collect()
        })
    }

    async fn call(&self, shared: &Shared<'_>, target: &Target<'_>) -> Result<Probed, Error> {
        let Target { vendor, settings, key, probe } = target;
        let writer = self.store.writer();
        let (id, origin, name) = self.account(target);
        let account = writer.account(id, origin.clone(), name).await?;
        let source = SourceName { dataset: None, vendor: id, endpoint: probe.endpoint, origin };
        let source = writer.source(source).await?;
        Door::open(shared, *vendor, settings, account, key.clone())?.probe(source, probe).await
    }

    /// What the ledger holds of a target's account since `since` (microseconds
    /// since the epoch).
    pub(crate) fn ledger(&self, target: &Target<'_>, since: i64) -> Result<Vec<DayCalls>, Error> {
        let (vendor, origin, name) = self.account(target);
        self.store.snapshot()?.calls_by_day((vendor, &origin, &name), since)
    }

    fn account(&self, target: &Target<'_>) -> (&'static str, String, String) {
        let key = target.key.as_ref();
        let name = account_name(self.store.install_key(), key);
        (target.vendor.spec().id(), origin(target.settings, key), name)
    }

    /// Ends the run; `report` is what `vinrich runs show` tells of it. One that
    /// was stopped ends with that error.
    pub(crate) fn finish(self, exit: Exit, report: &impl serde::Serialize) -> Result<(), Error> {
        let report = serde_json::to_string_pretty(report)
            .map_err(|error| Error::internal("cannot write the report").because(error))?;
        let stopped = self.caller.cancel.asked();
        let exit = stopped.unwrap_or(exit);
        self.store.finish(self.caller.clock.now(), exit.code(), &report)?;
        match stopped {
            Some(exit) => Err(Error::new(exit, "stopped before every vendor had answered")),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("command", &self.command).finish_non_exhaustive()
    }
}
