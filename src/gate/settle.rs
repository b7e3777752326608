//! What follows from the end of a call: which keys are done, which are sent
//! again, and which are given up.

use std::time::{Duration, Instant};

use super::in_flight::{Received, Sent};
use super::queue::Job;
use super::retry::{Next, classify};
use super::round::Round;
use super::seen::Seen;
use super::transport_error::TransportError;
use crate::domain::{Answer, Denied, Error, Fault, Key, NotAsked, Outcome};
use crate::store::{Body, NewAnswer};
use crate::vendors::{self, Effect, KeyAnswer, Parsed, Reply, excerpt, may_replace_find};

/// How long after a zero that may be wrong it is asked for once more. NHTSA was
/// seen to answer so within a burst, and with campaigns after a pause.
const BEFORE_CONFIRMING: Duration = Duration::from_millis(1500);

impl Round<'_> {
    /// Reads a reply, closes its call in the ledger, and draws the consequences.
    pub(super) async fn settle(&mut self, received: Received) -> Result<(), Error> {
        self.reservations.is_full = false;
        self.door.note_received(&received);
        let read = self.read(&received);
        self.door.health.saw(Seen::of(self.door.vendor, &received, read.is_ok()));
        if let Some(reply) = received.reply() {
            self.door.obey(reply, self.reservations.ready()).await?;
        }
        match read {
            Ok(parsed) => {
                let answers = self.to_keep(&parsed, &received);
                self.log.answered(&received, answers).await?;
                self.answered(received.sent.job, &parsed);
            }
            Err(fault) => {
                self.log.faulted(&received, &fault).await?;
                self.faulted(received.sent, fault);
            }
        }
        self.door.keep_wait().await
    }

    /// The answers in a reply, or why it has none.
    fn read(&self, received: &Received) -> Result<Parsed, Fault> {
        let reply = &received.reply.as_ref().map_err(TransportError::fault)?.reply;
        let keys = &received.sent.job.keys;
        let parsed = vendors::read(self.door.vendor, self.endpoint_for(keys), reply, keys);
        let is_about_keys = |fault: &Fault| {
            self.endpoint.plainer(fault).is_none() && !self.refuses_what_acts(fault)
        };
        let reads = self.endpoint.spec().effect == Effect::Read;
        let has_answered = self.door.stats.borrow().has_answered();
        match parsed {
            // An address that has answered is not wrong: what is in front of the API is.
            Err(Fault::Denied(Denied::Address)) if reads && has_answered && reply.status == 404 => {
                Err(Fault::Garbled { excerpt: excerpt(&reply.body) })
            }
            Err(ref fault @ Fault::Poisoned { ref code })
                if keys.len() == 1 && has_answered && is_about_keys(fault) =>
            {
                Ok(refused(code.clone(), reply))
            }
            parsed => parsed,
        }
    }

    /// Whether a call that acts is refused as such, whatever it is about.
    fn refuses_what_acts(&self, fault: &Fault) -> bool {
        self.endpoint.spec().effect != Effect::Read && self.endpoint.refuses_shape(fault)
    }

    fn to_keep(&self, parsed: &Parsed, received: &Received) -> Vec<NewAnswer> {
        let shares = self.endpoint.spec().shares_bodies;
        let answers = parsed.answers.iter().map(|answer| {
            let key = received.sent.job.keys[answer.key].clone();
            let is_found = answer.said == Answer::Found;
            let replaces_find = may_replace_find(self.endpoint, &answer.said);
            let body = answer.body.clone();
            NewAnswer {
                expires_at: self.freshness.expires_at(&key, is_found, received.at.wall),
                body: if shares { Body::Shared(body) } else { Body::Own(body) },
                said: answer.said.clone(),
                replaces_find,
                key,
            }
        });
        answers.collect()
    }

    fn answered(&mut self, mut job: Job, parsed: &Parsed) {
        self.door.health.succeeded();
        self.door.stats.borrow_mut().answered(parsed);
        self.queue.answered(job.take_sibling(), Instant::now());
        let mut missing = vec![true; job.keys.len()];
        for answer in &parsed.answers {
            missing[answer.key] = false;
            if !may_replace_find(self.endpoint, &answer.said) {
                let outcome = instead_of_a_find(&answer.said);
                self.asked.unrenewed.insert(job.keys[answer.key].clone(), outcome);
            }
        }
        let missing = job.keys.into_iter().enumerate().filter(|(place, _)| missing[*place]);
        if parsed.has_more && !parsed.answers.is_empty() {
            // Asked about alone they are on the first page: no row is bought twice, and
            // none is lost where the list changes between two pages.
            self.queue.add(missing.map(|(_, key)| key).collect());
            return;
        }
        for (place, key) in missing {
            if !self.queue.missed(key.clone()) {
                let contradicted = parsed.contradicted.contains(&place);
                let why = if contradicted { Outcome::Contradictory } else { Outcome::Missing };
                self.asked.unanswered.insert(key, why);
            }
        }
    }

    fn faulted(&mut self, sent: Sent, fault: Fault) {
        let Sent { mut job, at, key_edition, .. } = sent;
        let now = Instant::now();
        if let Some(plainer) = self.endpoint.plainer(&fault)
            && self.plainer.is_none_or(|(_, since)| at < since)
        {
            if self.plainer.is_none() {
                self.plainer = Some((plainer, now));
                self.door.health.warn("does not know a field that was asked for");
            }
            job.last_fault = Some(fault);
            self.queue.retry(job, now);
            return;
        }
        let refuses_shape = self.endpoint.refuses_shape(&fault);
        let next = classify(&fault, self.endpoint.spec().effect, refuses_shape);
        job.last_fault = Some(fault.clone());
        match next {
            Next::Retry { most } => self.retry(job, at, most),
            Next::Wait(wait) => {
                self.door.limited(wait, at);
                self.queue.retry(job, now);
            }
            Next::Deny(denied) => {
                self.door.denied(denied, key_edition);
                self.queue.retry(job, now);
            }
            Next::Confirm => self.confirm(job),
            Next::Halve { code } => {
                let has_answered = self.door.stats.borrow().has_answered();
                self.door.health.refused(&code, has_answered);
                if let Some(key) = self.queue.poisoned(job, now) {
                    self.asked.unanswered.insert(key, Outcome::Refused(code));
                }
            }
            Next::RefuseShape => {
                if !std::mem::replace(&mut self.asked.shape_refused, true) {
                    self.door.health.warn("refuses this kind of request, whatever it asks about");
                }
                self.shape_fault = Some(fault);
                self.queue.retry(job, now);
            }
            Next::Unknown => self.outcome_unknown(job.keys),
            Next::Lost => {
                self.outcome_unknown(job.keys);
                // A vendor that does so again and again is left alone: each further
                // call might act, too.
                self.door.failed(at);
                self.door.health.exhausted();
            }
        }
    }

    /// Sends a job that failed again, within its tries and the budget.
    fn retry(&mut self, mut job: Job, sent: Instant, most: u32) {
        let is_news = self.door.failed(sent);
        if let Some(due) = self.door.health.retry_at(&mut job, most, is_news) {
            self.queue.retry(job, due);
        } else {
            self.door.health.exhausted();
            self.give_up(job);
        }
    }

    /// Asks once more, and later, for a zero that may be wrong. The vendor is up:
    /// this is not an outage, whatever comes of it.
    fn confirm(&mut self, mut job: Job) {
        self.door.health.is_up();
        if !std::mem::replace(&mut job.unsure, true) {
            self.queue.retry(job, Instant::now() + BEFORE_CONFIRMING);
            return;
        }
        let keys = job.into_all_keys();
        self.asked.unanswered.extend(keys.map(|key| (key, Outcome::Inconclusive)));
    }

    pub(super) fn outcome_unknown(&mut self, keys: Vec<Key>) {
        self.asked.unanswered.extend(keys.into_iter().map(|key| (key, Outcome::Unknown)));
    }

    /// Notes of every key of a job why it has no answer. A job that failed and was to
    /// be sent again waits for the quota or the limit that kept it.
    pub(super) fn give_up(&mut self, job: Job) {
        let unsent = self.door.health.unsent();
        let waits = matches!(
            unsent,
            Outcome::Pending(NotAsked::Quota | NotAsked::RateLimited | NotAsked::OwnLimit)
        );
        // That every call is refused says nothing of what one that acts would have done.
        let acts = self.endpoint.spec().effect != Effect::Read;
        let unsent = match unsent {
            Outcome::Failed(Fault::Garbled { excerpt }) if acts => {
                Outcome::Failed(Fault::Poisoned { code: excerpt })
            }
            unsent => unsent,
        };
        let outcome = match &job.last_fault {
            Some(fault) if job.tries > 0 && !waits => Outcome::Failed(fault.clone()),
            // What is refused as such need not be sent to be known.
            _ => self.shape_fault.clone().map_or(unsent, Outcome::Failed),
        };
        let keys = job.into_all_keys();
        self.asked.unanswered.extend(keys.map(|key| (key, outcome.clone())));
    }
}

/// What came of a key that was found once, and is not now.
fn instead_of_a_find(said: &Answer) -> Outcome {
    match said {
        Answer::Refused(why) => Outcome::Refused(why.clone()),
        Answer::Found | Answer::Absent => Outcome::WithoutFacts,
    }
}

/// A request about one key that was refused: the vendor says that the key is wrong.
fn refused(code: String, reply: &Reply) -> Parsed {
    let answer = KeyAnswer { key: 0, said: Answer::Refused(code), body: reply.body.clone() };
    Parsed { answers: vec![answer], ..Parsed::default() }
}
