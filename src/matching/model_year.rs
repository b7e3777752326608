//! Whether a decoded model year may be another one, and which of two decoders is right.

use crate::domain::Vin;
use crate::domain::facts::DecodeFacts;
use crate::matching::same_make;

/// vPIC's codes for a model year that it doubts: position 10 is wrong, or another year was
/// stated than the VIN tells.
const YEAR_CODES: [&str; 2] = ["11", "12"];

/// The heaviest class of weight whose position 7 tells the model year: up to 10,000 lb.
const LIGHTEST_CLASSES: i32 = 2;

/// Whether the model year of `facts`, to which `vin` decodes, may not be the vehicle's: the
/// decoder doubts it, its row states another year, or positions 7 and 10 of the VIN do.
///
/// `is_open` where the decoder knows the vehicle by either of the two years that the VIN
/// may mean; then what the row states decides.
pub(crate) fn year_in_doubt(
    vin: &Vin,
    facts: &DecodeFacts,
    stated: Option<i32>,
    is_open: bool,
) -> bool {
    let Some(year) = facts.model_year else { return false };
    let codes = facts.decode_error_codes.as_deref().unwrap_or_default();
    if codes.split(',').any(|code| YEAR_CODES.contains(&code.trim())) {
        return true;
    }
    match stated {
        Some(stated) if stated != year => true,
        // A decoder that was sent the year may only repeat it.
        Some(_) => !is_open && !may_be_of(vin, facts, year),
        None => is_open || !may_be_of(vin, facts, year),
    }
}

/// Whether `local`, which is made of the VIN alone, is right where it and a vendor's answer
/// disagree about make or year, so that recalls are asked for its vehicle.
///
/// It is where the check digit shows that the VIN is typed as it was issued, since the WMI
/// tells the make then and position 10 the year, unless it is the vendor's year that the
/// positions allow.
pub(crate) fn local_is_right(vin: &Vin, remote: &DecodeFacts, local: &DecodeFacts) -> bool {
    if !vin.check_digit_fits() || local.vehicle().is_none() {
        return false;
    }
    let allows = |facts: &DecodeFacts, year: i32| may_be_of(vin, facts, year);
    match (remote.model_year, local.model_year) {
        (Some(other), Some(year)) if other != year => {
            allows(local, year) && (!allows(local, other) || makes_differ(remote, local))
        }
        (_, Some(year)) => makes_differ(remote, local) && allows(local, year),
        (_, None) => false,
    }
}

/// Whether a decoder that was sent `year` only repeats it of a vehicle that, by position 7
/// of its VIN, is of another, or may be.
pub(crate) fn only_repeats(vin: &Vin, year: i32, facts: &DecodeFacts) -> bool {
    facts.model_year == Some(year)
        && vin.light_model_year() != Some(year)
        && is_light(facts) != Some(false)
}

fn makes_differ(one: &DecodeFacts, other: &DecodeFacts) -> bool {
    one.make.as_deref().zip(other.make.as_deref()).is_some_and(|(a, b)| !same_make(a, b))
}

/// Whether positions 7 and 10 allow the year for such a vehicle; they say nothing in a VIN
/// that does not keep North America's rules.
fn may_be_of(vin: &Vin, facts: &DecodeFacts, year: i32) -> bool {
    if !vin.check_digit_required() && !vin.check_digit_fits() {
        return true;
    }
    if is_light(facts) == Some(true) {
        vin.light_model_year() == Some(year)
    } else {
        vin.model_years().is_some_and(|years| years.contains(&year))
    }
}

/// Whether position 7 tells the cycle of the model year: a car, a multipurpose passenger
/// vehicle or a truck, of up to 10,000 lb (49 CFR 565.15(b)(3)). `None` where the facts do
/// not say what it is.
fn is_light(facts: &DecodeFacts) -> Option<bool> {
    let kind = facts.vehicle_type.as_deref()?.to_uppercase();
    match kind.as_str() {
        "PASSENGER CAR" => Some(true),
        kind if kind.starts_with("MULTIPURPOSE PASSENGER VEHICLE") || kind == "TRUCK" => {
            facts.gvwr_class.map(|class| class <= LIGHTEST_CLASSES)
        }
        _ => Some(false),
    }
}

#[cfg(test)]
#[path = "tests/model_year.rs"]
mod tests;
