//! What is special about the names of makes.

use super::tokens::differ_by_a_slip;

/// Other names of makes, both without spaces. The short ones are those of fleet
/// lists, several of them the codes of the police's vehicle files (NCIC).
const ALIASES: [(&str, &str); 26] = [
    ("benz", "mercedesbenz"),
    ("mb", "mercedesbenz"),
    ("mercedes", "mercedesbenz"),
    ("merz", "mercedesbenz"),
    ("chevy", "chevrolet"),
    ("chevvy", "chevrolet"),
    ("caddy", "cadillac"),
    ("gm", "generalmotors"),
    ("vw", "volkswagen"),
    ("vwn", "volkswagen"),
    ("infinity", "infiniti"),
    ("lndr", "landrover"),
    ("rr", "rollsroyce"),
    ("toyt", "toyota"),
    ("lexs", "lexus"),
    ("hd", "harleydavidson"),
    ("frht", "freightliner"),
    ("fl", "freightliner"),
    ("intl", "international"),
    ("ihc", "international"),
    ("navistar", "international"),
    ("kw", "kenworth"),
    ("pete", "peterbilt"),
    ("ptrb", "peterbilt"),
    ("strn", "saturn"),
    ("wstr", "westernstar"),
];

/// A name, and makes that were or are sold under it too.
const FAMILIES: [(&str, &[&str]); 5] = [
    (
        "generalmotors",
        &["buick", "cadillac", "chevrolet", "gmc", "hummer", "oldsmobile", "pontiac", "saturn"],
    ),
    // A make of its own since the model year 2011.
    ("dodge", &["ram"]),
    // A make of its own since the model year 2017.
    ("hyundai", &["genesis"]),
    ("landrover", &["rangerover"]),
    ("toyota", &["scion"]),
];

/// The longest name of a make, in words.
const MOST_WORDS: usize = 3;

/// A shorter beginning is no abbreviation: `Me` may be many makes.
const SHORTEST_ABBREVIATION: usize = 4;

/// One wrong letter in a shorter name may make another one of it.
const SHORTEST_MISTYPED: usize = 5;

/// Whether two names, in words, may be one make.
pub(super) fn agree(a: &[String], b: &[String]) -> bool {
    if a.is_empty() || b.is_empty() {
        return true;
    }
    let (whole_a, whole_b) = (canonical(a), canonical(b));
    let (held_a, held_b) = (held(a), held(b));
    held_b.contains(&whole_a)
        || held_a.contains(&whole_b)
        || abbreviates(&whole_a, &whole_b)
        || abbreviates(&whole_b, &whole_a)
        || (whole_a.len().min(whole_b.len()) >= SHORTEST_MISTYPED
            && differ_by_a_slip(&whole_a, &whole_b))
        || held_a.iter().any(|one| held_b.iter().any(|other| are_kin(one, other)))
}

/// The one name for a make's names, without spaces.
pub(super) fn canonical(words: &[String]) -> String {
    let joined = words.concat();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == joined);
    alias.map_or(joined, |(_, name)| (*name).to_owned())
}

/// Every name that stands in `tokens`: `American Honda Motor` holds `honda`.
fn held(words: &[String]) -> Vec<String> {
    let lengths = 1..=MOST_WORDS.min(words.len());
    lengths.flat_map(|length| words.windows(length).map(canonical)).collect()
}

fn abbreviates(short: &str, long: &str) -> bool {
    short.len() >= SHORTEST_ABBREVIATION && long.starts_with(short)
}

fn are_kin(one: &str, other: &str) -> bool {
    let under = |name: &str, make: &str| {
        FAMILIES.iter().any(|(family, makes)| *family == name && makes.contains(&make))
    };
    under(one, other) || under(other, one)
}
