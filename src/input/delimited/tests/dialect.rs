use std::fs;

use crate::domain::vin::Rules;
use crate::domain::{Error, Exit};
use crate::input::{Escape, InputSpec, Inputs, Quote};

const CRUZE: &str = "1G1BE5SM7H7100001";
const ACTROS: &str = "WDB9634031L738112";
const LEAF: &str = "1N4AZ1CP8KC300017";
const FH16: &str = "YV2RT40A8JB850344";
const ALL: [&str; 4] = [CRUZE, ACTROS, LEAF, FH16];

/// How a file was read.
struct Read {
    inputs: Inputs,
    vins: Vec<String>,
    /// The last cell of each row.
    last: Vec<String>,
}

fn read_with(text: &str, change: impl FnOnce(&mut InputSpec)) -> Result<Read, Error> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("fleet");
    fs::write(&path, text).expect("a file");
    let sources = vec![path.display().to_string()];
    let mut spec = InputSpec { sources, ..InputSpec::default() };
    change(&mut spec);
    let inputs = Inputs::open(&spec)?;
    let (mut vins, mut last) = (Vec::new(), Vec::new());
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        for row in batch.rows() {
            vins.extend(row.reading(Rules::default()).vin.map(|vin| vin.to_string()));
            last.extend(row.cells().last().map(|cell| cell.unwrap_or_default().to_owned()));
        }
    }
    batches.finish()?;
    Ok(Read { inputs, vins, last })
}

fn read(text: &str) -> Read {
    read_with(text, |_| {}).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A line for each VIN with one of these notes, and a header.
fn table(delimiter: char, notes: [&str; 4]) -> String {
    let row = |(vin, note): (&str, &str)| format!("{vin}{delimiter}7{delimiter}{note}\n");
    let rows: String = ALL.into_iter().zip(notes).map(row).collect();
    format!("VIN{delimiter}Unit{delimiter}Note\n{rows}")
}

#[test]
fn an_unclosed_quote_in_tsv_is_text() {
    for notes in [
        ["\"dent on the left", "ok", "called \"Berta\"", "ok"],
        ["ok", "\"dent", "ok", "\"scratch"],
        ["\"dent", "ok", "18\"", "ok"],
        ["ok", "ok", "ok", "\"the last"],
        ["\"a\"", "\"b", "c", "d"],
    ] {
        let read = read(&table('\t', notes));
        assert_eq!(read.vins, ALL, "{notes:?}");
        assert_eq!(read.last[1], notes[1], "{notes:?}");
        let warnings = read.inputs.warnings();
        assert!(warnings.iter().any(|text| text.contains("read as text")), "{warnings:?}");
    }
}

#[test]
fn a_row_within_quotes_is_seen_though_the_last_line_has_a_vin_of_its_own() {
    // Both quotes stand where they may open and close; one row would be gone.
    let text = format!("Note\tUnit\tVIN\nok\t1\t{CRUZE}\n\"\t2\t{ACTROS}\n\"\t3\t{LEAF}\n");
    assert_eq!(read(&text).vins, [CRUZE, ACTROS, LEAF]);
    let error = read_with(&text.replace('\t', ","), |_| {}).err().expect("refused");
    assert!(error.to_string().contains("opened on line 3 takes in line 4"), "{error}");
    // A quote that would close within a cell is none, though spaces follow it.
    let text = format!(
        "Note\tUnit\tVIN\n \"a\"\t1\t{CRUZE}\n\"dent\t2\t{ACTROS}\n5'10\" x 6'2\"\t3\t{LEAF}\n"
    );
    assert_eq!(read(&text).vins, [CRUZE, ACTROS, LEAF]);
}

#[test]
fn records_torn_into_as_many_fields_are_told_by_their_vins() {
    let text = format!("Note,VIN\nsaid no\\, went\\\nhome,{CRUZE}\nok,{ACTROS}\nok,{LEAF}\n");
    let read = read(&text);
    assert_eq!((read.vins.len(), read.last.len()), (3, 3));
    assert_eq!(read.inputs.files()[0].escape, Some("backslash"));
}

#[test]
fn a_proven_quote_spans_lines() {
    for delimiter in ['\t', ',', ';', '|'] {
        let notes = ["\"left\nright\"", "ok", "\"a \"\"b\"\"\r\n\r\nc\"", "\"\""];
        let read = read(&table(delimiter, notes));
        assert_eq!(read.vins, ALL, "{delimiter:?}");
        assert_eq!(read.last, ["left\nright", "ok", "a \"b\"\r\n\r\nc", ""]);
        assert!(read.inputs.warnings().is_empty());
    }
}

#[test]
fn a_stray_quote_that_takes_in_rows_is_refused_by_line() {
    for (notes, words) in [
        (["ok", "\"dent", "ok", "16\""], "opened on line 3 takes in line 4"),
        (["ok", "\"dent", "ok", "\"scratch\""], "opened on line 3 takes in line 4"),
        (["ok", "ok", "\"dent", "ok"], "opened on line 4 is never closed"),
    ] {
        for delimiter in [',', ';'] {
            let text = table(delimiter, notes);
            let error = read_with(&text, |_| {}).err().expect("refused");
            assert_eq!(error.exit(), Exit::BadInput);
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.hint_text().is_some_and(|hint| hint.contains("--quote none")));

            let read = read_with(&text, |spec| spec.quote = Some(Quote::None)).expect("read");
            assert_eq!(
                (&read.vins[..], read.last),
                (&ALL.map(str::to_owned)[..], notes.map(str::to_owned).into())
            );
        }
    }
    // What the user says is not doubted.
    let text = table(',', ["ok", "\"dent", "ok", "16\""]);
    let quoted = |spec: &mut InputSpec| spec.quote = Some(Quote::Character(b'"'));
    assert_eq!(read_with(&text, quoted).expect("read").vins, [CRUZE, ACTROS]);
}

