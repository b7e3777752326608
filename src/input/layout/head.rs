//! The records above the first row: titles, the lines that name the columns, units.
//!
//! The first row is looked for by its VIN, the header above it by a name of a VIN column
//! or by how its cells differ from those below. What may be a row is never taken for a
//! title: without a header there is none.

use super::super::columns::is_vin_header;
use super::super::record::Record;
use super::rows::{Skipped, is_blank};
use crate::domain::vin;

/// Records with text that are looked at for the header.
const DEEPEST: usize = 50;

/// Records below a header that show what its columns hold.
const SHOWING: usize = 20;

/// What a record above the first row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadKind {
    /// It names columns.
    Header,
    LeftOut(Skipped),
    /// It may be a row, and is judged as one.
    Row,
}

/// What stands above the first row.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The place of the record that names the columns.
    pub(super) header: Option<usize>,
    /// The names, those of several lines joined.
    pub(super) names: Option<Vec<String>>,
    /// What the first records are.
    pub(super) kinds: Vec<HeadKind>,
}

impl Head {
    /// Looks for the header in the first records of a file.
    pub(super) fn found(sample: &[Record]) -> Self {
        let place = vin_place(sample);
        let holds_vin = |record: &Record| place.is_some_and(|at| holds_vin(record, at));
        let first_row = sample.iter().position(holds_vin).unwrap_or(sample.len());
        let mut filled = (0..first_row).filter(|&index| !is_blank(&sample[index]));
        let above = &sample[..filled.nth(DEEPEST).unwrap_or(first_row)];
        let is_named = |record: &Record| {
            record.iter().any(is_vin_header) && !record.iter().any(vin::may_be_meant)
        };
        let named = above.iter().position(is_named);
        match named.or_else(|| unnamed(above, sample, place)) {
            Some(header) => Self::with(sample, header, first_row, place),
            None => Self::default(),
        }
    }

    /// The header is the record that begins on this line.
    pub(super) fn on_line(sample: &[Record], line: u64) -> Option<Self> {
        let header = sample.iter().position(|record| record.line == line)?;
        let below = &sample[header + 1..];
        let place = vin_place(below);
        let holds_vin = |record: &Record| place.is_some_and(|at| holds_vin(record, at));
        let rows = below.iter().position(holds_vin).unwrap_or(0);
        Some(Self::with(sample, header, header + 1 + rows, place))
    }

    /// With the header at this place, and a first row with a VIN at that one.
    fn with(sample: &[Record], header: usize, first_row: usize, place: Option<usize>) -> Self {
        let mut kinds: Vec<HeadKind> = sample[..header].iter().map(kind_above).collect();
        kinds.push(HeadKind::Header);
        let mut names = cells(&sample[header]);
        if let Some(above) = header.checked_sub(1) {
            let group = cells(&sample[above]);
            // A record may end with its last filled cell.
            let mut whole = names.clone();
            whole.resize(names.len().max(group.len()), String::new());
            if completes(&group, &whole) {
                kinds[above] = HeadKind::Header;
                names = below_groups(&group, &whole);
            }
        }
        let below = sample.iter().take(first_row).skip(header + 1);
        for record in below {
            let shown = sample.get(kinds.len() + 1..).unwrap_or_default();
            let shown = &shown[..shown.len().min(SHOWING)];
            if is_sub_header(record, &names, place) && names_columns(record, shown, place) {
                kinds.push(HeadKind::Header);
                names = with_sub_names(&names, &cells(record));
            } else if is_units(record, place) {
                kinds.push(HeadKind::LeftOut(Skipped::Units));
                break;
            } else {
                break;
            }
        }
        Self { header: Some(header), names: Some(names), kinds }
    }

    /// The rows of the sample.
    pub(super) fn rows_of<'a>(&'a self, sample: &'a [Record]) -> impl Iterator<Item = &'a Record> {
        let kinds = self.kinds.iter().copied().map(Some).chain(std::iter::repeat(None));
        let pairs = sample.iter().zip(kinds);
        pairs.filter(|(_, kind)| kind.is_none_or(|kind| kind == HeadKind::Row)).map(|pair| pair.0)
    }
}

/// The number of fields up to the last filled one that half of the rows reach.
pub(super) fn usual_width(data: &[&Record]) -> usize {
    let mut widths: Vec<usize> = data.iter().map(|record| filled_width(record)).collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or(0)
}

/// The number of fields up to the last filled one.
pub(super) fn filled_width(record: &Record) -> usize {
    let is_filled = |index: &usize| record.get(*index).is_some_and(|cell| !cell.is_empty());
    let last = (0..record.len().min(super::MAX_FIELDS)).rev().find(is_filled);
    last.map_or(0, |last| last + 1)
}

