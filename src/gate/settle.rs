//! What follows from the end of a call: which keys are done, which are sent
//! again, and which are given up.

use std::time::{Duration, Instant};

use super::retry::{Next, back_off, classify};
use super::round::Round;
use crate::domain::key::Key;
use crate::domain::outcome::{Fault, Outcome};
use crate::gate::queue::Job;
use crate::vendors::Parsed;

/// How long after a zero that may be wrong it is asked for once more. NHTSA was
/// seen to answer so within a burst, and with campaigns after a pause.
const BEFORE_CONFIRMING: Duration = Duration::from_millis(1500);

impl Round<'_> {
    pub(super) fn answered(&mut self, mut job: Job, parsed: &Parsed) {
        self.door.succeeded();
        {
            let mut tally = self.door.tally.borrow_mut();
            tally.ok += 1;
            tally.foreign += u64::from(parsed.foreign);
            tally.by_place += u64::from(parsed.by_place);
            tally.type_drift += u64::from(parsed.type_drift);
        }
        self.queue.answered(job.take_sibling(), Instant::now());
        let mut missing = vec![true; job.keys.len()];
        for answer in &parsed.answers {
            missing[answer.key] = false;
        }
        for (key, _) in job.keys.into_iter().zip(missing).filter(|(_, missing)| *missing) {
            if !self.queue.missed(key.clone()) {
                self.asked.unanswered.insert(key, Outcome::Missing);
            }
        }
    }

    pub(super) fn faulted(&mut self, mut job: Job, fault: Fault, sent: Instant, key_edition: u32) {
        let now = Instant::now();
        let refuses_shape = self.endpoint.refuses_shape(&fault);
        let next = classify(&fault, self.endpoint.spec().effect, refuses_shape);
        job.last_fault = Some(fault.clone());
        match next {
            Next::Retry { most } => self.try_again(job, sent, most),
            Next::Wait(wait) => {
                self.door.limited(wait, sent);
                self.queue.retry(job, now);
            }
            Next::Deny(denied) => {
                self.door.deny(denied, key_edition);
                self.queue.retry(job, now);
            }
            Next::Confirm => self.confirm(job),
            Next::Halve { code } => {
                self.door.refused(&code);
                if let Some(key) = self.queue.poisoned(job, now) {
                    self.asked.unanswered.insert(key, Outcome::Refused(code));
                }
            }
            Next::RefuseShape => {
                self.asked.shape_refused = true;
                self.shape_fault = Some(fault);
                self.queue.retry(job, now);
            }
            Next::Unknown => self.outcome_unknown(job.keys),
            Next::Lost => {
                self.outcome_unknown(job.keys);
                // A vendor that does so again and again is left alone: each further
                // call might act, too.
                self.door.failed(sent);
                self.door.exhausted();
            }
        }
    }

    /// Asks once more, and later, for a zero that may be wrong. The vendor is up:
    /// this is not an outage, whatever comes of it.
    fn confirm(&mut self, mut job: Job) {
        self.door.answered_unsure();
        if !std::mem::replace(&mut job.unsure, true) {
            self.queue.retry(job, Instant::now() + BEFORE_CONFIRMING);
            return;
        }
        let sibling = job.take_sibling().unwrap_or_default();
        for key in job.keys.into_iter().chain(sibling) {
            self.asked.unanswered.insert(key, Outcome::Inconclusive);
        }
    }

    pub(super) fn outcome_unknown(&mut self, keys: Vec<Key>) {
        self.asked.unanswered.extend(keys.into_iter().map(|key| (key, Outcome::Unknown)));
    }

    /// Sends a failed job again, within its tries and the budget. While the
    /// breaker is open it sets the pace, and only probes cost retries.
    fn try_again(&mut self, mut job: Job, sent: Instant, most: u32) {
        let news = self.door.failed(sent);
        let open = self.door.breaker.borrow().is_open();
        job.tries = if open { job.tries.max(1) } else { job.tries + 1 };
        if job.tries < most && (!news || self.door.budget.borrow_mut().take()) {
            let wait = if open { Duration::ZERO } else { back_off(job.tries) };
            self.queue.retry(job, Instant::now() + wait);
        } else {
            self.door.exhausted();
            self.give_up(job);
        }
    }

    /// Notes of every key of a job why it has no answer.
    pub(super) fn give_up(&mut self, mut job: Job) {
        let outcome = match &job.last_fault {
            Some(fault) if job.tries > 0 => Outcome::Failed(fault.clone()),
            // What is refused as such need not be sent to be known.
            _ => self.shape_fault.clone().map_or_else(|| self.door.unsent(), Outcome::Failed),
        };
        let sibling = job.take_sibling().unwrap_or_default();
        for key in job.keys.into_iter().chain(sibling) {
            self.asked.unanswered.insert(key, outcome.clone());
        }
    }
}
