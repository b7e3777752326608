//! The bad-input table, read through the whole of the input.

use std::fs;
use std::io::Write;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::domain::Exit;
use crate::domain::vin::{Rules, VinError};

const ACCORD: &str = "1HGCM82633A004352";
const TESLA: &str = "5YJ3E1EA7KF317000";

/// A folder of input files.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder"));
        for (name, bytes) in files {
            fs::write(folder.0.path().join(name), bytes).expect("a file");
        }
        folder
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub(super) fn spec(&self, name: &str) -> InputSpec {
        InputSpec { sources: vec![self.path(name)], ..InputSpec::default() }
    }
}

pub(super) fn open(bytes: &[u8]) -> Result<(Folder, Inputs), Error> {
    open_with(bytes, |_| {})
}

fn open_with(bytes: &[u8], change: impl FnOnce(&mut InputSpec)) -> Result<(Folder, Inputs), Error> {
    let folder = Folder::of(&[("fleet", bytes)]);
    let mut spec = folder.spec("fleet");
    change(&mut spec);
    let inputs = Inputs::open(&spec)?;
    Ok((folder, inputs))
}

pub(super) fn opened(bytes: &[u8]) -> (Folder, Inputs) {
    open(bytes).unwrap_or_else(|error| panic!("{error} ({:?})", error.hint_text()))
}

/// What a user would see of a row.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) source_row: i64,
    pub(super) vin: String,
    pub(super) cells: Vec<Option<String>>,
    pub(super) problem: Option<VinError>,
}

pub(super) fn pass(inputs: &Inputs) -> Result<(Vec<Seen>, Vec<FileDigest>), Error> {
    let mut batches = inputs.batches()?;
    let mut seen = Vec::new();
    while let Some(batch) = batches.read()? {
        seen.extend(batch.rows().map(|row| Seen {
            source_row: row.source_row(),
            vin: row.vin().to_owned(),
            cells: row.cells().map(|cell| cell.map(str::to_owned)).collect(),
            problem: row.problem(),
        }));
    }
    Ok((seen, batches.finish()?))
}

fn first_batch(inputs: &Inputs) -> Batch {
    inputs.batches().and_then(|mut batches| batches.read()).expect("a pass").expect("a row")
}

pub(super) fn rows(inputs: &Inputs) -> Vec<Seen> {
    pass(inputs).expect("a whole pass").0
}

pub(super) fn vins(bytes: &[u8]) -> Vec<String> {
    rows(&opened(bytes).1).into_iter().map(|row| row.vin).collect()
}

pub(super) fn failure(bytes: &[u8]) -> (Exit, String, String) {
    let error = open(bytes)
        .and_then(|(_folder, inputs)| pass(&inputs))
        .expect_err("the input must be refused");
    (error.exit(), error.to_string(), error.hint_text().unwrap_or_default().to_owned())
}

fn utf16(text: &str, bom: bool, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    bom.then_some(0xFEFF).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn a_plain_file_is_read_as_it_is() {
    let text = format!("Unit,VIN,Plate\n7,{ACCORD},\"AB \"\"1\"\", x\"\n8,{TESLA},\n");
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["Unit", "VIN", "Plate"]);
    assert_eq!(inputs.files()[0].vin_column, "VIN");
    assert!(inputs.warnings().is_empty());
    let (seen, digests) = pass(&inputs).expect("a whole pass");
    assert_eq!(seen[0].source_row, 2);
    assert_eq!(seen[0].cells[2].as_deref(), Some("AB \"1\", x"));
    assert_eq!((seen[1].vin.as_str(), &seen[1].cells[2]), (TESLA, &None));
    assert_eq!(digests[0].rows, 2);
    assert_eq!(digests[0].sha256.len(), 64);
}

#[test]
fn every_encoding_yields_the_same_rows() {
    let text = format!("Standort;VIN\r\nKöln;{ACCORD}\r\n北京;{TESLA}\r\n");
    let plain = rows(&opened(text.as_bytes()).1);
    assert_eq!(plain[0].cells[0].as_deref(), Some("Köln"));
    let with_bom = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for (encoding, bytes) in [
        ("utf-8", with_bom),
        ("utf-16le", utf16(&text, true, u16::to_le_bytes)),
        ("utf-16be", utf16(&text, true, u16::to_be_bytes)),
        ("utf-16le", utf16(&text, false, u16::to_le_bytes)),
        ("utf-16be", utf16(&text, false, u16::to_be_bytes)),
    ] {
        let (_folder, inputs) = opened(&bytes);
        assert_eq!(inputs.files()[0].encoding, Some(encoding));
        assert_eq!(rows(&inputs), plain, "{encoding}");
        assert!(inputs.warnings().is_empty(), "{encoding}");
    }
}