fn holds_vin(record: &Record, place: usize) -> bool {
    record.get(place).is_some_and(vin::is_like)
}

/// The column with the most VINs.
fn vin_place(sample: &[Record]) -> Option<usize> {
    let mut counts: Vec<usize> = Vec::new();
    for record in sample {
        for (index, cell) in record.iter().enumerate() {
            if vin::is_like(cell) {
                counts.resize(counts.len().max(index + 1), 0);
                counts[index] += 1;
            }
        }
    }
    let most = counts.iter().copied().max()?;
    counts.iter().position(|&count| count == most)
}

/// The header where no record has the name of a VIN column: the record with the most
/// names above the first that is a row.
fn unnamed(above: &[Record], sample: &[Record], place: Option<usize>) -> Option<usize> {
    let filled_rows = sample.iter().filter(|record| !is_blank(record));
    let rows: Vec<&Record> = filled_rows.take(DEEPEST + SHOWING).collect();
    let width = usual_width(&rows);
    let filled = |record: &Record| record.iter().filter(|cell| !cell.trim().is_empty()).count();
    let is_full = |record: &Record| {
        let filled = filled(record);
        filled > 0 && (filled * 2 >= width || filled >= 3)
    };
    let names = |index: usize| {
        let below = sample.get(index + 1..).unwrap_or_default();
        names_columns(&above[index], &below[..below.len().min(SHOWING)], place)
    };
    let full = (0..above.len()).filter(|&index| is_full(&above[index]));
    let naming = full.take_while(|&index| names(index));
    // `max_by_key` returns the last of equals.
    naming.collect::<Vec<_>>().into_iter().rev().max_by_key(|&index| filled(&above[index]))
}

/// What a cell is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Blank,
    /// Digits and punctuation: numbers, dates, amounts.
    Figures,
    /// Letters and digits.
    Code,
    Words,
}

impl Shape {
    fn of(cell: &str) -> Self {
        let has_digits = cell.bytes().any(|byte| byte.is_ascii_digit());
        let has_letters = cell.chars().any(char::is_alphabetic);
        match (has_letters, has_digits) {
            (true, true) => Self::Code,
            (true, false) => Self::Words,
            (false, true) => Self::Figures,
            (false, false) => Self::Blank,
        }
    }
}

/// Whether `record` says what the columns below it hold, and is not a row itself.
fn names_columns(record: &Record, below: &[Record], place: Option<usize>) -> bool {
    let (mut header, mut row) = (0, 0);
    for (index, cell) in record.iter().enumerate() {
        let shape = Shape::of(cell);
        if Some(index) == place {
            if vin::means_empty(cell.trim()) && shape != Shape::Blank || has_code(cell) {
                row += 2;
            } else if shape != Shape::Blank {
                header += 1;
            }
            continue;
        }
        let usual = usual_shape(below, index);
        let again = || below.iter().any(|other| other.get(index) == Some(cell));
        if shape == Shape::Blank || usual == Shape::Blank {
        } else if shape == usual {
            row += usize::from(shape != Shape::Words || again());
        } else {
            header += usize::from(usual != Shape::Words && shape != Shape::Figures);
        }
    }
    // A file without VINs has a header above nothing, or is refused by its names.
    if place.is_none() {
        header >= row && !record.iter().any(vin::may_be_meant)
    } else {
        header > row
    }
}

/// What most filled cells of a column are.
fn usual_shape(below: &[Record], index: usize) -> Shape {
    let shapes = || below.iter().filter_map(|record| record.get(index)).map(Shape::of);
    let filled = shapes().filter(|&shape| shape != Shape::Blank).count();
    [Shape::Figures, Shape::Code, Shape::Words]
        .into_iter()
        .find(|&of| filled > 0 && shapes().filter(|&shape| shape == of).count() * 2 >= filled)
        .unwrap_or(Shape::Blank)
}

/// Whether the cell holds a number of a vehicle, if a bad one, and not a date or a name.
fn has_code(cell: &str) -> bool {
    const DIGITS: usize = 3;
    const SHORTEST_NUMBER: usize = 6;
    const SHORTEST_CODE: usize = 8;
    cell.split_whitespace().any(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
        // A VIN that lost its end may have one digit; names are not all capitals and digits.
        let is_code = digits + letters == word.len()
            && word.len() >= SHORTEST_CODE
            && !word.bytes().any(|byte| byte.is_ascii_lowercase());
        digits >= SHORTEST_NUMBER || (letters > 0 && (digits >= DIGITS || (digits > 0 && is_code)))
    }) || vin::may_be_meant(cell)
}

