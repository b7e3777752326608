//! The keys that one endpoint still has to be asked about, and the batches that
//! are sent again.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use crate::domain::{Fault, Key};

/// Keys that are sent together.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// At most the endpoint's batch size.
    pub(super) keys: Vec<Key>,
    /// How often it was sent and failed.
    pub(super) tries: u32,
    /// Why, the last time.
    pub(super) last_fault: Option<Fault>,
    /// Whether it was answered by a zero that may be wrong.
    pub(super) unsure: bool,
    /// The other half of a refused batch. If this half is answered, the key for
    /// which the batch was refused is in there.
    sibling: Option<Vec<Key>>,
}

impl Job {
    /// A batch that was never sent.
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self { keys, tries: 0, last_fault: None, unsure: false, sibling: None }
    }

    /// Gives away the keys that `is_elsewhere`, each a job that remembers how often
    /// it was tried.
    pub(super) fn give_away(&mut self, is_elsewhere: impl Fn(&Key) -> bool) -> Vec<Self> {
        let (away, kept) = std::mem::take(&mut self.keys).into_iter().partition(is_elsewhere);
        self.keys = kept;
        let away: Vec<Key> = away;
        let alone = |key| Self { keys: vec![key], sibling: None, ..self.clone() };
        away.into_iter().map(alone).collect()
    }

    /// The other half of the refused batch this job is a half of.
    pub(super) fn take_sibling(&mut self) -> Option<Vec<Key>> {
        self.sibling.take()
    }

    /// Its keys, and those of the other half.
    pub(super) fn into_all_keys(self) -> impl Iterator<Item = Key> {
        self.keys.into_iter().chain(self.sibling.into_iter().flatten())
    }
}

/// Everything that one endpoint still has to be asked about.
#[derive(Debug)]
pub(super) struct Queue {
    fresh: VecDeque<Key>,
    missed: VecDeque<Key>,
    missed_once: HashSet<Key>,
    jobs: VecDeque<(Instant, Job)>,
    batch: usize,
}

impl Queue {
    /// `keys`, the most urgent first, at most `batch` in a call.
    pub(super) fn new(keys: Vec<Key>, batch: usize) -> Self {
        Self {
            fresh: keys.into(),
            missed: VecDeque::new(),
            missed_once: HashSet::new(),
            jobs: VecDeque::new(),
            batch: batch.max(1),
        }
    }

    /// When the next job may go; `None` when something may go at once or nothing is left.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        if !self.fresh.is_empty() || !self.missed.is_empty() {
            return None;
        }
        let due = self.jobs.iter().map(|(due, _)| *due).min()?;
        (due > now).then_some(due)
    }

    /// Up to `calls` jobs whose time has come, first in first out.
    pub(super) fn take_due(&mut self, calls: usize, now: Instant) -> Vec<Job> {
        let mut due = Vec::new();
        let mut later = VecDeque::with_capacity(self.jobs.len());
        for (at, job) in self.jobs.drain(..) {
            if at <= now && due.len() < calls {
                due.push(job);
            } else {
                later.push_back((at, job));
            }
        }
        self.jobs = later;
        due
    }

    /// Keys for up to `calls` full batches: new ones, then those missed once.
    pub(super) fn take_keys(&mut self, calls: usize) -> Vec<Key> {
        let most = calls.saturating_mul(self.batch);
        let mut keys: Vec<Key> = self.fresh.drain(..self.fresh.len().min(most)).collect();
        let rest = (most - keys.len()).min(self.missed.len());
        keys.extend(self.missed.drain(..rest));
        keys
    }

    /// Whether no further keys can fill up a batch.
    pub(super) fn no_more_keys(&self) -> bool {
        self.fresh.is_empty() && self.missed.is_empty()
    }

    /// Puts keys for which there was no room back in front.
    pub(super) fn give_back(&mut self, keys: Vec<Key>) {
        for key in keys.into_iter().rev() {
            self.fresh.push_front(key);
        }
    }

    /// Adds keys behind all others.
    pub(super) fn add(&mut self, keys: Vec<Key>) {
        self.fresh.extend(keys);
    }

    /// Sends a job again, not before `due`.
    pub(super) fn retry(&mut self, job: Job, due: Instant) {
        self.jobs.push_back((due, job));
    }

    /// Puts a key that a reply left out at the end, once; `false` the second time.
    pub(super) fn missed(&mut self, key: Key) -> bool {
        if !self.missed_once.insert(key.clone()) {
            return false;
        }
        self.missed.push_back(key);
        true
    }

    /// Whether a reply has left this key out.
    pub(super) fn was_missed(&self, key: &Key) -> bool {
        self.missed_once.contains(key)
    }

    /// A batch was refused because of what it asks: halves it, or returns the one
    /// key it was refused for. Finding one bad VIN among 20 takes at most 9 calls,
    /// since an answered half leaves only the other one.
    pub(super) fn poisoned(&mut self, job: Job, now: Instant) -> Option<Key> {
        let Job { mut keys, sibling, .. } = job;
        if let Some(sibling) = sibling {
            self.jobs.push_back((now, Job::new(sibling)));
        }
        if keys.len() <= 1 {
            return keys.pop();
        }
        let second = keys.split_off(keys.len() / 2);
        self.push_half(keys, second, now);
        None
    }

    /// A job was answered: if it was half of a refused batch, the other half is refused.
    pub(super) fn answered(&mut self, sibling: Option<Vec<Key>>, now: Instant) {
        let Some(mut sibling) = sibling else { return };
        if sibling.len() == 1 {
            // Asked alone, it gets an answer of its own.
            self.jobs.push_back((now, Job::new(sibling)));
        } else {
            let second = sibling.split_off(sibling.len() / 2);
            self.push_half(sibling, second, now);
        }
    }

    /// Takes everything that was not answered.
    pub(super) fn drain(&mut self) -> Vec<Job> {
        let keys = self.fresh.drain(..).chain(self.missed.drain(..));
        let mut left: Vec<Job> = keys.map(|key| Job::new(vec![key])).collect();
        for (_, mut job) in self.jobs.drain(..) {
            if let Some(sibling) = job.sibling.take() {
                left.push(Job::new(sibling));
            }
            left.push(job);
        }
        left
    }

    fn push_half(&mut self, first: Vec<Key>, second: Vec<Key>, now: Instant) {
        self.jobs.push_front((now, Job { sibling: Some(second), ..Job::new(first) }));
    }
}

#[cfg(test)]
#[path = "tests/queue.rs"]
mod tests;
