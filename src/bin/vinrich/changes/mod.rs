//! `vinrich changes`: what a person reads in the morning, and the same as a table.

mod mail;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use vinrich::changes::{
    Change, Changes, ChangesSpec, Compared, ConfirmPlan, Confirmed, KeptColumns, Since, What,
    kept_columns,
};
use vinrich::config::Settings;
use vinrich::domain::Timestamp;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::{Error, Exit};
use vinrich::store::KeptSnapshot;
use vinrich::{Context, SystemClock};

use crate::cli::{ChangesArgs, CommonArgs, ReportFormat};
use crate::console::Console;
use crate::format::{at, count, visible};
use crate::{args_to_plan, settings, signals, stdout, table_file};

/// The columns of the table behind `row_id`, `vin` and those of the user.
const COLUMNS: [&str; 5] = ["kind", "field", "before", "after", "campaign"];

/// Its last column, where new recalls were asked about by VIN: whether the vendor names them.
const CONFIRMED: &str = "confirmed";

/// What `--since` calls the snapshot before the latest.
const LAST: &str = "last";

pub(crate) fn run(args: &ChangesArgs, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let since = match args.since.as_str() {
        LAST => Since::Last,
        typed => Since::Named(typed.to_owned(), args_to_plan::time(typed, Timestamp::now())),
    };
    let output = args.output.as_deref();
    let mut exit = Exit::Success.code();
    match vinrich::changes(&ChangesSpec { store: &settings.store, output, since })? {
        Compared::Alone(only) => alone(args, &only, common.quiet)?,
        Compared::Changes(changes) => {
            let shown = Shown {
                kept: kept(args, &changes)?,
                confirmed: confirmed(args, common, &settings, &changes)?,
                changes,
            };
            if let Some(confirmed) = &shown.confirmed {
                exit = confirmed.report.exit_code;
            }
            match (&args.out, args.format) {
                (Some(path), _) => table(path, &settings, args, &shown)?,
                (None, ReportFormat::Json) => stdout::write_json(&as_json(args, &shown))?,
                (None, ReportFormat::Text) if common.quiet && shown.changes.changes.is_empty() => {}
                (None, ReportFormat::Text) => stdout::write(&mail::mail(&shown))?,
            }
        }
    }
    Ok(exit)
}

/// The changes, and what is shown beside them.
struct Shown {
    changes: Box<Changes>,
    /// The user's own columns.
    kept: KeptColumns,
    /// What was said by VIN of new recalls, where that was asked.
    confirmed: Option<Confirmed>,
}

impl Shown {
    /// Whether the vendor that was asked by VIN names a new campaign for its vehicle.
    fn is_named(&self, change: &Change) -> Option<bool> {
        let What::RecallNew { recall, .. } = &change.what else { return None };
        self.confirmed.as_ref()?.names(&change.vin, &recall.number)
    }
}

/// Asks about new recalls by VIN, where that is wanted.
fn confirmed(
    args: &ChangesArgs,
    common: &CommonArgs,
    settings: &Settings,
    changes: &Changes,
) -> Result<Option<Confirmed>, Error> {
    if !args.confirm_new {
        return Ok(None);
    }
    let plan = ConfirmPlan {
        settings,
        max_calls: args.max_calls,
        max_cost: args.max_cost,
        command: args_to_plan::command_line(),
    };
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    let (console, clock) = (Console::new(common), SystemClock::new());
    let context = Context { events: &console, clock: &clock, cancel: &cancel };
    let confirmed = vinrich::changes::confirm(&plan, changes, context);
    console.finish();
    confirmed
}

/// The user's own columns, where some are wanted.
fn kept(args: &ChangesArgs, changes: &Changes) -> Result<KeptColumns, Error> {
    let vins: BTreeSet<_> = changes.changes.iter().map(|change| change.vin).collect();
    if args.keep.is_empty() || vins.is_empty() {
        return Ok(KeptColumns::new());
    }
    kept_columns(Path::new(&changes.after.output), &args.keep, &vins)
}

