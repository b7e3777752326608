//! Which names of a source's list a vehicle may bear.
//!
//! A name may be the vehicle's where its first words are the model's own. Every other word
//! of it stands in the decode and agrees; or is of the vocabulary and agrees with the
//! decode, contradicts it, or asks what it does not tell; or is any other word, which makes
//! another car of it where the list has the model's own name too.

use hashbrown::HashMap;

use super::descriptor::{Descriptor, Stands};
use super::names::{Name, Token, bare};
use super::vocabulary::Kind;
use crate::domain::facts::{Doubt, Doubts};

/// A vehicle's model as one make calls it, and its version.
#[derive(Debug)]
pub(crate) struct Asked<'d> {
    /// The names that the decode's model holds; mostly one.
    models: Vec<Name>,
    descriptor: &'d Descriptor,
}

/// How a name stands to a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The vehicle may bear it, but for these doubts.
    Bears(Doubts),
    /// The same, but it lacks the powertrain that the model's own name tells.
    SaysLess(Doubts),
    /// It has a word more that may make another car of it, and these doubts.
    SaysMore(Doubts),
    /// It is a version of the model that the vehicle is not.
    Contradicted,
    /// It is another model.
    Another,
}

impl<'d> Asked<'d> {
    /// `model` is what `make` calls it.
    pub(crate) fn new(make: &str, model: &str, descriptor: &'d Descriptor) -> Self {
        Self { models: Name::all_in(make, model), descriptor }
    }

    /// How an entry of a list stands to the vehicle: the best of the names that it holds.
    pub(crate) fn verdict(&self, entry: &Entry) -> Verdict {
        let mut best = Verdict::Another;
        for (place, model) in self.models.iter().enumerate() {
            // Of `CARAVAN/GRAND CARAVAN` the decode does not tell which it is.
            let doubt = if place == 0 { Doubts::NONE } else { Doubts::NONE.with(Doubt::Name) };
            for name in &entry.names {
                best = best.better(self.judge(model, name, doubt));
            }
        }
        best
    }

    fn judge(&self, model: &Name, name: &Name, mut doubts: Doubts) -> Verdict {
        let Some(core) = shared(model, name) else { return Verdict::Another };
        let (mut says_more, mut contradicted) = (false, false);
        for (place, token) in name.tokens.iter().enumerate().skip(core) {
            if model.tokens[model.core()..].contains(token) {
                continue;
            }
            let before = place.checked_sub(1).and_then(|before| name.tokens[before].last_part());
            match self.descriptor.stands(token.term, &token.text, before) {
                Some(Stands::Agrees) => {}
                Some(Stands::Contradicts) => contradicted = true,
                Some(Stands::Unknown) => doubts = doubts.with(doubt_of(token)),
                None => says_more = true,
            }
        }
        if says_more && (model.tokens.is_empty() || !name.begins_with(model)) {
            Verdict::Another
        } else if contradicted {
            Verdict::Contradicted
        } else if says_more {
            Verdict::SaysMore(doubts)
        } else if model.tokens.iter().skip(model.core()).any(|token| is_dropped(token, name)) {
            Verdict::SaysLess(doubts)
        } else {
            Verdict::Bears(doubts)
        }
    }
}

/// How many first words of `name` are the model's own; `None` where they are not.
fn shared(model: &Name, name: &Name) -> Option<usize> {
    let core = model.core();
    if name.tokens.starts_with(&model.tokens[..core]) {
        return Some(core);
    }
    // `MODELS` is a `MODEL S`.
    let whole = bare(&model.tokens[..core]);
    if let Some(shared) =
        (1..=name.tokens.len()).find(|&length| bare(&name.tokens[..length]) == whole)
    {
        return Some(shared);
    }
    // Of the 3 Series are 328i and 330i.
    let is_led = |family: &Name, of: &Name| match (&family.tokens[..], &of.tokens[..]) {
        ([digit, ..], [number, ..]) => {
            family.is_family && number.is_of_hundred() && number.text.starts_with(&digit.text)
        }
        _ => false,
    };
    if is_led(model, name) && core == 1 { Some(0) } else { is_led(name, model).then_some(1) }
}

/// Whether a powertrain of the model's name is not in `name`.
fn is_dropped(token: &Token, name: &Name) -> bool {
    let is_powertrain = token.term.is_some_and(|term| term.kind == Kind::Powertrain);
    is_powertrain && !name.tokens.contains(token)
}

fn doubt_of(token: &Token) -> Doubt {
    match token.term.map(|term| term.kind) {
        Some(Kind::Powertrain) => Doubt::Powertrain,
        Some(Kind::Series | Kind::Duty) => Doubt::Series,
        Some(Kind::Body | Kind::Cab) => Doubt::Body,
        Some(Kind::Drive | Kind::Trim) => Doubt::Trim,
        None => Doubt::Name,
    }
}

