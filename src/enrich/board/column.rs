//! A column: what one endpoint says about each key of a set.

use std::collections::HashMap;
use std::sync::Arc;

use super::word::{Age, Rank, Remark, Remarks, Said, Word};
use crate::domain::{Error, Freshness, KeySet, Outcome, Stale, Status, Times, Timestamp};
use crate::enrich::chain::Source;
use crate::enrich::report::DatasetReport;
use crate::store::{AnswerKind, Snapshot};

/// A moment of the store, and what counts as fresh at it.
#[derive(Clone, Copy)]
pub(crate) struct View<'s> {
    /// The store; `None` where there is none yet.
    pub snapshot: Option<&'s Snapshot<'s>>,
    /// How long answers are fresh.
    pub freshness: Freshness,
    /// When the run started, and the time now.
    pub times: Times,
}

/// What one endpoint says about each key of a set.
#[derive(Debug)]
pub(crate) struct Column {
    /// The endpoint.
    pub source: Source,
    /// By the key's number.
    pub(super) words: Vec<Word>,
    pub(super) remarks: Remarks,
    /// Why keys have no fresh answer, as far as they were to be asked.
    pub outcomes: HashMap<u32, Outcome>,
    /// Hits and misses.
    pub report: DatasetReport,
    /// The keys of which a plan assumes an answer; empty where it assumes none.
    assumed: Vec<bool>,
    /// The [`Snapshot::version`] that the words are of, where they are nothing but that.
    read_at: Option<i64>,
}

/// Whether a step is asked about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Open {
    /// It is not.
    No,
    /// It is, or is not, as an answer that a plan can only assume turns out.
    Perhaps,
    /// It is.
    Yes,
}

impl Open {
    /// Takes out of `open` what is settled, and counts it; what a plan only assumes leaves
    /// the rest open perhaps.
    pub(super) fn close(
        open: &mut [Self],
        is_settled: impl Fn(u32) -> bool,
        is_assumed: impl Fn(u32) -> bool,
    ) -> u64 {
        let mut closed = 0;
        for (id, open) in (0u32..).zip(open).filter(|(_, open)| **open != Self::No) {
            if is_settled(id) {
                *open = Self::No;
                closed += 1;
            } else if is_assumed(id) {
                *open = Self::Perhaps;
            }
        }
        closed
    }
}

