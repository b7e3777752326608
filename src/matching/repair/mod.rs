//! The VIN that a failing cell was meant to be, where the row gives enough to tell.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use crate::domain::Vin;
use crate::domain::facts::DecodeFacts;
use crate::domain::vin::{self, Rules, candidates};
use crate::matching::row_vehicle::RowVehicle;
use crate::matching::{same_body, same_make, same_model_of};

/// The candidates among which one that decodes stands out for a row that names
/// no vehicle; among the two dozen of a dropped character, one may do so by chance.
const FEW: usize = 6;

/// The one VIN a slip away from `cell` that decodes to the row's make and year.
///
/// Each counts as far as the row names it; a candidate must decode to what is
/// named, not only not contradict it. Where several do, one is left if it alone
/// decodes to a model, the row's if that names one; else none is suggested. No
/// other candidate is ruled out by its model, as rows and decoders name too many
/// of them differently.
///
/// A row that names neither make nor year gets the only candidate that decodes
/// to a make and a model, if there were few to begin with.
///
/// Where the cell is a VIN whose check digit alone fails, none is suggested that decodes to
/// another make, year or body than the cell does: whatever the row says, a VIN that tells
/// of one vehicle is not mended into that of another.
///
/// A dropped digit of the serial number leaves several VINs of one make, year and
/// model, so there none is suggested.
pub fn suggest(
    cell: &str,
    vehicle: &RowVehicle<'_>,
    decode: impl Fn(&Vin) -> Option<Arc<DecodeFacts>>,
) -> Option<Vin> {
    let candidates = candidates(cell);
    let names_neither = vehicle.make.is_none() && vehicle.year.is_none();
    if names_neither && candidates.len() > FEW {
        return None;
    }
    let typed = vin::read(cell, Rules::default()).vin.and_then(|typed| decode(&typed));
    let may_be = |facts: &Arc<DecodeFacts>| {
        fits(vehicle, facts) && typed.as_ref().is_none_or(|typed| agree(typed, facts))
    };
    let (mut fitting, mut of_model) = (Vec::new(), None);
    for alike in alike(&candidates) {
        for vin in alike {
            let Some(facts) = decode(vin).filter(may_be) else {
                // The serial number tells neither make nor year nor body.
                break;
            };
            fitting.push(*vin);
            if is_model(vehicle, &facts) && of_model.replace(*vin).is_some() {
                return None;
            }
        }
    }
    match fitting[..] {
        [only] if !names_neither => Some(only),
        _ => of_model,
    }
}

/// `candidates`, which are sorted, by all that tells make and year; the most of one
/// kind first, as two that fit leave nothing to suggest.
fn alike(candidates: &[Vin]) -> Vec<&[Vin]> {
    let mut alike: Vec<&[Vin]> =
        candidates.chunk_by(|one, other| kind(one) == kind(other)).collect();
    alike.sort_by_key(|vins| Reverse(vins.len()));
    alike
}

/// A VIN without its serial number. That of a maker of few vehicles, whose WMI ends in
/// 9, begins with three more characters of the maker's (49 CFR 565.15).
fn kind(vin: &Vin) -> &str {
    let end = if vin.wmi().ends_with('9') { 14 } else { 11 };
    &vin.as_str()[..end]
}

/// The suggestions of a run; rows that say the same get the same.
#[derive(Default)]
pub struct Suggestions(Mutex<HashMap<u128, Option<Vin>>>);

/// Suggestions kept, some 50 bytes each; beyond, all of them are dropped.
const KEPT: usize = 1 << 16;

impl Suggestions {
    /// Like [`suggest`], worked out only where it is new.
    pub fn of(
        &self,
        cell: &str,
        vehicle: &RowVehicle<'_>,
        decode: impl Fn(&Vin) -> Option<Arc<DecodeFacts>>,
    ) -> Option<Vin> {
        let key = vehicle.fingerprint(cell);
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return *known;
        }
        let suggestion = suggest(cell, vehicle, decode);
        let mut kept = lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, suggestion);
        suggestion
    }
}

/// Whether it decodes to the row's make and year.
fn fits(vehicle: &RowVehicle<'_>, facts: &DecodeFacts) -> bool {
    let is_make = |make: &str| vehicle.make.is_none_or(|written| same_make(written, make));
    facts.make.as_deref().is_some_and(is_make)
        && vehicle.year.is_none_or(|written| facts.model_year == Some(written))
}

/// Whether the two name one make, year and body, as far as both name them.
fn agree(typed: &DecodeFacts, facts: &DecodeFacts) -> bool {
    let names = |one: &Option<String>, other: &Option<String>, same: fn(&str, &str) -> bool| {
        one.as_deref().zip(other.as_deref()).is_none_or(|(one, other)| same(one, other))
    };
    names(&typed.make, &facts.make, same_make)
        && names(&typed.body_class, &facts.body_class, same_body)
        && typed.model_year.zip(facts.model_year).is_none_or(|(one, other)| one == other)
}

/// Whether it decodes to a model, and to the row's if that names one.
fn is_model(vehicle: &RowVehicle<'_>, facts: &DecodeFacts) -> bool {
    let makes = [vehicle.make, facts.make.as_deref()].map(Option::unwrap_or_default);
    facts.model.as_deref().is_some_and(|model| {
        vehicle.model.is_none_or(|written| same_model_of(&makes, written, model))
    })
}

#[cfg(test)]
mod tests;
