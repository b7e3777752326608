use proptest::prelude::*;

use super::*;
use crate::input::record::{MAX_FIELD, MAX_RECORD};

/// Hands out a few bytes at a time, so that records meet the end of the buffer.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(3).min(out.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn ours(text: impl Read) -> Result<Vec<Vec<String>>, RecordError> {
    let mut records = Records::new(text, b',', Quoting::DOUBLED);
    let mut record = Record::default();
    let mut all = Vec::new();
    while records.read(&mut record)? {
        all.push(record.iter().map(str::to_owned).collect());
    }
    Ok(all)
}

fn theirs(text: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let records = reader.records().map(|record| record.expect("memory can be read"));
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn records_are_those_of_the_csv_crate(text in "[ab,\"\r\né]{0,24}") {
        match ours(Drip(text.as_bytes())) {
            Ok(records) => prop_assert_eq!(records, theirs(&text)),
            Err(error) => {
                let unclosed = matches!(error, RecordError::UnclosedQuote { .. });
                prop_assert!(unclosed, "{:?}", error);
                // A quote that closes it makes it readable.
                let closed = text.clone() + "\"";
                prop_assert!(ours(Drip(closed.as_bytes())).is_ok());
            }
        }
    }
}

#[test]
fn an_endless_field_takes_bounded_memory() {
    for quote in ["", "\""] {
        let endless = io::repeat(b'x').take(64 << 20);
        let tail = format!("{quote},\nb");
        let text = quote.as_bytes().chain(endless).chain(tail.as_bytes());
        let mut records = Records::new(text, b',', Quoting::DOUBLED);
        let mut record = Record::default();
        assert!(matches!(records.read(&mut record), Ok(true)), "{quote:?}");
        assert!(record.too_long);
        assert!(record.capacity() <= 2 * MAX_FIELD);
    }
}

#[test]
fn many_long_fields_take_bounded_memory() {
    let field = [vec![b'x'; MAX_FIELD], vec![b',']].concat();
    let text = field.repeat(64);
    let mut record = Record::default();
    assert!(matches!(Records::new(&text[..], b',', Quoting::DOUBLED).read(&mut record), Ok(true)));
    assert_eq!((record.len(), record.too_long), (65, true));
    assert!(record.size() <= MAX_RECORD);
}
