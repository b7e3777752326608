//! Pass 2: the input again, joined with the store, into the output.

use crate::domain::error::Error;
use crate::domain::events::Phase;
use crate::domain::freshness::Times;
use crate::domain::vin::{Reading, Rules, Vin};
use crate::enrich::Prepared;
use crate::enrich::board::Answers;
use crate::enrich::join::Joiner;
use crate::enrich::plan::Plan;
use crate::enrich::report::{RowTally, Wrote};
use crate::enrich::session::{Context, Session};
use crate::input::{Inputs, Row, Rows};
use crate::output::record::{Block, Record};
use crate::output::{Output, OutputLock, check_report};

/// Rows handed to the encoder at a time.
const BLOCK: usize = 8192;

/// Rows read before any of them is joined: enough to decode on every core.
const STRETCH: usize = 4096;

/// Bytes of rows after which a stretch is joined though it has fewer rows.
const STRETCH_BYTES: usize = 16 << 20;

/// Bytes that the rows of a stretch may keep for those of the next.
const ROOM_KEPT: usize = 2 * STRETCH_BYTES;

/// Bytes of input cells, empty ones too, after which a block is handed on though it has fewer rows.
const BLOCK_BYTES: usize = 16 << 20;

/// Bytes of a cell without its text.
const CELL: usize = size_of::<Option<String>>();

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
        let output = Output::create(&plan.output, inputs.columns(), &files, run_id, &paths)?;
        Ok((Self(output), lock))
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
    let snapshot = session.store.snapshot()?;
    let times = Times { started: session.started().wall, now: clock.now().wall };
    let mut joiner = Joiner::load(&snapshot, chains, answers, inputs, times)?;
    let mut tally = RowTally::default();
    let mut block = Filling::new(inputs.columns().len());
    let mut rows = inputs.rows()?;
    let mut stretch = Stretch::default();
    let mut read = 0;
    loop {
        if cancel.asked().is_some() {
            return Ok(None);
        }
        if !stretch.fill(&mut rows, plan.rules)? {
            break;
        }
        read += stretch.len() as u64;
        let decoded = joiner.decode(&stretch.vins);
        joiner.suggest(&stretch.rows, &mut stretch.readings);
        let mut decoded = decoded.as_deref().unwrap_or_default().iter();
        for (row, reading) in stretch.take() {
            let decoded = if reading.vin.is_some() { decoded.next() } else { None };
            let record = joiner.record(row, reading, decoded)?;
            tally.count(&record);
            block.push(row, record);
            if block.is_full() {
                output.write(block.take())?;
            }
        }
        session.show_progress(Phase::Writing, read);
    }
    output.write(block.take())?;
    rows.finish()?;
    conserve(read, &output)?;
    let (rows, diverted) = (output.rows(), output.diverted());
    let partial = plan.thresholds.keep_complete && session.report.is_incomplete(&tally);
    let files = if partial { output.commit_partial()? } else { output.commit()? };
    let deferred = joiner.deferred_renewals();
    Ok(Some(Wrote { rows, diverted, tally, deferred, files }))
}

/// Rows that are read, and decoded, before they are joined.
#[derive(Default)]
struct Stretch {
    /// Reused from stretch to stretch; those beyond the readings are of an earlier one.
    rows: Vec<Row>,
    readings: Vec<Reading>,
    /// The usable VINs among the rows, in their order.
    vins: Vec<Vin>,
}

impl Stretch {
    /// Reads the next rows; `false` at the end.
    fn fill(&mut self, rows: &mut Rows<'_>, rules: Rules) -> Result<bool, Error> {
        self.readings.clear();
        self.vins.clear();
        self.shed();
        let mut bytes = 0;
        while self.readings.len() < STRETCH && bytes < STRETCH_BYTES {
            let place = self.readings.len();
            if place == self.rows.len() {
                self.rows.push(Row::default());
            }
            let row = &mut self.rows[place];
            if !rows.next(row)? {
                break;
            }
            let reading = row.reading(rules);
            self.vins.extend(reading.vin);
            self.readings.push(reading);
            bytes += row.bytes();
        }
        Ok(!self.readings.is_empty())
    }

