//! What the input's own columns are called in the output.

use std::collections::HashSet;

use super::Format;
use super::schema::Column;

/// The names of the input's columns in a file of `format` that also holds
/// `ours`: as they were in text formats, snake case ASCII in typed ones. A name
/// of ours, compared without case, becomes `input_<name>`; what is still taken
/// gets `_2`, `_3`, … in order of appearance.
pub(super) fn input_names(format: Format, input: &[String], ours: &[&Column]) -> Vec<String> {
    let ours: Vec<&str> = ours.iter().map(|column| column.name).collect();
    names(format, input, &ours)
}

/// The names of the input's columns in a CSV file that also holds `ours`.
pub(super) fn text_names(input: &[String], ours: &[&str]) -> Vec<String> {
    names(Format::Csv, input, ours)
}

fn names(format: Format, input: &[String], ours: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = ours.iter().map(|&name| name.to_owned()).collect();
    input
        .iter()
        .map(|original| {
            let mut name = match format {
                Format::Csv | Format::Jsonl => original.clone(),
                Format::Parquet | Format::Arrow => snake_case(original),
            };
            if ours.iter().any(|our| our.eq_ignore_ascii_case(&name)) {
                name.insert_str(0, "input_");
            }
            let name = first_free(name, &taken);
            taken.insert(name.clone());
            name
        })
        .collect()
}

fn first_free(name: String, taken: &HashSet<String>) -> String {
    if !taken.contains(&name) {
        return name;
    }
    // As many tries as names taken, plus one, cannot all be taken.
    (2..=taken.len() + 2)
        .map(|n| format!("{name}_{n}"))
        .find(|candidate| !taken.contains(candidate))
        .unwrap_or(name)
}

/// `Miles Driven`, `milesDriven` and `MILES-DRIVEN` all become `miles_driven`.
/// Warehouses want a letter or `_` first, and a name at all.
fn snake_case(original: &str) -> String {
    let characters: Vec<char> = original.chars().collect();
    let mut snake = String::with_capacity(original.len() + 4);
    for (place, &c) in characters.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            separate(&mut snake);
            continue;
        }
        let before = place.checked_sub(1).map(|p| characters[p]);
        if c.is_ascii_uppercase() && starts_word(before, characters.get(place + 1).copied()) {
            separate(&mut snake);
        }
        snake.push(c.to_ascii_lowercase());
    }
    let snake = snake.trim_end_matches('_');
    match snake.bytes().next() {
        None => "column".into(),
        Some(first) if first.is_ascii_digit() => format!("_{snake}"),
        Some(_) => snake.into(),
    }
}

/// Whether a capital between these two starts a word: `milesDriven`, `VINNumber`.
fn starts_word(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        || (before.is_some_and(|c| c.is_ascii_uppercase())
            && after.is_some_and(|c| c.is_ascii_lowercase()))
}

fn separate(snake: &mut String) {
    if !snake.is_empty() && !snake.ends_with('_') {
        snake.push('_');
    }
}

#[cfg(test)]
#[path = "tests/names.rs"]
mod tests;
