//! Bodies and fuels: short lists of kinds under many names.
//!
//! A name stands for every kind that it may mean, so that a general name (`van`)
//! agrees with each special one (`minivan`), and those not with each other.

use super::tokens::words;

/// A phrase, and the kinds it may mean: bits. None are set for a phrase that tells no kind.
type Phrase = (&'static str, u32);

const SEDAN: u32 = 1;
const COUPE: u32 = 1 << 1;
const CONVERTIBLE: u32 = 1 << 2;
const HATCHBACK: u32 = 1 << 3;
const WAGON: u32 = 1 << 4;
const SUV: u32 = 1 << 5;
const PICKUP: u32 = 1 << 6;
const MINIVAN: u32 = 1 << 7;
const CARGO_VAN: u32 = 1 << 8;
const PASSENGER_VAN: u32 = 1 << 9;
const STEP_VAN: u32 = 1 << 10;
const BUS: u32 = 1 << 11;
const TRUCK: u32 = 1 << 12;
const TRACTOR: u32 = 1 << 13;
const CHASSIS: u32 = 1 << 14;
const MOTORCYCLE: u32 = 1 << 15;
const LIMOUSINE: u32 = 1 << 16;
const TRAILER: u32 = 1 << 17;
const MOTORHOME: u32 = 1 << 18;
const OFF_ROAD: u32 = 1 << 19;

/// Any van; one without seats and doors behind is sold as a chassis too.
const VAN: u32 = MINIVAN | CARGO_VAN | PASSENGER_VAN | STEP_VAN | CHASSIS;
/// What Europe calls a minivan, NHTSA counts among the SUVs.
const MPV: u32 = SUV | MINIVAN;
const ANY_TRUCK: u32 = PICKUP | TRUCK | TRACTOR | CHASSIS;

/// Bodies, by the words of vPIC, of dealers, and of Europe.
pub(super) const BODIES: &[Phrase] = &[
    ("sedan", SEDAN),
    ("saloon", SEDAN),
    ("berline", SEDAN),
    ("limousine", LIMOUSINE | SEDAN), // German: a sedan.
    ("limo", LIMOUSINE),
    ("coupe", COUPE),
    ("convertible", CONVERTIBLE),
    ("cabriolet", CONVERTIBLE),
    ("cabrio", CONVERTIBLE),
    ("roadster", CONVERTIBLE),
    ("spyder", CONVERTIBLE),
    ("spider", CONVERTIBLE),
    ("hatchback", HATCHBACK),
    ("hatch", HATCHBACK),
    ("liftback", HATCHBACK),
    ("notchback", HATCHBACK | SEDAN),
    ("fastback", HATCHBACK | COUPE),
    ("schragheck", HATCHBACK),
    ("wagon", WAGON),
    ("station wagon", WAGON),
    ("estate", WAGON),
    ("kombi", WAGON),
    ("sportwagen", WAGON),
    ("suv", SUV),
    ("cuv", SUV),
    ("crossover", SUV),
    ("crossover utility vehicle", SUV),
    ("crossover utility", SUV),
    ("sport utility vehicle", SUV),
    ("sport utility", SUV),
    ("utility", SUV),
    ("sport utility truck", SUV | PICKUP),
    ("sut", SUV | PICKUP),
    ("mpv", MPV),
    ("multi purpose vehicle", MPV),
    ("multipurpose vehicle", MPV),
    ("multipurpose", MPV),
    ("pickup", PICKUP),
    ("pick up", PICKUP),
    ("pickup truck", PICKUP),
    ("pick up truck", PICKUP),
    ("crew cab", PICKUP | CHASSIS),
    ("extended cab", PICKUP | CHASSIS),
    ("regular cab", PICKUP | CHASSIS),
    ("double cab", PICKUP | CHASSIS),
    ("van", VAN),
    ("minivan", MINIVAN),
    ("mini van", MINIVAN),
    ("cargo van", CARGO_VAN),
    ("cargo", CARGO_VAN),
    ("panel van", CARGO_VAN),
    ("passenger van", PASSENGER_VAN),
    ("wagon van", PASSENGER_VAN),
    ("step van", STEP_VAN),
    ("walk in van", STEP_VAN),
    ("bus", BUS),
    ("minibus", BUS | PASSENGER_VAN),
    ("coach", BUS),
    ("truck", ANY_TRUCK),
    ("lkw", ANY_TRUCK),
    ("box truck", TRUCK | CHASSIS),
    ("straight truck", TRUCK | CHASSIS),
    ("dump truck", TRUCK | CHASSIS),
    ("truck tractor", TRACTOR),
    ("tractor", TRACTOR),
    ("semi", TRACTOR),
    ("chassis cab", CHASSIS),
    ("cab chassis", CHASSIS),
    ("cab and chassis", CHASSIS),
    ("chassis", CHASSIS),
    ("cutaway", CHASSIS),
    ("glider", CHASSIS | TRACTOR),
    ("ambulance", VAN | ANY_TRUCK),
    ("fire apparatus", TRUCK | CHASSIS),
    ("fire truck", TRUCK | CHASSIS),
    ("street sweeper", TRUCK | CHASSIS),
    ("motor coach", BUS),
    ("off road vehicle", OFF_ROAD),
    ("atv", OFF_ROAD),
    ("utv", OFF_ROAD),
    ("motorcycle", MOTORCYCLE),
    ("motorbike", MOTORCYCLE),
    ("scooter", MOTORCYCLE),
    ("trailer", TRAILER),
    ("motorhome", MOTORHOME),
    ("motor home", MOTORHOME),
    // Somebody else completed it, as nobody here knows what.
    ("incomplete", 0),
    ("vehicle", 0),
    ("door", 0),
    ("doors", 0),
    ("dr", 0),
    ("unknown", 0),
    ("other", 0),
    ("not applicable", 0),
];

const GASOLINE: u32 = 1;
const DIESEL: u32 = 1 << 1;
const ELECTRICITY: u32 = 1 << 2;
const ETHANOL: u32 = 1 << 3;
const METHANOL: u32 = 1 << 4;
const CNG: u32 = 1 << 5;
const LNG: u32 = 1 << 6;
const LPG: u32 = 1 << 7;
const HYDROGEN: u32 = 1 << 8;

/// One decoder names what a hybrid burns, another that it is one.
const HYBRID: u32 = GASOLINE | DIESEL | ELECTRICITY;

/// Fuels, by the words of vPIC, of dealers, and of Europe.
pub(super) const FUELS: &[Phrase] = &[
    ("gasoline", GASOLINE),
    ("gas", GASOLINE),
    ("petrol", GASOLINE),
    ("benzin", GASOLINE),
    ("essence", GASOLINE),
    ("gasolina", GASOLINE),
    ("unleaded", GASOLINE),
    ("regular", GASOLINE),
    ("premium", GASOLINE),
    ("diesel", DIESEL),
    ("biodiesel", DIESEL),
    ("b20", DIESEL),
    ("electric", ELECTRICITY),
    ("electricity", ELECTRICITY),
    ("elektro", ELECTRICITY),
    ("battery", ELECTRICITY),
    ("bev", ELECTRICITY),
    ("ev", ELECTRICITY),
    ("hybrid", HYBRID),
    ("hev", HYBRID),
    ("mhev", HYBRID),
    ("phev", HYBRID),
    ("plug in hybrid", HYBRID),
    ("electric hybrid", HYBRID),
    ("hybrid electric", HYBRID),
    ("flex", GASOLINE | ETHANOL),
    ("flex fuel", GASOLINE | ETHANOL),
    ("flexible fuel", GASOLINE | ETHANOL),
    ("flexible fuel vehicle", GASOLINE | ETHANOL),
    ("flexfuel", GASOLINE | ETHANOL),
    ("ffv", GASOLINE | ETHANOL),
    ("ethanol", ETHANOL),
    ("e85", ETHANOL),
    ("e100", ETHANOL),
    ("methanol", METHANOL),
    ("m85", METHANOL),
    ("m100", METHANOL),
    ("natural gas", CNG | LNG),
    ("compressed natural gas", CNG),
    ("cng", CNG),
    ("erdgas", CNG),
    ("liquefied natural gas", LNG),
    ("lng", LNG),
    ("propane", LPG),
    ("lpg", LPG),
    ("autogas", LPG),
    ("liquefied petroleum gas", LPG),
    ("liquid propane gas", LPG),
    ("hydrogen", HYDROGEN),
    ("fuel cell", HYDROGEN | ELECTRICITY),
    ("fcev", HYDROGEN | ELECTRICITY),
    ("vehicle", 0),
    ("fuel", 0),
    ("unknown", 0),
    ("other", 0),
    ("not applicable", 0),
];

/// Whether two names, in words, may be one of `body_fuel`.
///
/// Names that hold no known phrase are compared by their words: one must hold
/// all of the other's.
pub(super) fn agree(kinds: &[Phrase], a: &[String], b: &[String]) -> bool {
    let (a, b) = (Said::by(kinds, a), Said::by(kinds, b));
    if a.says_nothing() || b.says_nothing() {
        return true;
    }
    if a.kinds != 0 && b.kinds != 0 {
        return a.kinds & b.kinds != 0;
    }
    a.kinds == b.kinds && (a.holds(&b) || b.holds(&a))
}

/// Whether the words describe a body or a fuel, and say nothing else.
pub(super) fn is_description(words: &[String]) -> bool {
    [BODIES, FUELS].into_iter().any(|kinds| Said::by(kinds, words).others.is_empty())
}

/// The kinds that `text` may mean; none where it holds no known phrase.
pub(super) fn kinds(of: &[Phrase], text: &str) -> u32 {
    Said::by(of, &words(text)).kinds
}

/// What a name says.
#[derive(Default)]
struct Said<'a> {
    kinds: u32,
    /// Words that belong to no phrase.
    others: Vec<&'a str>,
}

