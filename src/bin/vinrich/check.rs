//! `vinrich check`: what can be asked at this moment, and why the rest cannot.

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::domain::events::Silent;
use vinrich::ops::check::{
    CallCheck, Check, KeyCheck, LimitCheck, LocalCheck, LocalData, RecallPart, UsageCheck,
    VendorCheck,
};
use vinrich::vendors::Counted;
use vinrich::{Context, SystemClock};

use crate::cli::{CheckArgs, CommonArgs, ReportFormat};
use crate::format::{count, moment, shown, text, thousands, took, visible};
use crate::sandbox::Session;
use crate::{args_to_plan, settings, signals, stdout};

/// The library decides the exit code: see [`Check::exit`].
pub(crate) fn run(args: &CheckArgs, common: &CommonArgs) -> Result<u8, Error> {
    let mut settings = settings::load(common.config.as_deref())?;
    let _session = Session::start(&args.sandbox, &mut settings)?;
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    let clock = SystemClock::new();
    let context = Context { events: &Silent, clock: &clock, cancel: &cancel };
    let command = args_to_plan::command_line();
    let check = vinrich::check(&settings, &command, context, !args.offline)?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&check)?,
        ReportFormat::Text => stdout::write(&as_text(&check))?,
    }
    Ok(check.exit().code())
}

fn as_text(check: &Check) -> String {
    let state = if check.store_exists { "" } else { " (none yet; the first run creates it)" };
    let store = shown(&check.store);
    let mut lines = vec![format!("store    {store}{state}")];
    for (id, entries) in check.vendors.iter().map(vendor).chain(check.local.iter().map(local)) {
        lines.extend([String::new(), id.to_owned()]);
        let line = |(name, value): &(&str, String)| format!("  {name:9}  {}", visible(value));
        lines.extend(entries.iter().map(line));
    }
    lines.extend([String::new(), who_was_called(check)]);
    text(&lines)
}

fn who_was_called(check: &Check) -> String {
    let was_called = |vendor: &&VendorCheck| !matches!(vendor.call, CallCheck::NotAsked { .. });
    match check.vendors.iter().filter(was_called).count() as u64 {
        0 if check.asked => {
            "no vendor could be called: whether a key works shows with the first run".into()
        }
        0 => "no vendor was called: whether a key works shows without `--offline`".into(),
        called => format!("{} called, by calls that are not billed", count(called, "vendor")),
    }
}

type Entries = (&'static str, Vec<(&'static str, String)>);

fn vendor(check: &VendorCheck) -> Entries {
    let mut entries = vec![
        ("key", key(&check.key)),
        ("address", check.address.clone()),
        ("asked for", list(&check.asked_for, "nothing")),
        ("quotas", list(&check.quotas, "none")),
    ];
    entries.extend(check.quota_reset.clone().map(|reset| ("reset", reset)));
    if check.priced {
        let none = "none, so endpoints that cost money are left out";
        entries.push(("spend", list(&check.spend, none)));
    }
    entries.extend(check.warning.clone().map(|warning| ("warning", warning)));
    entries.extend(call(&check.call, &check.key));
    (check.vendor, entries)
}

fn key(key: &KeyCheck) -> String {
    match key {
        KeyCheck::NotNeeded => "none needed".into(),
        KeyCheck::Found { place } => format!("found in {place}"),
        KeyCheck::Missing { place } => format!("missing; expected in {place}"),
        KeyCheck::Unusable { why, hint } => with_hint(why, hint.as_deref()),
    }
}

