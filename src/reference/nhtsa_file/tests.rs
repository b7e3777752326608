//! Files as they come, and files that are not what they should be.

use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::Exit;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nhtsa_file").join(name)
}

fn rows(path: &Path) -> Result<(Edition, Vec<Record>), Error> {
    let mut rows = Vec::new();
    let edition = read(path, |record| {
        rows.push(record.clone());
        Ok(())
    })?;
    Ok((edition, rows))
}

/// A file of these bytes in a folder of its own.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

/// A zip archive with these members.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a member");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

/// What is said of a file that is refused.
#[track_caller]
fn refusal(name: &str, bytes: &[u8]) -> String {
    let (_folder, path) = written(name, bytes);
    let error = rows(&path).expect_err("it is refused");
    assert_eq!(error.exit(), Exit::BadInput, "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    error.to_string().split_once("`: ").expect("a path and a reason").1.to_owned()
}

/// A row of 29 columns.
fn line(number: &str, model: &str) -> String {
    let head =
        format!("1\t{number}\tFORD\t{model}\t2016\tX\tBRAKES\tFord\t\t\tV\t5\t20160201\tMFR\tFord");
    format!("{head}\t20160105\t20160106\t\t\tIt fails.\tCrash.\tReplace.\t\tid\t\t\t\tNo\tYes\n")
}

#[test]
fn rows_are_told_apart_and_their_words_are_clean() {
    let (edition, rows) = rows(&fixture("FLAT_RCL_POST_2010.txt")).expect("a good file");
    let names: Vec<_> =
        rows.iter().map(|row| format!("{} {} {:?}", row.make, row.model, row.year)).collect();
    assert_eq!(
        names,
        [
            "FORD F-250 SD Some(2016)",
            "FORD F-250 SD Some(2016)",
            "FORD F-250 SD Some(2016)",
            "FORD F-350 SD Some(2016)",
            "MAZDA CX-5 Some(2017)",
            "CHRYSLER TOWN & COUNTRY None",
            "CITROËN 2CV Some(1975)",
            "MERCEDES BENZ C300 Some(2021)",
        ]
    );
    assert_eq!((edition.rows, edition.other_rows, edition.duplicates), (8, 3, 2));
    assert_eq!((edition.part, edition.newest), (Part::Post2010, Some(18_691)), "2021-03-05");
    assert_eq!(edition.warnings, [""; 0]);

    let first = &rows[0].campaign;
    assert_eq!(first.number, "16V001000");
    assert_eq!(first.component.as_deref(), Some("AIR BAGS:FRONTAL"));
    assert_eq!(first.summary.as_deref(), Some("The bag may not open. See NHTSA.GOV & call."));
    assert_eq!(first.consequence.as_deref(), Some("Injury."));
    assert_eq!(first.remedy.as_deref(), Some("Dealers will replace it."));
    assert_eq!(first.manufacturer.as_deref(), Some("Ford Motor Company"));
    assert_eq!((first.park_it, first.park_outside), (Some(false), Some(false)));
    assert_eq!(first.reported_on, Some(16_805), "2016-01-05");

    assert_eq!(rows[2].campaign.park_it, Some(true));
    assert_eq!(rows[4].campaign.summary.as_deref(), Some("The driver’s seat – it moves."));
    assert_eq!(rows[5].campaign.reported_on, None, "1901-01-01 means unknown");
    assert_eq!(rows[6].campaign.summary.as_deref(), Some("Words in the notes."));
    assert_eq!(rows[6].campaign.manufacturer.as_deref(), Some("Filer of"));
    assert_eq!(rows[7].campaign.park_outside, Some(true));
}

#[test]
fn older_layouts_have_fewer_columns() {
    let (edition, rows) = rows(&fixture("FLAT_RCL_PRE_2010.txt")).expect("a good file");
    assert_eq!((edition.part, rows.len()), (Part::Pre2010, 2));
    assert_eq!(rows[0].campaign.park_it, None);
    assert!(edition.warnings[0].contains("as few as 24 columns"), "{:?}", edition.warnings);
}

#[test]
fn appended_columns_are_left_out_and_said_once() {
    let (edition, rows) = rows(&fixture("appended.txt")).expect("a good file");
    assert_eq!(rows[0].campaign.park_outside, Some(false));
    assert_eq!(
        edition.warnings,
        ["its lines have up to 31 columns: the 2 after column 29 are not known and were left out"]
    );
}

#[test]
fn a_file_that_is_another_is_refused_with_what_it_is() {
    let refused = |name: &str| {
        let bytes = std::fs::read(fixture(name)).expect("a fixture");
        refusal("FLAT_RCL_POST_2010.txt", &bytes)
    };
    assert_eq!(refused("page.html.txt"), "it is a web page, not the recall file");
    assert_eq!(
        refused("shifted_early.txt"),
        "its first line is no recall: column 5 holds `F-150`, not a year"
    );
    assert_eq!(
        refused("shifted_late.txt"),
        "its first line is no recall: column 28 or 29 holds `PN-1`, not `Yes` or `No`"
    );
    for (bytes, what) in [
        (&b"vin,make,model\n1,2,3\n"[..], "its first line is no recall: it has no tabs"),
        (b"a\tb\n", "its first line is no recall: it has 2 columns, fewer than 24"),
        (b"\x1f\x8b\x08\x00", "it is a gzip archive, not a zip archive or a text"),
        (b"", "it is empty"),
        (b"\n\n", "no row in it is about a vehicle"),
    ] {
        assert_eq!(refusal("a.txt", bytes), what);
    }
    let slice = refusal("RCL_FROM_2020_2024.txt", line("20V001000", "F-150").as_bytes());
    assert_eq!(slice, "it holds the reports of a few years alone");
}

#[test]
fn a_few_bad_lines_are_left_out_and_many_refuse_the_file() {
    let good: String = (0..50).map(|n| line("16V001000", &format!("M{n}"))).collect();
    let cut = "51\t16V001000\tFORD\n";
    let last = line("16V001000", "M50");
    let (_folder, path) = written("a.txt", format!("{good}{cut}{last}").as_bytes());
    let (edition, rows) = rows(&path).expect("a file that is good enough");
    assert_eq!((rows.len(), edition.rejected), (51, 1));
    assert_eq!(
        edition.warnings,
        ["bad lines left out: 1 (line 51: it has 3 columns, fewer than 24)"]
    );
    let said = refusal("a.txt", format!("{good}{cut}").as_bytes());
    assert_eq!(said, "it ends within a line: it is cut off");
    let bad = format!("{}{}", line("16V001000", "F-150"), "askew\n".repeat(20));
    let said = refusal("a.txt", bad.as_bytes());
    assert!(
        said.starts_with("11 of its first 12 lines are bad: line 2: it has no tabs;"),
        "{said}"
    );
}

#[test]
fn an_endless_line_is_left_out_in_bounded_memory() {
    let text = [line("16V001000", "A").as_bytes(), &vec![b'x'; 3 << 20], b"\n"].concat();
    let text = [&text[..], line("16V001000", "B").as_bytes()].concat();
    let (_folder, path) = written("a.txt", &text);
    let (edition, rows) = rows(&path).expect("a good file");
    assert_eq!(rows.iter().map(|row| &*row.model).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(edition.warnings, ["bad lines left out: 1 (line 2: it is too long)"]);
}

#[test]
fn what_part_it_is_shows_in_its_name_or_else_in_its_reports() {
    let text = line("16V001000", "F-150");
    let old = text.replace("\t20160105\t", "\t19991231\t");
    let part = |name: &str, text: &str| {
        let (_folder, path) = written(name, text.as_bytes());
        rows(&path).expect("a good file").0.part
    };
    assert_eq!(part("flat_rcl_pre_2010 (1).txt", &text), Part::Pre2010);
    assert_eq!(part("recalls.txt", &text), Part::Post2010);
    assert_eq!(part("recalls.txt", &old), Part::Pre2010);
    assert_eq!(part("recalls.txt", &format!("{text}{old}")), Part::Whole);
}

#[test]
fn an_archive_says_what_the_text_inside_says() {
    let text = std::fs::read(fixture("FLAT_RCL_POST_2010.txt")).expect("a fixture");
    let other: &[u8] = b"read me";
    let zip = zipped(&[
        ("__MACOSX/FLAT_RCL_POST_2010.txt", other),
        ("FLAT_RCL_POST_2010.txt", &text),
        ("README.txt", other),
    ]);
    let (_folder, path) = written("download.bin", &zip);
    let (edition, inside) = rows(&path).expect("a good archive");
    let (plain, outside) = rows(&fixture("FLAT_RCL_POST_2010.txt")).expect("a good file");
    assert_eq!((inside, edition.hash), (outside, plain.hash));
    assert_eq!(edition.part, Part::Post2010, "by the name of the text inside");
}

#[test]
fn an_archive_without_the_text_is_refused() {
    let text = line("16V001000", "F-150").repeat(500);
    let one = zipped(&[("FLAT_RCL_POST_2010.txt", text.as_bytes())]);
    let two = zipped(&[("FLAT_RCL_A.txt", b""), ("FLAT_RCL_B.txt", b"")]);
    assert_eq!(refusal("a.zip", &zipped(&[("a.pdf", b"x")])), "no `FLAT_RCL….txt` is in it");
    assert!(refusal("a.zip", &two).starts_with("several texts are in it"));
    assert_eq!(refusal("a.zip", &one[..one.len() / 2]), "the archive is damaged or cut off");
    // The checksum of the member is wrong.
    let mut damaged = one.clone();
    damaged[14] ^= 0xff;
    let central = memchr::memmem::find(&damaged, b"PK\x01\x02").expect("a directory");
    damaged[central + 16] ^= 0xff;
    assert_eq!(refusal("a.zip", &damaged), "the archive is damaged or cut off");
    // The flag of encryption, here and in the directory.
    let mut encrypted = one;
    encrypted[6] |= 1;
    encrypted[central + 8] |= 1;
    assert_eq!(refusal("a.zip", &encrypted), "it is encrypted");
}

#[test]
fn a_missing_file_is_missing() {
    let error = rows(Path::new("no/such/file.zip")).expect_err("missing");
    assert_eq!(error.exit(), Exit::NoInput);
}

/// Fields such as the file has, and such as it should not have.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(vec!["16V001000", "FORD", "2016", "9999", "V", "20160105", "Yes", "N", ""])
            .prop_map(str::to_owned),
        1 => "[0-9]{0,9}|<[bp/]{0,2}>?|&[a-z#0-9]{0,6};?|\\PC{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_line_of_any_fields_is_a_record_or_left_out(fields in proptest::collection::vec(field(), 20..33)) {
        let text = format!("{}{}\n{}", line("16V001000", "F-150"), fields.join("\t"), line("16V001001", "F-150"));
        let (_folder, path) = written("a.txt", text.as_bytes());
        let (edition, rows) = rows(&path).expect("one bad line in three is no bad file");
        prop_assert_eq!(edition.rows, rows.len() as u64);
        prop_assert!((2..=3).contains(&rows.len()));
        prop_assert_eq!(edition.rows + edition.other_rows + edition.duplicates + edition.rejected, 3);
    }

    #[test]
    fn any_bytes_are_a_file_or_a_clear_refusal(
        noise in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\t'), Just(b'\n'), Just(b'&')], 0..400),
        at in any::<prop::sample::Index>(),
        zip in any::<bool>(),
    ) {
        let mut bytes = line("16V001000", "F-150").repeat(3).into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..at, noise);
        if zip {
            bytes = zipped(&[("FLAT_RCL_POST_2010.txt", &bytes)]);
            let at = at % bytes.len();
            bytes[at] ^= 0x55;
        }
        let (_folder, path) = written("a.txt", &bytes);
        match rows(&path) {
            Ok((edition, rows)) => prop_assert_eq!(edition.rows, rows.len() as u64),
            Err(error) => prop_assert!(matches!(error.exit(), Exit::BadInput | Exit::Io), "{}", error),
        }
    }
}
