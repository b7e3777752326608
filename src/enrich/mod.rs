//! `enrich`: both passes in one screen; names, not mechanics.

pub(crate) mod ask;
pub(crate) mod board;
pub mod chain;
pub mod explain;
pub(crate) mod filter;
pub(crate) mod guard;
pub(crate) mod inventory;
pub(crate) mod join;
pub(crate) mod output_snapshot;
pub mod plan;
pub(crate) mod rejects;
pub mod report;
pub(crate) mod session;
pub(crate) mod speakers;
pub(crate) mod survey;
pub(crate) mod write;

use std::collections::BTreeMap;
use std::io;

use crate::domain::{Error, Exit, KeySet, Level, Phase};
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
/// The store keeps the report of every run, also of one that failed before it needed
/// the store, if there is one; the plan says who else gets it.
///
/// # Errors
/// Any [`Error`]: no output was written. Its exit code says what went wrong.
pub fn enrich(plan: &Plan, context: Context<'_>) -> Result<Report, Error> {
    let report = ReportBuilder::of_plan(plan, context);
    let watchers = Watchers::of(plan);
    watchers.begin(&report);
    match prepare(plan, &report) {
        Ok((prepared, outputs, _locks)) => {
            let (session, done) = if plan.is_filter() {
                filter::one_pass(&prepared, outputs, &report)
            } else {
                both_passes(&prepared, outputs, &report)
            };
            watchers.end(&report, session, done)
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
    let cancel = report.context.cancel;
    let idle = cancel.idle();
    cancel.check()?;
    let is_filter = plan.is_filter();
    if is_filter {
        filter::check(plan)?;
    }
    Inputs::check_exist(&plan.input)?;
    let known = |source: &_| chain::is_known(&plan.settings.store, source);
    let chains = Chains::of(plan, &Available { known: &known, ..Available::at(&plan.settings)? })?;
    if is_filter {
        filter::check_decoder(plan, &chains)?;
    }
    report.note_chains(plan, &chains);
    drop(idle);
    let spec = plan.input.clone();
    let inputs = cancel.interrupts(move || {
        if is_filter { Inputs::stream(&spec, Box::new(io::stdin())) } else { Inputs::open(&spec) }
    })?;
    inputs.check_row_ids(&plan.input)?;
    let (outputs, locks) = Outputs::create(plan, &inputs, report)?;
    Ok((Prepared { plan, chains, inputs }, outputs, locks))
}

/// Pass 1, the calls, pass 2; and the session, where it came to one, which is to be
/// closed once the report is written.
fn both_passes<'a>(
    prepared: &Prepared<'a>,
    outputs: Outputs,
    report: &'a ReportBuilder<'a>,
) -> (Option<Session<'a>>, Result<(), Error>) {
    let plan = prepared.plan;
    let survey = match read_vins(prepared, report) {
        Ok(survey) => survey,
        Err(error) => return (None, Err(error)),
    };
    let checked = guard::check_rows(&plan.thresholds, &survey)
        .and_then(|()| guard::check_usable(plan, &survey));
    if let Err(refused) = checked {
        // A first run makes no store for an input that is not good enough.
        return (None, Err(refuse(prepared, refused, outputs, report)));
    }
    let session = match Session::open(&session_of(plan), report) {
        Ok(session) => session,
        Err(error) => return (None, Err(error)),
    };
    let done = match guard::check_shrink(plan, &survey, &session) {
        Ok(()) => ask_and_write(prepared, &session, &KeySet::vins(survey.vins), outputs),
        Err(refused) => Err(refuse(prepared, refused, outputs, report)),
    };
    (Some(session), done)
}

/// Pass 1.
fn read_vins(prepared: &Prepared<'_>, report: &ReportBuilder<'_>) -> Result<Survey, Error> {
    let Prepared { plan, inputs, .. } = prepared;
    let Context { events, cancel, .. } = report.context;
    let survey = Survey::of(inputs, plan, events, cancel)?;
    report.note_survey(inputs, &survey);
    survey.check_room(inputs, &plan.output)?;
    report.phase_ended("reading");
    Ok(survey)
}

/// Writes the rejects of an input that is not good enough, and nothing else; gives what
/// the run ends with.
fn refuse(
    prepared: &Prepared<'_>,
    refused: Error,
    outputs: Outputs,
    report: &ReportBuilder<'_>,
) -> Error {
    let Prepared { plan, inputs, .. } = prepared;
    if plan.output.rejects.is_none() || refused.exit() != Exit::BadInput {
        return refused;
    }
    match rejects::write(outputs.into(), inputs, plan.rules, report.context.cancel) {
        Ok(written) => report.note_files(written),
        Err(error) => report.warn("rejects", format!("the rejects are not written: {error}")),
    }
    refused
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
    let (started, cancel, report) =
        (session.started().wall, session.context().cancel, session.report);
    session.online(async |online| {
        let offline = chains.offline(started).map(|offline| offline.until(cancel));
        let doors = open_doors(plan, chains, online).await?;
        let asker = Asker::new(plan, chains, offline, ask::Doors::of(plan, online, doors));
        let answers = asker.ask(vins).await?;
        for (id, door) in &asker.gate.by_vendor {
            let label = label(door.vendor(), &plan.settings.vendors[id]);
            report.note_vendor(label, door.report().await?, door.resume_at());
        }
        report.note_answers(&answers);
        let mut doors = asker.gate.by_vendor.values();
        if let Some(why) = doors.find_map(Door::misdirected) {
            let hint = "correct `base_url`; what other vendors answered is kept, and the next run \
                        does not ask for it again";
            return Err(Error::config(why).hint(hint));
        }
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

/// Removes earlier answers and snapshots that the settings do not keep any longer. A run is not
/// the worse for it where that fails.
fn trim_history(plan: &Plan, session: &Session<'_>) {
    if session.store.is_read_only() {
        return;
    }
    let Context { clock, events, .. } = session.context();
    let now = clock.now().wall;
    let datasets = plan.settings.datasets.iter();
    let keep = datasets.map(|(dataset, settings)| (*dataset, now.earlier(settings.keep)));
    if let Err(error) = session.store.trim_history(&keep.collect(), now) {
        events.note(Level::Warn, "history", &error.to_string());
    }
    let longest = plan.settings.datasets.values().map(|settings| settings.keep).max();
    let oldest = now.earlier(longest.unwrap_or_default());
    if let Err(error) = session.store.thin_snapshots(oldest, now) {
        events.note(Level::Warn, "history", &error.to_string());
    }
}

/// The store of the plan, and what the run may use up.
fn session_of(plan: &Plan) -> SessionSpec<'_> {
    SessionSpec {
        must_exist: plan.thresholds.require_store,
        offline: plan.datasets.offline,
        limits: plan.limits,
        ..SessionSpec::new(&plan.settings)
    }
}
