//! A session: one command's way to the store and the vendors.
//!
//! One call opens it: [`Session::open`] opens the store and registers the run.
//! Vendors are asked inside [`Session::online`]; [`Session::close`] ends the run in
//! the store, with its report and exit code. Nothing else opens a store for a run,
//! builds a runtime to ask vendors, opens a door, or ends a run. A run that fails
//! before it has a session is kept by [`keep_failure`].

use std::cell::{Cell, RefCell};
use std::path::Path;

use serde::Serialize;

use crate::config::{Durability, Settings};
use crate::domain::{Cancel, Clock, Error, Events, Level, Moment, Phase, Progress, Silent};
use crate::enrich::plan::Limits;
use crate::enrich::report::ReportBuilder;
use crate::gate::{Door, LargeBodies, Shared, VendorAccount};
use crate::store::{PackedSnapshot, Patience, RunLimits, SourceId, SourceName, Store, StoreSpec};

/// What every command is given: where its news goes, the time, and the stop button.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where news goes.
    pub events: &'a dyn Events,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The stop button.
    pub cancel: &'a Cancel,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("cancel", self.cancel).finish_non_exhaustive()
    }
}

/// How a session is opened.
#[derive(Debug)]
pub(crate) struct SessionSpec<'a> {
    /// Which store, and how long a vendor is waited for.
    pub(crate) settings: &'a Settings,
    /// How hard the store holds on to what it wrote.
    pub(crate) durability: Durability,
    /// A missing store is an error instead of a new one.
    pub(crate) must_exist: bool,
    /// Nothing is asked: a store that may not be written is only read.
    pub(crate) offline: bool,
    /// The store is only read, also where it may be written: the run leaves no trace in it.
    pub(crate) reads_only: bool,
    /// What the run may use up.
    pub(crate) limits: Limits,
}

impl<'a> SessionSpec<'a> {
    /// A session with these settings, without limits of its own.
    pub(crate) fn new(settings: &'a Settings) -> Self {
        let durability = settings.durability;
        let limits = Limits::default();
        let (must_exist, offline, reads_only) = (false, false, false);
        Self { settings, durability, must_exist, offline, reads_only, limits }
    }
}

/// A run with its store open.
#[must_use = "a session that is not closed leaves its run without an end"]
pub(crate) struct Session<'a> {
    /// Where answers and calls are kept.
    pub(crate) store: Store<'a>,
    /// What the run notes of itself.
    pub(crate) report: &'a ReportBuilder<'a>,
    settings: &'a Settings,
    /// How far the run had come when the last vendor had answered.
    progress: RefCell<Progress>,
    /// What the output says of each vehicle, once it is in its place.
    snapshot: RefCell<Option<PackedSnapshot>>,
}

impl<'a> Session<'a> {
    /// Opens the store, or creates it, and registers the run in it.
    pub(crate) fn open(
        spec: &SessionSpec<'a>,
        report: &'a ReportBuilder<'a>,
    ) -> Result<Self, Error> {
        let path = &spec.settings.store;
        if spec.reads_only {
            let store = Store::open_to_read(path, spec.must_exist, report.context.events)?;
            return Ok(Self::of_store(store, spec, report));
        }
        let may_only_read = spec.offline && (path.exists() || !spec.must_exist);
        let only_read =
            if may_only_read { Store::open_read_only(path, report.context.events)? } else { None };
        let store = match only_read {
            Some(store) => {
                let how = if path.exists() { "is read-only" } else { "cannot be made" };
                let message =
                    format!("the store `{}` {how}: it does not keep this run", path.display());
                report.context.events.note(Level::Info, "read_only_store", &message);
                store
            }
            None => Self::open_store(spec, report)?,
        };
        Ok(Self::of_store(store, spec, report))
    }

    fn of_store(store: Store<'a>, spec: &SessionSpec<'a>, report: &'a ReportBuilder<'a>) -> Self {
        let (progress, snapshot) = (RefCell::default(), RefCell::default());
        Self { store, report, settings: spec.settings, progress, snapshot }
    }

