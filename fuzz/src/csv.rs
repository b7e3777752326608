//! A whole input: its encoding, delimiter, header and columns told by its first
//! bytes, then every row read, twice.

use vinrich::input::{InputFile, InputSpec, Inputs};

use super::rows::{Cells, read};

/// The first byte says which delimiter is named, if one is; the file follows.
pub(crate) fn csv(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let delimiter = match choice {
        b',' | b';' | b'\t' | b'|' => Some(*choice),
        _ => None,
    };
    if let Ok((inputs, rows)) = read(file, InputSpec { delimiter, ..InputSpec::default() }) {
        assert_as_the_csv_crate(&inputs, file, &rows);
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
    let Some(delimiter) = description.delimiter else { return };
    if !is_plain || file.len() > 1 << 16 {
        return;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(file);
    let theirs: Vec<csv::StringRecord> =
        reader.records().map(|record| record.expect("ASCII in memory can be read")).collect();
    assert_counted(description, ours, &theirs);
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

/// Every record is a row, is left out and counted, or stands above the rows as a header.
/// A record with a VIN is a row wherever it stands, also above the header.
fn assert_counted(file: &InputFile, rows: &[(usize, Cells)], records: &[csv::StringRecord]) {
    let found = file.found().expect("the file was read");
    assert_eq!(found.rows, rows.len() as u64);
    let left_out: u64 = found.skipped.values().map(|lines| lines.count).sum();
    let counted = rows.len() + usize::try_from(left_out).expect("fewer than bytes");
    let headers = records.len().checked_sub(counted).expect("no record counts twice");
    assert_eq!(headers > 0, file.has_header, "{headers} headers");
    let line = |ordinal: &usize| records[ordinal - 1].position().map(csv::Position::line);
    let is_above = |(ordinal, _): &&(usize, Cells)| line(ordinal) < file.header_line;
    let kept = rows.iter().take_while(is_above).count();
    for (ordinal, _) in &rows[..kept] {
        let record = &records[ordinal - 1];
        assert!(record.iter().any(may_be_vin), "{record:?} stands above the header");
    }
    let above = rows.get(kept).map_or(records.len(), |(ordinal, _)| ordinal - 1) - kept;
    assert!(headers <= above, "{headers} headers, {above} records above the rows");
}

/// Whether there are as many letters and digits as the shortest VIN has.
fn may_be_vin(cell: &str) -> bool {
    const SHORTEST: usize = 11;
    cell.bytes().filter(u8::is_ascii_alphanumeric).count() >= SHORTEST
}
