use super::*;

fn refused(head: &[u8]) -> &'static str {
    match Content::of(head) {
        Content::Other(refused) => refused.what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn web_pages_are_known_however_they_begin() {
    for page in [
        "<!DOCTYPE html><html><body>Sign in</body></html>",
        "\u{feff}\r\n <HTML><head>",
        "<table border=1><tr><td>VIN</td></tr></table>",
        "<!-- saved from url=(0014)about:internet -->\n<html>",
    ] {
        assert!(refused(page.as_bytes()).contains("web page"), "{page}");
    }
    assert!(refused(b"<?xml version=\"1.0\"?><Workbook/>").contains("XML"));
    let list = b"<none>,vin\n1HGCM82633A004352,x\n";
    assert_eq!(Content::of(list), Content::Rows(InputFormat::Csv));
}

#[test]
fn json_is_lines_or_refused() {
    let lines = Content::Rows(InputFormat::Jsonl);
    assert_eq!(Content::of(b"{\"vin\": \"X\"}\n{\"vin\": \"Y\"}\n"), lines);
    assert_eq!(Content::of("\u{feff}{}\n{\"vin\":1}".as_bytes()), lines);
    assert_eq!(Content::of(b"{\"vin\": \"X\", \"note\": \"cut at the end of the head"), lines);
    assert_eq!(Content::of(b"{\"vin\": oops}\n"), lines, "the line is named when it is read");
    assert!(refused(b"[\n  {\"vin\": \"X\"}\n]\n").contains("array"));
    assert!(refused(b"{\n  \"vins\": []\n}\n").contains("one JSON document"));
    assert_eq!(Content::of(b"{vin},{note}\n1,2\n"), Content::Rows(InputFormat::Csv));
    assert_eq!(Content::of(b"[VIN],[Note]\n1,2\n"), Content::Rows(InputFormat::Csv));
}

#[test]
fn binary_formats_are_known_by_their_first_bytes() {
    assert_eq!(Content::of(b"PAR1\x15"), Content::Rows(InputFormat::Parquet));
    assert_eq!(Content::of(b"ARROW1\0\0"), Content::Rows(InputFormat::Arrow));
    let old_workbook = Content::Rows(InputFormat::Workbook(WorkbookKind::Xls));
    assert_eq!(Content::of(b"\xd0\xcf\x11\xe0\xa1\xb1"), old_workbook);
    let stream = b"\xff\xff\xff\xff\x90\x01\0\0\x10\0\0\0";
    assert_eq!(Content::of(stream), Content::Rows(InputFormat::Arrows));
    assert_eq!(Content::of(b"PK\x05\x06\0\0"), Content::Packed(Packing::Zip));
    for (head, what) in [
        (&b"%PDF-1.7\n"[..], "PDF"),
        (b"SQLite format 3\0", "database"),
        (b"\0\0\0\0\0\0\0\0DUCK\x40", "database"),
        (b"FEA1\0\0", "Feather"),
        (b"\xff\xfe\0\0v\0\0\0", "UTF-32"),
        (b"\xfd7zXZ\0\0", "xz"),
    ] {
        assert!(refused(head).contains(what), "{what}");
    }
}

#[test]
fn a_header_that_begins_as_a_format_does_is_text() {
    for header in ["PARENT,VIN", "ORC,VIN", "PAR1,VIN", "BZh;VIN", "GIF8\tVIN", "FEA1|VIN"] {
        let list = format!("{header}\nx,1HGCM82633A004352\n");
        assert_eq!(Content::of(list.as_bytes()), Content::Rows(InputFormat::Csv), "{header}");
    }
}

#[test]
fn a_name_that_says_something_else_is_reported() {
    let said =
        |name: &str, packing, format| Named::of(Path::new(name)).mismatch(name, packing, format);
    let (csv, parquet) = (InputFormat::Csv, InputFormat::Parquet);
    for (name, packing, format) in [
        ("a.CSV", None, csv),
        ("a.list", None, csv),
        ("a", None, parquet),
        ("a.dat", None, parquet),
        ("a.csv.gz", Some(Packing::Gzip), csv),
        ("a.csv", Some(Packing::Gzip), csv),
        ("a.zip", Some(Packing::Zip), parquet),
        ("a.parquet.zst", Some(Packing::Zstd), parquet),
    ] {
        assert_eq!(said(name, packing, format), None, "{name}");
    }
    let text = said("a.xls", None, csv).expect("a warning");
    assert!(text.contains("delimited text by its content"), "{text}");
    assert!(said("a.csv", None, parquet).is_some_and(|said| said.contains("a Parquet file")));
    assert!(said("a.csv.gz", None, csv).is_some_and(|said| said.contains("not gzip data")));
    assert!(
        said("a.zst", Some(Packing::Gzip), csv).is_some_and(|said| said.contains("is gzip data"))
    );
}
