//! The thread that lays out and encodes, so that the next block can be joined meanwhile.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use arrow::array::BooleanArray;
use arrow::compute::not;

use super::columns::{self, Layout};
use super::file::Started;
use crate::domain::{Error, Exit};
use crate::output::record::Block;

/// Blocks under way to the thread: one being encoded, one waiting, one being
/// filled. More would only cost memory.
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

/// The thread and the way to it. Dropped, it stops the thread and waits for it,
/// so that nothing unfinished stays behind.
pub(super) struct Worker {
    queue: Option<SyncSender<Block>>,
    thread: Option<JoinHandle<Result<Files<Started>, Error>>>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(files: Files<Started>, layouts: Files<Layout>) -> Result<Self, Error> {
        let (queue, blocks) = sync_channel(QUEUE);
        let thread = thread::Builder::new()
            .name("output".into())
            .spawn(move || encode(files, &layouts, &blocks))
            .map_err(|e| Error::new(Exit::Io, "cannot start the writing thread").because(e))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
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
        let thread = self.thread.take();
        let thread = thread.ok_or_else(|| Error::internal("the output was used after an error"))?;
        thread.join().map_err(|_| Error::internal("the writing thread panicked"))?
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Given up: whatever became of the rows no longer matters.
        drop(self.join());
    }
}

fn encode(
    mut files: Files<Started>,
    layouts: &Files<Layout>,
    blocks: &Receiver<Block>,
) -> Result<Files<Started>, Error> {
    for block in blocks {
        let rejected: BooleanArray =
            block.records.iter().map(|record| Some(record.reading.vin.is_none())).collect();
        let layout = layouts.rejects.as_ref().filter(|_| rejected.true_count() > 0);
        let listed = layout.map(|layout| layout.batch_of(&block, &rejected)).transpose()?;
        if let Some(listed) = &listed {
            files.out.list_rejects(listed)?;
        }
        match (&mut files.rejects, listed) {
            (Some(file), Some(listed)) => {
                let kept = not(&rejected).map_err(columns::misfit)?;
                files.out.write(&layouts.out.batch_of(&block, &kept)?)?;
                file.write(&listed)?;
            }
            _ => files.out.write(&layouts.out.batch(&block)?)?,
        }
    }
    Ok(files)
}
