//! A whole input: its encoding, delimiter, header and columns told by its first
//! bytes, then every row read, twice.

use vinrich::domain::error::{Error, Exit};
use vinrich::domain::vin::{Rules, VinError};
use vinrich::input::{FileDigest, InputSpec, Inputs, Row};

use super::vin::assert_reading;
use super::with_file;

/// The first byte says which delimiter is named, if one is; the file follows.
pub(crate) fn csv(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let delimiter = match choice {
        b',' | b';' | b'\t' | b'|' => Some(*choice),
        _ => None,
    };
    with_file(file, |path| {
        let sources = vec![path.display().to_string()];
        let spec = InputSpec { sources, delimiter, ..InputSpec::default() };
        match Inputs::open(&spec) {
            Ok(inputs) => assert_passes(&inputs, file),
            Err(error) => assert_refused(&error),
        }
    });
}

/// Two passes are alike, in their rows or in what stops them.
fn assert_passes(inputs: &Inputs, file: &[u8]) {
    match (pass(inputs), pass(inputs)) {
        (Ok((rows, digests)), Ok(second)) => {
            assert_eq!(digests[0].rows, rows.len() as u64);
            assert_as_the_csv_crate(inputs, file, &rows);
            assert!((rows, digests) == second, "the second pass read something else");
        }
        (Err(first), Err(second)) => {
            assert_refused(&first);
            assert_eq!(first.to_string(), second.to_string());
        }
        _ => panic!("one pass read the file to its end, the other did not"),
    }
}

/// What no file of any content is: missing, a fault of the disk, or one of ours.
fn assert_refused(error: &Error) {
    assert!(matches!(error.exit(), Exit::BadInput | Exit::Usage), "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    assert!(super::is_printable(&error.to_string()), "{error:?}");
}

/// The cells of a row, or what is wrong with it.
type Cells = Result<Vec<String>, VinError>;

fn pass(inputs: &Inputs) -> Result<(Vec<(usize, Cells)>, Vec<FileDigest>), Error> {
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

/// The same rows as another reader of CSV, where the bytes need no decoding.
fn assert_as_the_csv_crate(inputs: &Inputs, file: &[u8], ours: &[(usize, Cells)]) {
    let first_line = file.split(|byte| b"\r\n".contains(byte)).find(|line| !line.is_empty());
    let has_separator_line = first_line.is_some_and(|line| line.get(3) == Some(&b'='));
    let is_plain = file.is_ascii() && !file.contains(&0) && !has_separator_line;
    let description = &inputs.files()[0];
    // Quotes and backslashes may mean something else than that crate takes them for.
    let is_plain = is_plain && !file.iter().any(|byte| b"\"\\\r".contains(byte));
    if !is_plain || file.len() > 1 << 16 {
        return;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(description.delimiter)
        .from_reader(file);
    let theirs: Vec<csv::StringRecord> =
        reader.records().map(|record| record.expect("ASCII in memory can be read")).collect();
    for (ordinal, ours) in ours {
        let (Ok(ours), theirs) = (ours, &theirs[ordinal - 1]) else { continue };
        assert!(
            ours.iter()
                .map(String::as_str)
                .eq(theirs.iter().chain(std::iter::repeat("")).take(ours.len())),
            "{ours:?} for {theirs:?}"
        );
    }
}
