//! `vinrich validate`: the VINs of files by local rules alone.

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::report::{InputReport, Report};
use vinrich::validate::{Duplicate, Duplicates, Place, ProblemRow, Validation};
use vinrich::{Context, SystemClock};

use crate::cli::{CommonArgs, ReportFormat, ValidateArgs};
use crate::console::Console;
use crate::format::{by_reason, bytes, count, text, thousands, visible, wrote};
use crate::table::table;
use crate::{args_to_plan, settings, signals, stdout};

pub(crate) fn run(args: &ValidateArgs, common: &CommonArgs) -> Result<u8, Error> {
    let plan = args_to_plan::of_validate(args, settings::load(common.config.as_deref())?)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;

    let console = Console::new(common);
    let clock = SystemClock::new();
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let outcome = vinrich::validate(&plan, context);
    console.finish();
    let mut found = outcome?;
    match args.format {
        // The rows have stdout to themselves, and no VIN goes where messages go.
        _ if args.rejects.take_stdout() => console.print(&text(&counts(&found.report))),
        ReportFormat::Json => stdout::write_json(&found)?,
        ReportFormat::Text => {
            if stdout::is_seen_with_stderr() {
                // What went to stderr stands above, on the same terminal.
                found.report.warnings.retain(|warning| !console.has_printed(warning));
            }
            stdout::write(&as_text(&found))?;
        }
    }
    found.refused.map_or(Ok(found.report.exit_code), Err)
}

fn as_text(found: &Validation) -> String {
    let report = &found.report;
    let mut lines = counts(report);
    for section in [problems(found), duplicates(&found.duplicates, report), wrote(&report.outputs)]
    {
        if !section.is_empty() {
            lines.push(String::new());
            lines.extend(section);
        }
    }
    text(&lines)
}

/// The files, and the rows by what they are.
fn counts(report: &Report) -> Vec<String> {
    let rows = &report.rows;
    let rejected: u64 = rows.rejected.values().sum();
    let mut lines: Vec<String> = report.inputs.iter().map(describe).collect();
    lines.push(format!(
        "{}: {} usable, {} distinct, {} rejected",
        count(rows.read, "row"),
        thousands(rows.valid),
        thousands(rows.distinct_vins.unwrap_or_default()),
        thousands(rejected)
    ));
    if rejected > 0 {
        lines.push(format!("  rejected: {}", by_reason(&rows.rejected)));
    }
    if rows.check_digit_warnings > 0 {
        let doubtful = count(rows.check_digit_warnings, "usable VIN");
        lines.push(format!(
            "  warning: {doubtful} with a check digit that fails; --strict rejects them"
        ));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("  warning: {}", visible(warning))));
    lines
}

/// A line for each problem row that is shown, and where the others are.
fn problems(found: &Validation) -> Vec<String> {
    let Validation { report, problems, .. } = found;
    if problems.is_empty() {
        return Vec::new();
    }
    let has_suggestions = problems.iter().any(|row| row.suggestion.is_some());
    let mut heading = vec!["line".to_owned(), "cell".to_owned(), "problem".to_owned()];
    heading.extend(has_suggestions.then(|| "suggestion".to_owned()));
    let row = |row: &ProblemRow| {
        let mut cells = vec![
            place(&row.place, report),
            visible(&row.cell).into_owned(),
            visible(&problem(row)).into_owned(),
        ];
        cells.extend(has_suggestions.then(|| row.suggestion.clone().unwrap_or_default()));
        cells
    };
    let rows: Vec<_> = [heading].into_iter().chain(problems.iter().map(row)).collect();
    let mut lines = table(&rows);
    let rejected: u64 = report.rows.rejected.values().sum();
    let all = rejected + report.rows.check_digit_warnings;
    let more = all - problems.len() as u64;
    if more > 0 {
        let rows = count(more, "more row");
        let hint = if report.outputs.is_empty() {
            "; `--rejects FILE` writes all that are rejected"
        } else {
            ""
        };
        lines.push(format!("and {rows} with a problem{hint}"));
    }
    lines
}

fn problem(row: &ProblemRow) -> String {
    let detail = row.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    let kept = if row.rejected { "" } else { " (kept)" };
    format!("{}{kept}{detail}", row.error)
}

/// The line, behind the file where there are several.
fn place(place: &Place, report: &Report) -> String {
    if report.inputs.len() > 1 {
        format!("{}:{}", visible(&place.file), place.line)
    } else {
        place.line.to_string()
    }
}

/// The VINs that most rows have.
fn duplicates(duplicates: &Duplicates, report: &Report) -> Vec<String> {
    if duplicates.vins == 0 {
        return Vec::new();
    }
    let heading = ["VIN in several rows", "rows", "lines"].map(str::to_owned).to_vec();
    let row = |vin: &Duplicate| {
        let mut places: Vec<_> = vin.places.iter().map(|at| place(at, report)).collect();
        places.extend((vin.rows > places.len() as u64).then(|| "…".to_owned()));
        vec![vin.vin.clone(), thousands(vin.rows), places.join(", ")]
    };
    let rows: Vec<_> = [heading].into_iter().chain(duplicates.most.iter().map(row)).collect();
    let mut lines = table(&rows);
    let more = duplicates.vins - duplicates.most.len() as u64;
    if more > 0 {
        let all = thousands(duplicates.rows);
        lines.push(format!("and {}; {all} rows in all", count(more, "more VIN")));
    }
    lines
}

fn describe(input: &InputReport) -> String {
    format!(
        "{}: {}, {}, {}, VINs in `{}` ({})",
        visible(&input.name),
        count(input.rows, "row"),
        bytes(input.bytes),
        form(input),
        visible(&input.vin_column),
        input.vin_column_by.replace('_', " ")
    )
}

/// How its rows are written.
fn form(input: &InputReport) -> String {
    let packed =
        input.packing.as_ref().map_or_else(String::new, |packing| format!(" in {packing}"));
    let header = match input.header_line {
        Some(1) => "header".to_owned(),
        Some(line) if input.sheet.is_some() => format!("header on row {line}"),
        Some(line) => format!("header on line {line}"),
        None => "no header".to_owned(),
    };
    if let Some(sheet) = &input.sheet {
        return format!("{}{packed}, sheet `{}`, {header}", input.format, visible(sheet));
    }
    let (Some(delimiter), Some(encoding)) = (&input.delimiter, &input.encoding) else {
        return format!("{}{packed}", input.format);
    };
    let quoting = match (input.quote.as_deref(), input.escape.as_deref()) {
        (Some("none"), _) => ", no quotes",
        (_, Some("backslash")) => ", quotes escaped by `\\`",
        _ => "",
    };
    format!("{encoding}{packed}, delimiter `{}`{quoting}, {header}", delimiter.escape_debug())
}

#[cfg(test)]
#[path = "tests/validate.rs"]
mod tests;
