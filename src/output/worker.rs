//! The thread that encodes, so that the next block can be joined meanwhile.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use arrow::array::RecordBatch;

use super::file::Started;
use crate::error::{Error, Exit};

/// Blocks under way to the thread: enough to keep both sides busy, few enough
/// to bound memory.
const QUEUE: usize = 4;

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
        Ok(Files { out: step(self.out)?, rejects: self.rejects.map(&step).transpose()? })
    }
}

/// The thread and the way to it. Dropped, it stops the thread and waits for it,
/// so that nothing unfinished stays behind.
pub(super) struct Worker {
    queue: Option<SyncSender<Files<RecordBatch>>>,
    thread: Option<JoinHandle<Result<Files<Started>, Error>>>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(files: Files<Started>) -> Result<Self, Error> {
        let (queue, batches) = sync_channel(QUEUE);
        let thread = thread::Builder::new()
            .name("output".into())
            .spawn(move || encode(files, &batches))
            .map_err(|e| Error::new(Exit::Io, "cannot start the writing thread").because(e))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands on rows. An error may be that of earlier rows.
    pub(super) fn send(&mut self, batches: Files<RecordBatch>) -> Result<(), Error> {
        if self.queue.as_ref().is_some_and(|queue| queue.send(batches).is_ok()) {
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
    batches: &Receiver<Files<RecordBatch>>,
) -> Result<Files<Started>, Error> {
    for batch in batches {
        files.out.write(&batch.out)?;
        if let (Some(file), Some(rejects)) = (&mut files.rejects, &batch.rejects) {
            file.write(rejects)?;
        }
    }
    Ok(files)
}
