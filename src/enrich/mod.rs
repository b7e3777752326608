//! `enrich`: both passes in one screen; names, not mechanics.

pub(crate) mod ask;
pub(crate) mod board;
pub mod chain;
pub mod explain;
pub(crate) mod inventory;
pub(crate) mod join;
pub mod plan;
pub mod report;
pub(crate) mod session;
pub(crate) mod survey;
pub(crate) mod write;

use std::collections::BTreeMap;

use crate::domain::{Error, KeySet, Level, Phase};
use crate::enrich::ask::Asker;
use crate::enrich::board::Answers;
use crate::enrich::chain::{Available, Chain, Chains};
use crate::enrich::plan::Plan;
use crate::enrich::report::{Report, ReportBuilder, Watchers};
use crate::enrich::session::{Context, Online, Session, SessionSpec};
use crate::enrich::survey::Survey;
use crate::enrich::write::{Outputs, write};
use crate::files::{OutputLocks, Protected};
use crate::gate::{Door, VendorAccount, label};
use crate::input::Inputs;

/// A plan with its input open, and who can be asked.
pub(crate) struct Prepared<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) chains: Chains,
    pub(crate) inputs: Inputs,
}

/// Enriches the plan's input into its output. Blocking; brings its own runtime.
///
/// A run that ends with a report has written its output, unless it was stopped, or
/// keeps the old one ([`Report::output_kept`]); [`Report::exit_code`] says how it went.
/// The store keeps the report, or the error, of every run that opened it; the plan
/// says who else gets it.
///
/// # Errors
/// Any [`Error`]: no output was written. Its exit code says what went wrong.
pub fn enrich(plan: &Plan, context: Context<'_>) -> Result<Report, Error> {
    let report = ReportBuilder::of_plan(plan, context);
    let watchers = Watchers::of(plan);
    watchers.begin(&report);
    match prepare(plan, &report) {
        Ok((prepared, outputs, _locks)) => {
            watchers.end(&report, both_passes(&prepared, outputs, &report))
        }
        Err(error) => {
            watchers.fail(&report, &error, &Protected::of(&plan.settings));
            Err(error)
        }
    }
}

/// Finds who can be asked, opens the input, and takes the place of the output.
fn prepare<'a>(
    plan: &'a Plan,
    report: &ReportBuilder<'_>,
) -> Result<(Prepared<'a>, Outputs, OutputLocks), Error> {
    let _idle = report.context.cancel.idle();
    report.context.cancel.check()?;
    Inputs::check_exist(&plan.input)?;
    let known = |source: &_| chain::is_known(&plan.settings.store, source);
    let chains = Chains::of(plan, &Available { known: &known, ..Available::at(&plan.settings)? })?;
    report.note_chains(plan, &chains);
    let inputs = Inputs::open(&plan.input)?;
    inputs.check_row_ids(&plan.input)?;
    let (outputs, locks) = Outputs::create(plan, &inputs, &report.run.run_id)?;
    Ok((Prepared { plan, chains, inputs }, outputs, locks))
}

/// Pass 1, the calls, pass 2.
fn both_passes(
    prepared: &Prepared<'_>,
    outputs: Outputs,
    report: &ReportBuilder<'_>,
) -> Result<(), Error> {
    let vins = read_vins(prepared, report)?;
    let session = Session::open(&session_of(prepared.plan), report)?;
    let done = ask_and_write(prepared, &session, &vins, outputs);
    session.close(done)
}

/// Pass 1.
fn read_vins(prepared: &Prepared<'_>, report: &ReportBuilder<'_>) -> Result<KeySet, Error> {
    let Prepared { plan, inputs, .. } = prepared;
    let Context { events, cancel, .. } = report.context;
    let survey = Survey::of(inputs, plan, events, cancel)?;
    report.note_survey(inputs, &survey);
    survey.check(&plan.thresholds)?;
    survey.check_room(inputs, &plan.output)?;
    report.phase_ended("reading");
    Ok(KeySet::vins(survey.vins))
}

/// The calls, and pass 2 unless the run was stopped.
fn ask_and_write(
    prepared: &Prepared<'_>,
    session: &Session<'_>,
    vins: &KeySet,
    outputs: Outputs,
) -> Result<(), Error> {
    let Session { report, store, .. } = session;
    report.note_clock(store)?;
    report.note_local(&prepared.chains, store)?;
    let answers = ask(prepared, session, vins)?;
    report.phase_ended("asking");
    if report.is_stopped() {
        return Ok(());
    }
    let Some(wrote) = write(prepared, session, answers, outputs)? else {
        report.note_stop();
        return Ok(());
    };
    report.note_written(wrote);
    report.phase_ended("writing");
    session.show_progress(Phase::Done, report.rows());
    trim_history(prepared.plan, session);
    Ok(())
}

/// Asks the vendors for what the store does not know.
fn ask<'a>(
    prepared: &'a Prepared<'_>,
    session: &Session<'_>,
    vins: &'a KeySet,
) -> Result<Answers<'a>, Error> {
    let Prepared { plan, chains, .. } = prepared;
    let Session { report, store, .. } = session;
    let (started, cancel) = (session.started().wall, session.context().cancel);
    session.online(async |online| {
        let offline = chains.offline(started).map(|offline| offline.until(cancel));
        let (shared, doors) = (online.shared, open_doors(plan, chains, online).await?);
        let gate = ask::Doors { plan, store, shared, by_vendor: doors, started };
        let asker = Asker { plan, chains, offline, gate };
        let answers = asker.ask(vins).await?;
        for (id, door) in &asker.gate.by_vendor {
            let label = label(door.vendor(), &plan.settings.vendors[id]);
            report.note_vendor(label, door.report().await?, door.resume_at());
        }
        report.note_answers(&answers);
        Ok(answers)
    })
}

/// One door for each vendor that can be asked.
async fn open_doors<'a>(
    plan: &'a Plan,
    chains: &Chains,
    online: &Online<'a>,
) -> Result<BTreeMap<&'static str, Door<'a>>, Error> {
    let mut open = BTreeMap::new();
    let sources = chains.by_dataset.values().flat_map(Chain::sources);
    for source in sources.filter(|source| source.can_be_asked() && !plan.datasets.offline) {
        let id = source.name.vendor;
        if !open.contains_key(id) {
            let (vendor, settings) = (source.vendor, &plan.settings.vendors[id]);
            let account = VendorAccount { vendor, settings, key: source.key.clone() };
            open.insert(id, online.open(&account).await?);
        }
    }
    Ok(open)
}

/// Removes earlier answers that the settings do not keep any longer. A run is not
/// the worse for it where that fails.
fn trim_history(plan: &Plan, session: &Session<'_>) {
    let Context { clock, events, .. } = session.context();
    let now = clock.now().wall;
    let datasets = plan.settings.datasets.iter();
    let keep = datasets.map(|(dataset, settings)| (*dataset, now.earlier(settings.keep)));
    if let Err(error) = session.store.trim_history(&keep.collect(), now) {
        events.note(Level::Warn, "history", &error.to_string());
    }
}

/// The store of the plan, and what the run may use up.
fn session_of(plan: &Plan) -> SessionSpec<'_> {
    SessionSpec {
        must_exist: plan.thresholds.require_store,
        limits: plan.limits,
        ..SessionSpec::new(&plan.settings)
    }
}
