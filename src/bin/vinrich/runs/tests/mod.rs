#![allow(clippy::unwrap_used, reason = "tests")]
use vinrich::domain::Timestamp;

use super::*;

fn record(exit_code: Option<u8>, ended_at: Option<Timestamp>) -> RunRecord {
    RunRecord {
        run_id: "20261122T022319Z-8d3c709b".into(),
        command: "vinrich enrich a.csv -o b.csv".into(),
        started_at: Timestamp::from_micros(1_795_314_199_000_000),
        ended_at,
        exit_code,
        calls: 1200,
        report: exit_code.map(|_| "{}\n".into()),
    }
}

#[test]
fn runs_are_listed_with_how_they_ended() {
    let end = Some(Timestamp::from_micros(1_795_314_324_000_000));
    let runs = [record(None, None), record(Some(75), end), record(None, end)];
    insta::assert_snapshot!(list(&runs), @r"
        run                        started                  took   ended               calls  command
        20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  ?      running, or killed  1,200  vinrich enrich a.csv -o b.csv
        20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  2 min  exit 75             1,200  vinrich enrich a.csv -o b.csv
        20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  2 min  killed              1,200  vinrich enrich a.csv -o b.csv
        ");
    assert_eq!(list(&[]), "no runs yet\n");
}

#[test]
fn a_run_is_shown_by_its_report_or_its_line() {
    assert_eq!(show(Some(record(Some(0), Some(Timestamp::default()))), "2026").unwrap(), "{}\n");
    assert!(show(Some(record(None, None)), "2026").unwrap().contains("running, or killed"));
    let error = show(None, "2026").unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert_eq!(error.to_string(), "no run, or more than one, begins with `2026`");
}
