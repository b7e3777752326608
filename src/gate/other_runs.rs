//! Keys that other runs on this store ask about: left to them, and looked after.

use std::collections::HashMap;

use super::Shared;
use super::queue::Job;
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::store::{Elsewhere, SourceId};

/// What a round leaves to other runs.
#[derive(Debug, Default)]
pub(super) struct OtherRuns {
    keys: Vec<Key>,
    /// Those of `keys` that were sent here before.
    sent_before: HashMap<Key, Job>,
}

/// Keys that must be asked here after all.
#[derive(Debug, Default)]
pub(super) struct Freed {
    /// Never sent here.
    pub(super) keys: Vec<Key>,
    /// Sent here before.
    pub(super) jobs: Vec<Job>,
}

impl OtherRuns {
    /// Leaves `keys` to other runs; `sent_before` are jobs of one of them each.
    pub(super) fn leave(&mut self, keys: Vec<Key>, sent_before: Vec<Job>) {
        self.keys.extend(keys);
        let by_key =
            sent_before.into_iter().filter_map(|job| Some((job.keys.first()?.clone(), job)));
        self.sent_before.extend(by_key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Looks what has become of the keys. Those that have an answer now are done.
    pub(super) async fn look(
        &mut self,
        shared: &Shared<'_>,
        source: SourceId,
    ) -> Result<Freed, Error> {
        let keys = std::mem::take(&mut self.keys);
        let states = shared.writer.elsewhere(source, keys.clone(), shared.clock.now()).await?;
        let mut freed = Freed::default();
        for (key, state) in keys.into_iter().zip(states) {
            match state {
                Elsewhere::InFlight => self.keys.push(key),
                Elsewhere::Answered => drop(self.sent_before.remove(&key)),
                Elsewhere::Free => match self.sent_before.remove(&key) {
                    Some(job) => freed.jobs.push(job),
                    None => freed.keys.push(key),
                },
            }
        }
        Ok(freed)
    }

    /// Everything that is left to other runs, each key a job of its own.
    pub(super) fn drain(&mut self) -> Vec<Job> {
        let mut job_of = |key| self.sent_before.remove(&key).unwrap_or_else(|| Job::new(vec![key]));
        self.keys.drain(..).map(&mut job_of).collect()
    }
}

impl Freed {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.jobs.is_empty()
    }
}
