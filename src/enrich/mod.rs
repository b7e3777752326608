//! `run`: both passes in one screen; names, not mechanics.

pub mod ask;
pub mod board;
pub mod chain;
pub mod explain;
pub mod inventory;
pub mod join;
pub mod plan;
pub mod report;
pub mod run;
pub mod survey;
pub mod write;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::cancel::Cancel;
use crate::domain::error::Error;
use crate::domain::events::{Events, Level, Phase, Progress};
use crate::domain::key_set::KeySet;
use crate::domain::time::Clock;
use crate::enrich::ask::{Asker, Doors};
use crate::enrich::board::Answers;
use crate::enrich::chain::{Available, Chain, Chains};
use crate::enrich::plan::Plan;
use crate::enrich::report::Report;
use crate::enrich::run::Run;
use crate::enrich::survey::Survey;
use crate::enrich::write::{Outputs, write};
use crate::gate::account_name;
use crate::gate::{Door, LargeBodies, Shared};
use crate::input::Inputs;
use crate::store::{RunInfo, RunLimits, Store, StoreSpec};

/// Enriches the plan's input into its output. Blocking; owns its runtime.
///
/// An error means that no output was written. A run that ends with a report has
/// written one, unless it was stopped; `Report::exit_code` says how it went.
/// Either way `<out>.run.json` tells the story, once the output's lock is held.
pub fn run(
    plan: &Plan,
    events: &dyn Events,
    clock: &dyn Clock,
    cancel: &Cancel,
) -> Result<Report, Error> {
    let mut run = Run::begin(plan, events, clock);
    let idle = cancel.idle();
    cancel.check()?;
    Inputs::check_exist(&plan.input)?;
    let known = |source: &_| chain::is_known(&plan.settings.store, source);
    let chains = Chains::of(plan, &Available { known: &known, ..Available::at(&plan.settings)? })?;
    run.note_panel(&chains);
    let inputs = Inputs::open(&plan.input)?;
    let (outputs, _lock) = Outputs::create(plan, &inputs, &run.id)?;
    drop(idle);
    if let Err(error) = enrich(plan, &mut run, &chains, &inputs, outputs, cancel) {
        if let Err(second) = run.end_with(&error).save(plan) {
            events.note(Level::Error, "report", &format!("no run report: {second}"));
        }
        return Err(error);
    }
    let report = run.report(&plan.thresholds);
    report.save(plan)?;
    Ok(report)
}

/// Pass 1, the asking, pass 2.
fn enrich(
    plan: &Plan,
    run: &mut Run<'_>,
    chains: &Chains,
    inputs: &Inputs,
    outputs: Outputs,
    cancel: &Cancel,
) -> Result<(), Error> {
    let survey = Survey::of(inputs, plan.rules, run.events, cancel)?;
    run.note_survey(inputs, &survey);
    survey.check(&plan.thresholds)?;
    run.phase_ended("reading");

    let vins = KeySet::vins(survey.vins);
    let store = open_store(plan, run)?;
    let done = ask_and_write(plan, run, chains, &store, &vins, inputs, outputs, cancel);
    if done.is_ok() && run.stopped().is_none() {
        trim_history(plan, run, &store);
    }
    let report = match &done {
        Ok(()) => run.report(&plan.thresholds),
        Err(error) => run.end_with(error),
    };
    let kept = store.finish(run.clock.now(), report.exit_code, &report.to_json()?);
    // A store that failed fails again: the first error is the one to tell.
    done.and(kept)
}

