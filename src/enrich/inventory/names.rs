//! When two vehicles are of one make, model and year, whoever spells the names.
//!
//! Unlike two words about one vehicle, which agree until they contradict each
//! other, these are words about two vehicles: a `Camry XLE` is not priced by a
//! `Camry`. So nothing counts as alike here but spelling.

use crate::matching::{bare, one_make};

/// A make, model and year without their spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    make: String,
    model: String,
    year: i32,
}

/// The name under which all spellings of its make and model meet; `None`
/// where one of them is empty.
pub(crate) fn folded(make: &str, model: &str, year: i32) -> Option<Named> {
    let (spelled, make) = (bare(make), one_make(make));
    let model = bare(model);
    // `Toyota Camry` is a model name in many an inventory.
    let own = [&spelled, &make].into_iter().find_map(|make| model.strip_prefix(make.as_str()));
    let model = own.filter(|own| !own.is_empty()).unwrap_or(&model).to_owned();
    (!make.is_empty() && !model.is_empty()).then_some(Named { make, model, year })
}

#[cfg(test)]
#[path = "tests/names.rs"]
mod tests;
