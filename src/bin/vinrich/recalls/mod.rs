//! `vinrich recalls`: NHTSA's recall file, in the store.

mod open;
mod register;

use std::path::Path;

use serde_json::json;
use vinrich::config::Settings;
use vinrich::domain::Timestamp;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::{Events, Progress};
use vinrich::domain::facts::day;
use vinrich::recalls::{self, Update, UpdateProgress, Updated};
use vinrich::store::{Imported, KeptRecallFile, Store, StoreSpec};

use crate::cli::{
    CommonArgs, ListArgs, RecallsCommand, RecallsImportArgs, RecallsUpdateArgs, ReportFormat,
};
use crate::console::Console;
use crate::format::{at, count, rfc3339, text, thousands, visible};
use crate::table::table;
use crate::{settings, stdout};

/// Rows between two looks at the clock.
const ROWS_A_LOOK: u64 = 4096;

pub(crate) fn run(command: &RecallsCommand, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    match command {
        RecallsCommand::Import(args) => import(args, common, &settings)?,
        RecallsCommand::Update(args) => update(args, common, &settings)?,
        RecallsCommand::Status(args) => status(args, &settings)?,
        RecallsCommand::Done(args) => register::done(args, &settings)?,
        RecallsCommand::Open(args) => open::run(args, &settings)?,
        RecallsCommand::ImportStatus(args) => return register::import_status(args, &settings),
    }
    Ok(Exit::Success.code())
}

/// What was imported before a file failed stays, and is printed.
fn import(args: &RecallsImportArgs, common: &CommonArgs, settings: &Settings) -> Result<(), Error> {
    let console = Console::new(common);
    let mut done = Vec::new();
    let mut outcome = Ok(());
    for file in &args.files {
        match import_one(file, args.replace, settings, &console) {
            Ok(imported) => done.push(imported),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    console.finish();
    match args.format {
        ReportFormat::Json if !done.is_empty() => {
            stdout::write_json(&done.iter().map(as_json).collect::<Vec<_>>())?;
        }
        ReportFormat::Json => {}
        ReportFormat::Text => stdout::write(&done.iter().map(as_text).collect::<String>())?,
    }
    outcome
}

fn import_one(
    file: &Path,
    replace: bool,
    settings: &Settings,
    console: &Console,
) -> Result<Imported, Error> {
    let (spec, now) = (StoreSpec::of(settings), Timestamp::now());
    vinrich::store::import_recall_file(&spec, file, replace, now, |rows| {
        show_rows(console, rows);
    })
}

/// What was imported before a file failed stays, and is printed.
fn update(args: &RecallsUpdateArgs, common: &CommonArgs, settings: &Settings) -> Result<(), Error> {
    let now = Timestamp::now();
    let say = |text: &str| if common.quiet { Ok(()) } else { stdout::write(text) };
    let young = match args.if_older {
        Some(age) => recalls::checked_within(settings, age, now)?,
        None => None,
    };
    if let Some(checked) = young {
        return say(&format!("the recall file was checked at {}; nothing to do\n", at(checked)));
    }
    let console = Console::new(common);
    let update = Update { settings, replace: args.replace, now };
    for name in &settings.recall_file.files {
        let updated = update.run(name, &|progress| match progress {
            UpdateProgress::Received(so_far, all) => console.arrived(so_far, all),
            UpdateProgress::Read(rows) => show_rows(&console, rows),
        });
        if updated.is_err() {
            console.finish();
        }
        say(&match updated? {
            Updated::NotModified => format!("{name}: not modified since it was checked last\n"),
            Updated::SameText => format!("{name}: its text is the imported one; nothing to do\n"),
            Updated::Imported(imported) => as_text(&imported),
        })?;
    }
    console.finish();
    Ok(())
}

fn show_rows(console: &Console, rows: u64) {
    if rows.is_multiple_of(ROWS_A_LOOK) {
        console.progress(&Progress { rows, ..Progress::default() });
    }
}

fn as_text(imported: &Imported) -> String {
    let edition = &imported.edition;
    let name = visible(&edition.name);
    if imported.unchanged {
        return format!("{name}: the store holds this edition already; nothing to do\n");
    }
    let newest = edition.newest.and_then(day).unwrap_or_else(|| "?".into());
    let mut lines = vec![format!(
        "{name}: {}: {}, {} by make, model and year; up to {newest}",
        count(edition.rows, "row"),
        count(imported.campaigns, "campaign"),
        count(imported.vehicles, "vehicle"),
    )];
    let left_out = [
        (edition.other_rows, "about equipment, tires and child seats"),
        (edition.duplicates, "repeated by another row"),
    ];
    let left_out = left_out.into_iter().filter(|(rows, _)| *rows > 0);
    lines.extend(
        left_out.map(|(rows, which)| format!("  left out: {} {which}", count(rows, "row"))),
    );
    lines.extend(edition.warnings.iter().map(|what| format!("  warning: {}", visible(what))));
    text(&lines)
}

fn as_json(imported: &Imported) -> serde_json::Value {
    let edition = &imported.edition;
    json!({
        "file": edition.name,
        "part": edition.part.name(),
        "unchanged": imported.unchanged,
        "sha256": format!("{:x}", bytes::Bytes::copy_from_slice(&edition.hash)),
        "rows": edition.rows,
        "campaigns": imported.campaigns,
        "vehicles": imported.vehicles,
        "newest": edition.newest.and_then(day),
        "other_rows": edition.other_rows,
        "duplicate_rows": edition.duplicates,
        "bad_lines": edition.rejected,
        "warnings": edition.warnings,
    })
}

fn status(args: &ListArgs, settings: &Settings) -> Result<(), Error> {
    let held = match Store::peek(&settings.store)? {
        Some(store) => store.snapshot()?.recall_files()?,
        None => Vec::new(),
    };
    match args.format {
        ReportFormat::Json => {
            stdout::write_json(&held.iter().map(held_as_json).collect::<Vec<_>>())
        }
        ReportFormat::Text => stdout::write(&held_as_text(&held)),
    }
}

fn held_as_text(held: &[KeptRecallFile]) -> String {
    if held.is_empty() {
        return "no recall file yet; `vinrich recalls update` fetches it\n".into();
    }
    let heading = ["file", "part", "rows", "campaigns", "vehicles", "latest", "imported"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(held.iter().map(|file| {
        let mut row = vec![visible(&file.name).into_owned(), file.part.name().to_owned()];
        row.extend([file.rows, file.campaigns, file.vehicles].map(thousands));
        row.extend([file.newest.and_then(day).unwrap_or_else(|| "?".into()), at(file.imported_at)]);
        row
    }));
    let mut lines = table(&rows);
    for file in held {
        let warnings = file.warnings.iter().map(|what| visible(what));
        lines.extend(warnings.map(|what| format!("warning: {}: {what}", visible(&file.name))));
    }
    text(&lines)
}

/// The JSON of a part of the recall file.
pub(crate) fn held_as_json(file: &KeptRecallFile) -> serde_json::Value {
    json!({
        "file": file.name,
        "part": file.part.name(),
        "rows": file.rows,
        "campaigns": file.campaigns,
        "vehicles": file.vehicles,
        "newest": file.newest.and_then(day),
        "imported_at": rfc3339(file.imported_at),
        "warnings": file.warnings,
    })
}

#[cfg(test)]
mod tests;