/// The first snapshot of an output: there is nothing to compare it with.
fn alone(args: &ChangesArgs, only: &KeptSnapshot, quiet: bool) -> Result<(), Error> {
    if args.format == ReportFormat::Json {
        return stdout::write_json(&json!({
            "output": only.output, "before": null, "after": snapshot(only), "changes": [],
        }));
    }
    if quiet {
        return Ok(());
    }
    let (output, taken) = (visible(&only.output), at(only.taken_at));
    let holds = count(only.vehicles, "vehicle");
    stdout::write(&format!(
        "{output}: nothing to compare with yet; its first snapshot is of {taken} ({holds})\n"
    ))
}

/// Writes the table.
fn table(path: &Path, settings: &Settings, args: &ChangesArgs, shown: &Shown) -> Result<(), Error> {
    let changes = &shown.changes;
    let columns: Vec<&str> = ["row_id", "vin"]
        .into_iter()
        .chain(args.keep.iter().map(String::as_str))
        .chain(COLUMNS)
        .chain(shown.confirmed.as_ref().map(|_| CONFIRMED))
        .collect();
    let row = |change| {
        let cells = cells(change, args.keep.len(), shown).into_iter();
        cells.map(Option::unwrap_or_default).collect()
    };
    let rows = changes.changes.iter().map(row);
    table_file::write(path, (settings, &changes.after.output), &columns, ("change", rows))
}

/// A row of the table.
fn cells(change: &Change, columns: usize, of: &Shown) -> Vec<Option<String>> {
    let row = change.what.row(&change.vin);
    let none = vec![String::new(); columns];
    let own = of.kept.get(&change.vin).unwrap_or(&none).iter().cloned().map(Some);
    let is_named = of.is_named(change).map(|named| named.to_string());
    let confirmed = of.confirmed.as_ref().map(|_| is_named);
    let [kind, field] = [row.kind, row.field].map(|word| Some(word.to_owned()));
    [Some(row_id(change)), Some(change.vin.to_string())]
        .into_iter()
        .chain(own)
        .chain([kind, field, row.before, row.after, row.campaign])
        .chain(confirmed)
        .collect()
}

fn as_json(args: &ChangesArgs, shown: &Shown) -> serde_json::Value {
    let Shown { changes, kept, confirmed } = shown;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for change in &changes.changes {
        *counts.entry(change.what.row(&change.vin).kind).or_default() += 1;
    }
    let change = |change: &Change| {
        let row = change.what.row(&change.vin);
        let own = kept.get(&change.vin);
        let own: BTreeMap<_, _> =
            own.into_iter().flat_map(|own| args.keep.iter().zip(own)).collect();
        json!({
            "row_id": row_id(change), "vin": change.vin.as_str(), "columns": own, "kind": row.kind,
            "field": row.field, "before": row.before, "after": row.after, "campaign": row.campaign,
            CONFIRMED: shown.is_named(change),
        })
    };
    let campaign = |of: &vinrich::domain::facts::Campaign| json!({ "component": of.component, "summary": of.summary, "remedy": of.remedy });
    let campaigns: BTreeMap<_, _> =
        changes.campaigns.iter().map(|(number, of)| (number, campaign(of))).collect();
    json!({
        "output": changes.after.output,
        "before": snapshot(&changes.before),
        "after": snapshot(&changes.after),
        "not_compared": changes.not_compared.iter().map(|dataset| dataset.name()).collect::<Vec<_>>(),
        "unreadable": changes.unreadable.iter().map(|kept| &kept.run_id).collect::<Vec<_>>(),
        "counts": counts,
        "asked_by_vin": confirmed.as_ref().map(|of| json!({
            "vendor": of.vendor, "vehicles": of.vehicles, "answered": of.campaigns.len(),
            "calls": of.calls(),
        })),
        "changes": changes.changes.iter().map(change).collect::<Vec<_>>(),
        "campaigns": campaigns,
    })
}

fn snapshot(kept: &KeptSnapshot) -> serde_json::Value {
    json!({
        "run_id": kept.run_id, "taken_at": kept.taken_at.rfc3339(),
        "rows": kept.rows, "vehicles": kept.vehicles,
    })
}

/// As outputs have it.
fn row_id(change: &Change) -> String {
    format!("{:032x}", change.row_id)
}
