//! Closing words of hand-made reports.
use vinrich::domain::money::Micros;
use vinrich::report::{OutputReport, QuotaReport, RowsReport};

use super::*;

fn numbers<const N: usize>(of: [(&str, u64); N]) -> BTreeMap<String, u64> {
    of.map(|(name, number)| (name.to_owned(), number)).into()
}

fn parked() -> Report {
    Report {
        run_id: "01".into(),
        seconds: 12.4,
        exit_code: 75,
        outcome: "parked".into(),
        resume_at: Some("2026-11-23T02:10:00.000001Z".into()),
        rows: RowsReport {
            read: 2100,
            written: 2088,
            diverted: 12,
            valid: 2088,
            distinct_vins: Some(2000),
            rejected: numbers([("length", 7), ("placeholder", 5)]),
            check_digit_warnings: 1,
        },
        datasets: [
            (
                "decode".to_owned(),
                DatasetReport {
                    keys: 2000,
                    hits: 200,
                    misses: 1800,
                    rows: numbers([("found", 1980), ("pending", 108), ("not_requested", 12)]),
                    deferred_renewals: 3,
                    ..DatasetReport::default()
                },
            ),
            (
                "listings".to_owned(),
                DatasetReport {
                    left_out: Some("no key for `visor`; set `VISOR_API_KEY`".into()),
                    ..DatasetReport::default()
                },
            ),
        ]
        .into(),
        vendors: [(
            "carvin".to_owned(),
            VendorReport {
                attempted: 100,
                ok: 99,
                retries: 1,
                spent: Micros(2000),
                quotas: vec![QuotaReport {
                    quota: "100/day".into(),
                    used: 100,
                    next_free_at: None,
                }],
                stopped: Some("quota".into()),
                stopped_because: Some("carvin: the quota 100/day is used up; parked".into()),
                ..VendorReport::default()
            },
        )]
        .into(),
        errors: numbers([("decode:quota", 108), ("decode:timeout", 2), ("recalls:quota", 7)]),
        incomplete: [(
            "parked".to_owned(),
            numbers([("decode:quota", 108), ("recalls:stale:quota", 1207)]),
        )]
        .into(),
        outputs: vec![OutputReport {
            path: "out.csv".into(),
            rows: 2088,
            bytes: 312_000,
            ..OutputReport::default()
        }],
        ..Report::default()
    }
}