impl<'a> Said<'a> {
    /// The longest phrase is taken at each word.
    fn by(kinds: &[Phrase], mut words: &'a [String]) -> Self {
        let mut said = Self::default();
        while let [word, rest @ ..] = words {
            let phrases =
                kinds.iter().filter_map(|(phrase, bits)| Some((length(phrase, words)?, bits)));
            if let Some((length, bits)) = phrases.max_by_key(|(length, _)| *length) {
                said.kinds |= bits;
                words = &words[length..];
            } else {
                if !is_count_of_doors(word) {
                    said.others.push(word);
                }
                words = rest;
            }
        }
        said
    }

    fn says_nothing(&self) -> bool {
        self.kinds == 0 && self.others.is_empty()
    }

    fn holds(&self, other: &Self) -> bool {
        other.others.iter().all(|word| self.others.contains(word))
    }
}

/// How many words `phrase` has, if `tokens` begin with it.
fn length(phrase: &str, words: &[String]) -> Option<usize> {
    // Most phrases end here, and every word is tried against all of them.
    if !phrase.starts_with(words.first()?.as_str()) {
        return None;
    }
    let count = phrase.split(' ').count();
    let begins = count <= words.len() && phrase.split(' ').zip(words).all(|(a, b)| a == b);
    begins.then_some(count)
}

/// `4`, `4d` and `4dr`.
fn is_count_of_doors(word: &str) -> bool {
    let unit = word.trim_start_matches(|character: char| character.is_ascii_digit());
    unit.len() < word.len() && ["", "d", "dr", "door", "doors"].contains(&unit)
}
