//! Acting: photo requests and paid tools, run through the same gate and ledger
//! as every other call.
//!
//! A command that acts makes a task of each row or vehicle, asks about those
//! that the store does not answer, and writes what came of them. What a call
//! does is frozen in the store before it is sent, on a connection that survives
//! a power cut; the store and the gate see to that ([`Effect`](crate::domain::key::Effect)).
//! Nothing here sends, retries or counts by itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use crate::config::{Durability, Settings, VendorSettings};
use crate::domain::cancel::Cancel;
use crate::domain::error::{Error, Exit};
use crate::domain::events::{Events, Level, Phase, Progress};
use crate::domain::freshness::Freshness;
use crate::domain::key::Key;
use crate::domain::outcome::Outcome;
use crate::domain::time::{Clock, Moment};
use crate::enrich::plan::Limits;
use crate::enrich::report::{OutputReport, Report};
use crate::enrich::run::{reports_of, run_id};
use crate::enrich::survey::Survey;
use crate::gate::account_name;
use crate::gate::origin;
use crate::gate::{AFTER_OUTAGE, Asking, Door, LargeBodies, Shared, label, later, rfc3339};
use crate::input::Inputs;
use crate::output::{Sheet, Written};
use crate::store::{
    Body, Held, NewAnswer, Operation, Reconcile, RunInfo, RunLimits, SourceId, SourceName, Store,
    StoreSpec,
};
use crate::vendors::{self, Auth, Said, Vendor};

/// Commits a file that has a row for each row of the input.
pub(super) fn whole(sheet: Sheet, survey: &Survey) -> Result<Written, Error> {
    if sheet.rows() != survey.rows {
        return Err(Error::internal("rows were not conserved"));
    }
    sheet.commit()
}

/// What a command works in.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Where news go.
    pub events: &'a dyn Events,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The stop button.
    pub cancel: &'a Cancel,
}

/// What is about to be done, for the user to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Calls that act.
    pub calls: usize,
}

/// Asks the user; an error is a no.
pub type Confirm<'a> = &'a dyn Fn(Intent) -> Result<(), Error>;

/// One command that acts at one vendor.
pub(super) struct Job<'a> {
    pub(super) vendor: &'static str,
    pub(super) settings: &'a Settings,
    pub(super) of_vendor: &'a VendorSettings,
    pub(super) limits: Limits,
    pub(super) command: &'a str,
    pub(super) run_id: String,
    pub(super) started: Moment,
}

/// The settings of a vendor that acts. Fails with 78 where there are none.
pub(super) fn settings_of<'a>(
    settings: &'a Settings,
    id: &str,
) -> Result<&'a VendorSettings, Error> {
    let known = settings.vendors.get(id);
    known.ok_or_else(|| Error::internal(format!("`{id}` has no settings")))
}

impl<'a> Job<'a> {
    pub(super) fn new(
        vendor: &'static str,
        settings: &'a Settings,
        of_vendor: &'a VendorSettings,
        limits: Limits,
        command: &'a str,
        clock: &dyn Clock,
    ) -> Self {
        let started = clock.now();
        let run_id = run_id(started.wall);
        Self { vendor, settings, of_vendor, limits, command, run_id, started }
    }

