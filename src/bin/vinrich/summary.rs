//! The closing words of a run, made to be read in five seconds.

use std::io::IsTerminal;

use vinrich::error::Exit;
use vinrich::events::{Events, Level};
use vinrich::report::{DatasetReport, Report, RowsReport, VendorReport};

use crate::bar::Console;
use crate::cli::{CommonArgs, LogFormat};
use crate::words::{by_reason, bytes, count, moment, now, span, table, thousands, visible};

/// Tells what the run did: all of it, or with `--quiet` only what needs doing.
pub(crate) fn tell(report: &Report, console: &Console, common: &CommonArgs) {
    let untold = report.warnings.iter().filter(|warning| !console.has_told(warning));
    let untold: Vec<&str> = untold.map(String::as_str).collect();
    match common.log_format {
        LogFormat::Json => {
            for warning in untold {
                console.note(Level::Warn, "report", warning);
            }
            if !common.quiet || report.exit_code != 0 {
                console.print(&as_json(report, &now()));
            }
        }
        LogFormat::Text if common.quiet => {
            for warning in untold {
                console.note(Level::Warn, "report", warning);
            }
            if report.exit_code != 0 {
                console.print(&format!("{}\n", verdict(report)));
            }
        }
        LogFormat::Text => console.print(&as_text(report, &untold, wants_colour())),
    }
}

fn wants_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}

/// Warnings shown; the report has them all.
const MOST_WARNINGS: usize = 5;

fn as_text(report: &Report, warnings: &[&str], colour: bool) -> String {
    let mut text = format!("\n{}\n", rows(&report.rows));
    if !report.datasets.is_empty() {
        text += &format!("\n{}", datasets(report));
    }
    if !report.vendors.is_empty() {
        text += &format!("\n{}", vendors(report));
    }
    if !report.errors.is_empty() {
        let errors = by_reason(report.errors.iter().map(|(code, number)| (visible(code), *number)));
        text += &format!("\nwithout a fresh answer: {errors}\n");
    }
    for warning in warnings.iter().take(MOST_WARNINGS) {
        text += &format!("warning: {}\n", visible(warning));
    }
    if warnings.len() > MOST_WARNINGS {
        text += &format!(
            "… and {} in the run report\n",
            count((warnings.len() - MOST_WARNINGS) as u64, "more warning")
        );
    }
    text += "\n";
    for output in &report.outputs {
        let (rows, size) = (count(output.rows, "row"), bytes(output.bytes));
        text += &format!("wrote {} ({rows}, {size})\n", visible(&output.path));
    }
    text + &painted(report.exit_code, &verdict(report), colour) + "\n"
}

fn rows(rows: &RowsReport) -> String {
    let mut line = format!("{} in, {} out", count(rows.read, "row"), thousands(rows.written));
    if rows.diverted > 0 {
        line += &format!(", {} to the rejects file", thousands(rows.diverted));
    }
    line += &format!("; {}", count(rows.distinct_vins, "distinct VIN"));
    let rejected: u64 = rows.rejected.values().sum();
    if rejected > 0 {
        let reasons = by_reason(rows.rejected.iter().map(|(reason, number)| (reason, *number)));
        line += &format!("\n{} rejected: {reasons}", thousands(rejected));
    }
    if rows.check_digit_warnings > 0 {
        line +=
            &format!("\n{} with a check digit that fails", count(rows.check_digit_warnings, "VIN"));
    }
    line
}

/// The statuses of rows, in the order of their columns.
const STATUSES: [(&str, &str); 6] = [
    ("found", "found"),
    ("absent", "absent"),
    ("refused", "refused"),
    ("pending", "pending"),
    ("failed", "failed"),
    ("not_requested", "not asked"),
];

