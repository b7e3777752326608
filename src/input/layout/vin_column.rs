//! The column that holds the VINs: its content decides, and its name where several do.

use super::super::columns::{self, is_vin_header, listed, shown};
use super::super::record::Record;
use super::InputSpec;
use crate::domain::Error;
use crate::domain::vin;

/// Why the column of the VINs is the one it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChosenBy {
    /// `--vin-column`.
    Flag,
    /// It is named so, and holds VINs.
    NameAndContent,
    /// It holds VINs.
    Content,
    /// It is named so; no column holds VINs.
    Name,
    /// There is no other.
    #[default]
    OnlyColumn,
}

impl ChosenBy {
    /// The words for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::NameAndContent => "name_and_content",
            Self::Content => "content",
            Self::Name => "name",
            Self::OnlyColumn => "only_column",
        }
    }
}

/// The column of the VINs.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) index: usize,
    pub(super) by: ChosenBy,
    pub(super) warning: Option<String>,
}

/// The column of the VINs in the file `name`, by its first rows `data`.
pub(super) fn find(
    name: &str,
    columns: &[String],
    data: &[&Record],
    spec: &InputSpec,
) -> Result<Found, Error> {
    let found = |index, by| Found { index, by, warning: None };
    if let Some(named) = &spec.vin_column {
        let index = columns::place_of(format_args!("`{name}`"), named, columns)?;
        return Ok(found(index, ChosenBy::Flag));
    }
    let named: Vec<usize> =
        (0..columns.len()).filter(|&index| is_vin_header(&columns[index])).collect();
    let holding = holding(columns.len(), data, &named);
    let both: Vec<usize> = holding.iter().copied().filter(|index| named.contains(index)).collect();
    match (&both[..], &holding[..], &named[..]) {
        (&[only], ..) => Ok(found(only, ChosenBy::NameAndContent)),
        ([], &[only], _) => Ok(Found {
            index: only,
            by: ChosenBy::Content,
            warning: named.first().map(|&other| {
                let [only, other] = [only, other].map(|index| shown(&columns[index]));
                format!("`{name}`: VINs are read from `{only}`, since `{other}` holds none")
            }),
        }),
        ([], [], &[only]) => Ok(found(only, ChosenBy::Name)),
        ([], [], []) if columns.len() == 1 => Ok(found(0, ChosenBy::OnlyColumn)),
        ([], [], []) => Err(none(name, columns)),
        ([], [], several) | ([], several, _) | (several, ..) => Err(doubt(name, columns, several)),
    }
}

/// The columns that hold VINs: half of what is filled in, or some under a fitting name;
/// where there are none, the one that holds any.
fn holding(width: usize, data: &[&Record], named: &[usize]) -> Vec<usize> {
    let mut counts = vec![(0, 0); width];
    for record in data {
        for ((vins, all), cell) in counts.iter_mut().zip(record.iter()) {
            if !vin::is_blank_text(cell) && !vin::means_empty(cell.trim()) {
                *vins += usize::from(vin::is_like(cell));
                *all += 1;
            }
        }
    }
    let those = |holds: &dyn Fn(usize, (usize, usize)) -> bool| -> Vec<usize> {
        (0..width).filter(|&index| counts[index].0 > 0 && holds(index, counts[index])).collect()
    };
    let mostly = those(&|index, (vins, all)| vins * 2 >= all || named.contains(&index));
    if mostly.is_empty() { those(&|_, _| true) } else { mostly }
}

fn none(name: &str, columns: &[String]) -> Error {
    let names = listed(columns.iter());
    Error::usage(format!("no column of `{name}` holds VINs; its columns are {names}")).hint(
        "name the column with `--vin-column`, by header or number, \
         or the line of the header with `--header-row`",
    )
}

fn doubt(name: &str, columns: &[String], several: &[usize]) -> Error {
    const FLAGS_SHOWN: usize = 4;
    let names = listed(several.iter().map(|&index| &columns[index]));
    let flags: Vec<String> = several
        .iter()
        .take(FLAGS_SHOWN)
        .map(|&index| format!("`--vin-column {}`", typed(&columns[index], index)))
        .collect();
    Error::usage(format!("several columns of `{name}` may hold the VIN: {names}"))
        .hint(format!("choose one: add {}", flags.join(" or ")))
}

/// The column as a shell takes it: its name, or its number where that is hard to type.
fn typed(column: &str, index: usize) -> String {
    let is_easy = |easy: fn(char) -> bool| !column.is_empty() && column.chars().all(easy);
    if is_easy(|character| character.is_alphanumeric() || "_-".contains(character)) {
        column.to_owned()
    } else if is_easy(|character| character.is_alphanumeric() || "_- .#/()".contains(character)) {
        format!("'{column}'")
    } else {
        (index + 1).to_string()
    }
}
