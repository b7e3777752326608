//! The columns that hold a row's own make, model and year.

use std::collections::BTreeMap;

use super::columns;
use super::record::Record;
use crate::domain::{Error, vin};
use crate::matching::bare;
use crate::matching::row_vehicle::{VehicleField, model_year};

/// Headers of makes, the surest first, as [`bare`] leaves them.
const MAKE_HEADERS: [&str; 22] = [
    "make",
    "vehiclemake",
    "vehmake",
    "carmake",
    "makename",
    "brand",
    "vehiclebrand",
    "marque",
    "manufacturer",
    "vehiclemanufacturer",
    "mfr",
    "mfg",
    "oem",
    // German, French, Spanish, Portuguese, Italian and Dutch.
    "marke",
    "automarke",
    "fahrzeugmarke",
    "hersteller",
    "fabrikat",
    "constructeur",
    "marca",
    "fabricante",
    "merk",
];

/// Headers of models.
const MODEL_HEADERS: [&str; 13] = [
    "model",
    "vehiclemodel",
    "vehmodel",
    "carmodel",
    "modelname",
    "modeldescription",
    "modell",
    "fahrzeugmodell",
    "modellbezeichnung",
    "handelsbezeichnung",
    "modele",
    "modelo",
    "modello",
];

/// Headers of model years. A year of building or registration (`Baujahr`) is
/// none: it often is the year before or after.
const YEAR_HEADERS: [&str; 17] = [
    "modelyear",
    "vehiclemodelyear",
    "modelyr",
    "yearmodel",
    "my",
    "year",
    "yr",
    "vehicleyear",
    "vehyear",
    "caryear",
    "modelljahr",
    "anneemodele",
    "anomodelo",
    "annomodello",
    "annee",
    "ano",
    // In Mexico and Colombia a `Modelo` is a year, as its values show.
    "modelo",
];

/// Where one file holds the row's own vehicle: for each of [`VehicleField::ALL`], a column's index.
pub(super) type Places = [Option<usize>; VehicleField::ALL.len()];

/// The columns named by `--map`, and for what it does not name those found by
/// header, unless their values say otherwise.
pub(super) fn find(
    file: &str,
    map: &BTreeMap<VehicleField, String>,
    columns: &[String],
    vin_index: usize,
    sample: &[&Record],
) -> Result<Places, Error> {
    let headers: Vec<String> = columns.iter().map(|column| bare(column)).collect();
    let mut places = Places::default();
    for (place, field) in places.iter_mut().zip(VehicleField::ALL) {
        *place = match map.get(&field) {
            Some(named) => Some(
                columns::find(columns, named)
                    .ok_or_else(|| columns::unknown(&format!("`{file}`"), named, columns))?,
            ),
            None => by_header(field, &headers, vin_index, sample),
        };
    }
    Ok(places)
}

/// The column whose header and values are the surest; a blank one where no other
/// says anything.
fn by_header(
    field: VehicleField,
    headers: &[String],
    vin_index: usize,
    sample: &[&Record],
) -> Option<usize> {
    let with = |wanted: Worth| {
        headers_of(field)
            .iter()
            .filter_map(|known| headers.iter().position(|header| header == known))
            .find(|&index| index != vin_index && worth(field, sample, index) == wanted)
    };
    with(Worth::Says).or_else(|| with(Worth::Blank))
}

fn headers_of(field: VehicleField) -> &'static [&'static str] {
    match field {
        VehicleField::Make => &MAKE_HEADERS,
        VehicleField::Model => &MODEL_HEADERS,
        VehicleField::Year => &YEAR_HEADERS,
    }
}

/// What the sample says of a column whose header is that of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// At least half of its values can be such a field.
    Says,
    /// It has no values.
    Blank,
    /// It is something else.
    Other,
}

/// What the values in column `index` are worth as such a field.
///
/// A make is not a number, and no model but Peugeot's 2008 is a year.
fn worth(field: VehicleField, sample: &[&Record], index: usize) -> Worth {
    let can_be = |value: &str| match field {
        VehicleField::Make => value.contains(char::is_alphabetic) && !vin::is_like(value),
        VehicleField::Model => !is_four_digit_year(value) && !vin::is_like(value),
        VehicleField::Year => model_year(value).is_some(),
    };
    let values = || {
        sample
            .iter()
            .filter_map(|record| record.get(index))
            .filter(|value| !value.trim().is_empty())
    };
    match (values().filter(|value| can_be(value)).count(), values().count()) {
        (_, 0) => Worth::Blank,
        (fitting, all) if fitting * 2 >= all => Worth::Says,
        _ => Worth::Other,
    }
}

fn is_four_digit_year(value: &str) -> bool {
    model_year(value).is_some_and(|year| value.contains(&year.to_string()))
}

#[cfg(test)]
mod tests;