/// One line a dataset; statuses that no row has are left out.
fn datasets(report: &Report) -> String {
    let asked: Vec<(&str, &DatasetReport)> = report
        .datasets
        .iter()
        .filter(|(_, of)| of.left_out.is_none())
        .map(|(name, of)| (*name, of))
        .collect();
    let number = |of: &DatasetReport, status: &str| of.rows.get(status).copied().unwrap_or(0);
    let shown: Vec<(&str, &str)> = STATUSES
        .into_iter()
        .filter(|(status, _)| {
            *status == "found" || asked.iter().any(|(_, of)| number(of, status) > 0)
        })
        .collect();
    let late = asked.iter().any(|(_, of)| of.deferred_renewals > 0);

    let mut rows = vec![vec!["rows by dataset".to_owned()]];
    rows[0].extend(shown.iter().map(|(_, heading)| (*heading).to_owned()));
    rows[0].extend(late.then(|| "of them stale".to_owned()));
    rows[0].push("from the store".to_owned());
    for (name, of) in &asked {
        let mut row = vec![(*name).to_owned()];
        row.extend(shown.iter().map(|(status, _)| thousands(number(of, status))));
        row.extend(late.then(|| thousands(of.deferred_renewals)));
        row.push(format!("{} of {}", thousands(of.hits), count(of.keys, "key")));
        rows.push(row);
    }
    let mut text = if asked.is_empty() { String::new() } else { table(&rows) };
    for (name, of) in &report.datasets {
        if let Some(why) = &of.left_out {
            text += &format!("{name} left out: {}\n", visible(why));
        }
    }
    text
}

