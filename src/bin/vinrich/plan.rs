//! `vinrich plan`: what a run would take, before it is spent.

use vinrich::SystemClock;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::money::Micros;
use vinrich::plan::{DatasetForecast, Forecast, VendorForecast};

use crate::cli::{CommonArgs, PlanArgs, ReportFormat};
use crate::console::Console;
use crate::format::{by_reason, count, span, text, thousands, visible, wrote};
use crate::sandbox::Session;
use crate::table::table;
use crate::{args_to_plan, settings, stdout};

pub(crate) fn run(args: &PlanArgs, common: &CommonArgs) -> Result<u8, Error> {
    let mut plan = args_to_plan::of_plan(args, settings::load(common.config.as_deref())?)?;
    let _session = Session::start(&args.sandbox, &mut plan.settings)?;
    let console = Console::new(common);
    let outcome = vinrich::plan(&plan, &console, &SystemClock::new());
    console.finish();
    let forecast = outcome?;
    match args.format {
        _ if args.rejects.take_stdout() => console.print(&as_text(&forecast)),
        ReportFormat::Json => stdout::write_json(&forecast)?,
        ReportFormat::Text => stdout::write(&as_text(&forecast))?,
    }
    Ok(Exit::Success.code())
}

fn as_text(forecast: &Forecast) -> String {
    let mut lines = vec![headline(forecast), rows(forecast)];
    let warnings = forecast.warnings.iter().map(|warning| format!("warning: {}", visible(warning)));
    for section in [
        datasets(&forecast.datasets),
        by_vendor(&forecast.vendors),
        warnings.collect(),
        wrote(&forecast.outputs),
    ] {
        if !section.is_empty() {
            lines.push(String::new());
            lines.extend(section);
        }
    }
    text(&lines)
}

/// The one line that answers the question.
fn headline(forecast: &Forecast) -> String {
    let vins = count(forecast.distinct, "VIN");
    let vendors = &forecast.vendors;
    let slowest = vendors
        .iter()
        .filter(|vendor| vendor.calls_total > 0)
        .max_by_key(|vendor| (vendor.nights, vendor.seconds));
    let Some(slowest) = slowest else {
        return format!("{vins}: nothing to ask");
    };
    let cost: Micros = vendors.iter().map(|vendor| vendor.cost).sum();
    let certain = vendors.iter().filter(|vendor| vendor.cost > Micros::ZERO).all(|v| v.exact);
    let calls: u64 = vendors.iter().map(|vendor| vendor.calls_total).sum();
    let mut parts =
        vec![format!("{} {}", range(vendors), if calls == 1 { "call" } else { "calls" })];
    parts.extend((cost > Micros::ZERO).then(|| at_most(certain, &cost.to_string())));
    parts.push(format!("done in {}", at_most(slowest.exact || is_soon(slowest), &time(slowest))));
    format!("{vins}: {}", parts.join("; "))
}

/// The calls, from those that are sure to those that may be.
fn range(vendors: &[VendorForecast]) -> String {
    let most = thousands(vendors.iter().map(|vendor| vendor.calls_total).sum());
    let least = vendors.iter().map(|vendor| vendor.calls_at_least).sum();
    match (vendors.iter().all(|vendor| vendor.exact), least) {
        (true, _) => most,
        (false, 0) => at_most(false, &most),
        (false, least) => format!("{} to {most}", thousands(least)),
    }
}

fn rows(forecast: &Forecast) -> String {
    let line =
        format!("{}, {} with a usable VIN", count(forecast.rows, "row"), thousands(forecast.valid));
    match forecast.rejected.values().sum() {
        0 => line,
        rejected => {
            format!("{line}; {} rejected: {}", thousands(rejected), by_reason(&forecast.rejected))
        }
    }
}

fn datasets(datasets: &[DatasetForecast]) -> Vec<String> {
    let local = datasets.iter().any(|dataset| dataset.local > 0);
    let mut heading = vec!["dataset", "keys"];
    heading.extend(local.then_some("on this machine"));
    heading.extend(["fresh", "expired", "to ask", ""]);
    let mut rows = vec![heading.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for dataset in datasets.iter().filter(|dataset| dataset.left_out.is_none()) {
        let mut row = vec![dataset.dataset.to_owned(), thousands(dataset.keys)];
        row.extend(local.then(|| thousands(dataset.local)));
        row.extend([dataset.cached, dataset.stale, dataset.missing].map(thousands));
        row.push(
            if dataset.exact { "" } else { "at most, until sources have answered" }.to_owned(),
        );
        rows.push(row);
    }
    let mut lines = if rows.len() > 1 { table(&rows) } else { Vec::new() };
    lines.extend(datasets.iter().filter_map(|dataset| {
        let why = dataset.left_out.as_deref()?;
        Some(format!("{} is left out: {}", dataset.dataset, visible(why)))
    }));
    lines
}

fn by_vendor(vendors: &[VendorForecast]) -> Vec<String> {
    let called: Vec<&VendorForecast> =
        vendors.iter().filter(|vendor| vendor.calls_total > 0).collect();
    if called.is_empty() {
        return Vec::new();
    }
    let heading = ["vendor", "calls", "cost", "quota left", "done in", "by endpoint"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(called.iter().map(|vendor| {
        vec![
            vendor.vendor.clone(),
            range(std::slice::from_ref(vendor)),
            vendor.cost.to_string(),
            vendor.quota_left.map_or_else(|| "no quota".into(), thousands),
            time(vendor),
            by_reason(&vendor.calls),
        ]
    }));
    table(&rows)
}

fn at_most(exact: bool, amount: &str) -> String {
    if exact { amount.to_owned() } else { format!("at most {amount}") }
}

/// How long it takes until every key has an answer.
fn time(vendor: &VendorForecast) -> String {
    const NIGHT: u64 = 24 * 3600;
    if is_soon(vendor) {
        "under 1 min".into()
    } else if vendor.nights > 1 || vendor.seconds >= NIGHT {
        count(vendor.nights, "night")
    } else {
        span(vendor.seconds)
    }
}

/// Whether the quotas hold the calls up by less than anybody would plan for.
fn is_soon(vendor: &VendorForecast) -> bool {
    vendor.seconds < 60
}

#[cfg(test)]
#[path = "tests/plan.rs"]
mod tests;
