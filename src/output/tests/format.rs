use std::path::PathBuf;

use super::*;
use crate::domain::Exit;
use crate::output::OutputSpec;

#[test]
fn the_extension_tells_the_format() {
    let format = |name: &str| Format::from_path(Path::new(name)).ok();
    assert_eq!(format("a/fleet.csv"), Some(Format::Csv));
    assert_eq!(format("FLEET.PARQUET"), Some(Format::Parquet));
    assert_eq!(format("fleet.ndjson"), Some(Format::Jsonl));
    assert_eq!(format("fleet.2025.arrow"), Some(Format::Arrow));
    assert_eq!(format("fleet.arrows"), Some(Format::Arrows));
    assert_eq!(format("fleet.tsv.GZ"), Some(Format::Tsv));
    assert_eq!(format("fleet.csv.zst"), Some(Format::Csv));
}

#[test]
fn an_unknown_extension_is_a_usage_error_that_names_the_flag() {
    for name in ["fleet.xls", "fleet", "csv", "fleet."] {
        let error = Format::from_path(Path::new(name)).expect_err(name);
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.hint_text().is_some_and(|hint| hint.contains("--format")));
    }
}

#[test]
fn stdout_gets_the_stream_of_arrow() {
    let format = |path: Option<&str>, format| {
        OutputSpec::new(path.map(PathBuf::from), format).map(|spec| spec.format).ok()
    };
    assert_eq!(format(None, Some(Format::Arrow)), Some(Format::Arrows));
    assert_eq!(format(Some("a.dat"), Some(Format::Arrow)), Some(Format::Arrow));
    assert_eq!(format(Some("a.gz"), Some(Format::Csv)), Some(Format::Csv));
    assert_eq!(format(None, None), Some(Format::Csv));
}

#[test]
fn only_text_is_compressed_as_a_whole() {
    for (path, format) in
        [("a.parquet.gz", None), ("a.arrow.zst", None), ("a.gz", Some(Format::Parquet))]
    {
        let error = OutputSpec::new(Some(path.into()), format).expect_err(path);
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("only text is compressed"), "{error}");
    }
}

#[test]
fn an_address_is_named_before_its_format() {
    let error = Format::from_path(Path::new("s3://bucket/fleet")).expect_err("an address");
    assert!(error.to_string().contains("only files are supported"), "{error}");
}