    /// Opens the store and the vendor's door, does `work` there, and closes both.
    pub(super) fn carry_out(
        &self,
        world: World<'_>,
        work: impl AsyncFnOnce(&Desk<'_>) -> Result<(), Error>,
    ) -> Result<Report, Error> {
        let vendor = vendors::find(self.vendor)
            .ok_or_else(|| Error::internal(format!("there is no vendor `{}`", self.vendor)))?;
        let key = self.of_vendor.resolve_key()?;
        if key.is_none() && vendor.spec().auth != Auth::None {
            return Err(self.no_key());
        }
        let store = self.open_store(world.clock)?;
        let shared = Shared {
            writer: store.writer(),
            clock: world.clock,
            cancel: world.cancel,
            events: world.events,
            progress: RefCell::new(Progress { phase: Phase::Asking, ..Progress::default() }),
            max_wait: self.settings.max_wait,
            large_bodies: LargeBodies::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
        let report = runtime.block_on(async {
            let origin = origin(self.of_vendor, key.as_ref());
            let name = account_name(store.install_key(), key.as_ref());
            let account = store.writer().account(self.vendor, origin.clone(), name).await?;
            let door = Door::open(&shared, vendor, self.of_vendor, account, key)?;
            let desk = Desk {
                vendor,
                origin,
                store: &store,
                shared: &shared,
                door,
                started: self.started,
                report: RefCell::new(self.blank_report()),
                ends: RefCell::default(),
            };
            work(&desk).await?;
            desk.close(self.of_vendor).await
        })?;
        drop(runtime);
        store.finish(world.clock.now(), report.exit_code, &report.to_json()?)?;
        Ok(report)
    }

    /// Loses nothing that was committed, not even to a power cut.
    pub(super) fn open_store(&self, clock: &dyn Clock) -> Result<Store, Error> {
        let spec = StoreSpec {
            path: &self.settings.store,
            durability: Durability::Full,
            must_exist: false,
            limits: RunLimits { max_calls: self.limits.max_calls, max_cost: self.limits.max_cost },
        };
        let info = RunInfo {
            run_id: self.run_id.clone(),
            boot_id: clock.boot_id().to_owned(),
            command: self.command.to_owned(),
            started: self.started,
        };
        Store::open(&spec, &info)
    }

    pub(super) fn blank_report(&self) -> Report {
        Report {
            run_id: self.run_id.clone(),
            version: env!("CARGO_PKG_VERSION"),
            command: self.command.to_owned(),
            started_at: rfc3339(self.started.wall),
            ..Report::default()
        }
    }

    pub(super) fn no_key(&self) -> Error {
        let place = self.of_vendor.api_key_env.as_deref().unwrap_or("api_key_file");
        Error::new(Exit::Key, format!("no API key for `{}`", self.vendor))
            .hint(format!("set {place}, or try `--sandbox`, which needs no key"))
    }
}

/// One vendor's door, the store behind it, and the account of what was done.
pub(super) struct Desk<'a> {
    pub(super) vendor: &'static dyn Vendor,
    pub(super) origin: String,
    pub(super) store: &'a Store,
    pub(super) shared: &'a Shared<'a>,
    pub(super) door: Door<'a>,
    pub(super) started: Moment,
    pub(super) report: RefCell<Report>,
    /// Keys without an answer, by exit code.
    pub(super) ends: RefCell<BTreeMap<Exit, u64>>,
}

impl Desk<'_> {
    /// Where an endpoint's answers are kept.
    pub(super) async fn source(&self, endpoint: &'static str) -> Result<SourceId, Error> {
        let spec = self.vendor.spec();
        let (dataset, origin) = (None, self.origin.clone());
        self.shared.writer.source(SourceName { dataset, vendor: spec.id(), endpoint, origin }).await
    }

    /// Sends `keys` through the door; gives those without an answer, and why.
    pub(super) async fn ask(
        &self,
        endpoint: &'static str,
        keys: Vec<Key>,
    ) -> Result<HashMap<Key, Outcome>, Error> {
        let source = self.source(endpoint).await?;
        let freshness = Freshness::lasting();
        let asked = self.door.ask(Asking { endpoint, source, keys, freshness }).await?;
        Ok(asked.unanswered)
    }

