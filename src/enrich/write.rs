//! Pass 2: the input again, joined with the store, into the output.

use crate::domain::cancel::Cancel;
use crate::domain::error::Error;
use crate::domain::events::{Events, Phase, Progress};
use crate::domain::freshness::Times;
use crate::domain::vin::{Reading, Rules, Vin};
use crate::enrich::board::Answers;
use crate::enrich::chain::Chains;
use crate::enrich::join::Joiner;
use crate::enrich::plan::Plan;
use crate::enrich::report::{Report, RowTally};
use crate::enrich::run::{Run, Wrote};
use crate::enrich::survey::Survey;
use crate::files::SystemClock;
use crate::input::{Batch, Inputs, Row};
use crate::output::record::{Block, Record};
use crate::output::{InputInfo, Output, OutputLock, Written, check_report};
use crate::store::Store;

/// The output of a run, being written beside its final place.
pub struct Outputs(Output);

impl Outputs {
    /// Takes the lock that keeps other runs away, and creates the files beside
    /// their final places. The lock is to be held until the report is written.
    pub fn create(
        plan: &Plan,
        inputs: &Inputs,
        run_id: &str,
    ) -> Result<(Self, Option<OutputLock>), Error> {
        let path = plan.output.path.as_deref();
        let lock = path.map(|path| OutputLock::acquire(path, plan.wait_lock)).transpose()?;
        let (files, paths) = (inputs.names(), inputs.paths());
        if let Some(report) = &plan.report {
            check_report(report, &plan.output, run_id, &paths)?;
        }
        let input = InputInfo { columns: inputs.columns(), files: &files, paths: &paths };
        let output = Output::create(&plan.output, input, run_id)?;
        Ok((Self(output), lock))
    }
}

/// Reads the input once more and writes one record for each row. Nothing is
/// renamed into place before the rows are counted; nothing at all, and `None` is
/// the answer, once `cancel` is asked to stop.
#[expect(clippy::too_many_arguments, reason = "pass 2 is where everything comes together")]
pub fn write(
    plan: &Plan,
    run: &Run<'_>,
    chains: &Chains,
    store: &Store,
    answers: Answers<'_>,
    inputs: &Inputs,
    outputs: Outputs,
    cancel: &Cancel,
) -> Result<Option<Wrote>, Error> {
    let Outputs(mut output) = outputs;
    let snapshot = store.snapshot()?;
    let times = Times { started: run.started.wall, now: run.clock.now().wall };
    let mut joiner = Joiner::load(&snapshot, chains, answers, inputs, times)?;
    let mut tally = RowTally::default();
    let mut batches = inputs.batches()?;
    let mut read = 0;
    loop {
        if cancel.asked().is_some() {
            return Ok(None);
        }
        let Some(batch) = batches.read()? else { break };
        let records = joined(&mut joiner, &batch, plan.rules)?;
        records.iter().for_each(|record| tally.count(record));
        read += batch.len() as u64;
        output.write(Block { records, input: batch.columns().collect() })?;
        if !batch.is_empty() {
            run.events.progress(&Progress {
                phase: Phase::Writing,
                rows: read,
                rows_total: Some(run.rows()),
                ..run.progress.clone()
            });
        }
    }
    batches.finish()?;
    conserve(read, &output)?;
    let (rows, diverted) = (output.rows(), output.diverted());
    let thresholds = &plan.thresholds;
    let partial = thresholds.keep_complete && run.is_incomplete(&tally, thresholds);
    let files = if partial { output.commit_partial()? } else { output.commit()? };
    let deferred = joiner.deferred_renewals();
    Ok(Some(Wrote { rows, diverted, tally, deferred, files }))
}

/// A record for each row of `batch`.
fn joined(joiner: &mut Joiner<'_>, batch: &Batch, rules: Rules) -> Result<Vec<Record>, Error> {
    let mut readings: Vec<Reading> = batch.rows().map(|row| row.reading(rules)).collect();
    let vins: Vec<Vin> = readings.iter().filter_map(|reading| reading.vin).collect();
    let decoded = joiner.decode(&vins);
    joiner.suggest(batch, &mut readings);
    let mut decoded = decoded.as_deref().unwrap_or_default().iter();
    let rows = batch.rows().zip(readings);
    let record = |(row, reading): (Row<'_>, Reading)| {
        let decoded = if reading.vin.is_some() { decoded.next() } else { None };
        joiner.record(row, reading, decoded)
    };
    rows.map(record).collect()
}

/// Every row read must have gone one way or the other.
fn conserve(read: u64, output: &Output) -> Result<(), Error> {
    let (written, diverted) = (output.rows(), output.diverted());
    if written + diverted == read {
        return Ok(());
    }
    Err(Error::internal(format!(
        "rows were not conserved: {read} read, {written} written, {diverted} diverted"
    )))
}

/// `vinrich validate`: what is in the input, by local rules alone. Rejected rows
/// go to the plan's rejects file, where it names one.
pub fn validate(plan: &Plan, events: &dyn Events, cancel: &Cancel) -> Result<Report, Error> {
    let clock = SystemClock::new();
    let mut run = Run::begin(plan, events, &clock);
    let idle = cancel.idle();
    cancel.check()?;
    let inputs = Inputs::open(&plan.input)?;
    drop(idle);
    let survey = Survey::of(&inputs, plan.rules, events, cancel)?;
    run.note_survey(&inputs, &survey);
    if plan.output.rejects.is_some() {
        run.note_files(write_rejects(plan, &run, &inputs, cancel)?);
    }
    survey.check(&plan.thresholds)?;
    Ok(run.report(&plan.thresholds))
}

fn write_rejects(
    plan: &Plan,
    run: &Run<'_>,
    inputs: &Inputs,
    cancel: &Cancel,
) -> Result<Vec<Written>, Error> {
    let (files, paths) = (inputs.names(), inputs.paths());
    let input = InputInfo { columns: inputs.columns(), files: &files, paths: &paths };
    let mut output = Output::create_rejects_only(&plan.output, input, &run.id)?;
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        if let Some(exit) = cancel.asked() {
            return Err(Error::new(exit, "stopped while the rejects were written"));
        }
        output.write(rejects_of(&batch, plan.rules, &files)?)?;
    }
    batches.finish()?;
    let written = output.commit()?;
    Ok(written.into_iter().filter(|file| file.path != "-").collect())
}

/// The rows of `batch` without a usable VIN.
fn rejects_of(batch: &Batch, rules: Rules, files: &[String]) -> Result<Block, Error> {
    let mut records = Vec::new();
    let mut is_rejected = Vec::with_capacity(batch.len());
    for row in batch.rows() {
        let reading = row.reading(rules);
        is_rejected.push(reading.vin.is_none());
        if reading.vin.is_none() {
            records.push(Record::unasked(row, reading, &files[row.file()]));
        }
    }
    Ok(Block { records, input: batch.columns_where(is_rejected)? })
}