impl Verdict {
    /// Whether the name is the model's own, of whatever version.
    fn is_own(self) -> bool {
        matches!(self, Self::Bears(_) | Self::SaysLess(_) | Self::Contradicted)
    }

    /// The one of two that says more for the vehicle.
    fn better(self, other: Self) -> Self {
        if other.rank() < self.rank() { other } else { self }
    }

    fn rank(self) -> (u8, Doubts) {
        match self {
            Self::Bears(doubts) => (0, doubts),
            Self::SaysLess(doubts) => (1, doubts),
            Self::SaysMore(doubts) => (2, doubts),
            Self::Contradicted => (3, Doubts::NONE),
            Self::Another => (4, Doubts::NONE),
        }
    }
}

/// An entry of a list that a vehicle may bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) place: usize,
    /// Why campaigns under it may not concern the vehicle.
    pub(crate) doubts: Doubts,
    /// It has a word more, and would be another car if the model's own name were in use.
    pub(crate) is_longer: bool,
}

/// An entry of a source's list of models, taken apart.
#[derive(Debug)]
pub(crate) struct Entry {
    names: Vec<Name>,
}

/// A source's list of the models of one make, for looking up the few that may be a model.
#[derive(Debug, Default)]
pub(crate) struct List {
    entries: Vec<Entry>,
    /// Places of entries, by the first word of their names.
    by_first: HashMap<String, Vec<usize>>,
}

impl List {
    /// Adds an entry under the next place.
    pub(crate) fn add(&mut self, make: &str, text: &str) {
        let place = self.entries.len();
        let names = Name::all_in(make, text);
        for first in names.iter().flat_map(Name::first_words) {
            let places = self.by_first.entry(first).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        self.entries.push(Entry { names });
    }

    /// The places of entries that the vehicle may bear, ascending, each with its doubts.
    /// `is_near` says whether the source uses an entry in years near the vehicle's.
    pub(crate) fn candidates(
        &self,
        asked: &Asked<'_>,
        mut is_near: impl FnMut(usize) -> bool,
    ) -> Vec<Candidate> {
        let judged = self.judged(asked);
        let any_near = |is: fn(Verdict) -> bool, is_near: &mut dyn FnMut(usize) -> bool| {
            judged.iter().any(|(place, verdict)| is(*verdict) && is_near(*place))
        };
        let has_full = any_near(|of| matches!(of, Verdict::Bears(_)), &mut is_near);
        let has_own = has_full || any_near(Verdict::is_own, &mut is_near);
        let doubts = |verdict: Verdict| match verdict {
            // The list tells the Kona Electric from the Kona.
            Verdict::SaysLess(doubts) if has_full => Some(doubts.with(Doubt::Powertrain)),
            Verdict::Bears(doubts) | Verdict::SaysLess(doubts) => Some(doubts),
            Verdict::SaysMore(doubts) if !has_own => Some(doubts.with(Doubt::Name)),
            Verdict::SaysMore(_) | Verdict::Contradicted | Verdict::Another => None,
        };
        let candidate = |(place, verdict): (usize, Verdict)| {
            let is_longer = matches!(verdict, Verdict::SaysMore(_));
            Some(Candidate { place, doubts: doubts(verdict)?, is_longer })
        };
        judged.into_iter().filter_map(candidate).collect()
    }

    /// Whether it has the model's own name, of whatever version.
    pub(crate) fn has_own(&self, asked: &Asked<'_>) -> bool {
        self.judged(asked).into_iter().any(|(_, verdict)| verdict.is_own())
    }

    fn judged(&self, asked: &Asked<'_>) -> Vec<(usize, Verdict)> {
        let places = self.beginning_as(asked).into_iter();
        places.map(|place| (place, asked.verdict(&self.entries[place]))).collect()
    }

    /// The places of entries that begin as the model does.
    pub(crate) fn beginning_as(&self, asked: &Asked<'_>) -> Vec<usize> {
        if asked.models.iter().any(|model| model.tokens.is_empty()) {
            return (0..self.entries.len()).collect();
        }
        let first = asked.models.iter().flat_map(Name::first_words);
        let mut places: Vec<usize> =
            first.filter_map(|first| self.by_first.get(&first)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// The names of a list that a model may go by, as far as the model alone tells.
pub fn variants(model: &str, names: &[String]) -> Vec<String> {
    let mut list = List::default();
    for name in names {
        list.add("", name);
    }
    let version = Descriptor::default();
    let candidates = list.candidates(&Asked::new("", model, &version), |_| true);
    candidates.into_iter().map(|of| names[of.place].clone()).collect()
}

#[cfg(test)]
#[path = "tests/candidates.rs"]
mod tests;
