//! Names of makes, models, bodies and fuels, compared for what they mean.
//!
//! A conflict is worth a look only if it is none of spelling. So case, accents
//! and punctuation do not count, well-known other names are one name, and a name
//! that says more than the other ("F-150 XLT" and "F150") does not contradict
//! it. What says nothing contradicts nothing. Every comparison is symmetric.
//!
//! `tokens` takes text apart; `makes`, `models` and `body_fuel` know what is special
//! about a make, a model, and the closed lists of bodies and fuels. `names` takes the name
//! of a model apart, by the closed `vocabulary` and the `aliases`; `candidates` says which
//! names of a list a vehicle may bear, by its `descriptor`.

pub(crate) mod aliases;
mod body_fuel;
pub(crate) mod candidates;
pub(crate) mod conflicts;
pub(crate) mod descriptor;
mod makes;
mod model_names;
pub(crate) mod model_year;
mod models;
pub(crate) mod names;
pub mod repair;
pub mod row_vehicle;
mod tokens;
pub(crate) mod vocabulary;

pub use candidates::variants;
pub(crate) use model_names::ModelNames;
pub(crate) use tokens::bare;

use model_names::{is_other_size, is_part_of};
use tokens::words;

/// Whether two names may be one make: `MERCEDES-BENZ` and `Mercedes`, `VW` and
/// `Volkswagen`, `Ford` and `Ford Motor Company`.
pub fn same_make(a: &str, b: &str) -> bool {
    says_more(a, b) || makes::agree(&words(a), &words(b))
}

/// One spelling for all spellings and well-known other names of a make, for a
/// look-up where [`same_make`] cannot be put to every pair.
pub(crate) fn one_make(name: &str) -> String {
    makes::canonical(&words(name))
}

/// Whether two names may be one model: `F-150`, `F150` and `F 150 XLT`.
pub fn same_model(a: &str, b: &str) -> bool {
    same_model_of(&[], a, b)
}

/// [`same_model`], with any of `makes` before the model ignored: `Ford Transit`
/// is a `Transit`, and who calls a Ram 1500 a `Ram` names no other model.
pub fn same_model_of(makes: &[&str], a: &str, b: &str) -> bool {
    says_more(a, b) || models::agree(makes, a, b)
}

/// Whether two names may be one body: `Sedan/Saloon` and `4dr sedan`.
pub fn same_body(a: &str, b: &str) -> bool {
    are_spelled_alike(a, b) || body_fuel::agree(body_fuel::BODIES, &words(a), &words(b))
}

/// Whether two names may be one fuel: `Gasoline`, `Gas` and `petrol`.
pub fn same_fuel(a: &str, b: &str) -> bool {
    are_spelled_alike(a, b) || body_fuel::agree(body_fuel::FUELS, &words(a), &words(b))
}

/// The one of `all` that is most alike, if it is alike enough to be meant; the last of
/// equals.
pub(crate) fn nearest<T>(all: &[T], likeness: impl Fn(&&T) -> f64) -> Option<&T> {
    const ALIKE: f64 = 0.8;
    all.iter()
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
        .filter(|nearest| likeness(nearest) >= ALIKE)
}

/// Whether the longer text is the shorter one and more words, or nothing more:
/// the common case, seen without taking anything apart.
fn says_more(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let Some((head, rest)) = long.split_at_checked(short.len()) else { return false };
    head.eq_ignore_ascii_case(short) && !rest.starts_with(char::is_alphanumeric)
}

fn are_spelled_alike(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

#[cfg(test)]
mod tests;