#[test]
fn quotes_behind_backslashes_are_seen_wherever_they_first_are() {
    let plain = table(',', ["ok"; 4]).repeat(300).replace("VIN,Unit,Note\n", "");
    for notes in [
        ["\"bed 8\\\" long\"", "ok", "\"tires 22\\\"\"", "ok"],
        ["\"tires 22\\\"\"", "\"tires 22\\\"\"", "", "\"\""],
        ["\"C:\\\\temp \\\"x\\\"\"", "ok", "ok", "\"a\\\"\nb\""],
    ] {
        let text = format!(
            "VIN,Unit,Note\n{plain}{}",
            table(',', notes).replacen("VIN,Unit,Note\n", "", 1)
        );
        let read = read(&text);
        assert_eq!(read.vins.len(), 1_204, "{notes:?}");
        assert_eq!(read.inputs.files()[0].escape, Some("backslash"));
        let note = notes[0][1..notes[0].len() - 1].replace("\\\"", "\"").replace("\\\\", "\\");
        assert_eq!(read.last[1_200], note, "{notes:?}");
    }
}

#[test]
fn a_backslash_may_be_a_character() {
    for notes in [
        ["\"C:\\cars\\\"", "\"D:\\\"", "ok", "ok"],
        ["C:\\cars\\", "D:\\", "E:\\", "ok"],
        ["\"a\\\"\"b\"", "ok", "ok", "ok"],
    ] {
        let read = read(&table(',', notes));
        assert_eq!(read.vins, ALL, "{notes:?}");
        assert_eq!(read.inputs.files()[0].escape, Some("double"), "{notes:?}");
    }
}

#[test]
fn a_way_of_quoting_that_fails_further_down_makes_no_doubt() {
    // Taken for an escape, the backslash makes one cell of two rows. More of the rows above
    // have a VIN than of all.
    let rows = [
        format!("{CRUZE},"),
        format!("{ACTROS},"),
        format!("{LEAF},"),
        r#""2\wG==?z?""}\","#.to_owned(),
        format!("{FH16},\",i\""),
        "[WC.],".to_owned(),
    ];
    let read = read(&format!("VIN,Note\n{}\n", rows.join("\n")));
    assert_eq!(read.last, ["", "", "", "", ",i", ""]);
    assert_eq!(read.inputs.files()[0].escape, Some("double"));
}

