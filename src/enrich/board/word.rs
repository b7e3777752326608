//! Words: what one step says about one of its keys, in 24 bytes.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::{Outcome, Stale, Status, Timestamp};
use crate::store::{AnswerKind, BodyId, KeptAnswer};

/// What a step says about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// When the answer was fetched.
    fetched_at: Timestamp,
    /// The words of the answer.
    pub(super) body: Option<BodyId>,
    /// Its place among the column's remarks.
    pub(super) remark: u32,
    /// What may be written.
    pub(super) said: Said,
    /// What the store holds, however old it is.
    kept: Kept,
    /// Whether the answer need not be renewed.
    pub(super) fresh: bool,
    /// The smaller, the better; of two equal ones the earlier step's counts.
    rank: Rank,
}

/// What may be written of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing, and it was not asked.
    Nothing,
    Found,
    Absent,
    Refused,
    /// Asked, or to be asked, without an answer.
    Unanswered,
}

/// What the store holds about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Never,
    Found,
    Absent,
    Refused,
}

/// How good words are, the best first: a fresh find, a stale one, the offline
/// decoder's, any stale answer over none at all, then the order of the statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    FreshFind,
    StaleFind,
    DecoderFind,
    Stale,
    Pending,
    Failed,
    Absent,
    Refused,
    Nothing,
}

impl Rank {
    /// Of a key without an answer.
    pub(super) fn of_outcome(outcome: &Outcome) -> Self {
        match outcome.verdict().0 {
            Status::Found => Self::FreshFind,
            Status::Pending => Self::Pending,
            Status::Failed => Self::Failed,
            Status::Absent => Self::Absent,
            Status::Refused | Status::NotRequested => Self::Refused,
        }
    }
}

/// How old an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Fresh,
    /// Expired, and written where it cannot be renewed.
    Stale,
    /// Not written any more.
    TooOld,
}

impl Word {
    /// Nothing is known, and nothing was asked.
    pub(super) const NOTHING: Self = Self {
        fetched_at: Timestamp::from_micros(0),
        body: None,
        remark: 0,
        said: Said::Nothing,
        kept: Kept::Never,
        fresh: false,
        rank: Rank::Nothing,
    };

    /// An answer in the store; `remark` is the place of its detail, where it has one.
    pub(super) fn kept(answer: &KeptAnswer, age: Age, remark: u32) -> Self {
        let (kept, said) = match answer.said {
            AnswerKind::Found => (Kept::Found, Said::Found),
            AnswerKind::Absent => (Kept::Absent, Said::Absent),
            AnswerKind::Refused => (Kept::Refused, Said::Refused),
        };
        let (said, rank) = match (age, said) {
            (Age::TooOld, _) => (Said::Nothing, Rank::Nothing),
            (Age::Fresh, Said::Found) => (said, Rank::FreshFind),
            (Age::Stale, Said::Found) => (said, Rank::StaleFind),
            (Age::Stale, _) => (said, Rank::Stale),
            (Age::Fresh, Said::Absent) => (said, Rank::Absent),
            (Age::Fresh, _) => (said, Rank::Refused),
        };
        let fresh = age == Age::Fresh;
        Self { fetched_at: answer.fetched_at, body: answer.body, remark, said, kept, fresh, rank }
    }

    /// The same key, asked without an answer.
    pub(super) fn unanswered(self, rank: Rank, remark: u32) -> Self {
        Self { remark, said: Said::Unanswered, rank, ..self }
    }

    /// A fresh answer that a plan assumes.
    pub(super) fn assumed(said: AnswerKind, now: Timestamp) -> Self {
        Self::kept(&KeptAnswer { said, detail: None, body: None, fetched_at: now }, Age::Fresh, 0)
    }

    pub(super) fn rank(self) -> Rank {
        self.rank
    }

    /// Whether it names facts that may be written, fresh or stale.
    pub(super) fn is_found(self) -> bool {
        self.said == Said::Found
    }

    /// Whether it says that there is nothing, fresh or stale.
    pub(super) fn is_absent(self) -> bool {
        self.said == Said::Absent
    }

    /// Whether it is an answer that may be written, fresh or stale.
    pub(super) fn is_answer(self) -> bool {
        matches!(self.said, Said::Found | Said::Absent | Said::Refused)
    }

    /// When its answer was fetched, however old that is; `None` where the store holds none.
    pub(super) fn kept_at(self) -> Option<Timestamp> {
        (self.kept != Kept::Never).then_some(self.fetched_at)
    }

    /// Whether the store holds a find, however old.
    pub(super) fn was_found(self) -> bool {
        self.kept == Kept::Found
    }

    /// Whether the store holds a zero, however old.
    pub(super) fn was_absent(self) -> bool {
        self.kept == Kept::Absent
    }

    /// Of two answers, the one that stands worse is stale, or else older; a key
    /// without an answer stands worst of all.
    pub(super) fn standing(self) -> Option<(bool, Timestamp)> {
        self.is_answer().then_some((self.fresh, self.fetched_at))
    }

    /// The order in which the VINs of a vehicle speak for it: who has a fresh
    /// answer, whose campaigns are known, who was asked before.
    pub(super) fn as_probe(self) -> (bool, u8) {
        let order = match (self.kept, self.said) {
            (Kept::Found, _) => 0,
            (Kept::Absent, _) => 1,
            (_, Said::Unanswered) => 2,
            (Kept::Never, _) => 3,
            (Kept::Refused, _) => 4,
        };
        (!self.fresh, order)
    }
}

/// What words say beyond found and absent, each remark once.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    all: Vec<Remark>,
    places: HashMap<Remark, u32>,
}

/// What is to be said of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Remark {
    /// Why the key was refused.
    pub(super) detail: Option<Arc<str>>,
    /// Why the answer was not renewed, where it has expired.
    pub(super) stale: Option<Stale>,
    /// Why there is no answer.
    pub(super) outcome: Option<Outcome>,
}

impl Remarks {
    /// The place of `remark`; an empty one is at 0.
    pub(super) fn place(&mut self, remark: Remark) -> u32 {
        if self.all.is_empty() {
            self.all.push(Remark::default());
            self.places.insert(Remark::default(), 0);
        }
        if let Some(&place) = self.places.get(&remark) {
            return place;
        }
        let place = u32::try_from(self.all.len()).unwrap_or(0);
        self.all.push(remark.clone());
        self.places.insert(remark, place);
        place
    }

    /// The remark at `place`.
    pub(super) fn get(&self, place: u32) -> Option<&Remark> {
        self.all.get(place as usize)
    }
}

#[cfg(test)]
#[path = "tests/word.rs"]
mod tests;