pub(super) fn cells(record: &Record) -> Vec<String> {
    record.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn kind_above(record: &Record) -> HeadKind {
    if is_blank(record) {
        HeadKind::LeftOut(Skipped::Blank)
    } else if record.iter().any(|cell| vin::may_be_meant(cell) && !is_prose(cell)) {
        HeadKind::Row
    } else {
        HeadKind::LeftOut(Skipped::Title)
    }
}

/// Whether a cell is words with a date or number among them, such as `as of 30 November
/// 2026`, whose letters and digits come to those of a VIN.
fn is_prose(cell: &str) -> bool {
    const FEWEST_WORDS: usize = 3;
    let is_word = |word: &str| word.len() > 1 && word.chars().all(char::is_lowercase);
    let is_name = |word: &str| {
        let mut characters = word.chars();
        characters.next().is_some_and(char::is_uppercase) && is_word(characters.as_str())
    };
    !vin::is_like(cell)
        && cell.split_whitespace().count() >= FEWEST_WORDS
        && cell.split_whitespace().any(|word| is_word(word) || is_name(word))
}

/// Whether the name at `index` says which column it is.
fn is_complete(names: &[String], index: usize) -> bool {
    let name = &names[index];
    !name.is_empty() && names.iter().filter(|other| *other == name).count() == 1
}

/// Whether a line of merged cells above the names tells those apart that do not say
/// which column they are.
fn completes(group: &[String], names: &[String]) -> bool {
    let filled = group.iter().filter(|cell| !cell.is_empty()).count();
    let groups = filled_right(group);
    filled > 1
        && !group.iter().any(|cell| vin::may_be_meant(cell))
        && (0..names.len()).any(|index| {
            !is_complete(names, index) && groups.get(index).is_some_and(|group| !group.is_empty())
        })
}

/// The cells of a merged line: each name goes on to the right until the next.
fn filled_right(group: &[String]) -> Vec<String> {
    let mut last = String::new();
    let fill = |cell: &String| {
        if !cell.is_empty() {
            last.clone_from(cell);
        }
        last.clone()
    };
    group.iter().map(fill).collect()
}

fn below_groups(group: &[String], names: &[String]) -> Vec<String> {
    let groups = filled_right(group);
    let joined = |index: usize| match groups.get(index) {
        _ if is_complete(names, index) && !is_unit_of(group, names, index) => names[index].clone(),
        Some(_) if names[index].is_empty() => group[index].clone(),
        Some(group) => format!("{group} {}", names[index]).trim().to_owned(),
        None => names[index].clone(),
    };
    (0..names.len()).map(joined).collect()
}

/// Whether what seems to be a name is the unit of the name above it.
fn is_unit_of(group: &[String], names: &[String], index: usize) -> bool {
    is_unit(&names[index]) && group.get(index).is_some_and(|name| !name.is_empty())
}

/// Whether a line below the names names the parts of some of them: words under merged
/// or repeated names, and nothing under the others.
fn is_sub_header(record: &Record, names: &[String], place: Option<usize>) -> bool {
    let is_merged = |index: usize| {
        let has_next = names.get(index + 1).is_some_and(String::is_empty);
        names.get(index).is_some_and(|name| name.is_empty() || has_next)
            || names.get(index).is_some() && !is_complete(names, index)
    };
    let filled = || record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
    filled().count() > 1
        && filled().all(|(index, cell)| {
            Some(index) != place && is_merged(index) && Shape::of(cell) == Shape::Words
        })
}

fn with_sub_names(names: &[String], sub: &[String]) -> Vec<String> {
    let groups = filled_right(names);
    let joined = |index: usize| match sub.get(index) {
        Some(sub) if !sub.is_empty() => format!("{} {sub}", groups[index]).trim().to_owned(),
        _ => names[index].clone(),
    };
    (0..names.len()).map(joined).collect()
}

/// Whether a line below the names says in which units its columns are.
fn is_units(record: &Record, place: Option<usize>) -> bool {
    let filled = || record.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
    filled().count() > 0
        && filled()
            .all(|(index, cell)| is_unit(cell) || (Some(index) == place && cell.trim() == "-"))
        && !record.iter().any(vin::may_be_meant)
}

fn is_unit(cell: &str) -> bool {
    const UNITS: &str = "% $ € £ - km mi miles kg t lb lbs l gal kw kwh ps hp cv cc \
        ccm cm3 cm³ mm cm m in ft usd eur gbp cad chf mxn g/km mpg l/100km nm h hrs \
        hours days months years pcs stk text date number yyyy yyyy-mm-dd dd.mm.yyyy mm/dd/yyyy";
    const LONGEST: usize = 16;
    let text = cell.trim();
    let bare = text.trim_matches(['(', ')', '[', ']']);
    let is_bracketed = bare.len() + 2 == text.len() && text.len() <= LONGEST;
    let lower = bare.to_lowercase();
    UNITS.split(' ').any(|unit| unit == lower) || is_bracketed
}
