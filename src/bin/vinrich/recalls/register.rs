//! `vinrich recalls done` and `import-status`: what was said of recalls on single vehicles.

use serde_json::json;
use vinrich::config::Settings;
use vinrich::domain::Timestamp;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::facts::{day, number_of_day};
use vinrich::input::InputSpec;
use vinrich::recalls::{Done, Register, StatusImport};

use crate::cli::{RecallsDoneArgs, RecallsImportStatusArgs, ReportFormat};
use crate::format::{count, text, visible};
use crate::{args_to_plan, stdout};

pub(super) fn done(args: &RecallsDoneArgs, settings: &Settings) -> Result<(), Error> {
    let register = Register { settings, now: Timestamp::now() };
    let vin = args_to_plan::vin(&args.vin)?;
    let RecallsDoneArgs { campaign, by, .. } = args;
    if args.take_back {
        return if register.take_back(&vin, campaign, by)? {
            stdout::write(&format!(
                "{vin}: what {} said of {campaign} is taken back\n",
                visible(by)
            ))
        } else {
            let what = format!("`{by}` has said nothing of {campaign} on {vin}");
            Err(Error::usage(what).hint("`--by NAME` names whoever said it"))
        };
    }
    let done = Done {
        vin,
        campaign,
        day: args.date.and_then(number_of_day),
        note: args.note.as_deref(),
        said_by: by,
    };
    let status = register.done(&done)?;
    let on = day(status.holds_on()).unwrap_or_default();
    stdout::write(&format!("{vin}: {} is done, as of {on}, by {}\n", status.campaign, visible(by)))
}

/// Exit 3 where rows were left out.
pub(super) fn import_status(
    args: &RecallsImportStatusArgs,
    settings: &Settings,
) -> Result<u8, Error> {
    let input = InputSpec {
        sources: vec![args.file.clone()],
        vin_column: args.vin_column.clone(),
        sheet: args.sheet.clone(),
        ..InputSpec::default()
    };
    let register = Register { settings, now: Timestamp::now() };
    let imported = register.import(&input, args.by.as_deref())?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&as_json(&imported))?,
        ReportFormat::Text => stdout::write(&as_text(&imported))?,
    }
    let is_whole = imported.file.refused.is_empty();
    Ok(if is_whole { Exit::Success } else { Exit::SomeFailed }.code())
}

fn as_text(imported: &StatusImport) -> String {
    let StatusImport { file, kept, elsewhere } = imported;
    let open = file.statuses.iter().filter(|status| !status.is_done).count();
    let mut lines = vec![format!(
        "{}: {}: {} done, {open} open",
        visible(&file.name),
        count(file.rows, "row"),
        file.statuses.len() - open,
    )];
    let parts = [
        (kept.changed, "new or changed"),
        (kept.same, "said before"),
        (kept.older, "older than what it said before: not taken in"),
        (elsewhere.unwrap_or(0), "about vehicles that are in no output: kept all the same"),
        (file.without_campaign, "name no campaign"),
        (file.unread_dates, "with a date that cannot be read: they count as of today"),
    ];
    let parts = parts.into_iter().filter(|(rows, _)| *rows > 0);
    lines.extend(parts.map(|(rows, what)| format!("  {rows} {what}")));
    lines.extend(file.refused.iter().map(|(why, refused)| {
        format!(
            "  left out: {} {}, the first on line {}: `{}`",
            refused.rows,
            why.what(),
            refused.line,
            visible(&refused.cell),
        )
    }));
    text(&lines)
}

fn as_json(imported: &StatusImport) -> serde_json::Value {
    let StatusImport { file, kept, elsewhere } = imported;
    let refused = file.refused.iter().map(|(why, refused)| {
        json!({
            "why": why.what(), "rows": refused.rows, "line": refused.line, "cell": refused.cell,
        })
    });
    json!({
        "file": file.name,
        "rows": file.rows,
        "done": file.statuses.iter().filter(|status| status.is_done).count(),
        "open": file.statuses.iter().filter(|status| !status.is_done).count(),
        "changed": kept.changed,
        "same": kept.same,
        "older": kept.older,
        "elsewhere": elsewhere,
        "without_campaign": file.without_campaign,
        "unread_dates": file.unread_dates,
        "left_out": refused.collect::<Vec<_>>(),
    })
}
