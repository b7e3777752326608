//! How the records of a file make a table: which one names the columns, and which
//! columns hold what is needed by position. The same for every format of text cells.

use std::path::Path;

use super::columns::{self, holds_vin};
use super::record::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record};
use super::{InputSpec, row_vehicle};
use crate::domain::{Error, Vin};

/// What is known of a file once its first records were seen.
#[derive(Default)]
pub(super) struct Table {
    pub(super) has_header: bool,
    pub(super) columns: Vec<String>,
    /// What the file calls them; a name may come again, or be empty.
    pub(super) headers: Vec<String>,
    pub(super) vin_index: usize,
    pub(super) row_vehicle: row_vehicle::Places,
}

impl Table {
    /// Looks at `sample`, the first records of the file `name`.
    pub(super) fn of(name: &str, mut sample: Vec<Record>, spec: &InputSpec) -> Result<Self, Error> {
        let Some(first) = sample.first() else {
            return Ok(Self::default());
        };
        if first.len() > MAX_FIELDS {
            let what = format!("it has {} columns, and {MAX_FIELDS} at most are read", first.len());
            return Err(Error::bad_input(Path::new(name), what)
                .hint("is its delimiter another? name it with `--delimiter`"));
        }
        let has_header = first.iter().any(columns::is_vin_header) || !is_data(first);
        if has_header && first.too_long {
            let what = format!(
                "a name in its header is over {MAX_FIELD} bytes, or all of them over {MAX_RECORD}"
            );
            return Err(Error::bad_input(Path::new(name), what).hint("is it a table at all?"));
        }
        let headers = if has_header {
            let headers = first.iter().map(|field| field.trim().to_owned()).collect();
            sample.remove(0);
            headers
        } else {
            columns::default_names(first.len())
        };
        let columns = columns::unique_names(&headers);
        let vin_index = match &spec.vin_column {
            Some(named) => columns::find(&columns, named)
                .ok_or_else(|| columns::unknown(&format!("`{name}`"), named, &columns))?,
            None if !has_header && columns.len() == 1 => 0,
            None => columns::find_vin(name, &columns, &sample)?,
        };
        let row_vehicle = row_vehicle::find(name, &spec.map, &columns, vin_index, &sample)?;
        Ok(Self { has_header, columns, headers, vin_index, row_vehicle })
    }
}

/// Whether the first record of a file is data: a VIN does not name a column.
pub(super) fn is_data(first: &Record) -> bool {
    let mut fields = first.iter();
    match (fields.next(), fields.next()) {
        (Some(only), None) => holds_vin(only) || looks_mistyped(only),
        _ => first.iter().any(holds_vin),
    }
}

/// Whether `field` has nearly the length and about the digits of a VIN.
///
/// Asked of one-column lists only, whose first line would else be lost as a header.
fn looks_mistyped(field: &str) -> bool {
    const NEARLY: std::ops::RangeInclusive<usize> = Vin::LENGTH - 3..=Vin::LENGTH + 3;
    let digits = field.bytes().filter(u8::is_ascii_digit).count();
    let characters = field.bytes().filter(u8::is_ascii_alphanumeric).count();
    NEARLY.contains(&characters) && digits >= 4
}
