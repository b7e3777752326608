//! How text formats are separated, marked and compressed.

use std::fs::{self, File};
use std::io::Read as _;

use flate2::read::GzDecoder;

use super::{Folder, INPUT, block, full, rejected, spec, texts, write};
use crate::output::OutputSpec;
use crate::output::record::Block;
use crate::output::schema::COLUMNS;

#[test]
fn compressed_text_is_the_same_text() {
    let folder = Folder::new();
    for name in ["out.csv", "out.tsv", "out.jsonl"] {
        let plain = folder.path(name);
        write(&spec(&plain), &[block()]);
        let plain = fs::read(&plain).expect("a file");
        let read = |ending: &str| {
            let out = folder.path(&format!("{name}.{ending}"));
            write(&spec(&out), &[block()]);
            File::open(&out).expect("a file")
        };
        let mut unpacked = Vec::new();
        GzDecoder::new(read("gz")).read_to_end(&mut unpacked).expect("gzip");
        assert!(unpacked == plain, "{name}.gz");
        assert!(zstd::decode_all(read("zst")).expect("zstd") == plain, "{name}.zst");
    }
}

#[test]
fn cells_are_separated_as_asked() {
    let folder = Folder::new();
    let rejects = folder.path("bad.csv");
    for (name, delimiter, expected) in
        [("o.tsv", None, b'\t'), ("o.csv", Some(b';'), b';'), ("o.tsv", Some(b'|'), b'|')]
    {
        let out = folder.path(name);
        let spec = OutputSpec { delimiter, rejects: Some(rejects.clone()), ..spec(&out) };
        let text = "a\tb;c|d,e";
        let input = vec![texts([Some(text), Some(text)]), texts([Some("5.5"), None])];
        write(&spec, &[Block { records: vec![full(), rejected()], input }]);
        let mut rows = ::csv::ReaderBuilder::new();
        let mut rows = rows.delimiter(expected).from_path(&out).expect("a file");
        let row = rows.records().next().expect("a row").expect("well-formed");
        assert_eq!((&row[0], &row[1], row.len()), (text, "5.5", INPUT.len() + COLUMNS.len()));
        let header = fs::read_to_string(&rejects).expect("text");
        let separated = format!("VIN{}Miles Driven", char::from(delimiter.unwrap_or(b',')));
        assert!(header.starts_with(&separated), "{header}");
    }
}

#[test]
fn excel_is_shown_which_text_it_is() {
    let folder = Folder::new();
    for name in ["out.csv", "out.tsv", "out.csv.zst"] {
        let (out, rejects) = (folder.path(name), folder.path("bad.csv"));
        let rejects_too = Some(rejects.clone());
        write(&OutputSpec { for_excel: true, rejects: rejects_too, ..spec(&out) }, &[block()]);
        let bytes = fs::read(&out).expect("a file");
        let bytes = if name.ends_with("zst") {
            zstd::decode_all(bytes.as_slice()).expect("zstd")
        } else {
            bytes
        };
        for bytes in [bytes, fs::read(&rejects).expect("a file")] {
            let text = String::from_utf8(bytes).expect("UTF-8");
            assert_eq!(text.matches('\u{feff}').count(), 1, "{name}");
            assert!(text.starts_with('\u{feff}'), "{name}");
        }
    }
}