#[test]
fn a_bom_before_a_quoted_header_is_no_part_of_it() {
    let text = format!("\u{FEFF}\"VIN\",\"Unit\"\n{ACCORD},1\n");
    assert_eq!(opened(text.as_bytes()).1.columns(), ["VIN", "Unit"]);
}

#[test]
fn windows_1252_is_kept_and_warned_of() {
    let text = [b"VIN,Ort\n", ACCORD.as_bytes(), b",M\xFCnchen \x80\n"].concat();
    let (_folder, inputs) = opened(&text);
    assert_eq!(inputs.files()[0].encoding, Some("windows-1252"));
    assert_eq!(rows(&inputs)[0].cells[1].as_deref(), Some("München €"));
    assert_eq!(inputs.warnings().len(), 1);
}

#[test]
fn a_late_odd_byte_is_kept_and_warned_of() {
    let mut text = b"VIN,Ort\n".to_vec();
    for _ in 0..4_000 {
        text.extend_from_slice(format!("{ACCORD},Köln\n").as_bytes());
    }
    text.extend_from_slice(format!("{TESLA},M").as_bytes());
    text.extend_from_slice(b"\xFCnchen");
    let (_folder, inputs) = opened(&text);
    assert_eq!(inputs.files()[0].encoding, Some("utf-8"));
    let seen = rows(&inputs);
    assert!(seen[..4_000].iter().all(|row| row.cells[1].as_deref() == Some("Köln")));
    assert_eq!(
        (seen[4_000].vin.as_str(), seen[4_000].cells[1].as_deref()),
        (TESLA, Some("München"))
    );
    assert!(inputs.warnings()[0].contains("Windows-1252"), "{:?}", inputs.warnings());
}

#[test]
fn line_ends_make_no_difference() {
    let lines = ["VIN,Unit", &format!("{ACCORD},1"), "", &format!("{TESLA},2")];
    let plain = rows(&opened(lines.join("\n").as_bytes()).1);
    assert_eq!(plain.len(), 2);
    for end in ["\n", "\r\n", "\r", "\n\r\n"] {
        for last in ["", end] {
            let text = lines.join(end) + last;
            assert_eq!(rows(&opened(text.as_bytes()).1), plain, "{text:?}");
        }
    }
}

#[test]
fn delimiters_are_told_by_consistency() {
    for delimiter in [',', ';', '\t', '|'] {
        let text =
            format!("VIN;Price;Note\n{ACCORD};\"1,5\";\"a|b, c\"\n{TESLA};\"2,5\";\"d,e\"\n");
        let text = text.replace(';', &delimiter.to_string());
        let (_folder, inputs) = opened(text.as_bytes());
        assert_eq!(inputs.files()[0].delimiter.map(char::from), Some(delimiter));
        assert_eq!(inputs.columns().len(), 3, "{delimiter:?}");
    }
    let decimals = format!("VIN;Price\n{ACCORD};1,5\n{TESLA};2,5\n");
    assert_eq!(opened(decimals.as_bytes()).1.files()[0].delimiter, Some(b';'));
}

#[test]
fn a_separator_line_is_obeyed_and_is_no_row() {
    let text = format!("sep=^\r\nVIN^Unit\r\n{ACCORD}^1;2,3\r\n");
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["VIN", "Unit"]);
    let seen = rows(&inputs);
    assert_eq!((seen[0].source_row, seen[0].cells[1].as_deref()), (2, Some("1;2,3")));
}

