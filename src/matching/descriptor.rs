//! What of a decode tells the versions of a model apart: it is held against the words of a
//! name that say which version the name means.

use serde::Deserialize;

use super::body_fuel::{self, BODIES};
use super::names::Name;
use super::tokens::{parts, words};
use super::vocabulary::{Kind, Term, duties_of_sizes, is_series_number, said_of, sizes_of_weight};
use crate::domain::facts::DecodeFacts;

/// A version of a model, as far as its decode tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Descriptor {
    /// Its model, series and trim, each in parts with a space round every one.
    said: Vec<String>,
    /// The numbers that those tell of the model: the 300 of a C 300.
    numbers: Vec<String>,
    /// Whether they tell a trim of the vocabulary.
    has_trim: bool,
    /// The values that it may have of each kind, as bits; 0 where nothing is known.
    powertrain: u32,
    sizes: u32,
    duty: u32,
    body: u32,
    cab: u32,
    drive: u32,
}

/// What versions have in common for which one of them may speak: sizes, numbers and
/// powertrains.
pub(crate) type Common = (u32, Vec<String>, u32);

/// How a word of a name stands to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Agrees,
    Contradicts,
    Unknown,
}

/// What decoders file beside the columns.
#[derive(Debug, Default, Deserialize)]
struct Extra {
    #[serde(rename = "Series2")]
    series: Option<String>,
    #[serde(rename = "Trim2")]
    trim: Option<String>,
    #[serde(rename = "GVWR_to")]
    gvwr_to: Option<String>,
}