impl Column {
    /// A column about which nothing is known yet.
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            words: Vec::new(),
            remarks: Remarks::default(),
            outcomes: HashMap::new(),
            report: DatasetReport::default(),
            assumed: Vec::new(),
            read_at: None,
        }
    }

    /// The word about the key numbered `id`.
    pub(super) fn word(&self, id: u32) -> Word {
        self.words.get(id as usize).copied().unwrap_or(Word::NOTHING)
    }

    /// What is to be said of a word beyond found and absent.
    pub(super) fn remark(&self, word: Word) -> Option<&Remark> {
        self.remarks.get(word.remark)
    }

    /// What may be written of the key numbered `id`.
    pub(crate) fn key_word(&self, id: u32) -> KeyWord {
        let word = self.word(id);
        let Remark { detail, stale, outcome } = self.remark(word).cloned().unwrap_or_default();
        KeyWord { word, status: self.status(id), detail, stale, outcome }
    }

    /// The status that the key numbered `id` gives a row.
    pub(super) fn status(&self, id: u32) -> Status {
        match self.word(id).said {
            Said::Nothing => Status::NotRequested,
            Said::Found => Status::Found,
            Said::Absent => Status::Absent,
            Said::Refused => Status::Refused,
            Said::Unanswered => {
                self.outcome(id).map_or(Status::Failed, |outcome| outcome.verdict().0)
            }
        }
    }

    /// Why the key numbered `id` has no answer that may be written.
    pub(super) fn outcome(&self, id: u32) -> Option<&Outcome> {
        let word = self.word(id);
        self.remark(word)?.outcome.as_ref().filter(|_| word.said == Said::Unanswered)
    }

    /// Reads what the store holds about `keys`, and puts beside it what asking came to.
    /// Where the store has not changed since, nothing is read twice.
    pub(crate) fn read(&mut self, keys: &KeySet, view: View<'_>) -> Result<(), Error> {
        let version = view.snapshot.map(Snapshot::version).transpose()?;
        let is_plain = self.outcomes.is_empty() && !self.has_assumed();
        if is_plain && version.is_some() && self.read_at == version {
            return Ok(());
        }
        self.read_at = version.filter(|_| is_plain);
        let Self { source, words, remarks, outcomes, .. } = self;
        *remarks = Remarks::default();
        words.clear();
        words.resize(keys.len(), Word::NOTHING);
        let kind = source.key_kind();
        if let Some(snapshot) = view.snapshot
            && let Some(source) = snapshot.source(&source.name)?
        {
            snapshot.each_kept_in((source, kind), keys, |id, answer| {
                let found = answer.said == AnswerKind::Found;
                let age = view.age(keys, id, found, answer.fetched_at);
                let detail = answer.detail.clone().filter(|_| age != Age::TooOld);
                let stale = (age == Age::Stale).then(|| Stale::because(outcomes.get(&id)));
                let remark = if detail.is_none() && stale.is_none() {
                    0
                } else {
                    remarks.place(Remark { detail, stale, outcome: None })
                };
                words[id as usize] = Word::kept(&answer, age, remark);
            })?;
        }
        for (&id, outcome) in &*outcomes {
            words[id as usize] = unanswered(words[id as usize], outcome, remarks);
        }
        Ok(())
    }

    /// The `open` keys without a fresh answer: the never answered first, then the
    /// longest expired. With `refresh` what was fetched before the run is asked again.
    pub(crate) fn missing(&self, keys: &KeySet, open: &[Open], ask: Ask) -> Missing {
        let mut missing = Missing::default();
        let mut expired = Vec::new();
        let kind = self.source.key_kind();
        for id in keys.ids() {
            if open[id as usize] == Open::No || !keys.is_asked(kind, id) {
                continue;
            }
            let word = self.word(id);
            missing.report.keys += 1;
            match word.kept_at() {
                None => {
                    missing.report.misses += 1;
                    missing.keys.push(id);
                }
                Some(_) if word.fresh && !ask.again(word) => missing.report.hits += 1,
                Some(fetched_at) => {
                    missing.report.stale += u64::from(!word.fresh);
                    expired.push((fetched_at, id));
                }
            }
        }
        expired.sort_unstable();
        missing.keys.extend(expired.into_iter().map(|(_, id)| id));
        missing
    }

    /// Takes it that each of `ids` was answered so, without asking.
    pub(crate) fn assume(&mut self, ids: &[u32], said: AnswerKind, now: Timestamp) {
        self.assumed.resize(self.words.len(), false);
        for &id in ids {
            self.words[id as usize] = Word::assumed(said, now);
            self.assumed[id as usize] = true;
        }
    }

    /// Takes out of `open` the keys whose finds need not be renewed, and counts them.
    pub(crate) fn close_found(&self, open: &mut [Open]) -> u64 {
        let is_settled = |id| {
            let word = self.word(id);
            word.fresh && word.is_found()
        };
        Open::close(open, is_settled, |id| self.is_assumed(id))
    }

    /// Whether a plan assumes the answer about the key numbered `id`.
    pub(crate) fn is_assumed(&self, id: u32) -> bool {
        self.assumed.get(id as usize).is_some_and(|assumed| *assumed)
    }

    /// Whether a plan assumes any answer.
    pub(crate) fn has_assumed(&self) -> bool {
        !self.assumed.is_empty()
    }

    /// The `wanted` keys of which the store holds a zero, however old, or of which
    /// the reply was unclear.
    pub(crate) fn zeros(&self, wanted: &[Open]) -> Vec<Open> {
        let is_unclear = |id| self.outcomes.get(&id) == Some(&Outcome::Inconclusive);
        let zero = |(id, wanted): (u32, &Open)| match self.word(id).was_absent() {
            true if self.is_assumed(id) => (*wanted).min(Open::Perhaps),
            is_zero if is_zero || is_unclear(id) => *wanted,
            _ => Open::No,
        };
        (0u32..).zip(wanted).map(zero).collect()
    }

    /// When a zero that may be written was fetched.
    pub(crate) fn zero_at(&self, id: u32) -> Option<Timestamp> {
        let word = self.word(id);
        word.kept_at().filter(|_| word.is_absent())
    }

    /// Whether the store holds a find about a key, however old.
    pub(crate) fn was_found(&self, id: u32) -> bool {
        self.word(id).was_found()
    }
}

impl View<'_> {
    fn age(&self, keys: &KeySet, id: u32, found: bool, fetched_at: Timestamp) -> Age {
        if self.freshness.is_fresh(&keys.key(id), found, fetched_at, self.times) {
            Age::Fresh
        } else if self.freshness.too_old(fetched_at, self.times.now) {
            Age::TooOld
        } else {
            Age::Stale
        }
    }
}

/// What may be written of a key, with its remarks.
pub(crate) struct KeyWord {
    word: Word,
    pub(crate) status: Status,
    /// Why it was refused.
    pub(crate) detail: Option<Arc<str>>,
    /// Why it was not renewed, where it has expired.
    pub(crate) stale: Option<Stale>,
    /// Why there is no answer.
    pub(crate) outcome: Option<Outcome>,
}

impl KeyWord {
    /// When the answer was fetched; `None` where there is none that may be written.
    pub(crate) fn fetched_at(&self) -> Option<Timestamp> {
        self.word.standing().map(|(_, fetched_at)| fetched_at)
    }
}

/// Whether fresh answers are asked for again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// `--refresh` names the dataset.
    pub(crate) refresh: bool,
    /// When the run started: what it fetched itself is not asked for twice.
    pub(crate) started: Timestamp,
}

impl Ask {
    /// Whether a fresh answer is to be asked for all the same.
    pub(super) fn again(self, word: Word) -> bool {
        self.refresh && word.kept_at().is_some_and(|at| at < self.started)
    }
}

/// Keys to be asked, and hits and misses among those that were looked up.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    pub(crate) keys: Vec<u32>,
    pub(crate) report: DatasetReport,
}

/// The word of a key that has no new answer, and why. A renewal that failed takes
/// nothing from an answer that may be written.
fn unanswered(word: Word, outcome: &Outcome, remarks: &mut Remarks) -> Word {
    let rank = Rank::of_outcome(outcome);
    if word.fresh || rank >= word.rank() {
        return word;
    }
    let outcome = Some(outcome.clone());
    word.unanswered(rank, remarks.place(Remark { outcome, ..Remark::default() }))
}
