//! Pass 2: the input again, joined with the store, into the output.

use crate::domain::numbers::thousands;
use crate::domain::vin::{Reading, Rules};
use crate::domain::{Cancel, Error, Phase, Times, Vin};
use crate::enrich::Prepared;
use crate::enrich::board::Answers;
use crate::enrich::join::{Carried, Joiner};
use crate::enrich::output_snapshot::SnapshotBuilder;
use crate::enrich::plan::Plan;
use crate::enrich::report::{ReportBuilder, RowTally, Wrote};
use crate::enrich::session::{Context, Session};
use crate::files::{Named, OutputLocks, Protected, Wait};
use crate::input::{Batch, Inputs};
use crate::output::record::{Block, Record};
use crate::output::{InputInfo, Output};
use crate::store::Snapshot;

/// The output of a run, being written beside its final place.
pub(crate) struct Outputs(Output);

impl Outputs {
    /// Takes the locks that keep other runs away, and creates the files beside
    /// their final places. The locks are to be held until the report is written.
    pub(crate) fn create(
        plan: &Plan,
        inputs: &Inputs,
        report: &ReportBuilder<'_>,
    ) -> Result<(Self, OutputLocks), Error> {
        let locks = lock(plan, &plan.written(), inputs, report.context.cancel)?;
        let run_id = &report.run.run_id;
        let output = with_info(inputs, |input| Output::create(&plan.output, input, run_id))?;
        Ok((Self(output), locks))
    }
}

/// Takes the locks of what is `written`, none of which may be a file that is read or kept.
pub(super) fn lock(
    plan: &Plan,
    written: &[Named<'_>],
    inputs: &Inputs,
    cancel: &Cancel,
) -> Result<OutputLocks, Error> {
    let protected = Protected::of(&plan.settings).and("an input file", inputs.paths());
    let wait = plan.wait_lock.map(|wait| Wait { wait, cancel });
    OutputLocks::take(written, &protected, wait)
}

/// Makes an output of what it must know of the input.
pub(super) fn with_info<T>(inputs: &Inputs, make: impl FnOnce(InputInfo<'_>) -> T) -> T {
    let (files, headers, tell_kinds) = (inputs.names(), inputs.headers(), inputs.tell_kinds());
    make(InputInfo {
        columns: inputs.columns(),
        types: inputs.types(),
        tell_kinds: &tell_kinds,
        headers: &headers,
        files: &files,
    })
}

impl From<Outputs> for Output {
    fn from(Outputs(output): Outputs) -> Self {
        output
    }
}

/// Reads the input once more and writes one record for each row. Nothing is
/// renamed into place before the rows are counted; nothing at all, and `None` is
/// the answer, once the run is asked to stop.
pub(crate) fn write(
    prepared: &Prepared<'_>,
    session: &Session<'_>,
    answers: Answers<'_>,
    outputs: Outputs,
) -> Result<Option<Wrote>, Error> {
    let Prepared { plan, chains, inputs } = prepared;
    let Context { clock, cancel, .. } = session.context();
    let Outputs(mut output) = outputs;
    let vins = answers.vins;
    session.report.note_renamed(output.renamed());
    let snapshot = session.store.snapshot()?;
    let times = Times { started: session.started().wall, now: clock.now().wall };
    let mut carried = Carried::default();
    let mut joiner = Joiner::load(&snapshot, chains, answers, (inputs, &mut carried), times)?;
    output.describe(&session.report.about(chains, times.now));
    let mut tally = RowTally::default();
    let mut states = session.keeps_snapshot().then(|| SnapshotBuilder::new(vins));
    let mut read = 0;
    let digests = inputs.batches()?.for_each(|batch| {
        if cancel.asked().is_some() {
            return Ok(false);
        }
        let mut records = output.room();
        join(&mut joiner, &batch, plan.rules, &mut records)?;
        for record in &records {
            tally.count(record);
            if let Some(states) = &mut states {
                states.add(record);
            }
        }
        read += batch.len() as u64;
        output.write(Block { records, input: batch.columns().collect() })?;
        if !batch.is_empty() {
            session.show_progress(Phase::Writing, read);
        }
        Ok(true)
    });
    if digests?.is_none() || cancel.asked().is_some() {
        return Ok(None);
    }
    conserve(read, &output)?;
    session.store.check_unchanged()?;
    let counts = (output.rows(), output.diverted());
    session.report.note_gaps(std::mem::take(&mut tally.gaps));
    let files = if plan.thresholds.keep_complete && session.report.is_incomplete() {
        output.set_aside()?
    } else {
        output.commit()?
    };
    warn_of_repeats(&joiner, session);
    warn_of_equipment(tally.equipment, session, &snapshot)?;
    if let Some(states) = states {
        session.keep_snapshot(states.pack(counts.0));
    }
    let (rows, diverted) = if files.is_empty() { (0, 0) } else { counts };
    Ok(Some(Wrote { rows, diverted, tally, files }))
}

/// Says that some rows have the row key of another one.
fn warn_of_repeats(joiner: &Joiner<'_>, session: &Session<'_>) {
    let (repeated, rows) = (joiner.repeated_keys(), session.report.rows());
    if repeated > 0 {
        session.report.warn(
            "row_key",
            format!(
                "{repeated} of {rows} rows have the row key of an earlier row; they are numbered, so their `row_id` depends on the order of the rows"
            ),
        );
    }
}

/// Says once for an output that campaigns about equipment count from the recall file too.
pub(super) fn warn_of_equipment(
    rows: u64,
    session: &Session<'_>,
    snapshot: &Snapshot<'_>,
) -> Result<(), Error> {
    const COLUMN: &str = "`recall_equipment_count`";
    let said = |report: &str| report.contains(COLUMN).then_some(());
    let is_said = match &session.report.run.output {
        Some(output) => snapshot.find_report(output, said)?.is_some(),
        None => false,
    };
    if rows > 0 && !is_said {
        session.report.warn(
            "equipment",
            format!(
                "campaigns about equipment made for the vehicle, which earlier editions left out of \
                 NHTSA's file, are counted: `recall_campaign_count` rises by {COLUMN} (rows: {})",
                thousands(rows)
            ),
        );
    }
    Ok(())
}

/// Adds a record for each row of `batch`.
pub(super) fn join(
    joiner: &mut Joiner<'_>,
    batch: &Batch,
    rules: Rules,
    records: &mut Vec<Record>,
) -> Result<(), Error> {
    let mut readings: Vec<Reading> = batch.rows().map(|row| row.reading(rules)).collect();
    let vins: Vec<Vin> = readings.iter().filter_map(|reading| reading.vin).collect();
    let decoded = joiner.decode(&vins);
    joiner.suggest(batch, &mut readings);
    let numbers = joiner.numbers(&vins);
    joiner.read_ahead(&numbers)?;
    let (mut numbers, decoded) = (numbers.into_iter(), decoded.as_deref().unwrap_or_default());
    let mut decoded = decoded.iter();
    let rows = batch.rows().zip(readings);
    records.reserve(rows.len());
    for (row, reading) in rows {
        let known = match reading.vin {
            Some(_) => (numbers.next().flatten(), decoded.next()),
            None => (None, None),
        };
        records.push(joiner.record(row, reading, known)?);
    }
    Ok(())
}

/// Every row read must have gone one way or the other.
pub(super) fn conserve(read: u64, output: &Output) -> Result<(), Error> {
    let (written, diverted) = (output.rows(), output.diverted());
    if written + diverted == read {
        return Ok(());
    }
    Err(Error::internal(format!(
        "rows were not conserved: {read} read, {written} written, {diverted} diverted"
    )))
}
