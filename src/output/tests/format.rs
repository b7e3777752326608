use super::*;
use crate::domain::Exit;

#[test]
fn the_extension_tells_the_format() {
    let format = |name: &str| Format::from_path(Path::new(name)).ok();
    assert_eq!(format("a/fleet.csv"), Some(Format::Csv));
    assert_eq!(format("FLEET.PARQUET"), Some(Format::Parquet));
    assert_eq!(format("fleet.ndjson"), Some(Format::Jsonl));
    assert_eq!(format("fleet.2025.arrow"), Some(Format::Arrow));
}

#[test]
fn an_unknown_extension_is_a_usage_error_that_names_the_flag() {
    for name in ["fleet.xlsx", "fleet", "csv", "fleet."] {
        let error = Format::from_path(Path::new(name)).expect_err(name);
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.hint_text().is_some_and(|hint| hint.contains("--format")));
    }
}
