use proptest::prelude::*;

use super::*;
use crate::vendors::testing::{fixture, json_like, reply};

fn read_text(json: &str) -> Result<Usage, Fault> {
    read(&reply(200, json.as_bytes()))
}

#[test]
fn usage_is_read_by_day_and_class() {
    let usage = read(&fixture("visor/usage.json")).expect("usage");
    let rows: Vec<_> = usage
        .rows
        .iter()
        .map(|row| (row.day.to_string(), row.class.as_str(), row.endpoint, row.counted))
        .collect();
    let counted = |calls, micros| Counted { calls, charged_micros: Micros(micros) };
    assert_eq!(
        rows,
        [
            ("2026-06-08".into(), "listing_search", Some("listings"), counted(3, 6000)),
            ("2026-06-09".into(), "vehicle_detail_enriched", Some("vins"), counted(1, 8000)),
            ("2026-06-09".into(), "facet_search", None, counted(4, 1000)),
        ]
    );
    assert_eq!(usage.totals, Some(counted(8, 15_000)));
    assert_eq!(usage.total(), counted(8, 15_000));
}

#[test]
fn numbers_may_drift_and_totals_be_missing() {
    let odd = r#"{"data":[{"date":"2026-06-09T00:00:00Z","metering_class":null,
            "requests":"2","charged_micros":4000.0}]}"#;
    let usage = read_text(odd).expect("usage");
    assert_eq!(usage.rows[0].counted, Counted { calls: 2, charged_micros: Micros(4000) });
    assert_eq!((usage.rows[0].class.as_str(), usage.totals), ("", None));
    assert_eq!(read_text(r#"{"data":[]}"#), Ok(Usage::default()));
}

#[test]
fn what_is_not_usage_is_never_read_as_nothing_used() {
    for body in [
        "<html>",
        "{}",
        "[]",
        r#"{"data":{}}"#,
        r#"{"data":[7]}"#,
        r#"{"data":[{"date":"2026-06-09","requests":1}]}"#,
        r#"{"data":[{"date":"yesterday","requests":1,"charged_micros":1}]}"#,
        r#"{"data":[{"date":"2026-06-09","requests":-1,"charged_micros":1}]}"#,
        r#"{"data":[{"date":"2026-06-09","requests":1,"charged_micros":1.5}]}"#,
    ] {
        assert!(matches!(read_text(body), Err(Fault::Garbled { .. })), "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn nothing_panics(
        body in json_like(
            prop_oneof!["\"\\PC{0,12}\"", "-?[0-9]{1,22}(\\.[0-9]{1,3})?"].boxed(),
            vec!["data", "date", "metering_class", "requests", "charged_micros", "totals"],
        ),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let _either = (read_text(&body).is_ok(), read(&reply(200, &bytes)).is_ok());
    }
}
