//! `vinrich cache explain`: what the store knows of a VIN, and from whom.

use vinrich::SystemClock;
use vinrich::config::Settings;
use vinrich::domain::error::{Error, Exit};
use vinrich::explain::{Explained, ExplainedAnswer};

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
    for answer in &explained.answers {
        lines.push(String::new());
        lines.extend(answer_lines(answer).iter().map(|line| visible(line).into_owned()));
    }
    lines.extend([String::new(), "the next run:".into()]);
    lines.extend(
        explained.next_run.iter().map(|(dataset, what)| format!("  {dataset:9} {}", visible(what))),
    );
    text(&lines)
}

/// One answer: what and how old, then where it came from.
fn answer_lines(answer: &ExplainedAnswer) -> Vec<String> {
    let age = span(answer.age_seconds.unsigned_abs());
    let why = answer.detail.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let mut lines = vec![
        format!(
            "{} from {} {}: {}{why}",
            answer.dataset, answer.vendor, answer.endpoint, answer.status
        ),
        format!("  about     {}", answer.key),
        format!(
            "  fetched   {}, {age} ago, {}",
            moment(&answer.fetched_at),
            answer.state.replace('_', " ")
        ),
        format!("  fresh     until {}", moment(&answer.fresh_until)),
        format!("  written   until {} where it cannot be renewed", moment(&answer.stale_until)),
        format!("  from      {}", answer.origin),
        format!("  call      {}{}", answer.call, of_call(answer)),
        format!("  body      {}", bytes(answer.body_bytes)),
    ];
    lines.extend(
        answer.earlier.iter().map(|(at, status)| format!("  before    {status}, {}", moment(at))),
    );
    lines
}

fn of_call(answer: &ExplainedAnswer) -> String {
    let run = answer.run_id.as_deref().map(|run| format!(" of run {run}"));
    let request = answer.request_id.as_deref().map(|id| format!(", request {id}"));
    format!("{}{}", run.unwrap_or_default(), request.unwrap_or_default())
}
