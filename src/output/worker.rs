//! The threads that lay out and encode, so that the next block can be joined meanwhile.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::not;

use super::columns::{self, Layout};
use super::file::Started;
use crate::domain::{Error, Exit};
use crate::output::record::{Block, Record};

/// Blocks that wait to be laid out, beside the one at work. More would only cost memory.
const QUEUE: usize = 1;

/// The output and, where rejected rows are diverted, their file.
pub(super) struct Files<F> {
    pub(super) out: F,
    pub(super) rejects: Option<F>,
}

impl<F> Files<F> {
    /// Takes both files a step further.
    pub(super) fn try_map<G>(
        self,
        step: impl Fn(F) -> Result<G, Error>,
    ) -> Result<Files<G>, Error> {
        // The rows last: a stream says with its end that all went well.
        let rejects = self.rejects.map(&step).transpose()?;
        Ok(Files { out: step(self.out)?, rejects })
    }
}

/// Rows in columns, on their way to the files.
struct Laid {
    rows: RecordBatch,
    /// The rejected ones among them, where they are listed or have a file.
    rejected: Option<RecordBatch>,
}

/// The two threads and the way to them. Dropped, it stops them and waits for them,
/// so that nothing unfinished stays behind.
pub(super) struct Worker {
    queue: Option<SyncSender<Block>>,
    emptied: Receiver<Vec<Record>>,
    layout: Option<JoinHandle<Result<(), Error>>>,
    encoding: Option<JoinHandle<Result<Files<Started>, Error>>>,
}

impl Worker {
    /// Starts the threads.
    pub(super) fn start(files: Files<Started>, layouts: Files<Layout>) -> Result<Self, Error> {
        let (queue, blocks) = sync_channel(QUEUE);
        // What is laid out is large: it waits for nothing but the thread that encodes.
        let (laid, to_encode) = sync_channel(0);
        let (empty, emptied) = sync_channel(QUEUE);
        let diverts = files.rejects.is_some();
        let encoding = spawn("output", move || encode(files, &to_encode))?;
        let pass_on = move |block: Block, next| {
            let mut records = block.records;
            records.clear();
            // One too many is given back.
            let _spare = empty.try_send(records);
            laid.send(next).is_ok()
        };
        let layout = spawn("layout", move || lay_out(layouts, diverts, &blocks, pass_on))?;
        let (layout, encoding) = (Some(layout), Some(encoding));
        Ok(Self { queue: Some(queue), emptied, layout, encoding })
    }

    /// Room for records, that of earlier ones where they are done.
    pub(super) fn room(&self) -> Vec<Record> {
        self.emptied.try_recv().unwrap_or_default()
    }

    /// Hands on rows. An error may be that of earlier rows.
    pub(super) fn send(&mut self, block: Block) -> Result<(), Error> {
        if self.queue.as_ref().is_some_and(|queue| queue.send(block).is_ok()) {
            return Ok(());
        }
        match self.join() {
            Err(error) => Err(error),
            Ok(_) => Err(Error::internal("the writing thread ended early")),
        }
    }

    /// The files, once all rows handed on are in them.
    pub(super) fn join(&mut self) -> Result<Files<Started>, Error> {
        self.queue = None;
        let laid_out = joined(self.layout.take());
        // Where a file failed, that is why the other thread ended.
        let files = joined(self.encoding.take())?;
        laid_out.map(|()| files)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Given up: whatever became of the rows no longer matters.
        drop(self.join());
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(|e| Error::new(Exit::Io, "cannot start the writing thread").because(e))
}

fn joined<T>(thread: Option<JoinHandle<Result<T, Error>>>) -> Result<T, Error> {
    let thread = thread.ok_or_else(|| Error::internal("the output was used after an error"))?;
    thread.join().map_err(|_| Error::internal("the writing thread panicked"))?
}

/// Lays out blocks until the last has come, or what encodes them has failed.
fn lay_out(
    mut layouts: Files<Layout>,
    diverts: bool,
    blocks: &Receiver<Block>,
    mut pass_on: impl FnMut(Block, Laid) -> bool,
) -> Result<(), Error> {
    for block in blocks {
        let rejected: BooleanArray =
            block.records.iter().map(|record| Some(record.reading.vin.is_none())).collect();
        let layout = layouts.rejects.as_mut().filter(|_| rejected.true_count() > 0);
        let listed = layout.map(|layout| layout.batch_of(&block, &rejected)).transpose()?;
        let rows = if listed.is_some() && diverts {
            let kept = not(&rejected).map_err(columns::misfit)?;
            layouts.out.batch_of(&block, &kept)?
        } else {
            layouts.out.batch(&block)?
        };
        if !pass_on(block, Laid { rows, rejected: listed }) {
            break;
        }
    }
    Ok(())
}

fn encode(mut files: Files<Started>, laid: &Receiver<Laid>) -> Result<Files<Started>, Error> {
    for Laid { rows, rejected } in laid {
        if let Some(rejected) = &rejected {
            files.out.list_rejects(rejected)?;
        }
        files.out.write(&rows)?;
        if let (Some(file), Some(rejected)) = (&mut files.rejects, &rejected) {
            file.write(rejected)?;
        }
    }
    Ok(files)
}
