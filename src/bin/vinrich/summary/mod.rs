//! The summary of a run, made to be read in five seconds.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;
use vinrich::domain::Timestamp;
use vinrich::domain::error::Exit;
use vinrich::domain::events::{Events, Fields, Level};
use vinrich::report::{DatasetReport, Report, RowsReport, VendorReport};

use crate::cli::{CommonArgs, LogFormat};
use crate::console::{Console, wants_colour};
use crate::format::{
    Paint, by_reason, bytes, count, moment, now, text, thousands, took, visible, visible_json,
};
use crate::log_line::LogLine;
use crate::table::table;

/// Prints what the run did: all of it, or with `--quiet` only what needs doing.
pub(crate) fn print(report: &Report, console: &Console, common: &CommonArgs) {
    let unprinted = report.warnings.iter().filter(|warning| !console.has_printed(warning));
    let unprinted: Vec<&str> = unprinted.map(String::as_str).collect();
    let has_failed = report.exit_code != 0;
    if has_failed {
        console.say_held();
    }
    if common.quiet || common.log_format == LogFormat::Json {
        for warning in &unprinted {
            console.note(Level::Warn, "report", warning);
        }
    }
    match common.log_format {
        LogFormat::Text if !common.quiet => {
            console.print(&as_text(report, &unprinted, wants_colour()));
        }
        LogFormat::Text if has_failed => console.print(&text(&verdict(report))),
        LogFormat::Json if has_failed || !common.quiet => console.print(&as_json(report, &now())),
        LogFormat::Text | LogFormat::Json => {}
    }
}

/// Prints the counts of rows that passed through, as one line of JSON, whatever the flags.
pub(crate) fn print_counts(report: &Report, console: &Console) {
    if report.exit_code != 0 {
        console.say_held();
    }
    console.print(&counts(report));
}

/// What [`print`] printed of a run, again, from the report that the store kept.
pub(crate) fn again(report: &Report) -> String {
    let warnings: Vec<&str> = report.warnings.iter().map(String::as_str).collect();
    let mut text = as_text(report, &warnings, false);
    if let Some(error) = &report.error {
        let _infallible = writeln!(text, "error: {}", visible(error));
    }
    text
}

/// Prints what a command that acts did; `headline` is its first line.
pub(crate) fn print_acted(report: &Report, headline: &str, console: &Console, common: &CommonArgs) {
    if common.log_format == LogFormat::Json {
        console.print(&json_line(report, headline, &now()));
        return;
    }
    let mut lines = vec![visible(headline).into_owned()];
    lines.extend(wrote(report));
    let colour = wants_colour();
    lines.extend(verdict(report).iter().map(|line| painted(report.exit_code, line, colour)));
    console.print(&text(&lines));
}

/// Warnings shown; the report has them all.
const MOST_WARNINGS: usize = 5;

fn as_text(report: &Report, warnings: &[&str], colour: bool) -> String {
    let mut lines = vec![String::new()];
    lines.extend(rows(report));
    for section in [datasets(report), vendors(report), troubles(report, warnings)] {
        if !section.is_empty() {
            lines.push(String::new());
            lines.extend(section);
        }
    }
    lines.push(String::new());
    lines.extend(wrote(report));
    lines.extend(verdict(report).iter().map(|line| painted(report.exit_code, line, colour)));
    text(&lines)
}

/// One line a file.
fn wrote(report: &Report) -> impl Iterator<Item = String> {
    report.outputs.iter().map(|output| {
        let (rows, bytes) = (count(output.rows, "row"), bytes(output.bytes));
        format!("wrote {} ({rows}, {bytes})", visible(&output.path))
    })
}

fn rows(report: &Report) -> Vec<String> {
    let rows = &report.rows;
    let out = if was_stopped(report) || report.output_kept {
        "nothing written".to_owned()
    } else {
        format!("{} out", thousands(rows.written))
    };
    let mut parts = vec![format!("{} in, {out}", count(rows.read, "row"))];
    parts.extend(
        (rows.diverted > 0).then(|| format!("{} to the rejects file", thousands(rows.diverted))),
    );
    parts.extend(rows.distinct_vins.map(|vins| count(vins, "distinct VIN")));
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

/// A run that a signal stopped wrote no rows, so there are none to count.
fn was_stopped(report: &Report) -> bool {
    matches!(finished(report.exit_code), Some(Exit::Interrupted | Exit::Terminated))
}

/// One line a dataset; statuses that no row has are left out.
fn datasets(report: &Report) -> Vec<String> {
    if was_stopped(report) {
        return Vec::new();
    }
    let asked: Vec<(&str, &DatasetReport)> = report
        .datasets
        .iter()
        .filter(|(_, of)| of.left_out.is_none())
        .map(|(name, of)| (name.as_str(), of))
        .collect();
    let mut lines =
        if asked.is_empty() { Vec::new() } else { table(&rows_by_status(report, &asked)) };
    lines.extend(report.datasets.iter().filter_map(|(name, of)| {
        let why = of.left_out.as_deref()?;
        Some(format!("{name} left out: {}", visible(why)))
    }));
    lines
}

fn rows_by_status(report: &Report, asked: &[(&str, &DatasetReport)]) -> Vec<Vec<String>> {
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
        let local = report.local.values().any(|local| local.dataset == *name);
        row.push(match of.keys {
            0 if local => "on this machine".into(),
            0 => "no source to ask".into(),
            keys => format!("{} of {}", thousands(of.hits), count(keys, "key")),
        });
        rows.push(row);
    }
    rows
}

