//! The closing words of a run, made to be read in five seconds.

#[cfg(test)]
mod tests;

use std::io::IsTerminal;

use vinrich::error::Exit;
use vinrich::events::{Events, Level};
use vinrich::report::{DatasetReport, Report, RowsReport, VendorReport};

use crate::bar::Console;
use crate::cli::{CommonArgs, LogFormat};
use crate::words::{
    by_reason, bytes, count, moment, now, span, table, text, thousands, visible, whole_seconds,
};

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
    let mut lines = vec![String::new()];
    lines.extend(rows(&report.rows));
    for section in [datasets(report), vendors(report), troubles(report, warnings)] {
        if !section.is_empty() {
            lines.push(String::new());
            lines.extend(section);
        }
    }
    lines.push(String::new());
    lines.extend(report.outputs.iter().map(|output| {
        format!(
            "wrote {} ({}, {})",
            visible(&output.path),
            count(output.rows, "row"),
            bytes(output.bytes)
        )
    }));
    lines.push(painted(report.exit_code, &verdict(report), colour));
    text(&lines)
}

fn rows(rows: &RowsReport) -> Vec<String> {
    let mut parts =
        vec![format!("{} in, {} out", count(rows.read, "row"), thousands(rows.written))];
    parts.extend(
        (rows.diverted > 0).then(|| format!("{} to the rejects file", thousands(rows.diverted))),
    );
    parts.push(count(rows.distinct_vins, "distinct VIN"));
    let mut lines = vec![parts.join(", ")];
    let rejected: u64 = rows.rejected.values().sum();
    if rejected > 0 {
        lines.push(format!("{} rejected: {}", thousands(rejected), by_reason(&rows.rejected)));
    }
    if rows.check_digit_warnings > 0 {
        lines.push(format!(
            "{} with a check digit that fails",
            count(rows.check_digit_warnings, "VIN")
        ));
    }
    lines
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
fn datasets(report: &Report) -> Vec<String> {
    let asked: Vec<(&str, &DatasetReport)> = report
        .datasets
        .iter()
        .filter(|(_, of)| of.left_out.is_none())
        .map(|(name, of)| (*name, of))
        .collect();
    let mut lines = if asked.is_empty() { Vec::new() } else { table(&rows_by_status(&asked)) };
    lines.extend(report.datasets.iter().filter_map(|(name, of)| {
        let why = of.left_out.as_deref()?;
        Some(format!("{name} left out: {}", visible(why)))
    }));
    lines
}

fn rows_by_status(asked: &[(&str, &DatasetReport)]) -> Vec<Vec<String>> {
    let number = |of: &DatasetReport, status: &str| of.rows.get(status).copied().unwrap_or(0);
    let any =
        |status: &str| status == "found" || asked.iter().any(|(_, of)| number(of, status) > 0);
    let shown: Vec<(&str, &str)> = STATUSES.into_iter().filter(|(status, _)| any(status)).collect();
    let late = asked.iter().any(|(_, of)| of.deferred_renewals > 0);

    let mut heading = vec!["rows by dataset".to_owned()];
    heading.extend(shown.iter().map(|(_, words)| (*words).to_owned()));
    heading.extend(late.then(|| "of them stale".to_owned()));
    heading.push("from the store".to_owned());
    let mut rows = vec![heading];
    for (name, of) in asked {
        let mut row = vec![(*name).to_owned()];
        row.extend(shown.iter().map(|(status, _)| thousands(number(of, status))));
        row.extend(late.then(|| thousands(of.deferred_renewals)));
        row.push(format!("{} of {}", thousands(of.hits), count(of.keys, "key")));
        rows.push(row);
    }
    rows
}

/// One line a vendor, and one more for each that was given up.
fn vendors(report: &Report) -> Vec<String> {
    if report.vendors.is_empty() {
        return Vec::new();
    }
    let heading = ["vendor", "calls", "answered", "retried", "cost", "quota used"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (name, of) in &report.vendors {
        let mut row = vec![visible(name).into_owned()];
        row.extend([of.attempted, of.ok, of.retries].map(thousands));
        row.extend([of.spent.to_string(), quotas(of)]);
        rows.push(row);
    }
    let mut lines = table(&rows);
    lines.extend(report.vendors.iter().filter_map(|(name, of)| {
        let why = of.stopped.as_deref()?;
        Some(format!("{} given up: {}", visible(name), visible(why)))
    }));
    lines
}

fn troubles(report: &Report, warnings: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    if !report.errors.is_empty() {
        lines.push(format!("without a fresh answer: {}", by_reason(&report.errors)));
    }
    lines.extend(
        warnings.iter().take(MOST_WARNINGS).map(|warning| format!("warning: {}", visible(warning))),
    );
    let more = warnings.len().saturating_sub(MOST_WARNINGS);
    if more > 0 {
        lines.push(format!("and {} in the run report", count(more as u64, "more warning")));
    }
    lines
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
    let after = span(whole_seconds(report.seconds));
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
        "message": format!("{}; {}", rows(&report.rows).join("; "), verdict(report)),
        "run_id": report.run_id,
        "exit_code": report.exit_code,
        "outcome": report.outcome,
        "resume_at": report.resume_at,
    });
    format!("{line}\n")
}