/// The asking, and pass 2 unless somebody stopped the run.
#[expect(clippy::too_many_arguments, reason = "both passes meet here")]
fn ask_and_write(
    plan: &Plan,
    run: &mut Run<'_>,
    chains: &Chains,
    store: &Store,
    vins: &KeySet,
    inputs: &Inputs,
    outputs: Outputs,
    cancel: &Cancel,
) -> Result<(), Error> {
    run.note_clock(store)?;
    run.note_local(chains, store)?;
    let answers = ask(plan, run, chains, store, vins, cancel)?;
    run.phase_ended("asking");
    if run.stopped().is_some() {
        return Ok(());
    }
    match write(plan, run, chains, store, answers, inputs, outputs, cancel)? {
        Some(wrote) => {
            run.note_written(wrote);
            run.phase_ended("writing");
            run.tell_done();
        }
        None => run.note_stop(cancel),
    }
    Ok(())
}

/// Earlier answers that nobody keeps any more leave the store. A run is none the
/// worse where they do not.
fn trim_history(plan: &Plan, run: &mut Run<'_>, store: &Store) {
    let now = run.clock.now().wall;
    let keep = plan.settings.datasets.iter().map(|(dataset, settings)| {
        let age = i64::try_from(settings.keep.as_micros()).unwrap_or(i64::MAX);
        (*dataset, now.saturating_sub(age))
    });
    if let Err(error) = store.trim_history(&keep.collect(), now) {
        run.events.note(Level::Warn, "history", &error.to_string());
    }
}

fn open_store(plan: &Plan, run: &Run<'_>) -> Result<Store, Error> {
    let spec = StoreSpec {
        path: &plan.settings.store,
        durability: plan.settings.durability,
        must_exist: plan.thresholds.require_store,
        limits: RunLimits { max_calls: plan.limits.max_calls, max_cost: plan.limits.max_cost },
    };
    let info = RunInfo {
        run_id: run.id.clone(),
        boot_id: run.clock.boot_id().to_owned(),
        command: plan.command.clone(),
        started: run.started,
    };
    Store::open(&spec, &info)
}

/// Both waves of calls, on a runtime of their own.
fn ask<'a>(
    plan: &'a Plan,
    run: &mut Run<'_>,
    chains: &'a Chains,
    store: &Store,
    vins: &'a KeySet,
    cancel: &Cancel,
) -> Result<Answers<'a>, Error> {
    let shared = Shared {
        writer: store.writer(),
        clock: run.clock,
        cancel,
        events: run.events,
        progress: RefCell::new(Progress {
            phase: Phase::Asking,
            rows: run.rows(),
            rows_total: Some(run.rows()),
            ..Progress::default()
        }),
        max_wait: plan.settings.max_wait,
        large_bodies: LargeBodies::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
    runtime.block_on(async {
        let doors = open_doors(plan, chains, store, &shared).await?;
        let started = run.started.wall;
        let offline = chains.offline(started).map(|offline| offline.until(cancel));
        let gate = Doors { plan, store, shared: &shared, by_vendor: doors, started };
        let asker = Asker { plan, chains, offline, gate };
        let answers = asker.ask(vins).await?;
        for (id, door) in &asker.gate.by_vendor {
            let label = crate::gate::label(door.vendor(), &plan.settings.vendors[id]);
            run.note_vendor(label, door.report().await?, door.resume_at());
        }
        run.note_answers(&answers, cancel);
        run.progress = shared.progress.borrow().clone();
        Ok(answers)
    })
}

/// One door for each vendor that has what it takes to be asked.
async fn open_doors<'a>(
    plan: &'a Plan,
    chains: &Chains,
    store: &Store,
    shared: &'a Shared<'a>,
) -> Result<BTreeMap<&'static str, Door<'a>>, Error> {
    let mut doors = BTreeMap::new();
    let sources = chains.by_dataset.values().flat_map(Chain::sources);
    for source in sources.filter(|source| source.can_be_asked() && !plan.datasets.offline) {
        let id = source.name.vendor;
        if doors.contains_key(id) {
            continue;
        }
        let name = account_name(store.install_key(), source.key.as_ref());
        let account = store.writer().account(id, source.name.origin.clone(), name).await?;
        let settings = &plan.settings.vendors[id];
        doors.insert(id, Door::open(shared, source.vendor, settings, account, source.key.clone())?);
    }
    Ok(doors)
}
