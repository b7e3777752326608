//! `vinrich recalls open`: the recalls that are open on the vehicles of an output.

use serde_json::json;
use vinrich::config::Settings;
use vinrich::domain::error::Error;
use vinrich::domain::facts::day;
use vinrich::real_path;
use vinrich::recalls::{OpenRecall, OpenRecalls, open_recalls};
use vinrich::store::{KeptSnapshot, Store};

use crate::cli::{RecallsOpenArgs, ReportFormat};
use crate::format::{at, count, rfc3339, text, visible};
use crate::stdout;
use crate::table::table;

pub(super) fn run(args: &RecallsOpenArgs, settings: &Settings) -> Result<(), Error> {
    let wanted = args.output.as_deref().map(|path| real_path(path).display().to_string());
    let store = Store::peek(&settings.store)?.ok_or_else(|| nothing_kept(wanted.as_deref()))?;
    let snapshot = store.snapshot()?;
    let kept = snapshot.output_snapshots(wanted.as_deref())?;
    check_is_one(&kept)?;
    let (latest, earlier) = match kept.split_first() {
        Some((latest, earlier)) if latest.is_readable => (latest, earlier),
        Some(_) | None => return Err(nothing_kept(wanted.as_deref())),
    };
    let found = open_recalls(&snapshot, latest, earlier)?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&as_json(&found, args.all)),
        ReportFormat::Text => stdout::write(&as_text(&found, args.all)),
    }
}

/// 64 where it is not known which output is meant.
fn check_is_one(kept: &[KeptSnapshot]) -> Result<(), Error> {
    let mut outputs: Vec<&str> = kept.iter().map(|kept| &*kept.output).collect();
    outputs.sort_unstable();
    outputs.dedup();
    if outputs.len() > 1 {
        let hint = format!("name one with `--output`: {}", outputs.join(", "));
        return Err(Error::usage(format!("the store knows {} outputs", outputs.len())).hint(hint));
    }
    Ok(())
}

fn nothing_kept(output: Option<&str>) -> Error {
    let of = output.map_or_else(String::new, |output| format!(" of `{output}`"));
    Error::usage(format!("the store keeps no complete run{of}"))
        .hint("`vinrich enrich FILE -o OUT` keeps what a complete run says of its vehicles")
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
    let listed: Vec<_> = recalls.iter().filter(|recall| all || !recall.is_done()).collect();
    if !listed.is_empty() {
        let heading = ["VIN", "vehicle", "campaign", "since", "", "said"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(listed.into_iter().map(row));
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

fn as_json(found: &OpenRecalls, all: bool) -> serde_json::Value {
    let listed = found.recalls.iter().filter(|recall| all || !recall.is_done());
    let recalls = listed.map(|recall| {
        let state = &recall.recall;
        json!({
            "vin": recall.vin.to_string(),
            "vehicle": recall.vehicle,
            "campaign": state.number,
            "since": rfc3339(recall.since),
            "park_it": state.park_it,
            "park_outside": state.park_outside,
            "doubtful": state.doubtful,
            "status": if recall.is_done() { "done" } else { "open" },
            "said_by": recall.status.as_ref().map(|status| &status.said_by),
            "said_on": recall.status.as_ref().and_then(|status| day(status.holds_on())),
            "note": recall.status.as_ref().and_then(|status| status.note.as_ref()),
        })
    });
    json!({
        "output": found.snapshot.output,
        "run_id": found.snapshot.run_id,
        "taken_at": rfc3339(found.snapshot.taken_at),
        "vehicles": found.snapshot.vehicles,
        "answered": found.answered,
        "recalls": recalls.collect::<Vec<_>>(),
    })
}
