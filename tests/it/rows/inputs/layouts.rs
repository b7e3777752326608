//! The same rows in every encoding, with every line end and delimiter.

use super::{THREE, column, enrich, rows};
use crate::support::Work;

/// The three VINs with a text that no encoding spells like another.
fn table(delimiter: char, end: &str) -> String {
    let cells = [["VIN", "Ort"], [THREE[0], "Köln"], [THREE[1], "Łódź"], [THREE[2], "北京"]];
    cells.map(|row| row.join(&delimiter.to_string()) + end).concat()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn encoding_and_delimiter_change_no_row() {
    let work = Work::configured(&[]);
    let plain = table(',', "\n");
    let with_mark = format!("\u{feff}{plain}");
    let quoted = plain.replacen("VIN,Ort", "\"VIN\",\"Ort\"", 1);
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("plain", plain.clone().into(), "utf-8", ","),
        ("a byte order mark", with_mark.clone().into(), "utf-8", ","),
        ("one before a quoted header", format!("\u{feff}{quoted}").into(), "utf-8", ","),
        ("UTF-16, little end first", utf16(&with_mark, u16::to_le_bytes), "utf-16le", ","),
        ("UTF-16, big end first", utf16(&with_mark, u16::to_be_bytes), "utf-16be", ","),
        ("the same without a mark", utf16(&plain, u16::to_le_bytes), "utf-16le", ","),
        ("and the other", utf16(&plain, u16::to_be_bytes), "utf-16be", ","),
        ("CRLF", table(',', "\r\n").into(), "utf-8", ","),
        ("CR alone", table(',', "\r").into(), "utf-8", ","),
        (
            "mixed",
            table(',', "\n").replacen('\n', "\r\n", 2).replacen("\r\n", "\r", 1).into(),
            "utf-8",
            ",",
        ),
        ("no final line end", plain.trim_end().into(), "utf-8", ","),
        ("empty lines", plain.replace('\n', "\n\n\r\n").into(), "utf-8", ","),
        ("semicolons", table(';', "\n").into(), "utf-8", ";"),
        ("tabs", table('\t', "\r\n").into(), "utf-8", "\t"),
        ("pipes", table('|', "\n").into(), "utf-8", "|"),
        ("a separator line", format!("sep=;\r\n{}", table(';', "\r\n")).into(), "utf-8", ";"),
        ("an odd separator", format!("sep=^\n{}", table('^', "\n")).into(), "utf-8", "^"),
    ];
    for (name, bytes, encoding, delimiter) in cases {
        std::fs::write(work.path("in.csv"), bytes).expect("a file is written");
        enrich(&work, &["in.csv"]).exits(0);
        let rows = rows(&work);
        assert_eq!(column(&rows, "vin"), THREE, "{name}");
        assert_eq!(column(&rows, "Ort"), ["Köln", "Łódź", "北京"], "{name}");
        assert!(!work.read("out.csv").contains('\0'), "{name}");
        let input = &work.report("out.csv")["inputs"][0];
        assert_eq!(
            (&input["encoding"], &input["delimiter"]),
            (&encoding.into(), &delimiter.into()),
            "{name}"
        );
    }
    assert_eq!(work.calls("batch-decode"), 1, "they are the same three VINs");
}

#[test]
fn a_delimiter_that_is_given_is_not_guessed() {
    let work = Work::configured(&[]);
    work.write("in.csv", &format!("VIN|a;b;c\n{}|1;2;3\n", THREE[0]));
    enrich(&work, &["in.csv", "--delimiter", "|"]).exits(0);
    assert_eq!(column(&rows(&work), "a;b;c"), ["1;2;3"]);
}
