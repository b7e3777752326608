//! `vinrich check`: what can be asked at this moment, and why the rest cannot.

use vinrich::check::{
    CallCheck, Check, KeyCheck, LimitCheck, LocalCheck, LocalData, RecallPart, TrustedFile,
    UsageCheck, VendorCheck,
};
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
use vinrich::domain::events::Silent;
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
    let ask = (!args.offline).then_some(args.vendors.as_slice());
    let check = vinrich::check(&settings, &command, context, ask)?;
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
    lines.extend(check.trusted.iter().map(trusted));
    for (id, entries) in check.vendors.iter().map(vendor).chain(check.local.iter().map(local)) {
        lines.extend([String::new(), id.to_owned()]);
        let line = |(name, value): &(&str, String)| format!("  {name:9}  {}", visible(value));
        lines.extend(entries.iter().map(line));
    }
    lines.extend([String::new(), who_was_called(check)]);
    text(&lines)
}

fn trusted(file: &TrustedFile) -> String {
    let warning = file.warning.as_ref().map_or_else(String::new, |text| format!("; {text}"));
    format!("trusted  {} ({}){}", shown(&file.path), file.holds, visible(&warning))
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
#[path = "tests/check.rs"]
mod tests;
