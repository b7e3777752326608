//! `vinrich cache explain`: what the store knows of a VIN, and from whom.

use vinrich::SystemClock;
use vinrich::config::Settings;
use vinrich::domain::error::{Error, Exit};
use vinrich::enrich::explain::{Explained, Told};

use crate::cli::{CacheExplainArgs, ReportFormat};
use crate::format::{bytes, moment, span, text, visible};
use crate::{args_to_plan, stdout};

pub(super) fn run(args: &CacheExplainArgs, settings: Settings) -> Result<u8, Error> {
    let vin = args_to_plan::vin(&args.vin)?;
    let plan = args_to_plan::of_next_run(settings);
    let explained = vinrich::explain(&plan, &vin, &SystemClock::new())?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&explained)?,
        ReportFormat::Text => stdout::write(&as_text(&explained))?,
    }
    Ok(Exit::Success.code())
}

fn as_text(explained: &Explained) -> String {
    let vehicle = explained.vehicle.as_deref().map(|vehicle| format!(", {vehicle}"));
    let mut lines = vec![format!("{}{}", explained.vin, visible(&vehicle.unwrap_or_default()))];
    if explained.answers.is_empty() {
        lines.push("the store has no answer about it".into());
    }
    for told in &explained.answers {
        lines.push(String::new());
        lines.extend(statement(told).iter().map(|line| visible(line).into_owned()));
    }
    lines.extend([String::new(), "the next run:".into()]);
    lines.extend(
        explained.next_run.iter().map(|(dataset, what)| format!("  {dataset:9} {}", visible(what))),
    );
    text(&lines)
}

/// One answer: what and how old, then where it came from.
fn statement(told: &Told) -> Vec<String> {
    let age = span(told.age_seconds.unsigned_abs());
    let why = told.detail.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let mut lines = vec![
        format!("{} from {} {}: {}{why}", told.dataset, told.vendor, told.endpoint, told.status),
        format!("  about     {}", told.key),
        format!(
            "  fetched   {}, {age} ago, {}",
            moment(&told.fetched_at),
            told.state.replace('_', " ")
        ),
        format!("  fresh     until {}", moment(&told.fresh_until)),
        format!("  written   until {} where it cannot be renewed", moment(&told.stale_until)),
        format!("  from      {}", told.origin),
        format!("  call      {}{}", told.call, of_call(told)),
        format!("  body      {}", bytes(told.body_bytes)),
    ];
    lines.extend(
        told.earlier.iter().map(|(at, status)| format!("  before    {status}, {}", moment(at))),
    );
    lines
}

fn of_call(told: &Told) -> String {
    let run = told.run_id.as_deref().map(|run| format!(" of run {run}"));
    let request = told.request_id.as_deref().map(|id| format!(", request {id}"));
    format!("{}{}", run.unwrap_or_default(), request.unwrap_or_default())
}