#[test]
fn backslashes_without_quotes_escape_delimiters_and_line_ends() {
    let notes = ["left\\\nright", "a\\\tb", "\\N", "c:\\\\d"];
    let read = read(&table('\t', notes));
    assert_eq!(read.vins, ALL);
    assert_eq!(read.last, ["left\nright", "a\tb", "", "c:\\d"]);
    let doubled = |spec: &mut InputSpec| spec.escape = Some(Escape::Double);
    let read = read_with(&table('\t', notes), doubled).expect("read");
    assert_eq!(read.inputs.files()[0].escape, Some("double"));
    assert!(read.vins.len() == 4 && read.last.len() == 5, "{:?}", read.last);
}

#[test]
fn an_escape_that_is_named_holds_without_quotes() {
    let text = table(',', ["\\N", "Oslo", "", "\\N"]);
    let named = |spec: &mut InputSpec| spec.escape = Some(Escape::Backslash);
    let read = read_with(&text, named).expect("read");
    assert_eq!(
        (read.vins, read.inputs.files()[0].escape),
        (ALL.map(str::to_owned).into(), Some("backslash"))
    );
    assert_eq!(read.last, ["", "Oslo", "", ""]);
    assert_eq!(self::read(&text).last, ["\\N", "Oslo", "", "\\N"]);
}

#[test]
fn spaces_may_stand_before_quotes() {
    let text = format!(
        "VIN, Site, Note\n{CRUZE}, \"Lyon, Sud\", \"a\nb\"\n{ACTROS}, \"Nice\", ok\n{LEAF}, Brest, \"\"\n"
    );
    let read = read(&text);
    assert_eq!(read.vins, [CRUZE, ACTROS, LEAF]);
    assert_eq!(read.last, ["a\nb", " ok", ""]);
    // A bare cell that begins with a quoted word is no quoted cell.
    let text = table(',', [" \"Berta\" of 2019", "ok", "ok", "ok"]);
    assert_eq!(self::read(&text).last[0], " \"Berta\" of 2019");
}

#[test]
fn a_lone_cr_within_lines_is_no_line_end() {
    let rows: String = ALL.map(|vin| format!("a\rb\t{vin}\tok\n")).concat();
    let read = read(&format!("Note\tVIN\tState\n{rows}"));
    assert_eq!((read.vins, read.last), (ALL.map(str::to_owned).into(), vec!["ok".to_owned(); 4]));
    // Line ends of all kinds in one file remain line ends.
    let mixed = table(',', ["x"; 4]).replacen('\n', "\r\n", 2).replacen("7,x\r\n", "7,x\r", 1);
    assert_eq!(self::read(&mixed).vins, ALL);
}

#[test]
fn the_delimiter_is_the_one_that_sets_vins_apart() {
    let text =
        format!("Ort;Fin;Preis\nKöln, Süd;{CRUZE};1,5\nBonn, West;{ACTROS};2,5\nA, B;{LEAF};3,5\n");
    let read = read(&text);
    assert_eq!((read.vins.len(), read.inputs.files()[0].delimiter), (3, Some(b';')));
}

#[test]
fn a_separator_line_names_what_can_separate() {
    for named in ["V", "7", "\""] {
        let text = format!("sep={named}\nVIN;Unit\n{CRUZE};1\n{ACTROS};2\n");
        let read = read_with(&text, |_| {}).expect("read");
        assert_eq!(read.inputs.files()[0].delimiter, Some(b';'), "{named}");
        assert_eq!(
            (read.inputs.columns(), read.vins),
            (&["VIN".into(), "Unit".into()][..], vec![CRUZE.into(), ACTROS.into()])
        );
    }
}