fn call(call: &CallCheck, key: &KeyCheck) -> Vec<(&'static str, String)> {
    match call {
        CallCheck::NotAsked { why } => vec![("call", why.clone())],
        CallCheck::Failed { why, hint, .. } => vec![("call", why.clone()), ("hint", hint.clone())],
        CallCheck::Accepted { scope, milliseconds, limits, usage, .. } => {
            let time = took(*milliseconds as f64 / 1e3);
            let accepted = if *key == KeyCheck::NotNeeded { "" } else { "the key is accepted; " };
            let mut entries = vec![("call", format!("{accepted}answered in {time}"))];
            entries.extend(scope.map(|scope| ("scope", format!("{scope}, as seen by that call"))));
            let limits: Vec<String> = limits.iter().map(limit).collect();
            entries.extend((!limits.is_empty()).then(|| ("limits", limits.join(", "))));
            entries.extend(usage.map(|usage| ("usage", usage_beside_the_ledger(&usage))));
            entries
        }
    }
}

fn limit(limit: &LimitCheck) -> String {
    match limit.remaining {
        Some(left) => format!("{} ({} left)", limit.quota, thousands(u64::from(left))),
        None => limit.quota.clone(),
    }
}

fn usage_beside_the_ledger(usage: &UsageCheck) -> String {
    let UsageCheck { days, said, ledger } = usage;
    let said = format!("{}, {} in {days} days", calls(said), said.charged_micros);
    if usage.said == *ledger {
        return format!("{said}; our ledger agrees");
    }
    let ledger = format!("{}, {}", calls(ledger), ledger.charged_micros);
    format!("{said}; our ledger has {ledger}: `vinrich quota --reconcile` compares by day")
}

fn calls(counted: &Counted) -> String {
    format!("{} charged", count(counted.calls, "call"))
}

fn local(check: &LocalCheck) -> Entries {
    let mut entries = vec![("asked for", list(&check.asked_for, "nothing"))];
    match &check.data {
        LocalData::Decoder { data_month, path } => {
            let place = path.as_ref().map_or_else(
                || "in this binary".to_owned(),
                |path| format!("in `{}`", path.display()),
            );
            entries.push(("data", format!("vPIC of {data_month}, {place}")));
        }
        LocalData::RecallFile { parts } => {
            entries.extend(parts.iter().map(|part| ("data", recall_part(part))));
        }
        LocalData::Missing { command } => {
            entries.push(("data", format!("none; `{command}` brings them")));
        }
        LocalData::Unusable { why, hint } => {
            entries.push(("data", with_hint(why, hint.as_deref())));
        }
    }
    (check.source, entries)
}

fn recall_part(part: &RecallPart) -> String {
    let as_of = part.data_as_of.as_ref().map(|day| format!(" up to {day}")).unwrap_or_default();
    let campaigns = count(part.campaigns, "campaign");
    format!("`{}`: {campaigns}{as_of}, imported {}", part.name, moment(&part.imported_at))
}

fn with_hint(why: &str, hint: Option<&str>) -> String {
    hint.map_or_else(|| why.to_owned(), |hint| format!("{why}; {hint}"))
}

