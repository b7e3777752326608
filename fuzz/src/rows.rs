//! What holds of every input, whatever its format.

use vinrich::domain::error::{Error, Exit};
use vinrich::domain::vin::{Rules, VinError};
use vinrich::input::{FileDigest, InputSpec, Inputs, Row};

use super::vin::assert_reading;
use super::with_file;

/// The cells of a row, or what is wrong with it.
pub(crate) type Cells = Result<Vec<String>, VinError>;

/// The rows with their ordinals.
pub(crate) type Rows = Vec<(usize, Cells)>;

/// A file of these bytes, opened as `spec` says and read twice: two passes are alike,
/// in their rows or in what stops them.
pub(crate) fn read(bytes: &[u8], spec: InputSpec) -> Result<(Inputs, Rows), Error> {
    let read = with_file(bytes, |path| {
        let sources = vec![path.display().to_string()];
        let inputs = Inputs::open(&InputSpec { sources, ..spec })?;
        match (pass(&inputs), pass(&inputs)) {
            (Ok((rows, digests)), Ok(second)) => {
                assert_eq!(digests[0].rows, rows.len() as u64);
                let first = (rows, digests);
                assert!(first == second, "the second pass read something else");
                Ok((inputs, first.0))
            }
            (Err(first), Err(second)) => {
                assert_eq!(first.to_string(), second.to_string());
                Err(first)
            }
            _ => panic!("one pass read the file to its end, the other did not"),
        }
    });
    if let Err(error) = &read {
        assert_refused(error);
    }
    read
}

/// What no file of any content is: missing, a fault of the disk, or one of ours.
fn assert_refused(error: &Error) {
    assert!(matches!(error.exit(), Exit::BadInput | Exit::Usage), "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    assert!(super::is_printable(&error.to_string()), "{error:?}");
}

/// The rows, and the digests of the files.
fn pass(inputs: &Inputs) -> Result<(Rows, Vec<FileDigest>), Error> {
    let mut batches = inputs.batches()?;
    let mut last = 0;
    let mut all = Vec::new();
    while let Some(batch) = batches.read()? {
        assert_eq!(batch.columns().len(), inputs.columns().len());
        for row in batch.rows() {
            let ordinal = usize::try_from(row.source_row()).expect("an ordinal");
            assert!(ordinal > last, "the rows are in order");
            last = ordinal;
            all.push((ordinal, cells(row)));
        }
    }
    Ok((all, batches.finish()?))
}

fn cells(row: Row<'_>) -> Cells {
    assert!(row.vehicle().year.is_none_or(|year| (1900..2100).contains(&year)));
    let reading = row.reading(Rules::default());
    assert_reading(&reading);
    match row.problem() {
        None => Ok(row.cells().map(|cell| cell.unwrap_or_default().to_owned()).collect()),
        Some(problem) => {
            assert_eq!(reading.error, Some(problem));
            Err(problem)
        }
    }
}
