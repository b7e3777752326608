//! Why a campaign may not concern a vehicle.

use std::collections::BTreeMap;
use std::fmt;

use super::{Campaign, RecallFacts};

/// One reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The vehicle's model year is in doubt.
    Year,
    /// The campaign names a series or weight of which the decode says nothing.
    Series,
    /// It names a powertrain.
    Powertrain,
    /// It names a body or cab.
    Body,
    /// It names a trim or drive.
    Trim,
    /// It names a model that may be another one.
    Name,
}

impl Doubt {
    /// Every reason, in the order in which they are written.
    pub const ALL: [Self; 6] =
        [Self::Year, Self::Series, Self::Powertrain, Self::Body, Self::Trim, Self::Name];

    /// The word written to `recall_doubt`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Series => "series",
            Self::Powertrain => "powertrain",
            Self::Body => "body",
            Self::Trim => "trim",
            Self::Name => "name",
        }
    }
}

/// Reasons, each at most once. As text they are a comma list in the order of [`Doubt::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Doubts(u8);

impl Doubts {
    /// No reason at all.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `doubt` is among them.
    pub const fn contains(self, doubt: Doubt) -> bool {
        self.0 & (1 << doubt as u8) != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, doubt: Doubt) -> Self {
        Self(self.0 | (1 << doubt as u8))
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The doubts of what two names tell: none where one of them is sure.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() { Self::NONE } else { self.and(other) }
    }
}

impl fmt::Display for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Doubt::ALL.into_iter().filter(|doubt| self.contains(*doubt));
        for (place, doubt) in all.enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}", doubt.name())?;
        }
        Ok(())
    }
}

/// Campaigns that may not concern a vehicle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecallDoubt {
    /// Why they may not.
    pub reasons: Doubts,
    /// Their numbers, ascending; none where it is in doubt that there are none.
    pub campaigns: Vec<String>,
}

impl RecallDoubt {
    /// Those of `campaigns`, each a number and why it is in doubt, that are; `None` where
    /// none is.
    pub fn of<'n>(campaigns: impl IntoIterator<Item = (&'n str, Doubts)>) -> Option<Self> {
        let mut doubt = Self::default();
        for (number, doubts) in campaigns.into_iter().filter(|(_, doubts)| !doubts.is_empty()) {
            doubt.reasons = doubt.reasons.and(doubts);
            doubt.campaigns.push(number.to_owned());
        }
        doubt.campaigns.sort_unstable();
        doubt.campaigns.dedup();
        (!doubt.campaigns.is_empty()).then_some(doubt)
    }

    /// Campaigns by their numbers, ascending, and those of them that are in doubt.
    pub fn apart(campaigns: BTreeMap<String, (Campaign, Doubts)>) -> (RecallFacts, Option<Self>) {
        let numbers = campaigns.iter().map(|(number, (_, doubts))| (number.as_str(), *doubts));
        let doubt = Self::of(numbers);
        let campaigns = campaigns.into_values().map(|(campaign, _)| campaign).collect();
        (RecallFacts { campaigns }, doubt)
    }

    /// Whether the campaign is one of them.
    pub fn contains(&self, number: &str) -> bool {
        self.campaigns.binary_search_by(|known| known.as_str().cmp(number)).is_ok()
    }
}

#[cfg(test)]
#[path = "tests/doubt.rs"]
mod tests;