fn list<T: AsRef<str>>(items: &[T], none: &str) -> String {
    if items.is_empty() {
        return none.to_owned();
    }
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use vinrich::domain::money::Micros;

    use super::*;

    fn visor(key: KeyCheck, call: CallCheck) -> VendorCheck {
        VendorCheck {
            vendor: "visor",
            key,
            address: "https://api.visor.vin/v1".into(),
            asked_for: vec!["listings"],
            quotas: vec!["10/10s".into(), "60/minute".into()],
            quota_reset: None,
            spend: Vec::new(),
            priced: true,
            warning: None,
            call,
        }
    }

    fn check(vendors: Vec<VendorCheck>, local: Vec<LocalCheck>) -> Check {
        Check { store: "vinrich.db".into(), store_exists: true, asked: true, vendors, local }
    }

    fn counted(calls: u64, micros: i64) -> Counted {
        Counted { calls, charged_micros: Micros(micros) }
    }

    #[test]
    fn a_vendor_that_answered_is_shown_with_its_answer() {
        let usage = UsageCheck { days: 30, said: counted(3, 6000), ledger: counted(3, 6000) };
        let answered = CallCheck::Accepted {
            call: "usage",
            scope: Some("usage.read"),
            milliseconds: 240,
            limits: vec![
                LimitCheck { quota: "10/10s".into(), remaining: Some(9) },
                LimitCheck { quota: "60/minute".into(), remaining: None },
            ],
            usage: Some(usage),
        };
        let found = KeyCheck::Found { place: "environment variable `VISOR_API_KEY`".into() };
        let carvin = VendorCheck {
            vendor: "carvin",
            quotas: vec!["100/day".into()],
            quota_reset: Some("00:00 UTC".into()),
            priced: false,
            ..visor(
                found.clone(),
                CallCheck::NotAsked { why: "not asked: every call counts".into() },
            )
        };
        insta::assert_snapshot!(as_text(&check(vec![carvin, visor(found, answered)], Vec::new())), @r#"
        store    vinrich.db

        carvin
          key        found in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     100/day
          reset      00:00 UTC
          call       not asked: every call counts

        visor
          key        found in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       the key is accepted; answered in 0.2 s
          scope      usage.read, as seen by that call
          limits     10/10s (9 left), 60/minute
          usage      3 calls charged, $0.006 in 30 days; our ledger agrees

        1 vendor called, by calls that are not billed
        "#);
    }

    #[test]
    fn a_difference_in_usage_names_the_command_that_explains_it() {
        let usage = UsageCheck { days: 30, said: counted(1, 2000), ledger: counted(3, 6000) };
        assert_eq!(
            usage_beside_the_ledger(&usage),
            "1 call charged, $0.002 in 30 days; our ledger has 3 calls charged, $0.006: \
             `vinrich quota --reconcile` compares by day"
        );
    }

    #[test]
    fn what_is_missing_comes_with_what_to_do() {
        let missing = KeyCheck::Missing { place: "environment variable `VISOR_API_KEY`".into() };
        let refused = CallCheck::Failed {
            why: "the key is refused (HTTP 401)".into(),
            hint: "put a key that the vendor accepts into key file `k`".into(),
            stops_runs: true,
            exit_code: 77,
        };
        let unusable = KeyCheck::Unusable {
            why: "key file `k` is empty".into(),
            hint: Some("fill it".into()),
        };
        let not_asked = CallCheck::NotAsked { why: "not asked: it has no key".into() };
        let vendors = vec![
            visor(missing, not_asked.clone()),
            visor(KeyCheck::NotNeeded, refused),
            visor(unusable, not_asked),
        ];
        let local = |source, data| LocalCheck { source, asked_for: vec!["decode"], data };
        let local = vec![
            local("vpic", LocalData::Missing { command: "vinrich vpic install" }),
            local(
                "vpic",
                LocalData::Decoder { data_month: "2026-10".into(), path: Some("v.rkyv".into()) },
            ),
            local(
                "nhtsa-file",
                LocalData::RecallFile {
                    parts: vec![RecallPart {
                        name: "FLAT_RCL_POST_2010.txt".into(),
                        imported_at: "2026-11-22T02:10:00Z".into(),
                        data_as_of: Some("2026-11-20".into()),
                        campaigns: 14_000,
                    }],
                },
            ),
        ];
        insta::assert_snapshot!(as_text(&check(vendors, local)), @r#"
        store    vinrich.db

        visor
          key        missing; expected in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       not asked: it has no key

        visor
          key        none needed
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       the key is refused (HTTP 401)
          hint       put a key that the vendor accepts into key file `k`

        visor
          key        key file `k` is empty; fill it
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       not asked: it has no key

        vpic
          asked for  decode
          data       none; `vinrich vpic install` brings them

        vpic
          asked for  decode
          data       vPIC of 2026-10, in `v.rkyv`

        nhtsa-file
          asked for  decode
          data       `FLAT_RCL_POST_2010.txt`: 14,000 campaigns up to 2026-11-20, imported 2026-11-22 02:10:00 UTC

        1 vendor called, by calls that are not billed
        "#);
    }
}
