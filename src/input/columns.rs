//! The columns of a file: their names, and the one that holds the VIN.

use std::collections::{HashMap, HashSet};

use super::record::Record;
use crate::domain::Error;
use crate::domain::vin::{self, Rules, VinError};

/// Headers under which VINs are kept, without case, spaces and punctuation.
const VIN_HEADERS: [&str; 29] = [
    "vin",
    "vins",
    "vin#",
    "vinno",
    "vinnr",
    "vinnum",
    "vinnumber",
    "vincode",
    "vinserial",
    "fullvin",
    "vin17",
    "vehiclevin",
    "vehiclevinnumber",
    "vehicleidno",
    "vehicleidnumber",
    "vehicleidentification",
    "vehicleidentificationno",
    "vehicleidentificationnumber",
    "vehicleidentificationnumbervin",
    "vinvehicleidentificationnumber",
    "chassis",
    "chassis#",
    "chassisno",
    "chassisnr",
    "chassisnumber",
    // German, Spanish and French.
    "fin",
    "fahrgestellnummer",
    "bastidor",
    "numerodeserievin",
];

/// Names are looked at one by one up to here in an error.
const NAMES_SHOWN: usize = 20;

/// Names for `headers`, each once: `column_3` where empty, `name_2` where taken.
///
/// A name that is in the file keeps its first place, whatever comes before it.
pub(super) fn unique_names(headers: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = headers.iter().cloned().collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(headers.len());
    for (index, header) in headers.iter().enumerate() {
        if header.is_empty() {
            names.push(free_name(&mut taken, &format!("column_{}", index + 1), &mut 1));
            continue;
        }
        let time = times.entry(header).or_default();
        *time += 1;
        names.push(match *time {
            1 => header.clone(),
            _ => free_name(&mut taken, header, time),
        });
    }
    names
}

/// Takes `stem` (where `number` is 1) or the next `stem_2`, `stem_3`… that is free.
fn free_name(taken: &mut HashSet<String>, stem: &str, number: &mut usize) -> String {
    loop {
        let name = if *number == 1 { stem.to_owned() } else { format!("{stem}_{number}") };
        if taken.insert(name.clone()) {
            return name;
        }
        *number += 1;
    }
}

/// Names for the columns of a file without a header.
pub(super) fn default_names(count: usize) -> Vec<String> {
    if count == 1 {
        vec!["vin".into()]
    } else {
        (1..=count).map(|number| format!("column_{number}")).collect()
    }
}

/// The index of the column `named`: a header, whatever its case, or a number from 1.
pub(super) fn find(columns: &[String], named: &str) -> Option<usize> {
    let named = named.trim();
    let exact = columns.iter().position(|column| column == named);
    let caseless =
        || columns.iter().position(|column| column.to_lowercase() == named.to_lowercase());
    let number =
        || named.parse::<usize>().ok()?.checked_sub(1).filter(|&index| index < columns.len());
    exact.or_else(caseless).or_else(number)
}

/// The index of the column that holds the VIN: by its name, else by its values.
pub(super) fn find_vin(file: &str, columns: &[String], sample: &[Record]) -> Result<usize, Error> {
    let named: Vec<usize> =
        (0..columns.len()).filter(|&index| is_vin_header(&columns[index])).collect();
    let candidates = if named.is_empty() {
        (0..columns.len()).filter(|&index| holds_vins(sample, index)).collect()
    } else {
        named
    };
    match candidates[..] {
        [only] => Ok(only),
        [] => Err(Error::usage(format!(
            "no column of `{file}` holds VINs; its columns are {}",
            listed(columns.iter())
        ))
        .hint("name the column with `--vin-column`, by header or number")),
        _ => Err(Error::usage(format!(
            "several columns of `{file}` may hold the VIN: {}",
            listed(candidates.iter().map(|&index| &columns[index]))
        ))
        .hint("choose one with `--vin-column`, by header or number")),
    }
}

/// 64: the column `named` does not exist; names the nearest one.
pub(super) fn unknown(what: &str, named: &str, columns: &[String]) -> Error {
    const ALIKE: f64 = 0.8;
    let likeness =
        |column: &&String| strsim::jaro_winkler(&column.to_lowercase(), &named.to_lowercase());
    let nearest = columns
        .iter()
        .max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
        .filter(|nearest| likeness(nearest) >= ALIKE);
    let hint = match nearest {
        Some(nearest) => format!("did you mean `{}`?", shown(nearest)),
        None => format!("the columns are {}", listed(columns.iter())),
    };
    Error::usage(format!("{what} has no column `{}`", shown(named))).hint(hint)
}

pub(super) fn is_vin_header(header: &str) -> bool {
    let bare: String = header
        .chars()
        .filter(|character| character.is_alphanumeric() || *character == '#')
        .flat_map(char::to_lowercase)
        .collect();
    VIN_HEADERS.contains(&bare.as_str())
}

/// Whether `field` is a VIN, or one that was damaged in a known way.
pub(super) fn holds_vin(field: &str) -> bool {
    let reading = vin::read(field, Rules::default());
    reading.vin.is_some()
        || reading.suggestion.is_some()
        || reading.error == Some(VinError::ExcelNumberDamage)
}

/// Whether at least half of the values in column `index` are VINs.
fn holds_vins(sample: &[Record], index: usize) -> bool {
    let values = || {
        sample
            .iter()
            .filter_map(|record| record.get(index))
            .filter(|value| !value.trim().is_empty())
    };
    let vins = values().filter(|value| holds_vin(value)).count();
    vins > 0 && vins * 2 >= values().count()
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let mut names = names.fuse();
    let mut list: Vec<String> =
        names.by_ref().take(NAMES_SHOWN).map(|name| format!("`{}`", shown(name))).collect();
    match names.count() {
        0 => {}
        more => list.push(format!("and {more} more")),
    }
    list.join(", ")
}

/// A header as it may be printed: short, and without terminal controls.
pub(super) fn shown(header: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::new();
    for character in header.chars().take(LONGEST) {
        match character {
            '\'' | '"' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
#[path = "tests/columns.rs"]
mod tests;