    /// Counts keys that stay without an answer.
    pub(super) fn count<'o>(&self, outcomes: impl Iterator<Item = &'o Outcome>) {
        outcomes.for_each(|outcome| self.ends_with(outcome.verdict().2));
    }

    /// What the store holds about each of `keys`.
    pub(super) fn held(&self, source: SourceId, keys: &[Key]) -> Result<HashMap<Key, Held>, Error> {
        let mut sorted: Vec<(u32, String)> =
            (0_u32..).zip(keys).map(|(place, key)| (place, key.to_stored())).collect();
        sorted.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let mut found = HashMap::new();
        self.store.snapshot()?.each_held(source, sorted.into_iter(), |place, held| {
            found.insert(keys[place as usize].clone(), held);
        })?;
        Ok(found)
    }

    /// The words of an answer.
    pub(super) fn body(&self, key: &Key, held: &Held) -> Result<Vec<u8>, Error> {
        match held.body {
            Some(id) => self.store.snapshot()?.body(id, key),
            None => Ok(Vec::new()),
        }
    }

    /// What the store holds about `key`, words included.
    pub(super) fn known(
        &self,
        source: SourceId,
        key: &Key,
    ) -> Result<Option<(Held, Vec<u8>)>, Error> {
        let Some(held) = self.held(source, std::slice::from_ref(key))?.remove(key) else {
            return Ok(None);
        };
        let body = self.body(key, &held)?;
        Ok(Some((held, body)))
    }

    /// The journal of an endpoint.
    pub(super) fn operations(&self, source: SourceId) -> Result<Vec<Operation>, Error> {
        self.store.snapshot()?.operations(source)
    }

    /// Settles an operation by what was found of it, or frees it when nothing was.
    pub(super) async fn reconcile(
        &self,
        source: SourceId,
        operation: &Operation,
        found: Option<String>,
    ) -> Result<(), Error> {
        let at = self.shared.clock.now().wall;
        let Operation { key, frozen_at, .. } = operation.clone();
        let answer = found.map(|body| NewAnswer {
            key: key.clone(),
            said: Said::Found,
            body: Body::Own(body.into()),
            expires_at: Freshness::lasting().expires_at(&key, true, at),
        });
        self.shared.writer.reconcile(Reconcile { source, key, frozen_at, answer, at }).await
    }

    /// What was read, and written of it.
    pub(super) fn note_rows(&self, inputs: &Inputs, survey: &Survey, written: Written) {
        let mut report = self.report.borrow_mut();
        (report.inputs, report.rows) = reports_of(inputs, survey);
        report.rows.written = survey.rows;
        report.outputs.push(OutputReport::from(written));
    }

    /// Tells something a person should read, and keeps it for the report.
    pub(super) fn warn(&self, code: &'static str, words: String) {
        self.shared.events.note(Level::Warn, code, &words);
        self.report.borrow_mut().warnings.push(words);
    }

    /// Counts a failure that no outcome tells of.
    pub(super) fn ends_with(&self, exit: Exit) {
        *self.ends.borrow_mut().entry(exit).or_default() += 1;
    }

    /// The run's exit code, as far as it has come.
    pub(super) fn exit(&self) -> Exit {
        if let Some(stopped) = self.shared.cancel.asked() {
            return stopped;
        }
        let ends = self.ends.borrow();
        let some_failed = ends.contains_key(&Exit::SomeFailed);
        let plain = if some_failed { Exit::SomeFailed } else { Exit::Success };
        Exit::gravest(|exit| ends.contains_key(&exit)).unwrap_or(plain)
    }

    pub(super) async fn close(self, settings: &VendorSettings) -> Result<Report, Error> {
        let exit = self.exit();
        let of_vendor = self.door.report().await?;
        let resume_at = self.door.resume_at();
        let ended = self.shared.clock.now();
        let mut report = self.report.into_inner();
        report.exit_code = exit.code();
        report.outcome = exit.name();
        report.ended_at = rfc3339(ended.wall);
        report.seconds = ended.boot.saturating_sub(self.started.boot) as f64 / 1e6;
        if exit == Exit::Parked {
            let soon = later(ended.wall, AFTER_OUTAGE);
            report.resume_at = Some(rfc3339(resume_at.unwrap_or(soon)));
        }
        report.vendors.insert(label(self.vendor, settings), of_vendor);
        Ok(report)
    }
}
