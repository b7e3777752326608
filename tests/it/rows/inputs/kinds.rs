//! Files that are called a table and are something else: told apart by their
//! first bytes, with a way out, before anything is spent.

use std::io::Write;

use zip::write::SimpleFileOptions;

use super::enrich;
use crate::support::Work;
use crate::support::command::vins;

/// A zip archive with one entry of this length, all of it zeros.
fn workbook(entry: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("xl/workbook.xml", SimpleFileOptions::default()).expect("memory");
    archive.write_all(&vec![0; entry]).expect("memory");
    archive.finish().expect("memory").into_inner()
}

#[test]
fn other_kinds_of_file_are_recognised() {
    let work = Work::configured(&[]);
    let list = format!("vin\n{}\n", vins(3).join("\n"));
    work.write("in.csv", &list);
    enrich(&work, &["in.csv"]).exits(0);
    std::fs::remove_file(work.path("out.csv")).expect("the output");
    let calls = work.sandbox.log().len();
    let utf32: Vec<u8> = "\u{feff}vin\n".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let files: [(&str, Vec<u8>, &str); 14] = [
        ("a workbook of no sheet", workbook(1_000), "workbook"),
        ("a zip bomb", workbook(50 << 20), "workbook"),
        ("an empty archive", b"PK\x05\x06".iter().copied().chain([0; 18]).collect(), "no file"),
        ("an old or locked workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0".into(), "workbook"),
        ("an Arrow file without its end", b"ARROW1\0\0\xff\xff\xff\xff".into(), "cut off"),
        ("a Parquet file without its end", b"PAR1\x15\x04\x15".into(), "Parquet"),
        ("a web page", b"\n<!DOCTYPE html><title>Sign in</title>".into(), "web page"),
        ("a JSON array", b"[\n{\"vin\": 1}\n]".into(), "JSON array"),
        ("a JSON document", b"{\n\"vin\": 1\n}".into(), "JSON document"),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".into(), "PDF"),
        ("a database", std::fs::read(work.store()).expect("the store"), "SQLite"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0".into(), "picture"),
        ("UTF-32", utf32, "UTF-32"),
        ("NUL among odd bytes", format!("vin\n{}\n\0\u{1}\u{2}", vins(1)[0]).into(), "not text"),
    ];
    for (name, bytes, word) in files {
        std::fs::write(work.path("fleet.csv"), &bytes).expect("a file is written");
        let ended = enrich(&work, &["fleet.csv"]).exits(65);
        let words = ["error: `fleet.csv`", word, "hint: "];
        assert!(words.iter().all(|word| ended.stderr.contains(word)), "{name}: {}", ended.stderr);
        let piped = ["enrich", "-", "-o", "out.csv", "--with", "decode"];
        work.vinrich_reading(&piped, &bytes).exits(65).says(&[word, "hint: "]);
        assert!(!work.path("out.csv").exists(), "{name}");
    }
    assert_eq!(work.sandbox.log().len(), calls, "nothing is spent on them");
}

#[test]
fn nul_that_fills_up_cells_is_left_out() {
    let work = Work::configured(&[]);
    let vins = vins(3);
    let row = |vin: &String| format!("7\0\0\0,{vin}\0\0\0,\0\0\0\0,Oslo\n");
    let rows_of: String = vins.iter().map(row).collect();
    std::fs::write(work.path("in.csv"), format!("Unit,VIN,Plate,Site\n{rows_of}\0\0\0"))
        .expect("a file is written");
    enrich(&work, &["in.csv"]).exits(0);
    let rows = super::rows(&work);
    assert_eq!(super::column(&rows, "vin"), vins);
    assert_eq!((rows[0]["Unit"].as_str(), rows[0]["Plate"].as_str()), ("7", ""));
    assert!(!work.read("out.csv").contains('\0'));
}
