//! `vinrich plan`: what a run would take, told before it is spent.

use vinrich::clock::SystemClock;
use vinrich::error::{Error, Exit};
use vinrich::plan::{DatasetForecast, Forecast, VendorForecast};

use crate::bar::Console;
use crate::cli::{CommonArgs, PlanArgs, ReportFormat};
use crate::sandbox::Session;
use crate::words::{by_reason, count, span, table, thousands, visible};
use crate::{meaning, settings, stdout};

pub(crate) fn run(args: &PlanArgs, common: &CommonArgs) -> Result<u8, Error> {
    let mut plan = meaning::of_plan(args, settings::load(common.config.as_deref())?)?;
    let _session = Session::start(&args.sandbox, &mut plan.settings)?;
    let console = Console::new(common);
    let outcome = vinrich::forecast(&plan, &console, &SystemClock::new());
    console.finish();
    let forecast = outcome?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&forecast)?,
        ReportFormat::Text => stdout::write(&as_text(&forecast))?,
    }
    Ok(Exit::Success.code())
}

fn as_text(forecast: &Forecast) -> String {
    let mut text = format!("{}\n{}\n", headline(forecast), rows(forecast));
    if !forecast.datasets.is_empty() {
        text += &format!("\n{}", datasets(&forecast.datasets));
    }
    if !forecast.vendors.is_empty() {
        text += &format!("\n{}", vendors(&forecast.vendors));
    }
    for warning in &forecast.warnings {
        text += &format!("\nwarning: {}\n", visible(warning));
    }
    text
}

/// The one line that answers the question.
fn headline(forecast: &Forecast) -> String {
    let vins = count(forecast.distinct, "VIN");
    let vendors = &forecast.vendors;
    let calls: u64 = vendors.iter().map(|vendor| vendor.calls_total).sum();
    if calls == 0 {
        return format!("{vins}: nothing to ask");
    }
    let exact = vendors.iter().all(|vendor| vendor.exact);
    let mut line = format!("{vins}: {}", at_most(exact, &count(calls, "call")));
    let cost = vendors.iter().map(|vendor| vendor.cost).sum::<vinrich::money::Micros>();
    if cost.0 > 0 {
        line += &format!("; {}", at_most(exact, &cost.to_string()));
    }
    if let Some(slowest) = vendors.iter().max_by_key(|vendor| (vendor.nights, vendor.seconds)) {
        line += &format!("; done in {}", at_most(exact, &time(slowest)));
    }
    line
}

fn rows(forecast: &Forecast) -> String {
    let mut line =
        format!("{}, {} with a usable VIN", count(forecast.rows, "row"), thousands(forecast.valid));
    let rejected: u64 = forecast.rejected.values().sum();
    if rejected > 0 {
        let reasons = by_reason(forecast.rejected.iter().map(|(reason, number)| (reason, *number)));
        line += &format!("; {} rejected: {reasons}", thousands(rejected));
    }
    line
}

fn datasets(datasets: &[DatasetForecast]) -> String {
    let heading = ["dataset", "keys", "fresh", "expired", "to ask", ""].map(str::to_owned).to_vec();
    let (left_out, wanted): (Vec<_>, Vec<_>) =
        datasets.iter().partition(|dataset| dataset.left_out.is_some());
    let rows = wanted.iter().map(|dataset| {
        let note = if dataset.exact { "" } else { "at most, until decodes are known" };
        let numbers = [dataset.keys, dataset.cached, dataset.stale, dataset.missing].map(thousands);
        let mut row = vec![dataset.dataset.to_owned()];
        row.extend(numbers);
        row.push(note.to_owned());
        row
    });
    let mut text = if wanted.is_empty() {
        String::new()
    } else {
        table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
    };
    for dataset in left_out {
        let why = dataset.left_out.as_deref().unwrap_or_default();
        text += &format!("{} is left out: {}\n", dataset.dataset, visible(why));
    }
    text
}

fn vendors(vendors: &[VendorForecast]) -> String {
    let heading = ["vendor", "calls", "cost", "quota left", "done in", "by endpoint"]
        .map(str::to_owned)
        .to_vec();
    let rows = vendors.iter().map(|vendor| {
        vec![
            vendor.vendor.clone(),
            at_most(vendor.exact, &thousands(vendor.calls_total)),
            vendor.cost.to_string(),
            vendor.quota_left.map_or_else(|| "no quota".into(), thousands),
            time(vendor),
            by_reason(vendor.calls.iter().map(|(endpoint, calls)| (endpoint, *calls))),
        ]
    });
    table(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

fn at_most(exact: bool, amount: &str) -> String {
    if exact { amount.to_owned() } else { format!("at most {amount}") }
}

fn time(vendor: &VendorForecast) -> String {
    if vendor.nights > 1 { count(vendor.nights, "night") } else { span(vendor.seconds) }
}

#[cfg(test)]
mod tests {
    use vinrich::money::Micros;

    use super::*;

    fn forecast() -> Forecast {
        Forecast {
            rows: 2100,
            valid: 2088,
            rejected: [("length", 7), ("placeholder", 5)].into(),
            distinct: 2000,
            datasets: vec![
                DatasetForecast {
                    dataset: "decode",
                    keys: 2000,
                    missing: 2000,
                    exact: true,
                    ..Default::default()
                },
                DatasetForecast {
                    dataset: "recalls",
                    keys: 412,
                    cached: 10,
                    stale: 2,
                    missing: 402,
                    ..Default::default()
                },
                DatasetForecast {
                    dataset: "listings",
                    left_out: Some("no key for `visor`; set `VISOR_API_KEY`".into()),
                    ..Default::default()
                },
            ],
            vendors: vec![VendorForecast {
                vendor: "carvin".into(),
                calls: [("batch-decode", 100), ("recalls", 402)].into(),
                calls_total: 502,
                exact: false,
                cost: Micros::ZERO,
                quota_left: Some(88),
                seconds: 500_000,
                nights: 6,
            }],
            warnings: vec!["recalls expire faster than the quota renews them".into()],
        }
    }

    #[test]
    fn a_forecast_says_calls_money_and_nights_first() {
        insta::assert_snapshot!(as_text(&forecast()), @r#"
        2,000 VINs: at most 502 calls; done in at most 6 nights
        2,100 rows, 2,088 with a usable VIN; 12 rejected: 7 length, 5 placeholder

        dataset   keys  fresh  expired  to ask
        decode   2,000      0        0   2,000
        recalls    412     10        2     402  at most, until decodes are known
        listings is left out: no key for `visor`; set `VISOR_API_KEY`

        vendor  calls         cost  quota left  done in   by endpoint
        carvin  at most 502  $0.00          88  6 nights  402 recalls, 100 batch-decode

        warning: recalls expire faster than the quota renews them
        "#);
    }

    #[test]
    fn a_store_that_knows_everything_leaves_nothing_to_ask() {
        let known = Forecast { distinct: 1, rows: 1, valid: 1, ..Forecast::default() };
        assert_eq!(as_text(&known), "1 VIN: nothing to ask\n1 row, 1 with a usable VIN\n");
    }

    #[test]
    fn exact_numbers_are_not_hedged_and_money_is_told() {
        let mut exact = forecast();
        exact.vendors[0] = VendorForecast {
            exact: true,
            cost: Micros(1_500_000),
            nights: 1,
            seconds: 125,
            ..exact.vendors[0].clone()
        };
        assert_eq!(headline(&exact), "2,000 VINs: 502 calls; $1.50; done in 2 min");
    }
}
