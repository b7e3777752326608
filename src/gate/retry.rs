//! What follows from a call's end: which keys are done, which are asked again,
//! which are given up.

use std::time::{Duration, Instant};

use super::breaker::back_off;
use super::round::Round;
use crate::domain::key::Key;
use crate::domain::outcome::{Fault, Outcome};
use crate::gate::queue::Job;
use crate::vendors::{Effect, Parsed};

/// Sends of one job before it is given up, whatever the budget.
const MOST_TRIES: u32 = 6;

/// Sends of one job that came back garbled.
const MOST_GARBLED: u32 = 3;

/// How long after a zero that may be none it is asked for once more. NHTSA was
/// seen to answer so within a burst, and with campaigns after a pause.
const BEFORE_MAKING_SURE: Duration = Duration::from_millis(1500);

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
        if self.endpoint.spec().effect == Effect::Once && may_have_acted(&fault) {
            return self.lost(job, sent);
        }
        job.last_fault = Some(fault.clone());
        match fault {
            Fault::NotSent | Fault::Timeout | Fault::Server(_) => {
                self.try_again(job, sent, MOST_TRIES);
            }
            Fault::Garbled { .. } => self.try_again(job, sent, MOST_GARBLED),
            Fault::Unsettled { .. } => self.outcome_unknown(job.keys),
            Fault::Limited { wait } => {
                self.door.limited(wait, sent);
                self.queue.retry(job, now);
            }
            Fault::Denied(denied) => {
                self.door.deny(denied, key_edition);
                self.queue.retry(job, now);
            }
            Fault::Unsure => self.make_sure(job),
            Fault::Poisoned { .. } if self.endpoint.refuses_shape(&fault) => {
                self.asked.shape_refused = true;
                self.shape_fault = Some(fault);
                self.queue.retry(job, now);
            }
            Fault::Poisoned { code } => {
                self.door.refused(&code);
                if let Some(key) = self.queue.poisoned(job, now) {
                    self.asked.unanswered.insert(key, Outcome::Refused(code));
                }
            }
        }
    }

    /// Asks once more, and later, for a zero that may be none. The vendor is up:
    /// this is no outage, whatever comes of it.
    fn make_sure(&mut self, mut job: Job) {
        self.door.answered_unsure();
        if !std::mem::replace(&mut job.unsure, true) {
            self.queue.retry(job, Instant::now() + BEFORE_MAKING_SURE);
            return;
        }
        let sibling = job.take_sibling().unwrap_or_default();
        for key in job.keys.into_iter().chain(sibling) {
            self.asked.unanswered.insert(key, Outcome::Inconclusive);
        }
    }

    /// What a call that acts once has done is not known. A vendor that does so
    /// again and again is left alone: each further call might act, too.
    fn lost(&mut self, job: Job, sent: Instant) {
        self.outcome_unknown(job.keys);
        self.door.failed(sent);
        self.door.exhausted();
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

    /// Says of every key of a job why it has no answer.
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

/// Whether a call that brought this fault may have acted all the same.
pub(super) fn may_have_acted(fault: &Fault) -> bool {
    match fault {
        Fault::Timeout | Fault::Server(_) | Fault::Unsettled { .. } | Fault::Garbled { .. } => true,
        Fault::NotSent
        | Fault::Limited { .. }
        | Fault::Poisoned { .. }
        | Fault::Denied(_)
        | Fault::Unsure => false,
    }
}
