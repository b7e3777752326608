use vinrich::domain::Timestamp;
use vinrich::domain::money::Micros;
use vinrich::report::{RowsReport, VendorReport};
use vinrich::store::RunState;

use super::*;

fn record(state: RunState, ended_at: Option<Timestamp>) -> RunRecord {
    let report = Report {
        run_id: "20261122T022319Z-8d3c709b".into(),
        outcome: "parked".into(),
        exit_code: 75,
        rows: RowsReport { read: 1250, written: 1248, diverted: 2, ..RowsReport::default() },
        vendors: [(
            "carvin".to_owned(),
            VendorReport { stopped: Some("quota".into()), ..VendorReport::default() },
        )]
        .into(),
        ..Report::default()
    };
    RunRecord {
        run_id: report.run_id.clone(),
        command: "vinrich enrich a.csv -o b.csv".into(),
        output: Some("/srv/b.csv".into()),
        started_at: Timestamp::from_micros(1_795_314_199_000_000),
        ended_at,
        state,
        calls: 1200,
        spent: Micros(56_000),
        report: matches!(state, RunState::Ended(_)).then(|| report.to_json().expect("JSON")),
    }
}

#[test]
fn runs_are_listed_with_what_they_did() {
    let end = Some(Timestamp::from_micros(1_795_314_324_000_000));
    let check = RunRecord { report: Some("[]".into()), ..record(RunState::Ended(0), end) };
    let runs = [
        record(RunState::Running, None),
        record(RunState::Ended(75), end),
        record(RunState::Killed, end),
        check,
    ];
    let listed: Vec<Listed<'_>> = runs.iter().map(Listed::of).collect();
    insta::assert_snapshot!(as_text(&listed), @r"
    run                        started                  took    rows  calls    cost  ended                  command
    20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  ?             1,200  $0.056  running                vinrich enrich a.csv -o b.csv
    20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  2 min  1,248  1,200  $0.056  exit 75: carvin quota  vinrich enrich a.csv -o b.csv
    20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  ?             1,200  $0.056  killed                 vinrich enrich a.csv -o b.csv
    20261122T022319Z-8d3c709b  2026-11-22 02:23:19 UTC  2 min         1,200  $0.056  exit 0                 vinrich enrich a.csv -o b.csv
    ");
    assert_eq!(as_text(&[]), "no runs yet\n");
    let json = serde_json::to_value(&listed[1]).expect("JSON");
    assert_eq!((&json["rows"], &json["cost_micros"]), (&1248.into(), &56_000.into()));
    assert_eq!((&json["reason"], &json["output"]), (&"carvin quota".into(), &"/srv/b.csv".into()));
}

#[test]
fn a_run_is_shown_by_its_summary_or_its_line() {
    let ended =
        shown(&record(RunState::Ended(75), Some(Timestamp::from_micros(1_795_314_324_000_000))));
    let (id, summary) = ended.split_once("\n\n").expect("two parts");
    assert!(id.starts_with("run 20261122T022319Z-8d3c709b, started 2026-11-22 02:23:19 UTC\n"));
    assert!(summary.starts_with("1,250 rows in, 1,248 out, 2 to the rejects file"), "{summary}");
    assert!(shown(&record(RunState::Running, None)).contains("running"));
}
