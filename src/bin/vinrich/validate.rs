//! `vinrich validate`: the VINs of files by local rules alone.

use std::path::Path;

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::report::{InputReport, Report};
use vinrich::{Context, SystemClock};

use crate::cli::{CommonArgs, ReportFormat, ValidateArgs};
use crate::console::Console;
use crate::format::{by_reason, bytes, count, text, thousands, visible};
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
    let report = outcome?;
    match args.format {
        // The rows have stdout to themselves.
        _ if args.rejects.as_deref() == Some(Path::new("-")) => console.print(&as_text(&report)),
        ReportFormat::Json => stdout::write_json(&report)?,
        ReportFormat::Text => stdout::write(&as_text(&report))?,
    }
    Ok(report.exit_code)
}

fn as_text(report: &Report) -> String {
    let rows = &report.rows;
    let rejected: u64 = rows.rejected.values().sum();
    let mut lines: Vec<String> = report.inputs.iter().map(describe).collect();
    lines.push(format!(
        "{}: {} usable, {} distinct, {} rejected",
        count(rows.read, "row"),
        thousands(rows.valid),
        thousands(rows.distinct_vins),
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
    lines.extend(
        report.outputs.iter().map(|output| {
            format!("wrote {} ({})", visible(&output.path), count(output.rows, "row"))
        }),
    );
    text(&lines)
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
