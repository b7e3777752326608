//! What one step says about one VIN: its words, combined.

use super::column::Column;
use super::steps::{ByVin, LocalSays};
use super::word::{Rank, Said};
use crate::config::Local;
use crate::domain::facts::{Doubts, MatchBasis};
use crate::domain::{KeySet, Outcome, Status};
use crate::enrich::chain::Source;
use crate::enrich::inventory::Inventory;

/// What one step says about one VIN.
#[derive(Debug)]
pub(crate) enum Combined<'b> {
    /// What is known of one key.
    Key {
        /// The endpoint's words.
        column: &'b Column,
        /// What they are about.
        keys: &'b KeySet,
        /// The key's number.
        id: u32,
        /// How the key stands for the VIN.
        basis: MatchBasis,
    },
    /// What was said under all the names that a vehicle may bear, as one answer.
    United(Box<United<'b>>),
    /// What a whole inventory says.
    Inventory {
        /// The inventory.
        inventory: &'b Inventory,
        /// Whose it is.
        source: &'b Source,
        /// Whether the VIN is in it.
        listed: bool,
    },
    /// What data on this machine say.
    Local {
        /// Which data.
        local: Local,
        /// What they say.
        says: LocalSays,
        /// Whether they are the first step.
        leads: bool,
    },
    /// No answer, and why.
    Unanswered(Outcome),
}

/// What was said under several names.
#[derive(Debug)]
pub(crate) struct United<'b> {
    /// The endpoint's words.
    pub(crate) column: &'b Column,
    /// The names, as vehicles.
    pub(crate) keys: &'b KeySet,
    /// All of them, and why campaigns under each may not concern the vehicle.
    pub(crate) names: Vec<(u32, Doubts)>,
    /// Those under which campaigns were found.
    pub(crate) found: Vec<(u32, Doubts)>,
    /// Where there are none, the lists that make a zero of it.
    pub(crate) zero: Option<(&'b Column, &'b [u32])>,
    /// Why one of the names has no answer.
    pub(crate) missing: Option<Outcome>,
    /// How the names stand for the vehicle.
    pub(crate) basis: MatchBasis,
}

impl United<'_> {
    /// The answers that it rests on, each with its column.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&Column, u32)> {
        let names = if self.zero.is_some() { &self.names } else { &self.found };
        let names = names.iter().map(|(name, _)| (self.column, *name));
        let lists = self.zero.iter().flat_map(|(lists, ids)| ids.iter().map(|id| (*lists, *id)));
        names.chain(lists)
    }

    fn is_fresh(&self) -> bool {
        self.parts().all(|(column, id)| column.word(id).fresh)
    }
}

impl<'b> Combined<'b> {
    /// The first of the best words that the endpoints of a source say about one VIN.
    pub(super) fn first(by_vin: &'b ByVin, keys: &'b KeySet, id: u32) -> Option<Self> {
        let column = by_vin.columns().min_by_key(|column| column.word(id).rank())?;
        Some(Self::Key { column, keys, id, basis: MatchBasis::Vin })
    }

    pub(super) fn rank(&self) -> Rank {
        match self {
            Self::Key { column, id, .. } => column.word(*id).rank(),
            Self::United(of) if of.zero.is_some() => {
                if of.is_fresh() {
                    Rank::Absent
                } else {
                    Rank::Stale
                }
            }
            Self::United(of) => {
                let ranks = of.found.iter().map(|(name, _)| of.column.word(*name).rank());
                ranks.max().unwrap_or(Rank::Nothing)
            }
            Self::Inventory { inventory, listed, .. } => {
                match (listed, inventory.stale().is_none()) {
                    (true, true) => Rank::FreshFind,
                    (true, false) => Rank::StaleFind,
                    (false, true) => Rank::Absent,
                    (false, false) => Rank::Stale,
                }
            }
            Self::Local { says: LocalSays::Found, local: Local::Vpic, leads: false } => {
                Rank::DecoderFind
            }
            Self::Local { says: LocalSays::Found, .. } => Rank::FreshFind,
            Self::Local { says: LocalSays::Absent, .. } => Rank::Absent,
            Self::Local { says: LocalSays::Unclear, .. } => Rank::Failed,
            Self::Unanswered(outcome) => Rank::of_outcome(outcome),
        }
    }

    /// The status that it gives a row.
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::Key { column, id, .. } => column.status(*id),
            Self::United(of) if of.zero.is_some() => Status::Absent,
            Self::United(_)
            | Self::Inventory { listed: true, .. }
            | Self::Local { says: LocalSays::Found, .. } => Status::Found,
            Self::Inventory { .. } | Self::Local { says: LocalSays::Absent, .. } => Status::Absent,
            Self::Local { says: LocalSays::Unclear, .. } => Status::Failed,
            Self::Unanswered(outcome) => outcome.verdict().0,
        }
    }

    /// Whether it names facts, fresh or stale.
    pub(crate) fn is_found(&self) -> bool {
        match self {
            Self::Key { column, id, .. } => column.word(*id).is_found(),
            Self::United(of) => of.zero.is_none(),
            Self::Inventory { listed, .. } => *listed,
            Self::Local { says, .. } => *says == LocalSays::Found,
            Self::Unanswered(_) => false,
        }
    }

    /// Whether it is an answer, whole and not expired.
    pub(crate) fn is_fresh(&self) -> bool {
        match self {
            Self::Key { column, id, .. } => {
                let word = column.word(*id);
                word.fresh && word.said != Said::Unanswered
            }
            Self::United(of) => of.missing.is_none() && of.is_fresh(),
            Self::Inventory { inventory, .. } => inventory.stale().is_none(),
            Self::Local { says, .. } => *says != LocalSays::Unclear,
            Self::Unanswered(_) => false,
        }
    }

    /// Whether nothing that a later step may say is better.
    pub(super) fn is_final(&self) -> bool {
        self.is_found() && self.is_fresh() && self.rank() == Rank::FreshFind
    }

    /// Whether the offline decoder says that it finds nothing.
    pub(super) fn is_decoder_zero(&self) -> bool {
        matches!(self, Self::Local { local: Local::Vpic, says: LocalSays::Absent, .. })
    }

    /// The vendor that says so, where one does.
    pub(crate) fn vendor(&self) -> Option<&'static str> {
        match self {
            Self::Key { column, id, .. } => {
                column.word(*id).is_answer().then_some(column.source.name.vendor)
            }
            Self::United(of) => Some(of.column.source.name.vendor),
            Self::Inventory { source, .. } => Some(source.name.vendor),
            Self::Local { .. } | Self::Unanswered(_) => None,
        }
    }
}
