//! Keys that other runs on this store ask about: left to them, and looked after.

use std::collections::HashMap;
use std::time::Instant;

use super::Shared;
use super::queue::{Job, Queue};
use crate::domain::{Error, Key};
use crate::store::{Elsewhere, SourceId};

/// What a round leaves to other runs.
#[derive(Debug)]
pub(super) struct OtherRuns {
    source: SourceId,
    keys: Vec<Key>,
    /// Those of `keys` that were sent here before.
    sent_before: HashMap<Key, Job>,
}

impl OtherRuns {
    pub(super) fn new(source: SourceId) -> Self {
        Self { source, keys: Vec::new(), sent_before: HashMap::new() }
    }

    /// Leaves `keys` to other runs; `sent_before` are jobs of one of them each.
    pub(super) fn leave(&mut self, keys: Vec<Key>, sent_before: impl IntoIterator<Item = Job>) {
        self.keys.extend(keys);
        let by_key =
            sent_before.into_iter().filter_map(|job| Some((job.keys.first()?.clone(), job)));
        self.sent_before.extend(by_key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Looks what has become of the keys: those that have an answer are done, and
    /// those that must be asked here after all go to `queue`. `true` if there are any.
    pub(super) async fn look(
        &mut self,
        shared: &Shared<'_>,
        queue: &mut Queue,
    ) -> Result<bool, Error> {
        let keys = std::mem::take(&mut self.keys);
        let now = shared.clock.now();
        let states = shared.writer.elsewhere(self.source, keys.clone(), now).await?;
        let mut any_free = false;
        for (key, state) in keys.into_iter().zip(states) {
            let sent_before = self.sent_before.remove(&key);
            match state {
                Elsewhere::Answered => {}
                Elsewhere::InFlight => self.leave(vec![key], sent_before),
                Elsewhere::Free => {
                    any_free = true;
                    match sent_before {
                        Some(job) => queue.retry(job, Instant::now()),
                        None => queue.add(vec![key]),
                    }
                }
            }
        }
        Ok(any_free)
    }

    /// Everything that is left to other runs, each key a job of its own.
    pub(super) fn drain(&mut self) -> Vec<Job> {
        let mut job_of = |key| self.sent_before.remove(&key).unwrap_or_else(|| Job::new(vec![key]));
        self.keys.drain(..).map(&mut job_of).collect()
    }
}