/// One line a vendor, and one more for each that was not asked to the end.
fn vendors(report: &Report) -> Vec<String> {
    let asked = |(_, of): &(&String, &VendorReport)| of.attempted > 0 || of.stopped.is_some();
    if !report.vendors.iter().any(|vendor| asked(&vendor)) {
        return Vec::new();
    }
    let heading = ["vendor", "calls", "answered", "retried", "cost", "quota used"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (name, of) in report.vendors.iter().filter(asked) {
        let mut row = vec![visible(name).into_owned()];
        row.extend([of.attempted, of.ok, of.retries].map(thousands));
        row.extend([of.spent.to_string(), quotas(of)]);
        rows.push(row);
    }
    let mut lines = table(&rows);
    let asked_on = report.vendors.values().filter(|_| !was_stopped(report));
    let because = asked_on.filter_map(|of| of.stopped_because.as_deref());
    lines.extend(because.map(|because| visible(because).into_owned()));
    lines
}

fn troubles(report: &Report, warnings: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    if !report.input_conflicts.is_empty() {
        let fields = by_reason(&report.input_conflicts);
        lines.push(format!("the row differs from its VIN: {fields} (input_conflicts)"));
    }
    if !report.decode_conflicts.is_empty() {
        let fields = by_reason(&report.decode_conflicts);
        lines.push(format!("the decoders disagree: {fields} (decode_conflicts)"));
    }
    if !report.errors.is_empty() {
        lines.push(format!("without a fresh answer: {}", by_dataset(&report.errors)));
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

/// `decode:quota` and the like as `decode 2 quota, 1 timeout; recalls 3 quota`.
fn by_dataset(errors: &BTreeMap<String, u64>) -> String {
    let mut grouped: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (code, number) in errors {
        let (dataset, code) = code.split_once(':').unwrap_or(("", code));
        grouped.entry(dataset).or_default().insert(code, *number);
    }
    let words = grouped.iter().map(|(dataset, codes)| {
        format!("{} {}", visible(dataset), by_reason(codes)).trim_start().to_owned()
    });
    words.collect::<Vec<_>>().join("; ")
}

fn quotas(vendor: &VendorReport) -> String {
    if vendor.quotas.is_empty() {
        return "none".into();
    }
    let used =
        vendor.quotas.iter().map(|quota| format!("{} of {}", thousands(quota.used), quota.quota));
    used.collect::<Vec<_>>().join(", ")
}

/// The last lines: how it ended, and what to do next.
fn verdict(report: &Report) -> Vec<String> {
    let code = report.exit_code;
    let after = took(report.seconds);
    let again = match report.resume_at.as_deref().filter(|at| !has_come(at, &report.ended_at)) {
        Some(at) => {
            format!("run the same command again after {}; what was paid for is kept", moment(at))
        }
        None => "run the same command again; what was paid for is kept".into(),
    };
    let exit = finished(code);
    let (lookups, why) = exit.map(|exit| lacking(report, exit)).unwrap_or_default();
    let (ended, next) = match exit {
        Some(Exit::Success) => return vec![format!("done in {after}")],
        Some(Exit::SomeFailed) => (format!("{lookups} failed: {why}"), again),
        Some(Exit::Parked) => {
            (format!("incomplete by {lookups}, as a quota is used up: {why}"), again)
        }
        Some(Exit::Outage) => {
            let cause = "as a vendor is out of reach or fails";
            (format!("incomplete by {lookups}, {cause}: {why}"), again)
        }
        Some(Exit::OwnLimit) => {
            let cause = "as the run's own limit is reached";
            let why = [why, own_limits(report)].join("; ");
            (format!("incomplete by {lookups}, {cause}: {why}"), again)
        }
        Some(Exit::Interrupted | Exit::Terminated) => ("stopped by a signal".into(), again),
        Some(Exit::Key) => (
            format!("an API key is missing, wrong or revoked{}", for_all_that(report)),
            format!("`vinrich check` shows where keys are expected; then {again}"),
        ),
        Some(Exit::Refused) => (
            format!("a vendor refuses for billing or scope{}", for_all_that(report)),
            format!("see the vendor's account; then {again}"),
        ),
        Some(Exit::Protocol) => {
            (format!("a vendor's replies could not be understood{}", for_all_that(report)), again)
        }
        Some(Exit::BadInput) => (
            "the input is not good enough".into(),
            "the output is as it was; `vinrich validate` shows what is wrong with the input".into(),
        ),
        _ => (report.outcome.clone(), again),
    };
    let kept = report
        .output_kept
        .then(|| "the old output is kept; `--offline -o FILE` writes what is known now".to_owned());
    let first = format!("{ended} (exit {code}) after {after}");
    [first].into_iter().chain(kept).chain([next]).collect()
}

/// How many lookups make the output incomplete so, and why: `7 lookups` and
/// `decode 5 quota; recalls 2 quota`.
fn lacking(report: &Report, exit: Exit) -> (String, String) {
    let none = BTreeMap::new();
    let by_why = report.incomplete.get(exit.name()).unwrap_or(&none);
    (count(by_why.values().sum(), "lookup"), by_dataset(by_why))
}

/// The limits of its own that the run has reached.
fn own_limits(report: &Report) -> String {
    let of_vendor = |of: &VendorReport| {
        let is_own = of.stopped.as_deref() == Some("own_limit");
        of.stopped_because.clone().filter(|_| is_own)
    };
    let limits: BTreeSet<String> = report.vendors.values().filter_map(of_vendor).collect();
    visible(&limits.into_iter().collect::<Vec<_>>().join("; ")).into_owned()
}

/// What a vendor did need not mean that something is missing.
fn for_all_that(report: &Report) -> &'static str {
    let is_whole = report.incomplete.is_empty() && !report.outputs.is_empty();
    if is_whole { "; the output is complete all the same" } else { "" }
}

/// Whether a vendor that was parked early in the run can be asked at its end.
fn has_come(at: &str, ended_at: &str) -> bool {
    match (at.parse::<Timestamp>(), ended_at.parse::<Timestamp>()) {
        (Ok(at), Ok(ended)) => at <= ended,
        _ => false,
    }
}

/// The exit code of a run that came to its end and left a report.
fn finished(code: u8) -> Option<Exit> {
    [
        Exit::Success,
        Exit::SomeFailed,
        Exit::Outage,
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
    let paint = if code == 0 { Paint::Green } else { Paint::Yellow };
    paint.on(text, colour)
}

/// The counts, under their names in the report.
fn counts(report: &Report) -> String {
    #[derive(Serialize)]
    struct Counts<'a> {
        run_id: &'a str,
        exit_code: u8,
        outcome: &'a str,
        seconds: f64,
        rows: &'a RowsReport,
        datasets: BTreeMap<&'a str, &'a BTreeMap<String, u64>>,
        errors: &'a BTreeMap<String, u64>,
    }
    let ran = report.datasets.iter().filter(|(_, of)| of.left_out.is_none());
    let counts = Counts {
        run_id: &report.run_id,
        exit_code: report.exit_code,
        outcome: &report.outcome,
        seconds: report.seconds,
        rows: &report.rows,
        datasets: ran.map(|(name, of)| (name.as_str(), &of.rows)).collect(),
        errors: &report.errors,
    };
    // Strings and numbers under names that are strings: there is nothing to refuse.
    let json = serde_json::to_string(&counts).unwrap_or_default();
    format!("{}\n", visible_json(&json))
}

fn as_json(report: &Report, time: &str) -> String {
    json_line(report, &rows(report).join("; "), time)
}

fn json_line(report: &Report, headline: &str, time: &str) -> String {
    #[derive(Serialize)]
    struct More<'a> {
        exit_code: u8,
        outcome: &'a str,
    }
    let level = if report.exit_code == 0 { Level::Info } else { Level::Warn };
    let message = format!("{headline}; {}", verdict(report).join(": "));
    let fields = Fields {
        reason: Some(report.outcome.clone()),
        rows: Some(report.rows.written),
        cost_micros: Some(report.spent().0),
        resume_at: report.resume_at.clone(),
        ..Fields::default()
    };
    let line = LogLine::new(time, (level, "summary"), &message).about(fields);
    let more = More { exit_code: report.exit_code, outcome: &report.outcome };
    format!("{}\n", line.with(more).to_json())
}
