//! A table that a command writes to a CSV file with `-o`.

use std::path::Path;

use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::output::{Protected, Sheet};

use crate::format::{count, shown};
use crate::{args_to_plan, stdout};

/// Writes `rows` below `columns` to the file at `path`, and prints how many there are.
/// What a run reads or keeps is not replaced, nor the output that the rows are about.
pub(crate) fn write(
    path: &Path,
    (settings, output): (&Settings, &str),
    columns: &[&str],
    (noun, rows): (&str, impl Iterator<Item = Vec<String>>),
) -> Result<(), Error> {
    args_to_plan::refuse_folder("-o", path)?;
    let protected = Protected::of(settings).and("the output", [output.into()]);
    let mut sheet = Sheet::create(Some(path), &protected, &[], columns)?;
    for row in rows {
        sheet.row(row.iter().map(String::as_str))?;
    }
    let written = sheet.commit()?;
    stdout::write(&format!("wrote {} ({})\n", shown(path), count(written.rows, noun)))
}
