use std::io::Seek as _;
use std::sync::Arc;

use super::*;
use crate::domain::Exit;

fn record(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("short");
    [&kind.to_le_bytes(), &length.to_le_bytes(), body].concat()
}

/// A sheet of these records.
fn sheet_of(records: &[Vec<u8>]) -> Vec<u8> {
    let begin = record(record::BEGIN, &[0, 6, 16, 0]);
    [begin, records.concat(), record(record::END, &[])].concat()
}

/// A stream with a table of texts and one sheet, named so many times.
fn stream(texts: &[u8], times: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let global = |start: u32| {
        let mut all = record(record::BEGIN, &[0, 6, 5, 0]);
        for place in 0..times {
            let name = format!("{place:05}");
            let body = [&start.to_le_bytes()[..], &[0, 0, 5, 0], name.as_bytes()].concat();
            all.extend(record(record::SHEET, &body));
        }
        all.extend(record(record::TEXTS, &[&[0; 8], texts].concat()));
        all.extend(record(record::END, &[]));
        all
    };
    let start = u32::try_from(global(0).len()).expect("short");
    [global(start), sheet_of(records)].concat()
}

/// The text at `text` in the cell at this place.
fn named_text(row: u16, column: u16, text: u32) -> Vec<u8> {
    let place = [row.to_le_bytes(), column.to_le_bytes(), [0; 2]].concat();
    record(record::NAMED_TEXT, &[&place[..], &text.to_le_bytes()].concat())
}

/// The table of one text of so many letters.
fn text(length: u16) -> Vec<u8> {
    let letters = vec![b'a'; length.into()];
    [&length.to_le_bytes()[..], &[0], &letters].concat()
}

fn file(stream: &[u8]) -> Random {
    let mut container = CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    container.create_stream("/Workbook").expect("memory").write_all(stream).expect("memory");
    of_bytes(container.into_inner().get_ref())
}

fn of_bytes(bytes: &[u8]) -> Random {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("written");
    file.rewind().expect("at its start");
    Random { file: Arc::new(file), length: bytes.len() as u64 }
}

fn is_refused(file: &Random, why: &str) {
    let error = container("fleet.xls", file).map(|_| ()).expect_err(why);
    assert_eq!(error.exit(), Exit::BadInput);
    assert!(error.to_string().contains(why), "{why}: {error}");
    assert!(error.hint_text().is_some());
}

#[test]
fn a_sheet_is_handed_on_in_a_container_of_its_own() {
    let stream = stream(&text(17), 1, &[named_text(0, 0, 0), named_text(65_535, 3, 0)]);
    let ours = container("fleet.xls", &file(&stream)).expect("read");
    let mut ours = CompoundFile::open(ours).expect("a container");
    let mut found = Vec::new();
    ours.open_stream("/Workbook").expect("its stream").read_to_end(&mut found).expect("read");
    assert_eq!(found, stream);
    let four_columns = 4 * ROWS * PLACE;
    assert!((four_columns..2 * four_columns).contains(&held(&stream)), "{}", held(&stream));
}

#[test]
fn sheets_that_would_fill_memory_are_refused() {
    let corners = [named_text(0, 0, 0), named_text(65_535, 255, 0)];
    let far = [named_text(0, 0, 0), named_text(9, 65_000, 0), named_text(60_000, 1, 0)];
    let again: Vec<_> = (0..20_000).map(|row| named_text(row, 0, 0)).collect();
    let rows = [[0; 4], u32::MAX.to_le_bytes()].concat();
    let sizes = [record(record::DIMENSIONS, &[&rows[..], &[0, 0, 0, 1, 0, 0]].concat())];
    let a_column: Vec<_> = (0..1_000).map(|row| named_text(row * 60, 1, 0)).collect();
    for (records, times, length) in [
        (&corners[..], 1, 1),
        (&far, 1, 1),
        (&again, 1, 9_000),
        (&sizes, 1, 1),
        (&a_column, 1_000, 1),
    ] {
        is_refused(&file(&stream(&text(length), times, records)), "must be held in memory");
    }
}

#[test]
fn texts_are_measured_over_all_records_of_their_table() {
    let (first, rest) = ([5, 0, 1, b'a', 0, b'b', 0].as_slice(), b"\0cde".as_slice());
    let rich = [2, 0, 12, 1, 0, 3, 0, 0, 0, b'x', b'y', 1, 2, 3, 4, 7, 7, 7].as_slice();
    let last = [1, 0, 0, b'z'].as_slice();
    let head = [&[0; 8], first].concat();
    let tail = [rest, rich, last].concat();
    assert_eq!(lengths(&[&head, &tail]), [15, 6, 3]);
    // One that is cut off is the last.
    assert_eq!(lengths(&[&head, &tail[..tail.len() - 9]]).len(), 2);
}

#[test]
fn a_container_that_cannot_be_read_is_refused() {
    let whole = file(&stream(&text(9), 1, &[named_text(0, 0, 0)]));
    let bytes = whole.bytes(0, usize::try_from(whole.length).expect("short")).expect("read");
    is_refused(&of_bytes(&bytes[..700]), "damaged or cut off");
    // The list of sectors goes round.
    let mut round = bytes.clone();
    round[4096..8192].fill(0);
    is_refused(&of_bytes(&round), "damaged or cut off");
    let mut locked = CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    locked.create_stream("/EncryptedPackage").expect("memory").write_all(b"x").expect("memory");
    is_refused(&of_bytes(locked.into_inner().get_ref()), "protected by a password");
}