    fn len(&self) -> usize {
        self.readings.len()
    }

    fn take(&mut self) -> impl Iterator<Item = (&Row, Reading)> {
        self.rows.iter().zip(self.readings.drain(..))
    }

    /// Each row keeps room for the longest one that was read into it: thousands of
    /// long ones, far apart, would add up.
    fn shed(&mut self) {
        if self.rows.iter().map(Row::capacity).sum::<usize>() > ROOM_KEPT {
            self.rows.clear();
        }
    }
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

/// A block that is being filled.
pub(crate) struct Filling {
    block: Block,
    columns: usize,
    bytes: usize,
}

impl Filling {
    pub(crate) fn new(columns: usize) -> Self {
        let mut filling = Self { block: Block::default(), columns, bytes: 0 };
        filling.take();
        filling
    }

    pub(crate) fn push(&mut self, row: &Row, record: Record) {
        for (column, cell) in self.block.input.iter_mut().zip(row.cells()) {
            self.bytes += CELL + cell.map_or(0, str::len);
            column.push(cell.map(str::to_owned));
        }
        self.block.records.push(record);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.block.records.len() >= BLOCK || self.bytes >= BLOCK_BYTES
    }

    pub(crate) fn take(&mut self) -> Block {
        self.bytes = 0;
        let rows = BLOCK.min(BLOCK_BYTES / (CELL * self.columns).max(1) + 1);
        let input = (0..self.columns).map(|_| Vec::with_capacity(rows)).collect();
        std::mem::replace(&mut self.block, Block { records: Vec::with_capacity(rows), input })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::InputSpec;

    fn inputs(text: &str) -> (tempfile::TempDir, Inputs) {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("vins.csv");
        std::fs::write(&path, text).expect("a file");
        let sources = vec![path.display().to_string()];
        let inputs = Inputs::open(&InputSpec { sources, ..InputSpec::default() });
        (folder, inputs.expect("opened"))
    }

    #[test]
    fn blocks_of_wide_rows_are_as_small_as_those_of_long_ones() {
        let columns = 4_000;
        let blanks = ",".repeat(columns - 1);
        let row = format!("\n1HGCM82633A004352{blanks}");
        let (_folder, inputs) = inputs(&format!("vin{blanks}{}", row.repeat(400)));
        assert_eq!(inputs.columns().len(), columns);
        let mut block = Filling::new(inputs.columns().len());
        let mut rows = inputs.rows().expect("a pass");
        let mut row = Row::default();
        while !block.is_full() {
            assert!(rows.next(&mut row).expect("a row"), "it is full before the input ends");
            block.push(&row, Record::unasked(&row, row.reading(Rules::default()), "vins.csv"));
        }
        let room: usize = block.block.input.iter().map(Vec::capacity).sum();
        assert!(room * CELL <= BLOCK_BYTES + columns * CELL, "{room} cells");
    }

    #[test]
    fn long_rows_leave_no_room_behind() {
        let long = "x".repeat(1_000_000);
        let (_folder, inputs) = inputs(&format!("vin,note\n1HGCM82633A004352,{long}\n"));
        let mut stretch = Stretch::default();
        for _ in 0..=ROOM_KEPT / long.len() {
            let mut row = Row::default();
            assert!(inputs.rows().and_then(|mut rows| rows.next(&mut row)).expect("a row"));
            stretch.rows.push(row);
        }
        let mut rows = inputs.rows().expect("a pass");
        assert!(stretch.fill(&mut rows, Rules::default()).expect("a stretch"));
        let kept: usize = stretch.rows.iter().map(Row::capacity).sum();
        assert!(kept < 3 * long.len(), "{kept} bytes");
    }
}