#[test]
fn a_parked_run_shows_what_is_missing_and_when() {
    insta::assert_snapshot!(as_text(&parked(), &["one\u{1b}[0m"], false), @r#"
    2,100 rows in, 2,088 out, 12 to the rejects file, 2,000 distinct VINs
    12 rejected: 7 length, 5 placeholder
    1 VIN with a check digit that fails

    rows by dataset  found  pending  not asked  of them stale  from the store
    decode           1,980      108         12              3  200 of 2,000 keys
    listings left out: no key for `visor`; set `VISOR_API_KEY`

    vendor  calls  answered  retried    cost  quota used
    carvin    100        99        1  $0.002  100 of 100/day
    carvin: the quota 100/day is used up; parked

    without a fresh answer: decode 108 quota, 2 timeout; recalls 7 quota
    warning: one\u{1b}[0m

    wrote out.csv (2,088 rows, 312 kB)
    incomplete by 1,315 lookups, as a quota is used up: decode 108 quota; recalls 1,207 stale:quota (exit 75) after 12 s
    run the same command again after 2026-11-23 02:10:00 UTC; what was paid for is kept
    "#);
}

#[test]
fn a_finished_run_is_short() {
    let report = Report {
        seconds: 0.4,
        outcome: "success".into(),
        rows: RowsReport {
            read: 1,
            written: 1,
            valid: 1,
            distinct_vins: Some(1),
            ..RowsReport::default()
        },
        ..Report::default()
    };
    assert_eq!(
        as_text(&report, &[], false),
        "\n1 row in, 1 out, 1 distinct VIN\n\ndone in 0.4 s\n"
    );
}

#[test]
fn a_kept_report_prints_the_same_summary() {
    let kept = parked().to_json().expect("JSON");
    let read = Report::from_json(&kept).expect("a report");
    assert_eq!(again(&read), as_text(&parked(), &[], false));
}

#[test]
fn many_warnings_are_cut_short() {
    let text = as_text(&Report::default(), &["w"; 7], false);
    assert_eq!(text.matches("warning: w").count(), MOST_WARNINGS);
    assert!(text.contains("and 2 more warnings in the run report"));
}

#[test]
fn colour_is_only_for_terminals() {
    assert!(!as_text(&parked(), &[], false).contains('\u{1b}'));
    assert!(as_text(&parked(), &[], true).contains('\u{1b}'));
}

#[test]
fn every_exit_with_a_report_says_what_to_do() {
    let said = |exit: Exit| {
        let report =
            Report { exit_code: exit.code(), outcome: exit.name().into(), ..Report::default() };
        verdict(&report).join(": ")
    };
    for exit in [
        Exit::SomeFailed,
        Exit::Outage,
        Exit::Parked,
        Exit::OwnLimit,
        Exit::Key,
        Exit::Refused,
        Exit::Protocol,
    ] {
        let said = said(exit);
        assert!(said.contains("run the same command again"), "{said}");
        assert!(said.contains(&format!("(exit {})", exit.code())), "{said}");
    }
    assert_eq!(said(Exit::Success), "done in 0.0 s");
}

#[test]
fn each_cause_says_how_much_is_missing() {
    let ended = |exit: Exit, why: &str, stopped_because: Option<&str>| {
        let mut report = parked();
        (report.exit_code, report.outcome) = (exit.code(), exit.name().into());
        report.incomplete = [(exit.name().into(), [(why.to_owned(), 40)].into())].into();
        let vendor = report.vendors.get_mut("carvin").expect("it is there");
        vendor.stopped = stopped_because.map(|_| exit.name().to_owned());
        vendor.stopped_because = stopped_because.map(str::to_owned);
        verdict(&report).remove(0)
    };
    assert_eq!(
        ended(Exit::SomeFailed, "listings:missing_in_response", None),
        "40 lookups failed: listings 40 missing_in_response (exit 3) after 12 s"
    );
    assert_eq!(
        ended(Exit::Outage, "recalls:http_502", None),
        "incomplete by 40 lookups, as a vendor is out of reach or fails: recalls 40 http_502 \
         (exit 68) after 12 s"
    );
    assert_eq!(
        ended(Exit::OwnLimit, "decode:own_limit", Some("carvin: `--max-calls 9` is reached")),
        "incomplete by 40 lookups, as the run's own limit is reached: decode 40 own_limit; \
         carvin: `--max-calls 9` is reached (exit 80) after 12 s"
    );
}

#[test]
fn a_vendors_fault_beside_a_complete_output_is_told_apart() {
    let mut report = Report { exit_code: 77, outcome: "key".into(), ..parked() };
    assert!(!verdict(&report)[0].contains("complete"), "{:?}", verdict(&report));
    report.incomplete.clear();
    let said = verdict(&report).remove(0);
    assert!(said.contains("revoked; the output is complete all the same (exit 77)"), "{said}");
}

#[test]
fn a_kept_output_is_said_to_be_kept() {
    let report = Report { outputs: Vec::new(), output_kept: true, ..parked() };
    let text = as_text(&report, &[], false);
    assert!(text.starts_with("\n2,100 rows in, nothing written, "), "{text}");
    assert!(text.contains("the old output is kept; `--offline -o FILE` writes"), "{text}");
}

#[test]
fn a_stopped_run_counts_no_rows_that_it_did_not_write() {
    let stopped = Report { exit_code: 130, outcome: "interrupted".into(), ..parked() };
    let text = as_text(&stopped, &[], false);
    assert!(text.starts_with("\n2,100 rows in, nothing written, "), "{text}");
    assert!(!text.contains("rows by dataset"), "{text}");
    assert!(!text.contains("parked"), "{text}");
}

#[test]
fn a_wait_that_is_over_by_the_end_is_not_announced() {
    let over = Report { ended_at: "2026-11-23T02:10:01Z".into(), ..parked() };
    assert_eq!(verdict(&over)[1], "run the same command again; what was paid for is kept");
}

#[test]
fn the_json_summary_is_one_line_with_the_exit_code() {
    let line = as_json(&parked(), "2026-01-01T00:00:00Z");
    assert_eq!(line.matches('\n').count(), 1);
    let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&read["exit_code"], &read["outcome"]), (&75.into(), &"parked".into()));
    assert_eq!(read["resume_at"], "2026-11-23T02:10:00.000001Z");
}