    fn open_store(spec: &SessionSpec<'_>, report: &ReportBuilder<'a>) -> Result<Store<'a>, Error> {
        let Limits { max_calls, max_cost } = spec.limits;
        let store = StoreSpec {
            path: &spec.settings.store,
            durability: spec.durability,
            must_exist: spec.must_exist,
            limits: RunLimits { max_calls, max_cost },
        };
        let Context { cancel, events, .. } = report.context;
        let patience = Patience::up_to(spec.settings.max_wait, cancel.clone());
        // Nothing is asked yet: whoever stops the run need not wait for it.
        let _idle = cancel.idle();
        Store::open_waiting(&store, &report.run, patience, events)
    }

    /// What every command is given.
    pub(crate) fn context(&self) -> Context<'a> {
        self.report.context
    }

    /// When the run started.
    pub(crate) fn started(&self) -> Moment {
        self.report.run.started
    }

    /// Shows that `rows` rows have come through `phase`.
    pub(crate) fn show_progress(&self, phase: Phase, rows: u64) {
        let rows_total = Some(self.report.rows());
        let progress = Progress { phase, rows, rows_total, ..self.progress.borrow().clone() };
        self.context().events.progress(&progress);
    }

    /// Does `work`, which may ask vendors, on a runtime of its own.
    pub(crate) fn online<T>(
        &self,
        work: impl AsyncFnOnce(&Online<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Context { clock, cancel, events } = self.context();
        let rows = self.report.rows();
        let rows_total = (rows > 0).then_some(rows);
        let shared = Shared {
            writer: self.store.writer(),
            clock,
            cancel,
            events,
            progress: RefCell::new(Progress {
                phase: Phase::Asking,
                rows,
                rows_total,
                ..Progress::default()
            }),
            max_wait: self.settings.max_wait,
            large_bodies: LargeBodies::default(),
            lock_noted: Cell::new(false),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
        let done = runtime.block_on(work(&Online { session: self, shared: &shared }));
        self.progress.replace(shared.progress.into_inner());
        done
    }

    /// Whether a snapshot of the output can be kept: under a name, in a store that takes it.
    pub(crate) fn keeps_snapshot(&self) -> bool {
        self.report.run.output.is_some() && !self.store.is_read_only()
    }

    /// Keeps `snapshot` with the end of the run, should its output be complete then.
    pub(crate) fn keep_snapshot(&self, snapshot: PackedSnapshot) {
        self.snapshot.replace(Some(snapshot));
    }

    /// Ends the run as `done` says, with its report.
    pub(crate) fn close(self, done: Result<(), Error>) -> Result<(), Error> {
        let report = self.report.build(done.as_ref().err());
        if !report.wrote_complete_output() {
            self.snapshot.take();
        }
        let kept = self.close_with(report.exit_code, &report);
        // A store that failed fails again: the first error is the one to return.
        done.and(kept)
    }

    /// Ends the run with an exit code; `report` is what `vinrich runs show` says of it.
    pub(crate) fn close_with(self, exit_code: u8, report: &impl Serialize) -> Result<(), Error> {
        let report = serde_json::to_string_pretty(report)
            .map_err(|error| Error::internal("cannot write the run report").because(error))?;
        let ended = self.context().clock.now();
        self.store.finish(ended, exit_code, &report, self.snapshot.take())
    }
}

/// Keeps how a run ended that failed before it had a session, in a store that is there
/// and can be written. None is made for it, and the run is not the worse for it where
/// the store is what failed.
pub(crate) fn keep_failure(store: &Path, report: &ReportBuilder<'_>, error: &Error) {
    let spec = StoreSpec {
        path: store,
        durability: Durability::default(),
        must_exist: true,
        limits: RunLimits::default(),
    };
    let built = report.build(Some(error));
    let kept = built.to_json().and_then(|json| {
        // What kept the run out keeps its record out, too: that is not waited for again.
        let store = Store::open_waiting(&spec, &report.run, Patience::none(), &Silent)?;
        store.finish(report.context.clock.now(), built.exit_code, &json, None)
    });
    if let Err(second) = kept {
        report.context.events.note(Level::Debug, "record", &format!("no record: {second}"));
    }
}

/// The way to the vendors while a session is online.
pub(crate) struct Online<'a> {
    pub(crate) session: &'a Session<'a>,
    /// What the doors share.
    pub(crate) shared: &'a Shared<'a>,
}

impl<'a> Online<'a> {
    /// Opens the door to a vendor. Nothing is sent.
    pub(crate) async fn open(&self, account: &VendorAccount<'a>) -> Result<Door<'a>, Error> {
        let VendorAccount { vendor, settings, key } = account;
        let id = self.shared.writer.account(account.name()).await?;
        Door::open(self.shared, *vendor, settings, id, key.clone())
    }

    /// Where the answers of an endpoint are kept that belong to no dataset.
    pub(crate) async fn source(
        &self,
        account: &VendorAccount<'_>,
        endpoint: &'static str,
    ) -> Result<SourceId, Error> {
        let (vendor, origin) = (account.id(), account.origin());
        self.shared.writer.source(SourceName { dataset: None, vendor, endpoint, origin }).await
    }
}
