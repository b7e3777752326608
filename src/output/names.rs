//! What the input's own columns are called in the output.

use std::collections::{HashMap, HashSet};

use deunicode::deunicode_char;
use xxhash_rust::xxh3::xxh3_64;

use super::Format;
use super::schema::Column;

/// How the input's columns are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// As they were.
    Kept,
    /// In snake case and ASCII, as warehouses want names.
    SnakeCase,
}

impl Naming {
    /// Text and workbooks keep the names; other formats where they are asked to.
    pub(super) fn of(format: Format, keep_names: bool) -> Self {
        let keeps = keep_names || format.is_text() || format == Format::Xlsx;
        if keeps { Self::Kept } else { Self::SnakeCase }
    }
}

/// The names of the input's columns in a file that also holds `ours`. A name of ours,
/// compared without case, becomes `input_<name>`. Where several columns would have one
/// name, it is that of the column which is called so in the input, and each other has
/// a hash of its own name added: wherever a column stands, its name is the same.
pub(super) fn input_names(naming: Naming, input: &[String], ours: &[&Column]) -> Vec<String> {
    let ours: Vec<&str> = ours.iter().map(|column| column.name).collect();
    names(naming, input, &ours)
}

/// The names of the input's columns in a CSV file that also holds `ours`.
pub(super) fn text_names(input: &[String], ours: &[&str]) -> Vec<String> {
    names(Naming::Kept, input, ours)
}

fn names(naming: Naming, input: &[String], ours: &[&str]) -> Vec<String> {
    let wanted = |original: &String| {
        let mut name = match naming {
            Naming::Kept => original.clone(),
            Naming::SnakeCase => snake_case(original),
        };
        if ours.iter().any(|our| our.eq_ignore_ascii_case(&name)) {
            name.insert_str(0, "input_");
        }
        name
    };
    let mut names: Vec<String> = input.iter().map(wanted).collect();
    let mut times: HashMap<String, usize> = HashMap::new();
    for name in &names {
        *times.entry(name.clone()).or_default() += 1;
    }
    let mut taken: HashSet<String> = ours.iter().map(|&name| name.to_owned()).collect();
    let keeps = |name: &String, original: &String| times[name] == 1 || name == original;
    let (kept, hashed): (Vec<usize>, Vec<usize>) =
        (0..names.len()).partition(|&index| keeps(&names[index], &input[index]));
    for index in kept {
        names[index] = first_free(&names[index], &taken);
        taken.insert(names[index].clone());
    }
    for index in hashed {
        // Enough digits for any spreadsheet, and still a name that can be typed.
        let hash = xxh3_64(input[index].as_bytes()) >> 32;
        names[index] = first_free(&format!("{}_{hash:08x}", names[index]), &taken);
        taken.insert(names[index].clone());
    }
    names
}

/// `name`, or where it is taken (two headers are the same, or made to look like
/// another's hash) the first of `name_2`, `name_3`, … that is not.
fn first_free(name: &str, taken: &HashSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
    candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_default()
}

/// `Miles Driven`, `milesDriven` and `MILES-DRIVEN` all become `miles_driven`, and
/// `Пробег` becomes `probeg`. Warehouses want a letter or `_` first, and a name at all.
fn snake_case(original: &str) -> String {
    let characters: Vec<char> = original.chars().collect();
    let mut snake = String::with_capacity(original.len() + 4);
    for (place, &c) in characters.iter().enumerate() {
        let before = place.checked_sub(1).map(|p| characters[p]);
        if c.is_uppercase() && starts_word(before, characters.get(place + 1).copied()) {
            separate(&mut snake);
        }
        // An accent that stands alone is nothing; a sign without a sound separates.
        for letter in deunicode_char(c).unwrap_or(" ").chars() {
            if letter.is_ascii_alphanumeric() {
                snake.push(letter.to_ascii_lowercase());
            } else {
                separate(&mut snake);
            }
        }
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
    before.is_some_and(|c| c.is_lowercase() || c.is_numeric())
        || (before.is_some_and(char::is_uppercase) && after.is_some_and(char::is_lowercase))
}

fn separate(snake: &mut String) {
    if !snake.is_empty() && !snake.ends_with('_') {
        snake.push('_');
    }
}

#[cfg(test)]
#[path = "tests/names.rs"]
mod tests;
