use vinrich::domain::Timestamp;

use super::*;

#[test]
fn answers_are_counted_by_endpoint() {
    let source = SourceRecord {
        dataset: "decode".into(),
        vendor: "carvin".into(),
        endpoint: "batch-decode".into(),
        origin: "https://example.com live".into(),
        answers: 2000,
        found: 1980,
        bodies: 700,
        fetched: Some((
            Timestamp::from_micros(1_795_314_199_000_000),
            Timestamp::from_micros(1_795_314_324_000_000),
        )),
    };
    let unused = SourceRecord {
        endpoint: "decode".into(),
        answers: 0,
        found: 0,
        bodies: 0,
        fetched: None,
        ..source.clone()
    };
    let file = KeptRecallFile {
        part: vinrich::nhtsa_file::Part::Post2010,
        name: "FLAT_RCL_POST_2010.zip".into(),
        imported_at: Timestamp::from_micros(1_795_314_199_000_000),
        newest: None,
        rows: 210_000,
        campaigns: 14_000,
        vehicles: 60_000,
        warnings: Vec::new(),
    };
    insta::assert_snapshot!(as_text(Path::new("v.db"), 1_500_000, &[source, unused], &[file]), @r"
        v.db: 2,000 answers, 1.5 MB

        dataset  vendor  endpoint      answers  found  bodies  oldest                   newest                   from
        decode   carvin  batch-decode    2,000  1,980     700  2026-11-22 02:23:19 UTC  2026-11-22 02:25:24 UTC  https://example.com live
        decode   carvin  decode              0      0       0                                                    https://example.com live

        FLAT_RCL_POST_2010.zip: 14,000 campaigns, imported 2026-11-22 02:23:19 UTC
        ");
}
