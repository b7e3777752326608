//! What the writing thread is asked to do, and the error with which it refuses the rest.

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use crate::domain::{Error, Exit};
use crate::store::MEND;
use crate::store::transaction::Transaction;

/// One piece of work inside a transaction that it shares with others.
pub(super) enum Work {
    /// A question: it has no place once nothing more may be asked.
    Ask(Box<Ask>),
    /// What keeps what was paid for or done.
    Keep(Keep),
}

type Ask = dyn FnOnce(&mut Transaction<'_>) -> rusqlite::Result<Ack> + Send;

/// What is done once the transaction is committed, or with the error if it is not.
pub(super) type Ack = Box<dyn FnOnce(Result<(), Error>)>;

/// Sends `value` once it is committed, or the error if it is not.
pub(super) fn acknowledge<T: 'static>(ack: oneshot::Sender<Result<T, Error>>, value: T) -> Ack {
    Box::new(move |committed| {
        // A receiver that is gone no longer needs the answer.
        let _unheard = ack.send(committed.map(|()| value));
    })
}

/// What must be kept, if not in the store then in a copy of it.
pub(super) struct Keep {
    /// Writes it. A second time where the store did not take it.
    pub(super) run: Box<Write>,
    /// Who waits for it.
    pub(super) done: Option<oneshot::Sender<Result<(), Error>>>,
}

type Write = dyn Fn(&mut Transaction<'_>) -> rusqlite::Result<()> + Send;

/// The work of one transaction, until that has ended.
#[derive(Default)]
pub(super) struct Group {
    acks: Vec<Ack>,
    keeps: Vec<Keep>,
}

impl Group {
    /// Does `work`; a question where it `may_ask`.
    pub(super) fn take(
        &mut self,
        work: Work,
        may_ask: bool,
        tx: &mut Transaction<'_>,
    ) -> rusqlite::Result<()> {
        match work {
            Work::Ask(run) if may_ask => self.acks.push(run(tx)?),
            // Who asked learns of it by the answer that does not come.
            Work::Ask(_) => {}
            Work::Keep(keep) => {
                let written = (keep.run)(tx);
                self.keeps.push(keep);
                written?;
            }
        }
        Ok(())
    }

    /// Takes what the transaction did not come to.
    pub(super) fn add(&mut self, left: Option<Work>) {
        if let Some(Work::Keep(keep)) = left {
            self.keeps.push(keep);
        }
    }

    /// Writes once more what must be kept.
    pub(super) fn keep_again(&self, tx: &mut Transaction<'_>) -> rusqlite::Result<()> {
        self.keeps.iter().try_for_each(|keep| (keep.run)(tx))
    }

    /// Lets everybody know how the transaction has ended.
    pub(super) fn end(self, how: impl Fn() -> Result<(), Error>) {
        for ack in self.acks {
            ack(how());
        }
        for done in self.keeps.into_iter().filter_map(|keep| keep.done) {
            acknowledge(done, ())(how());
        }
    }
}

/// The first error of the thread, which everyone who asks from then on gets.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<OnceLock<(Exit, String, String)>>);

impl Failure {
    /// Remembers `error`, unless there was one before.
    pub(super) fn remember(&self, error: &Error) {
        let hint = error.hint_text().unwrap_or(MEND).to_owned();
        // A later error comes of the first.
        let _first = self.0.set((error.exit(), describe(error), hint));
    }

    /// The error, again.
    pub(super) fn get(&self) -> Option<Error> {
        let (exit, message, hint) = self.0.get()?;
        Some(Error::new(*exit, message.clone()).hint(hint))
    }
}

/// An error and its causes in one line, since more than one asker gets it.
pub(super) fn describe(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
