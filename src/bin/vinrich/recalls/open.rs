//! `vinrich recalls open`: the recalls that are open on the vehicles of an output.

use serde_json::{Value, json};
use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::domain::facts::day;
use vinrich::recalls::{OpenRecall, OpenRecalls, open_recalls};

use crate::cli::{RecallsOpenArgs, ReportFormat};
use crate::format::{at, count, rfc3339, text, visible};
use crate::table::table;
use crate::{stdout, table_file};

/// The columns of the table.
const COLUMNS: [&str; 11] = [
    "vin",
    "vehicle",
    "campaign",
    "since",
    "park_it",
    "park_outside",
    "doubtful",
    "status",
    "said_by",
    "said_on",
    "note",
];

pub(super) fn run(args: &RecallsOpenArgs, settings: &Settings) -> Result<(), Error> {
    let found = open_recalls(&settings.store, args.output.as_deref())?;
    match (&args.out, args.format) {
        (Some(path), _) => {
            let row = |recall| as_cells(recall).map(|(_, cell)| as_text_cell(&cell)).collect();
            let rows = listed(&found, args.all).map(row);
            let about = (settings, &*found.snapshot.output);
            table_file::write(path, about, &COLUMNS, ("recall", rows))
        }
        (None, ReportFormat::Json) => stdout::write_json(&as_json(&found, args.all)),
        (None, ReportFormat::Text) => stdout::write(&as_text(&found, args.all)),
    }
}

/// The recalls that are listed.
fn listed(found: &OpenRecalls, all: bool) -> impl Iterator<Item = &OpenRecall> {
    found.recalls.iter().filter(move |recall| all || !recall.is_done())
}

fn as_text_cell(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn as_text(found: &OpenRecalls, all: bool) -> String {
    let OpenRecalls { snapshot, recalls, answered } = found;
    let (done, open): (Vec<_>, Vec<_>) = recalls.iter().partition(|recall| recall.is_done());
    let mut vehicles: Vec<_> = open.iter().map(|recall| recall.vin).collect();
    vehicles.sort_unstable();
    vehicles.dedup();
    let mut lines = vec![format!(
        "{}, as of {}: {} on {} of {}",
        visible(&snapshot.output),
        at(snapshot.taken_at),
        count(open.len() as u64, "open recall"),
        vehicles.len(),
        count(snapshot.vehicles, "vehicle"),
    )];
    if *answered < snapshot.vehicles {
        let unknown = count(snapshot.vehicles - answered, "vehicle");
        lines.push(format!("{unknown} without an answer about recalls"));
    }
    if listed(found, all).next().is_some() {
        let heading = ["VIN", "vehicle", "campaign", "since", "", "said"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(listed(found, all).map(row));
        lines.push(String::new());
        lines.extend(table(&rows));
    }
    if !all && !done.is_empty() {
        lines.push(String::new());
        lines.push(format!("left out: {} said to be done (`--all`)", done.len()));
    }
    text(&lines)
}

fn row(recall: &OpenRecall) -> Vec<String> {
    let state = &recall.recall;
    let order = match (state.park_it, state.park_outside) {
        (true, _) => "do not drive",
        (false, true) => "park outside",
        (false, false) if state.doubtful => "may apply",
        (false, false) => "",
    };
    let said = recall.status.as_ref().map(|status| {
        let says = if status.is_done { "done" } else { "open" };
        let on = day(status.holds_on()).unwrap_or_default();
        let note = status.note.as_deref().map(|note| format!(": {}", visible(note)));
        format!("{says} {on}, {}{}", visible(&status.said_by), note.unwrap_or_default())
    });
    vec![
        recall.vin.to_string(),
        visible(&recall.vehicle).into_owned(),
        visible(&state.number).into_owned(),
        at(recall.since).get(..10).unwrap_or_default().to_owned(),
        order.to_owned(),
        said.unwrap_or_default(),
    ]
}

fn as_json(found: &OpenRecalls, all: bool) -> Value {
    let recalls = listed(found, all).map(|recall| Value::Object(as_cells(recall).collect()));
    json!({
        "output": found.snapshot.output,
        "run_id": found.snapshot.run_id,
        "taken_at": rfc3339(found.snapshot.taken_at),
        "vehicles": found.snapshot.vehicles,
        "answered": found.answered,
        "recalls": recalls.collect::<Vec<_>>(),
    })
}

/// The cells of [`COLUMNS`].
fn as_cells(recall: &OpenRecall) -> impl Iterator<Item = (String, Value)> {
    let (state, status) = (&recall.recall, recall.status.as_ref());
    let cells = [
        json!(recall.vin.to_string()),
        json!(recall.vehicle),
        json!(state.number),
        json!(rfc3339(recall.since)),
        json!(state.park_it),
        json!(state.park_outside),
        json!(state.doubtful),
        json!(if recall.is_done() { "done" } else { "open" }),
        json!(status.map(|status| &status.said_by)),
        json!(status.and_then(|status| day(status.holds_on()))),
        json!(status.and_then(|status| status.note.as_ref())),
    ];
    COLUMNS.map(str::to_owned).into_iter().zip(cells)
}
