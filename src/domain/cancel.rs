//! Stopping on request: once to drain, twice to leave at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::error::{Error, Exit};

/// How soon work that waits is left to itself.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A stop button shared by the binary's signal handler and the run.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// 0: go on; 1: SIGINT; 2: SIGTERM or SIGHUP.
    asked: AtomicU8,
    /// How many [`Idle`] there are.
    idle: AtomicU8,
    woken: Notify,
}

/// While it lives, there is nothing to drain.
#[derive(Debug)]
#[must_use = "dropped, it ends the idle time"]
pub struct Idle(Arc<Inner>);

impl Cancel {
    /// A button nobody has pressed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop: nothing new is sent, what is in flight is kept.
    /// Only the first call counts.
    pub fn stop(&self, terminated: bool) {
        let asked = if terminated { 2 } else { 1 };
        // The first signal decides the exit code; a later one changes nothing here.
        let _first = self.0.asked.compare_exchange(0, asked, Ordering::AcqRel, Ordering::Acquire);
        self.0.woken.notify_waiters();
    }

    /// The exit code of a stopped run, once somebody asked.
    pub fn asked(&self) -> Option<Exit> {
        match self.0.asked.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Exit::Interrupted),
            _ => Some(Exit::Terminated),
        }
    }

    /// Says that nothing is asked or written while the guard lives: whoever stops
    /// the run then need not wait for it. It may hang in reading its input, or
    /// wait for another run.
    pub fn idle(&self) -> Idle {
        self.0.idle.fetch_add(1, Ordering::AcqRel);
        Idle(Arc::clone(&self.0))
    }

    /// Whether there is nothing to drain at this moment.
    pub fn is_idle(&self) -> bool {
        self.0.idle.load(Ordering::Acquire) > 0
    }

    /// Does `work`, which may wait for what never comes, such as the end of a pipe; once
    /// somebody asks, it is left to itself, and this fails as [`Cancel::check`] does.
    pub fn interrupts<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (done, result) = std::sync::mpsc::channel();
        let worker = std::thread::Builder::new().name("reading".into());
        let worker = worker.spawn(move || {
            // Nobody waits for it once the run was stopped.
            let _unheard = done.send(work());
        });
        let worker = worker.map_err(|e| Error::internal("cannot start a thread").because(e))?;
        loop {
            match result.recv_timeout(LOOK_EVERY) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => self.check()?,
                Err(RecvTimeoutError::Disconnected) => match worker.join() {
                    Err(panic) => std::panic::resume_unwind(panic),
                    Ok(()) => return Err(Error::internal("a thread ended without its result")),
                },
            }
        }
    }

    /// Fails once somebody asked, where there is nothing to drain.
    pub fn check(&self) -> Result<(), Error> {
        match self.asked() {
            Some(exit) => Err(Error::new(exit, "stopped: nothing was asked or written")),
            None => Ok(()),
        }
    }

    /// Waits until somebody asks.
    pub async fn wait(&self) {
        loop {
            let woken = self.0.woken.notified();
            if self.asked().is_some() {
                return;
            }
            woken.await;
        }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.0.idle.fetch_sub(1, Ordering::AcqRel);
    }
}
