//! How the records of a file make a table: which ones name the columns, which column
//! holds the VINs, and what each record is. The same for every format of text cells.
//!
//! A reader hands the first records, at least a hundred where there are so many, to
//! [`Table::of`]. In each pass it starts [`Table::rows`] and hands *every* record, from
//! the first of the file on, to [`Rows::push`], which adds a row to the batch or leaves
//! the record out (titles, the header, blank rows, totals) and counts it. At the end of
//! the file it calls [`Rows::finish`]. So `source_row` is the ordinal of the record in
//! its file; a reader whose rows have numbers of their own hands in blank records for
//! those that are missing. [`Record::line`] is what people
//! are told: the line of a text, the row of a sheet.
//!
//! [`Record::line`]: super::record::Record::line

mod head;
mod rows;
mod vin_column;

use std::path::Path;
use std::sync::OnceLock;

use self::head::{Head, HeadKind};
pub use self::rows::{Lines, RowsFound, Skipped};
pub(super) use self::rows::{Rows, Unit, is_blank};
pub use self::vin_column::ChosenBy;
use super::record::{MAX_FIELD, MAX_FIELDS, MAX_RECORD, Record};
use super::{InputSpec, columns, row_vehicle};
use crate::domain::Error;

/// What is known of a file once its first records were seen.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Whether a record or the format names the columns.
    pub(super) has_header: bool,
    /// The line of the record that names them.
    pub(super) header_line: Option<u64>,
    /// The names of its columns, each once.
    pub(super) columns: Vec<String>,
    /// What the file calls them; a name may come again, or be empty.
    pub(super) headers: Vec<String>,
    /// The place of the VIN among them.
    pub(super) vin_index: usize,
    pub(super) chosen_by: ChosenBy,
    /// The places of the row's own make, model and year.
    pub(super) row_vehicle: row_vehicle::Places,
    unit: Unit,
    /// The first records, up to the first row.
    head: Vec<HeadRecord>,
    /// What the owner of the file should know of the choice of its VIN column.
    warning: Option<String>,
    /// What the first whole pass found.
    found: OnceLock<RowsFound>,
}

/// A record above the first row.
#[derive(Debug)]
struct HeadRecord {
    kind: HeadKind,
    /// Without the blanks around them.
    cells: Vec<String>,
}

impl Table {
    /// Looks at `sample`, the first records of the file `name`, whose records are lines or
    /// rows.
    pub(super) fn of(
        name: &str,
        unit: Unit,
        sample: &[Record],
        spec: &InputSpec,
    ) -> Result<Self, Error> {
        let Some(first) = sample.first() else {
            return Ok(Self::default());
        };
        let head = match spec.header_row {
            None => Head::found(sample),
            Some(0) => Head::default(),
            Some(line) => {
                Head::on_line(sample, line).ok_or_else(|| no_header(name, unit, sample, line))?
            }
        };
        let header = head.header.map(|index| &sample[index]);
        check_width(name, header.unwrap_or(first), header.is_some())?;
        let data: Vec<&Record> = head.rows_of(sample).collect();
        let headers = if let Some(names) = &head.names {
            let mut names = names.clone();
            names.resize(names.len().max(head::usual_width(&data)), String::new());
            names
        } else {
            let widest = data.iter().map(|record| head::filled_width(record)).max();
            columns::default_names(first.len().min(MAX_FIELDS).max(widest.unwrap_or(0)))
        };
        Ok(Self {
            has_header: header.is_some(),
            unit,
            header_line: header.map(|record| record.line),
            head: head
                .kinds
                .iter()
                .zip(sample)
                .map(|(&kind, record)| HeadRecord { kind, cells: head::cells(record) })
                .collect(),
            ..Self::with(name, headers, &data, spec)?
        })
    }

    /// The table of the file `name`, whose format names its columns; `sample` are its
    /// first rows.
    pub(super) fn named(
        name: &str,
        headers: &[String],
        sample: &[Record],
        spec: &InputSpec,
    ) -> Result<Self, Error> {
        if headers.is_empty() {
            return Ok(Self::default());
        }
        let data: Vec<&Record> = sample.iter().collect();
        Ok(Self { has_header: true, ..Self::with(name, headers.to_vec(), &data, spec)? })
    }

    /// The columns that `headers` name, and what the first rows `data` say of them.
    fn with(
        name: &str,
        headers: Vec<String>,
        data: &[&Record],
        spec: &InputSpec,
    ) -> Result<Self, Error> {
        let columns = columns::unique_names(&headers);
        let found = vin_column::find(name, &columns, data, spec)?;
        let row_vehicle = row_vehicle::find(name, &spec.map, &columns, found.index, data)?;
        Ok(Self {
            columns,
            headers,
            vin_index: found.index,
            chosen_by: found.by,
            row_vehicle,
            warning: found.warning,
            ..Self::default()
        })
    }

    /// How many records are above the first row.
    pub(super) fn records_above(&self) -> usize {
        self.head.len()
    }

    /// Starts a pass over the records.
    pub(super) fn rows(&self) -> Rows<'_> {
        Rows::of(self)
    }

    /// What the first whole pass found; `None` before its end.
    pub(super) fn found(&self) -> Option<&RowsFound> {
        self.found.get()
    }

    /// What the owner of the file `name` should know.
    pub(super) fn warnings(&self, name: &str) -> Vec<String> {
        let headerless = match &self.columns[..] {
            _ if self.has_header => None,
            [] => None,
            [only] => Some(format!("`{name}` has no header; its column is called `{only}`")),
            [first, ..] => {
                Some(format!("`{name}` has no header; its columns are called `{first}` and so on"))
            }
        };
        let found = self.found().into_iter().flat_map(|found| found.warnings(name, self.unit));
        headerless.into_iter().chain(self.warning.clone()).chain(found).collect()
    }
}

fn check_width(name: &str, first: &Record, is_header: bool) -> Result<(), Error> {
    let path = Path::new(name);
    if first.len() > MAX_FIELDS {
        let what = format!("it has {} columns, and {MAX_FIELDS} at most are read", first.len());
        return Err(Error::bad_input(path, what)
            .hint("is its delimiter another? name it with `--delimiter`"));
    }
    if is_header && first.too_long {
        let what = format!(
            "a name in its header is over {MAX_FIELD} bytes, or all of them over {MAX_RECORD}"
        );
        return Err(Error::bad_input(path, what).hint("is it a table at all?"));
    }
    Ok(())
}

/// 64: `--header-row` names a line on which no record begins.
fn no_header(name: &str, unit: Unit, sample: &[Record], line: u64) -> Error {
    let (last, unit) = (sample.last().map_or(0, |record| record.line), unit.name());
    let what = if line > last {
        format!("the header of `{name}` is looked for down to {unit} {last}, not on {unit} {line}")
    } else {
        format!("{unit} {line} of `{name}` is empty, or within a record")
    };
    let hint = format!("`--header-row` names the {unit} of the header; 0 is a file without one");
    Error::usage(what).hint(hint)
}

#[cfg(test)]
mod tests;