impl Extra {
    fn of(facts: &DecodeFacts) -> Self {
        let json = facts.decode_extra.as_deref();
        let is_wanted =
            |json: &&str| ["Series2", "Trim2", "GVWR_to"].iter().any(|key| json.contains(key));
        json.filter(is_wanted).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

impl Descriptor {
    /// The version that a decode tells.
    pub(crate) fn of(facts: &DecodeFacts) -> Self {
        let extra = Extra::of(facts);
        let (make, model) = (facts.make.as_deref(), facts.model.as_deref());
        let model = Name::read(make.unwrap_or_default(), model.unwrap_or_default());
        let model_words =
            || model.tokens.iter().flat_map(|token| token.text.split(' ')).map(str::to_owned);
        let texts = [&facts.series, &facts.trim, &extra.series, &extra.trim];
        let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
        let mut all: Vec<Vec<String>> = vec![model_words().collect()];
        all.extend(texts.iter().map(|text| parts(text)));
        let said_by = |kind| {
            all.iter().filter_map(|words| said_of(kind, words)).reduce(|one, other| one | other)
        };
        let own = model.tokens[model.core()..].iter().filter(|token| token.is_number());
        let mut numbers: Vec<String> = own.map(|token| token.text.clone()).collect();
        numbers.extend(texts.iter().flat_map(|text| numbers_in(&model, text)));
        numbers.sort_unstable();
        numbers.dedup();
        let says_nothing = facts.vehicle_type.is_none() && facts.body_class.is_none();
        let may_be_truck = says_nothing || is_truck(facts);
        let sizes = said_by(Kind::Series).filter(|sizes| *sizes != 0 && may_be_truck);
        let by_weight = || weight(facts, &extra).filter(|_| is_truck(facts));
        let sizes = sizes.or_else(by_weight).unwrap_or(0);
        Self {
            numbers,
            has_trim: said_by(Kind::Trim).is_some(),
            powertrain: powertrain(facts)
                .or_else(|| said_by(Kind::Powertrain))
                .or_else(|| fuel(facts))
                .unwrap_or(0),
            duty: said_by(Kind::Duty).unwrap_or_else(|| duties_of_sizes(sizes)),
            sizes,
            body: body(facts),
            cab: of_text(Kind::Cab, facts.cab_type.as_deref()).unwrap_or(0),
            drive: of_text(Kind::Drive, facts.drive_type.as_deref()).unwrap_or(0),
            said: all.iter().filter(|words| !words.is_empty()).map(|words| padded(words)).collect(),
        }
    }

    /// What it has in common with versions of the same series and powertrain.
    pub(crate) fn series_and_powertrain(&self) -> Common {
        (self.sizes, self.numbers.clone(), self.powertrain)
    }

    /// How the version stands to `term`, spelled `text` in a name, behind the part `before`.
    pub(super) fn stands(
        &self,
        term: Option<Term>,
        text: &str,
        before: Option<&str>,
    ) -> Option<Stands> {
        if self.says(text, before) {
            return Some(Stands::Agrees);
        }
        let term = term?;
        let known = match term.kind {
            Kind::Trim if self.has_trim => return Some(Stands::Contradicts),
            Kind::Series if !self.numbers.is_empty() => return Some(Stands::Contradicts),
            Kind::Trim => 0,
            Kind::Series => self.sizes,
            Kind::Powertrain => self.powertrain,
            Kind::Duty => self.duty,
            Kind::Body => self.body,
            Kind::Cab => self.cab,
            Kind::Drive => self.drive,
        };
        Some(if known == 0 || term.sure | term.perhaps == 0 {
            Stands::Unknown
        } else if known & !term.sure == 0 {
            Stands::Agrees
        } else if known & (term.sure | term.perhaps) == 0 {
            Stands::Contradicts
        } else {
            Stands::Unknown
        })
    }

    /// Whether `text` stands in its model, series or trim. One letter says little: it must
    /// be all of a text there, or stand behind the same part as in the name.
    fn says(&self, text: &str, before: Option<&str>) -> bool {
        let is_letter = text.chars().count() == 1;
        let alone = format!(" {text} ");
        let behind = || before.map(|before| format!(" {before} {text} "));
        self.said.iter().any(|said| {
            let is_behind = || behind().is_some_and(|behind| said.contains(&behind));
            if is_letter { *said == alone || is_behind() } else { said.contains(&alone) }
        })
    }
}

fn padded(words: &[String]) -> String {
    format!(" {} ", words.join(" "))
}

/// The numbers of the model that a series or trim tells: `2500HD`, `350`, and for a
/// C-Class `C300`, but not the chassis code `W205`.
fn numbers_in(model: &Name, text: &str) -> Vec<String> {
    let initials = model.tokens.first().map_or("", |token| token.text.as_str());
    let number = |word: &String| match &parts(word)[..] {
        [number, ..] if is_series_number(number) => Some(number.clone()),
        [letters, number, ..] => (is_series_number(number)
            && initials.starts_with(letters.as_str()))
        .then(|| number.clone()),
        _ => None,
    };
    words(text).iter().filter_map(number).collect()
}

/// Whether the sizes of trucks are its: a Lexus RX 350 is none of them.
fn is_truck(facts: &DecodeFacts) -> bool {
    const TYPES: [&str; 3] = ["TRUCK", "INCOMPLETE", "BUS"];
    const BODIES: [&str; 6] = ["pickup", "van", "chassis", "cutaway", "truck", "bus"];
    let kind = facts.vehicle_type.as_deref().unwrap_or_default().trim_start().to_uppercase();
    TYPES.iter().any(|of| kind.starts_with(of))
        || words(facts.body_class.as_deref().unwrap_or_default())
            .iter()
            .any(|word| BODIES.contains(&word.as_str()))
}

/// The sizes of truck that its GVWR leaves open.
fn weight(facts: &DecodeFacts, extra: &Extra) -> Option<u32> {
    let (least, most) = pounds(facts.gvwr.as_deref()?)?;
    let most = extra.gvwr_to.as_deref().and_then(pounds).map_or(most, |(_, to)| to.max(most));
    let sizes = sizes_of_weight(least, most);
    (sizes != 0).then_some(sizes)
}

/// The range in `Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)`, `Class 1: 6,000 lb or less …`
/// and `Class 8: 33,001 lb and above …`.
fn pounds(gvwr: &str) -> Option<(u32, u32)> {
    let (range, rest) = gvwr.split_once(" lb")?;
    let range = range.rsplit(':').next()?;
    let number = |text: &str| text.replace(',', "").trim().parse::<u32>().ok();
    match range.split_once('-') {
        Some((least, most)) => Some((number(least)?, number(most)?)),
        None if rest.trim_start().starts_with("or less") => Some((0, number(range)?)),
        None => Some((number(range)?, u32::MAX)),
    }
}

fn powertrain(facts: &DecodeFacts) -> Option<u32> {
    of_text(Kind::Powertrain, facts.electrification_level.as_deref())
}

fn fuel(facts: &DecodeFacts) -> Option<u32> {
    let fuels = [&facts.fuel_type_primary, &facts.fuel_type_secondary];
    let said = fuels.into_iter().filter_map(|fuel| of_text(Kind::Powertrain, fuel.as_deref()));
    said.reduce(|one, other| one | other)
}

fn of_text(kind: Kind, text: Option<&str>) -> Option<u32> {
    said_of(kind, &parts(text?)).filter(|values| *values != 0)
}

/// Of `Hatchback/Liftback/Notchback` the first says what it is.
fn body(facts: &DecodeFacts) -> u32 {
    let class = facts.body_class.as_deref().unwrap_or_default();
    body_fuel::kinds(BODIES, class.split('/').next().unwrap_or_default())
}

#[cfg(test)]
#[path = "tests/descriptor.rs"]
mod tests;
