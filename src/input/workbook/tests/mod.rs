use std::io::Write;

use arrow::datatypes::TimeUnit;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

use super::*;
use crate::domain::Exit;
use crate::input::record::Record;

const VIN: &str = "1HGCM82633A004352";

/// A workbook with the sheets that `fill` fills, as a file.
fn source(names: &[&str], fill: impl Fn(&str, &mut Worksheet) -> Result<(), XlsxError>) -> Source {
    let mut workbook = Workbook::new();
    for name in names {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).expect("a name");
        fill(name, sheet).expect("cells");
    }
    of_bytes(&workbook.save_to_buffer().expect("a workbook"))
}

fn of_bytes(bytes: &[u8]) -> Source {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    let mut opened = crate::input::source::open_all(
        &[file.path().to_string_lossy().into_owned()],
        &mut Vec::new(),
    );
    opened.as_mut().expect("opened").remove(0)
}

fn records(sheet: &Sheet) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(sheet.records.reader());
    reader
        .records()
        .map(|record| record.expect("a record").iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn cells_are_read_as_the_sheet_means_them() {
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let source = source(&["Fleet"], |_, sheet| {
        sheet.write(2, 0, "Unit")?.write(2, 1, "VIN")?.write(2, 2, "In service")?;
        sheet.write(3, 0, 12)?.write(3, 1, VIN)?;
        sheet.write_with_format(3, 2, &ExcelDateTime::from_ymd(2026, 11, 30)?, &day)?;
        sheet.write(4, 0, 0.5)?.write(4, 1, "with, comma\nand line")?.write(4, 3, true)?;
        let eight = ExcelDateTime::from_ymd(2026, 1, 2)?.and_hms(8, 15, 0)?;
        sheet.write_with_format(4, 2, &eight, &moment)?;
        // A VIN of digits alone, typed as a number, has lost some of them.
        sheet.write(6, 1, 12_345_678_901_234_567.0)?;
        sheet.write(6, 4, Formula::new("=1+1").set_result("2"))?.write_blank(9, 9, &day)?;
        Ok(())
    });
    let sheet = unpack(&source, WorkbookKind::Xlsx, None).expect("a sheet");
    let expected: [&[&str]; 7] = [
        &[""],
        &[""],
        &["Unit", "VIN", "In service"],
        &["12", VIN, "2026-11-30"],
        &["0.5", "with, comma\nand line", "2026-01-02T08:15:00", "true"],
        &[""],
        &["", "1.2345678901234568E+16", "", "", "2"],
    ];
    assert_eq!(records(&sheet), expected);
    let types = |above| sheet.columns.iter().map(move |column| column.data_type(above));
    let expected = [
        DataType::Float64,
        DataType::Utf8,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Boolean,
        DataType::Int64,
    ];
    assert!(types(3).take(5).eq(expected), "{:?}", types(3).collect::<Vec<_>>());
    assert!(types(2).take(3).all(|data_type| data_type == DataType::Utf8), "their names are text");
}

#[test]
fn a_sheet_is_chosen_by_its_vins() {
    let fill = |name: &str, sheet: &mut Worksheet| {
        match name {
            "Old" => sheet.set_hidden(true).write(0, 0, VIN)?,
            "Notes" => sheet.write(0, 0, "read me")?,
            "Cars" | "Vans" => sheet.write(500, 3, VIN)?,
            _ => sheet,
        };
        Ok(())
    };
    let named = |names: &[&str], wanted| {
        let sheet = unpack(&source(names, fill), WorkbookKind::Xlsx, wanted);
        sheet
            .map(|sheet| (sheet.name, sheet.others))
            .map_err(|error| (error.exit(), error.to_string()))
    };
    let chosen = |name: &str, others: &[&str]| {
        Ok((name.to_owned(), others.iter().map(|&name| name.to_owned()).collect()))
    };
    assert_eq!(
        named(&["Notes", "Old", "Cars", "Empty"], None),
        chosen("Cars", &["`Notes`", "`Old` (hidden)", "`Empty`"])
    );
    assert_eq!(named(&["Notes", "Empty"], None), chosen("Notes", &["`Empty`"]));
    assert_eq!(named(&["Cars", "Old"], Some("old")), chosen("Old", &["`Cars`"]));
    assert_eq!(named(&["Cars", "Vans"], Some("2")), chosen("Vans", &["`Cars`"]));
    let (exit, message) = named(&["Cars", "Vans"], None).expect_err("two may be meant");
    assert!(exit == Exit::Usage && message.contains("`Cars`, `Vans`"), "{message}");
    let (exit, message) = named(&["Cars"], Some("Lorries")).expect_err("there is none");
    assert!(exit == Exit::Usage && message.contains("no sheet `Lorries`"), "{message}");
}

/// A workbook whose only sheet has this XML between `<sheetData>` and its end.
fn with_rows(xml: &str) -> Source {
    with_members(xml, "")
}

/// The same, with this XML in its table of texts.
fn with_members(rows: &str, texts: &str) -> Source {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{relations}/{kind}" Target="{target}"/>"#)
    };
    let related = |relation: &str| {
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        format!(r#"<Relationships xmlns="{package}">{relation}</Relationships>"#)
    };
    let sheet = relation("rId1", "worksheet", "worksheets/sheet1.xml");
    let strings = relation("rId2", "sharedStrings", "sharedStrings.xml");
    let book = format!(
        r#"<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="Fleet" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    zipped(&[
        ("_rels/.rels", &related(&relation("rId1", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &related(&format!("{sheet}{strings}"))),
        (
            "xl/worksheets/sheet1.xml",
            &format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>"#),
        ),
        ("xl/sharedStrings.xml", &format!(r#"<sst xmlns="{main}">{texts}</sst>"#)),
    ])
}

/// A zip archive of these members.
fn zipped(members: &[(&str, &str)]) -> Source {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).expect("memory");
        archive.write_all(text.as_bytes()).expect("memory");
    }
    of_bytes(archive.finish().expect("memory").get_ref())
}

/// The message and the hint of the error 65 that a workbook ends in.
fn refusal(source: &Source, kind: WorkbookKind) -> (String, String) {
    let unpacked = caught(|| unpack(source, kind, None));
    let error = unpacked.unwrap_or_else(|_| Err(open::damaged("it"))).expect_err("refused");
    assert_eq!(error.exit(), Exit::BadInput, "{error}");
    (error.to_string(), error.hint_text().unwrap_or_default().to_owned())
}

#[test]
fn a_formula_without_its_value_is_refused() {
    let cell = |value: &str| {
        format!(
            r#"<row r="5"><c r="AB5"><f>A1</f>{value}</c><c r="AC5" t="str"><f>A1</f><v></v></c></row>"#
        )
    };
    for missing in ["", "<v/>", "<v></v>"] {
        let (message, hint) = refusal(&with_rows(&cell(missing)), WorkbookKind::Xlsx);
        assert!(message.contains("cell AB5 of the sheet `Fleet`"), "{message}");
        assert!(hint.contains("save it again"), "{hint}");
    }
    let sheet = unpack(&with_rows(&cell("<v>7</v>")), WorkbookKind::Xlsx, None).expect("read");
    assert_eq!(records(&sheet)[4][27..], ["7", ""], "an empty text is a value");
}

#[test]
fn a_sheet_that_would_fill_memory_is_refused() {
    let text = |rows: &str| with_members(rows, "");
    let far = r#"<row r="9"><c r="A4000000000"><v>1</v></c></row>"#;
    let aside = r#"<row r="9"><c r="ZZZZ9"><v>1</v></c></row>"#;
    let long = format!(r#"<row r="9"><c r="A9" t="str"><v>{}</v></c></row>"#, noise(17 << 20));
    for (source, what) in [
        (text(far), "behind the last row"),
        (text(aside), "behind the last row"),
        (text(&" ".repeat(17 << 20)), "more than 16 MiB"),
        (text(&format!("<row>{:1000}</row>", "").repeat(76 << 10)), "as a bomb does"),
        (text(&long), "more than 16 MiB"),
        (with_members("", &"<si/>".repeat(34 << 20)), "must be held in memory"),
        (text(r#"<row r="9"><c r="XFD9"><v>1</v></c></row>"#), "cell XFD9 of the sheet `Fleet`"),
        (text(&far_apart(5 << 10)), "lie too far apart"),
    ] {
        let (message, hint) = refusal(&source, WorkbookKind::Xlsx);
        assert!(message.contains(what) && !hint.is_empty(), "{what}: {message}");
    }
}

/// Rows of one cell in the last column that is read, below a text that packs badly.
fn far_apart(rows: u32) -> String {
    let row = |row: u32| format!(r#"<row r="{row}"><c r="FAN{row}"><v>1</v></c></row>"#);
    let text = format!(r#"<row r="1"><c r="A1" t="str"><v>{}</v></c></row>"#, noise(1 << 20));
    text + &(2..=rows).map(row).collect::<String>()
}

#[test]
fn a_lone_cell_far_below_is_read_in_bounded_memory() {
    let corners = format!(
        r#"<row r="1"><c r="A1" t="str"><v>VIN</v></c></row><row r="2"><c r="A2" t="str"><v>{VIN}</v></c></row><row r="20000"><c r="FAN20000"><v>1</v></c></row>"#
    );
    let source = with_rows(&corners);
    let (sheet, table) =
        Sheet::open(&source, WorkbookKind::Xlsx, &InputSpec::default()).expect("a sheet");
    assert_eq!((table.columns.len(), table.header_line), (4_096, Some(1)));
    let held: usize = reader::sample(&sheet).expect("records").iter().map(Record::held).sum();
    assert!(held < 2 << 20, "{held} bytes for 20,000 rows without a cell");
}

/// Text that does not pack well: what repeats is longer than deflate looks back.
fn noise(length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let once: String = std::iter::repeat_with(|| random.alphanumeric()).take(40 << 10).collect();
    once.chars().cycle().take(length).collect()
}

#[test]
fn empty_formatted_cells_are_no_rows() {
    let row =
        |row: u32| format!(r#"<row r="{row}"><c r="A{row}" s="1"/><c r="B{row}" s="1"/></row>"#);
    let empty: String = (3..100_000).map(row).collect();
    let filled = format!(r#"<row r="2"><c r="A2" t="str"><v>{VIN}</v></c></row>{empty}"#);
    let sheet = unpack(&with_rows(&filled), WorkbookKind::Xlsx, None).expect("a sheet");
    assert_eq!(records(&sheet), [vec![String::new()], vec![VIN.to_owned()]]);
}

#[test]
fn a_sheet_may_begin_far_below() {
    let fill = |name: &str, sheet: &mut Worksheet| {
        if name == "Fleet" {
            sheet.write(999, 2, "List of cars")?.write(1001, 2, "VIN")?.write(1002, 2, VIN)?;
        } else {
            sheet.write(0, 0, "Read me")?;
        }
        Ok(())
    };
    let source = source(&["Notes", "Fleet"], fill);
    let (sheet, table) =
        Sheet::open(&source, WorkbookKind::Xlsx, &InputSpec::default()).expect("a sheet");
    assert_eq!((sheet.name.as_str(), table.header_line), ("Fleet", Some(1002)));
}

/// An Open Document workbook whose sheet `Fleet` has these rows.
fn ods(rows: &str) -> Source {
    let content = format!(
        r#"<office:document-content><office:automatic-styles><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Old" table:style-name="ta2"><table:table-row><table:table-cell office:value-type="string"><text:p>{VIN}</text:p></table:table-cell></table:table-row></table:table><table:table table:name="Fleet">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"#
    );
    zipped(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", &content),
    ])
}

#[test]
fn an_open_document_sheet_is_read_with_its_repeats() {
    let source = ods(&format!(
        r#"<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
        <table:table-header-rows><table:table-row><table:table-cell office:value-type="string"><text:p>VIN</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"/><table:table-cell office:value-type="string" table:number-columns-repeated="2">
          <office:annotation><text:p>a comment</text:p></office:annotation><text:p>a<text:s text:c="2"/>b &amp; c</text:p><text:p>d</text:p></table:table-cell></table:table-row></table:table-header-rows>
        <table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="string"><text:p>{VIN}</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="2026-11-30"/><table:table-cell office:value-type="time" office:time-value="PT30H05M00S"/><table:table-cell office:value-type="percentage" office:value="0.5"/><table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row>
        <table:table-row table:number-rows-repeated="1048571"><table:table-cell table:style-name="ce1" table:number-columns-repeated="16384"/></table:table-row>"#
    ));
    let sheet = unpack(&source, WorkbookKind::Ods, None).expect("a sheet");
    assert_eq!((sheet.name.as_str(), &sheet.others[..]), ("Fleet", &["`Old` (hidden)".into()][..]));
    let name = "a  b & c\nd";
    let row = [VIN, "2026-11-30", "30:05:00", "0.5", "true"];
    let expected: [&[&str]; 5] = [&[""], &[""], &["VIN", "", "", name, name], &row, &row];
    assert_eq!(records(&sheet), expected);
    let types: Vec<DataType> = sheet.columns.iter().map(|column| column.data_type(3)).collect();
    let expected =
        [DataType::Utf8, DataType::Date32, DataType::Utf8, DataType::Float64, DataType::Boolean];
    assert_eq!(types, expected);
}

#[test]
fn open_document_sheets_that_cannot_be_read_are_refused() {
    let cell = |cell: &str, rows: u32| {
        ods(&format!(
            r#"<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>"#
        ))
    };
    let formula = r#"<table:table-cell/><table:table-cell table:formula="of:=1+1"/>"#;
    let filled = r#"<table:table-cell table:number-columns-repeated="4096" office:value-type="string"><text:p>----------------------------------------</text:p></table:table-cell>"#;
    let too_many = r#"<table:table-cell office:value-type="float" office:value="1"/>"#;
    for (source, what) in [
        (cell(formula, 1), "cell B1 of the sheet `Fleet`"),
        (cell(filled, 1_048_576), "as a bomb does"),
        (cell(too_many, 2_000_000_000), "behind the last row"),
        (cell(&format!("<table:table-cell office:value=\"{}", noise(17 << 20)), 1), "MiB"),
    ] {
        let (message, hint) = refusal(&source, WorkbookKind::Ods);
        assert!(message.contains(what) && !hint.is_empty(), "{what}: {message}");
    }
    let encrypted = r"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let source = zipped(&[("META-INF/manifest.xml", encrypted), ("content.xml", "x")]);
    assert!(refusal(&source, WorkbookKind::Ods).0.contains("protected by a password"));
}

#[test]
fn a_workbook_cut_off_is_refused() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..2_000 {
        sheet
            .write(row, 0, VIN)
            .expect("a cell")
            .write(row, 1, f64::from(row) / 7.0)
            .expect("a cell");
    }
    let whole = workbook.save_to_buffer().expect("a workbook");
    for length in [30, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let error = unpack(&of_bytes(&whole[..length]), WorkbookKind::Xlsx, None).expect_err("cut");
        assert_eq!(error.exit(), Exit::BadInput, "{length}");
    }
    // A member damaged inside the archive.
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xA5);
    let error = unpack(&of_bytes(&damaged), WorkbookKind::Xlsx, None).expect_err("damaged");
    assert_eq!(error.exit(), Exit::BadInput);
}
