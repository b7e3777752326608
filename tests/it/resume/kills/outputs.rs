//! Reading what a run wrote, strictly.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use calamine::{Data, Reader as _, Xlsx, XlsxError};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::rows::outputs::printable;

/// Rows by column, without what two runs may have differently.
pub(super) type Rows = Vec<BTreeMap<String, String>>;

/// The rows of a file, or why it cannot be read whole.
pub(super) fn rows(path: &Path) -> Result<Rows, String> {
    let name = path.display().to_string();
    let rows = match path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => of_parquet(path),
        Some("xlsx") => of_workbook(path),
        Some("json") => of_report(path),
        _ => of_csv(path),
    };
    let mut rows = rows.map_err(|error| format!("`{name}`: {error}"))?;
    for row in &mut rows {
        row.retain(|column, _| !may_differ(column));
    }
    Ok(rows)
}

/// When something was fetched, made or expires, and what is numbered at random or by the
/// vendor.
fn may_differ(column: &str) -> bool {
    column.ends_with("_fetched_at")
        || ["photo_expires_at", "photo_request_id", "photo_request_url", "tool_operation"]
            .contains(&column)
}

fn of_csv(path: &Path) -> Result<Rows, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    if !text.ends_with('\n') {
        return Err("its last line is cut".into());
    }
    let rows: Result<Rows, _> = csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
    rows.map_err(|error| error.to_string())
}

fn of_workbook(path: &Path) -> Result<Rows, String> {
    let mut book: Xlsx<_> =
        calamine::open_workbook(path).map_err(|error: XlsxError| error.to_string())?;
    let cells = book.worksheet_range("Fleet").map_err(|error| error.to_string())?;
    let mut rows = cells.rows().map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>());
    let header = rows.next().ok_or("it has no header")?;
    Ok(rows.map(|row| header.iter().cloned().zip(row).collect()).collect())
}

fn of_parquet(path: &Path) -> Result<Rows, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|error| error.to_string())?;
    let options = FormatOptions::new();
    let mut rows = Rows::new();
    for batch in reader {
        let batch = batch.map_err(|error| error.to_string())?;
        let schema = batch.schema();
        let printed: Vec<_> = batch.columns().iter().map(printable).collect();
        let columns = printed.iter().map(|column| ArrayFormatter::try_new(column, &options));
        let columns: Vec<_> =
            columns.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        rows.extend((0..batch.num_rows()).map(|row| {
            let cell = |(place, column): (usize, &ArrayFormatter<'_>)| {
                (schema.field(place).name().clone(), column.value(row).to_string())
            };
            columns.iter().enumerate().map(cell).collect()
        }));
    }
    Ok(rows)
}

/// A report is one row: how the run ended, and how many rows it read and wrote.
fn of_report(path: &Path) -> Result<Rows, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let report: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let told = [
        ("exit_code", &report["exit_code"]),
        ("read", &report["rows"]["read"]),
        ("written", &report["rows"]["written"]),
        ("diverted", &report["rows"]["diverted"]),
    ];
    Ok(vec![told.map(|(name, value)| (name.to_owned(), value.to_string())).into()])
}