#[test]
fn a_delimiter_that_is_given_wins() {
    let text = format!("VIN,a|b\n{ACCORD},1|2\n");
    let (_folder, inputs) = open_with(text.as_bytes(), |spec| {
        spec.delimiter = Some(b'|');
        spec.vin_column = Some("1".into());
    })
    .expect("opened");
    assert_eq!(inputs.columns(), ["VIN,a", "b"]);
    let error =
        open_with(text.as_bytes(), |spec| spec.delimiter = Some(b'"')).expect_err("refused");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn nothing_is_zero_rows() {
    for text in ["", "\n\r\n", "\u{FEFF}", "VIN", "Unit;VIN\r\n"] {
        assert_eq!(vins(text.as_bytes()), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn a_list_needs_no_header() {
    for first in
        [ACCORD, " 1hgcm82633a004352 ", "1HGCM82633AO04352", "1.23457E+16", "1HGCM82633A00435"]
    {
        let text = format!("{first}\n{TESLA}\n");
        let (_folder, inputs) = opened(text.as_bytes());
        assert_eq!(inputs.columns(), ["vin"]);
        assert!(!inputs.files()[0].has_header);
        let seen = rows(&inputs);
        assert_eq!((seen[0].source_row, seen[0].vin.as_str()), (1, first));
        assert_eq!(seen[1].vin, TESLA);
        assert_eq!(inputs.warnings().len(), 1);
    }
}

#[test]
fn a_table_without_header_has_numbered_columns() {
    let text = format!("7,{ACCORD},blue\n8,{TESLA},\n");
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["column_1", "column_2", "column_3"]);
    assert_eq!(inputs.files()[0].vin_column, "column_2");
    assert_eq!(rows(&inputs)[0].vin, ACCORD);
}

#[test]
fn the_vin_column_is_known_by_many_names() {
    for header in
        ["vin", "VIN #", "Vin_No", "VEHICLE IDENTIFICATION NUMBER", "Chassis-Number", "vehicleVIN"]
    {
        let text = format!("Unit,{header}\n1,{ACCORD}\n");
        assert_eq!(opened(text.as_bytes()).1.files()[0].vin_column, header);
    }
}

#[test]
fn an_unnamed_vin_column_is_known_by_its_values() {
    let text = format!("Unit,Serial\n1,{ACCORD}\n2,n/a\n3,{TESLA}\n");
    assert_eq!(opened(text.as_bytes()).1.files()[0].vin_column, "Serial");
}

#[test]
fn no_or_two_vin_columns_are_a_question() {
    let (exit, message, hint) = failure(b"Unit,Plate\n1,AB 12\n");
    assert_eq!(exit, Exit::Usage);
    assert!(message.contains("`Unit`, `Plate`"), "{message}");
    assert!(hint.contains("--vin-column"));

    let two = format!("VIN,Chassis No\n{ACCORD},{TESLA}\n");
    let (exit, message, _) = failure(two.as_bytes());
    assert_eq!(exit, Exit::Usage);
    assert!(message.contains("`VIN`, `Chassis No`"), "{message}");

    for choice in ["chassis no", "2"] {
        let choose = |spec: &mut InputSpec| spec.vin_column = Some(choice.into());
        let (_folder, inputs) = open_with(two.as_bytes(), choose).expect("opened");
        assert_eq!(rows(&inputs)[0].vin, TESLA);
    }
}

#[test]
fn an_unknown_column_names_the_nearest() {
    let text = format!("Serial,Odometer\n{ACCORD},1\n");
    let wrong = |spec: &mut InputSpec| spec.vin_column = Some("serail".into());
    let error = open_with(text.as_bytes(), wrong).expect_err("refused");
    assert_eq!((error.exit(), error.hint_text()), (Exit::Usage, Some("did you mean `Serial`?")));

    let wrong = |spec: &mut InputSpec| spec.keep = vec!["Price".into()];
    let error = open_with(text.as_bytes(), wrong).expect_err("refused");
    assert_eq!(error.hint_text(), Some("the columns are `Serial`, `Odometer`"));
}

#[test]
fn keep_chooses_and_orders_columns() {
    let text = format!("Unit,VIN,Plate\n7,{ACCORD},AB\n");
    let keep = |spec: &mut InputSpec| spec.keep = vec!["plate".into(), "Unit".into()];
    let (_folder, inputs) = open_with(text.as_bytes(), keep).expect("opened");
    assert_eq!(inputs.columns(), ["Plate", "Unit"]);
    let seen = rows(&inputs);
    assert_eq!(seen[0].cells, [Some("AB".into()), Some("7".into())]);
    assert_eq!(seen[0].vin, ACCORD);
}

#[test]
fn a_row_is_ragged_where_its_vin_column_is_unknown() {
    let text = format!(
        "Unit,VIN,Plate\n{ACCORD}\n2,{ACCORD},x,y\n3,{ACCORD}\n4\n5,x,{TESLA},AB\n6,{TESLA},,,\n"
    );
    let (_folder, inputs) = opened(text.as_bytes());
    let seen = rows(&inputs);
    let ragged = Some(VinError::RaggedRow);
    let problems: Vec<_> = seen.iter().map(|row| row.problem).collect();
    assert_eq!(problems, [ragged, None, None, None, ragged, None]);
    assert_eq!((seen[1].vin.as_str(), seen[2].vin.as_str()), (ACCORD, ACCORD));
    assert_eq!(seen[3].cells, [Some("4".into()), None, None]);

    let reading = first_batch(&inputs).row(4).reading(Rules::default());
    assert_eq!((reading.vin, reading.error), (None, ragged));
    assert_eq!(reading.detail.as_deref(), Some("line 6: 4 fields where the file has 3 columns"));
    let warnings = inputs.warnings().join("\n");
    assert!(
        warnings.contains("2 short rows filled up with empty cells (lines 4, 5)"),
        "{warnings}"
    );
    assert!(warnings.contains("1 row with more cells than columns"), "{warnings}");
    assert!(warnings.contains("(line 3)"), "{warnings}");
}

#[test]
fn an_unclosed_quote_is_named_by_its_line() {
    let text = format!("VIN,Note\n{ACCORD},\"two\nlines\"\n{TESLA},\"open\n{ACCORD},x\n");
    let (exit, message, _) = failure(text.as_bytes());
    assert_eq!(exit, Exit::BadInput);
    assert!(message.ends_with("the quote opened on line 4 is never closed"), "{message}");
}

#[test]
fn a_huge_field_rejects_its_row_alone() {
    let huge = "x".repeat(3 << 20);
    let text = format!("VIN,Note\n{ACCORD},{huge}\n{ACCORD},\"{huge}\"\n{TESLA},ok\n");
    let seen = rows(&opened(text.as_bytes()).1);
    let too_long = Some(VinError::FieldTooLong);
    assert_eq!(seen.iter().map(|row| row.problem).collect::<Vec<_>>(), [too_long, too_long, None]);
    assert_eq!((seen[0].vin.as_str(), &seen[0].cells[1]), (ACCORD, &None));
    assert_eq!(seen[2].vin, TESLA);
}

#[test]
fn too_many_columns_are_refused_and_too_many_fields_rejected() {
    let (exit, message, _) = failure("VIN,".repeat(1 << 16).as_bytes());
    assert_eq!(exit, Exit::BadInput);
    assert!(message.contains("65537 columns"), "{message}");

    let text = format!("VIN,Unit\n{ACCORD}{}\n{TESLA},1\n", ",x".repeat(100_000));
    let seen = rows(&opened(text.as_bytes()).1);
    assert_eq!((seen[0].problem, seen[1].problem), (Some(VinError::RaggedRow), None));
}

#[test]
fn headers_are_made_unique() {
    let text = format!("a,VIN,a,,a_2,a,\n1,{ACCORD},2,3,4,5,6\n");
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["a", "VIN", "a_3", "column_4", "a_2", "a_4", "column_7"]);
}

#[test]
fn files_of_other_kinds_are_told_by_their_first_bytes() {
    for (bytes, word) in [
        (&b"PK\x03\x04rest"[..], "zip archive is damaged"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1", "the workbook is damaged"),
        (b"PAR1\x15\x04\x15\x10", "Parquet"),
        (b"\x1F\x8B\x08", "gzip data end early"),
        (b"ARROW1\0\0", "cut off"),
        (b"<html><body>Please sign in</body></html>", "web page"),
        (b"VIN\n\0\0\x01\x02binary", "NUL"),
        (b"\0\0\0\0", "NUL"),
    ] {
        let (exit, message, hint) = failure(bytes);
        assert_eq!(exit, Exit::BadInput);
        assert!(message.contains(word) && !hint.is_empty(), "{message} ({hint})");
    }
}

#[test]
fn folders_globs_and_files_make_one_input() {
    let folder = Folder::of(&[
        ("b.CSV", format!("VIN,Plate\n{TESLA},B\n").as_bytes()),
        ("a.txt", format!("{ACCORD}\n").as_bytes()),
        (".hidden.csv", b"VIN\nx\n"),
        ("readme.md", b"# no data"),
    ]);
    let all = |sources: &[String]| {
        let spec = InputSpec { sources: sources.to_vec(), ..InputSpec::default() };
        Inputs::open(&spec).expect("opened")
    };
    let inputs = all(&[folder.path("")]);
    let names: Vec<_> = inputs.files().iter().map(|file| file.name.clone()).collect();
    assert_eq!(names, [folder.path("a.txt"), folder.path("b.CSV")]);
    assert_eq!(inputs.columns(), ["vin", "VIN", "Plate"]);
    let seen = rows(&inputs);
    assert_eq!(seen[0].cells, [Some(ACCORD.into()), None, None]);
    assert_eq!(seen[1].cells, [None, Some(TESLA.into()), Some("B".into())]);

    let inputs = all(&[folder.path("?.[Ct]*"), folder.path("a.txt")]);
    assert_eq!(inputs.files().len(), 2);
    assert!(inputs.warnings().iter().any(|warning| warning.contains("more than once")));
}

#[test]
fn what_is_missing_is_66() {
    let folder = Folder::of(&[("readme.md", b"")]);
    for name in ["gone.csv", "*.csv", ""] {
        let error = Inputs::open(&folder.spec(name)).expect_err("missing");
        assert_eq!(error.exit(), Exit::NoInput, "{error}");
    }
    let error = Inputs::open(&InputSpec::default()).expect_err("nothing named");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn an_input_that_changes_between_the_passes_is_65() {
    let folder = Folder::of(&[("fleet.csv", format!("VIN\n{ACCORD}\n").as_bytes())]);
    let inputs = Inputs::open(&folder.spec("fleet.csv")).expect("opened");
    pass(&inputs).expect("the first pass");
    fs::write(folder.path("fleet.csv"), format!("VIN\n{TESLA}\n")).expect("overwritten in place");
    let error = pass(&inputs).expect_err("changed");
    assert_eq!(error.exit(), Exit::BadInput);
    assert!(error.to_string().ends_with("input changed while it was read"), "{error}");
}

#[test]
fn a_file_may_grow_or_vanish_but_not_shrink() {
    let folder = Folder::of(&[("fleet.csv", format!("VIN\n{ACCORD}\n").as_bytes())]);
    let path = folder.path("fleet.csv");
    let inputs = Inputs::open(&folder.spec("fleet.csv")).expect("opened");
    let first = pass(&inputs).expect("the first pass");
    let mut file = fs::OpenOptions::new().append(true).open(&path).expect("opened to append");
    file.write_all(format!("{TESLA}\n").as_bytes()).expect("appended");
    assert_eq!(pass(&inputs).expect("a grown file"), first);
    #[cfg(unix)]
    {
        fs::remove_file(&path).expect("removed");
        assert_eq!(pass(&inputs).expect("a vanished file"), first);
    }
    file.set_len(3).expect("cut");
    assert_eq!(pass(&inputs).expect_err("a cut file").exit(), Exit::BadInput);
}

#[cfg(unix)]
#[test]
fn a_device_is_spooled() {
    let spec = InputSpec { sources: vec!["/dev/null".into()], ..InputSpec::default() };
    let inputs = Inputs::open(&spec).expect("opened");
    assert_eq!(pass(&inputs).expect("a whole pass").1[0].rows, 0);
}

/// Bytes that look like a file more often than random ones do.
fn file_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"VIN".to_vec()),
        Just(ACCORD.as_bytes().to_vec()),
        Just(b"\xEF\xBB\xBF".to_vec()),
        Just(b"\xFF\xFE".to_vec()),
        Just("é北".as_bytes().to_vec()),
        Just(b"sep=;\n".to_vec()),
        "[,;\t|\"\r\n ]{1,3}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic_and_alike_in_both_passes(bytes in file_like()) {
        if let Ok((_folder, inputs)) = open(&bytes) {
            match (pass(&inputs), pass(&inputs)) {
                (Ok(first), Ok(second)) => {
                    prop_assert_eq!(first.1[0].rows, first.0.len() as u64);
                    prop_assert_eq!(first, second);
                }
                (Err(first), Err(second)) => prop_assert_eq!(first.to_string(), second.to_string()),
                (first, second) => prop_assert!(false, "{:?} but then {:?}", first, second),
            }
        }
    }

    #[test]
    fn random_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok((_folder, inputs)) = open(&bytes) {
            let _ = pass(&inputs);
        }
    }
}