/// One line a vendor, and one more for each that was given up.
fn vendors(report: &Report) -> String {
    let mut rows = vec![
        ["vendor", "calls", "answered", "retried", "cost", "quota used"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, of) in &report.vendors {
        let mut row = vec![visible(name).into_owned()];
        row.extend([of.attempted, of.ok, of.retries].map(thousands));
        row.extend([of.spent.to_string(), quotas(of)]);
        rows.push(row);
    }
    let mut text = table(&rows);
    for (name, of) in &report.vendors {
        if let Some(why) = &of.stopped {
            text += &format!("{} given up: {}\n", visible(name), visible(why));
        }
    }
    text
}

fn quotas(vendor: &VendorReport) -> String {
    if vendor.quotas.is_empty() {
        return "none".into();
    }
    let used =
        vendor.quotas.iter().map(|quota| format!("{} of {}", thousands(quota.used), quota.quota));
    used.collect::<Vec<_>>().join(", ")
}

/// The last line: how it ended and what to do next.
fn verdict(report: &Report) -> String {
    let code = report.exit_code;
    let after = span(report.seconds.max(0.0).round() as u64);
    let again = match &report.resume_at {
        Some(at) => {
            format!("run the same command again after {}; what was paid for is kept", moment(at))
        }
        None => "run the same command again; what was paid for is kept".into(),
    };
    let (ended, next) = match finished(code) {
        Some(Exit::Success) => return format!("done in {after}"),
        Some(Exit::SomeFailed) => ("some lookups failed", again),
        Some(Exit::Parked) => ("parked by a quota or an outage", again),
        Some(Exit::OwnLimit) => ("stopped at the run's own limit", again),
        Some(Exit::Interrupted | Exit::Terminated) => ("stopped by a signal", again),
        Some(Exit::Key) => (
            "an API key is missing, wrong or revoked",
            format!("`vinrich check` shows where keys are expected; then {again}"),
        ),
        Some(Exit::Refused) => (
            "a vendor refuses for billing or scope",
            format!("see the vendor's account; then {again}"),
        ),
        Some(Exit::Protocol) => ("a vendor's replies could not be understood", again),
        Some(Exit::BadInput) => (
            "the input has too few good rows",
            "nothing was written; see --max-rejected and --require-rows".into(),
        ),
        _ => (report.outcome, again),
    };
    format!("{ended} (exit {code}) after {after}: {next}")
}

/// The exit code of a run that came to its end and left a report.
fn finished(code: u8) -> Option<Exit> {
    [
        Exit::Success,
        Exit::SomeFailed,
        Exit::Parked,
        Exit::OwnLimit,
        Exit::Interrupted,
        Exit::Terminated,
        Exit::Key,
        Exit::Refused,
        Exit::Protocol,
        Exit::BadInput,
    ]
    .into_iter()
    .find(|exit| exit.code() == code)
}

fn painted(code: u8, text: &str, colour: bool) -> String {
    const GREEN: &str = "\u{1b}[32m";
    const YELLOW: &str = "\u{1b}[33m";
    const RESET: &str = "\u{1b}[0m";
    match (colour, code) {
        (false, _) => text.to_owned(),
        (true, 0) => format!("{GREEN}{text}{RESET}"),
        (true, _) => format!("{YELLOW}{text}{RESET}"),
    }
}

fn as_json(report: &Report, time: &str) -> String {
    let line = serde_json::json!({
        "time": time,
        "level": if report.exit_code == 0 { "info" } else { "warn" },
        "code": "summary",
        "message": format!("{}; {}", rows(&report.rows).replace('\n', "; "), verdict(report)),
        "run_id": report.run_id,
        "exit_code": report.exit_code,
        "outcome": report.outcome,
        "resume_at": report.resume_at,
    });
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use vinrich::money::Micros;
    use vinrich::report::{OutputReport, QuotaReport};

    use super::*;

    fn parked() -> Report {
        Report {
            run_id: "01".into(),
            seconds: 12.4,
            exit_code: 75,
            outcome: "parked",
            resume_at: Some("2026-11-23T02:10:00.000001Z".into()),
            rows: RowsReport {
                read: 2100,
                written: 2088,
                diverted: 12,
                valid: 2088,
                distinct_vins: 2000,
                rejected: [("length", 7), ("placeholder", 5)].into(),
                check_digit_warnings: 1,
            },
            datasets: [
                (
                    "decode",
                    DatasetReport {
                        keys: 2000,
                        hits: 200,
                        misses: 1800,
                        rows: [("found", 1980), ("pending", 108), ("not_requested", 12)].into(),
                        deferred_renewals: 3,
                        ..DatasetReport::default()
                    },
                ),
                (
                    "listings",
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
                    stopped: Some("quota 100/day is full".into()),
                    ..VendorReport::default()
                },
            )]
            .into(),
            errors: [("quota".to_owned(), 108), ("timeout".to_owned(), 2)].into(),
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
    fn a_parked_run_says_what_is_missing_and_when_to_come_back() {
        insta::assert_snapshot!(as_text(&parked(), &["one\u{1b}[0m"], false), @r#"
        2,100 rows in, 2,088 out, 12 to the rejects file; 2,000 distinct VINs
        12 rejected: 7 length, 5 placeholder
        1 VIN with a check digit that fails

        rows by dataset  found  pending  not asked  of them stale  from the store
        decode           1,980      108         12              3  200 of 2,000 keys
        listings left out: no key for `visor`; set `VISOR_API_KEY`

        vendor  calls  answered  retried    cost  quota used
        carvin    100        99        1  $0.002  100 of 100/day
        carvin given up: quota 100/day is full

        without a fresh answer: 108 quota, 2 timeout
        warning: one\u{1b}[0m

        wrote out.csv (2,088 rows, 312 kB)
        parked by a quota or an outage (exit 75) after 12 s: run the same command again after 2026-11-23 02:10:00 UTC; what was paid for is kept
        "#);
    }

    #[test]
    fn a_finished_run_is_short() {
        let report = Report {
            seconds: 0.4,
            outcome: "success",
            rows: RowsReport {
                read: 1,
                written: 1,
                valid: 1,
                distinct_vins: 1,
                ..RowsReport::default()
            },
            ..Report::default()
        };
        assert_eq!(
            as_text(&report, &[], false),
            "\n1 row in, 1 out; 1 distinct VIN\n\ndone in 0 s\n"
        );
    }

    #[test]
    fn many_warnings_are_cut_short() {
        let text = as_text(&Report::default(), &["w"; 7], false);
        assert_eq!(text.matches("warning: w").count(), MOST_WARNINGS);
        assert!(text.contains("… and 2 more warnings in the run report"));
    }

    #[test]
    fn colour_is_only_for_terminals() {
        assert!(!as_text(&parked(), &[], false).contains('\u{1b}'));
        assert!(as_text(&parked(), &[], true).contains('\u{1b}'));
    }

    #[test]
    fn every_exit_that_leaves_a_report_says_what_to_do() {
        let said = |exit: Exit| {
            verdict(&Report { exit_code: exit.code(), outcome: exit.name(), ..Report::default() })
        };
        for exit in [
            Exit::SomeFailed,
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
        assert_eq!(said(Exit::Success), "done in 0 s");
    }

    #[test]
    fn the_json_summary_is_one_line_with_the_exit_code() {
        let line = as_json(&parked(), "2026-01-01T00:00:00Z");
        assert_eq!(line.matches('\n').count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&read["exit_code"], &read["outcome"]), (&75.into(), &"parked".into()));
        assert_eq!(read["resume_at"], "2026-11-23T02:10:00.000001Z");
    }
}
