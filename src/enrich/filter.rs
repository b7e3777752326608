//! The filter: an Arrow stream through stdin and stdout, in one pass. Each record batch is
//! joined with what is known and handed on before the next is waited for, so that memory does
//! not grow with the rows. What has to know all rows first is refused.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use crate::config::{Local, Settings};
use crate::domain::{Dataset, Error, KeySet, Phase, Progress, Times};
use crate::enrich::ask::{Asker, Doors};
use crate::enrich::chain::Chains;
use crate::enrich::join::{Carried, Joiner};
use crate::enrich::plan::Plan;
use crate::enrich::report::{ReportBuilder, RowTally, Wrote};
use crate::enrich::session::{Context, Online, Session, SessionSpec};
use crate::enrich::speakers::Speakers;
use crate::enrich::survey::Survey;
use crate::enrich::write::{Outputs, conserve, join, warn_of_equipment};
use crate::enrich::{Prepared, session_of};
use crate::output::Output;
use crate::output::record::Block;
use crate::reference::vpic::Vpic;

/// 64 where `plan`, which is a filter, wants what takes two passes or a network.
pub(super) fn check(plan: &Plan) -> Result<(), Error> {
    const SPOOL: &str =
        "leave out `--input-format`: the input is then kept in a temporary file and read twice";
    let refused = [
        (plan.thresholds.max_rejected.is_some(), "`--max-rejected` counts all rows"),
        (plan.thresholds.require_rows, "`--require-rows` looks for a row"),
        (!plan.input.row_key.is_empty(), "`--row-key` numbers the keys that come again"),
        (
            plan.output.columns.names("vin_occurrences"),
            "`vin_occurrences` counts the rows of a VIN",
        ),
    ];
    if let Some((_, what)) = refused.iter().find(|(is_wanted, _)| *is_wanted) {
        return Err(Error::usage(format!(
            "{what}, and an Arrow stream that passes through is read once, batch by batch"
        ))
        .hint(SPOOL));
    }
    if plan.ping.is_some() {
        return Err(Error::usage("`--ping` goes to the network, and this run is `--offline`")
            .hint("leave it out, or `--input-format`"));
    }
    Ok(())
}

/// 78 where the offline decoder is among the sources and has no data here: rows without a
/// vehicle would look as if it knew none.
pub(super) fn check_decoder(plan: &Plan, chains: &Chains) -> Result<(), Error> {
    let settings = plan.settings.datasets.get(&Dataset::Decode);
    let is_listed = settings.is_some_and(|of| of.vendors.contains(&Local::Vpic.id()));
    let named = &plan.datasets.named;
    let is_wanted = named.is_empty()
        || named.contains(&Dataset::Decode)
        || chains.by_dataset.contains_key(&Dataset::Decode);
    if is_listed && is_wanted && chains.vpic.is_none() {
        return Vpic::require(&plan.settings.vpic_data).map(drop);
    }
    Ok(())
}

/// The only pass; and the session, where it came to one.
pub(super) fn one_pass<'a>(
    prepared: &Prepared<'a>,
    outputs: Outputs,
    report: &'a ReportBuilder<'a>,
) -> (Option<Session<'a>>, Result<(), Error>) {
    let plan = prepared.plan;
    let must_exist = plan.thresholds.require_store || names_store(&plan.settings);
    let spec = SessionSpec { must_exist, reads_only: true, ..session_of(plan) };
    let session = match Session::open(&spec, report) {
        Ok(session) => session,
        Err(error) => return (None, Err(error)),
    };
    let done = report
        .note_clock(&session.store)
        .and_then(|()| report.note_local(&prepared.chains, &session.store))
        .and_then(|()| {
            session.online(async |online| pass(prepared, &session, online, outputs.into()).await)
        });
    (Some(session), done)
}

/// Whether a store is named, and not a place where none can be, below a file: who names such
/// a place wants none.
fn names_store(settings: &Settings) -> bool {
    let found = settings.store.metadata();
    settings.store_is_named && !found.is_err_and(|why| why.kind() == ErrorKind::NotADirectory)
}

/// Reads, joins and hands on batch after batch. The end of the stream is written once every
/// row is.
async fn pass(
    prepared: &Prepared<'_>,
    session: &Session<'_>,
    online: &Online<'_>,
    mut output: Output,
) -> Result<(), Error> {
    let Prepared { plan, chains, inputs } = prepared;
    let Session { report, store, .. } = session;
    let Context { clock, cancel, .. } = session.context();
    let started = session.started().wall;
    let offline = chains.offline(started).map(|offline| offline.until(cancel));
    let doors = Doors::of(plan, online, BTreeMap::new());
    let asker = Asker::new(plan, chains, offline, doors);
    report.note_renamed(output.renamed());
    let (mut survey, mut tally) = (Survey::default(), RowTally::default());
    // All batches are joined with one moment of the store.
    let (snapshot, mut carried) = (store.snapshot()?, Carried::default());
    let speakers = Speakers::load(&asker).await?;
    let mut batches = inputs.batches()?;
    loop {
        if cancel.asked().is_some() {
            report.note_stop();
            return Ok(());
        }
        // Whoever stops the run need not wait for rows that may never come.
        let waiting = cancel.idle();
        let batch = batches.read()?;
        drop(waiting);
        let Some(batch) = batch else { break };
        if batch.is_empty() {
            continue;
        }
        let vins = KeySet::vins(survey.count_part(&batch, plan.rules));
        let vins = speakers.join(vins, &asker).await?;
        let answers = asker.ask(&vins).await?;
        report.note_part(&answers);
        let times = Times { started, now: clock.now().wall };
        let mut joiner = Joiner::load(&snapshot, chains, answers, (inputs, &mut carried), times)?;
        let mut records = output.room();
        join(&mut joiner, &batch, plan.rules, &mut records)?;
        for record in &mut records {
            // Rows to come may have the VIN too.
            record.vin_occurrences = None;
            tally.count(record);
        }
        output.write(Block { records, input: batch.columns().collect() })?;
        show_progress(session, survey.rows);
    }
    survey.digests = batches.finish()?;
    conserve(survey.rows, &output)?;
    store.check_unchanged()?;
    report.note_survey(inputs, &survey);
    report.warn_of_comparables();
    report.note_gaps(std::mem::take(&mut tally.gaps));
    warn_of_equipment(tally.equipment, session, &snapshot)?;
    let (rows, diverted) = (output.rows(), output.diverted());
    let files = output.commit()?;
    report.note_written(Wrote { rows, diverted, tally, files });
    report.phase_ended("writing");
    Ok(())
}

fn show_progress(session: &Session<'_>, rows: u64) {
    let progress = Progress { phase: Phase::Writing, rows, ..Progress::default() };
    session.context().events.progress(&progress);
}
