//! The names of the columns of a file.

use std::collections::{HashMap, HashSet};

use crate::domain::Error;

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

pub(super) fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
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
