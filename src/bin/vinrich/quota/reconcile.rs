//! `vinrich quota --reconcile`: our ledger against the vendors' own counts.

use serde::Serialize;
use vinrich::VendorQuota;
use vinrich::config::Settings;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::Silent;
use vinrich::reconcile::{DayDifference, Reconciled, Reconciliation};
use vinrich::vendors::Counted;
use vinrich::{Context, SystemClock};

use crate::cli::{QuotaArgs, ReportFormat};
use crate::format::{count, text, thousands, visible};
use crate::table::table;
use crate::{args_to_plan, signals, stdout};

/// 0 when the books agree as far as they are settled, else 3; 77 when no vendor
/// could be asked, as there is no key.
pub(super) fn run(args: &QuotaArgs, settings: &Settings) -> Result<u8, Error> {
    let cancel = Cancel::new();
    signals::watch(&cancel)?;
    let clock = SystemClock::new();
    let context = Context { events: &Silent, clock: &clock, cancel: &cancel };
    let command = args_to_plan::command_line();
    let reconciled = vinrich::reconcile(settings, &command, context, args.days)?;
    let quotas = vinrich::quota(settings, &clock)?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&AsJson { quotas, reconciled: &reconciled })?,
        ReportFormat::Text => {
            stdout::write(&format!("{}{}", super::as_text(&quotas), as_text(&reconciled)))?;
        }
    }
    Ok(exit(&reconciled).code())
}

#[derive(Serialize)]
struct AsJson<'a> {
    quotas: Vec<VendorQuota>,
    reconciled: &'a [Reconciled],
}

fn exit(reconciled: &[Reconciled]) -> Exit {
    let mut compared = reconciled.iter().filter_map(|one| match one {
        Reconciled::Compared(books) => Some(books),
        Reconciled::Silent { .. } | Reconciled::NotAsked { .. } => None,
    });
    let not_asked = |one: &Reconciled| matches!(one, Reconciled::NotAsked { .. });
    if compared.clone().next().is_none() && reconciled.iter().any(not_asked) {
        Exit::Key
    } else if compared.all(Reconciliation::is_even) {
        Exit::Success
    } else {
        Exit::SomeFailed
    }
}

fn as_text(reconciled: &[Reconciled]) -> String {
    let mut lines = Vec::new();
    let mut silent = Vec::new();
    for one in reconciled {
        match one {
            Reconciled::Compared(books) => {
                lines.push(String::new());
                lines.extend(compared(books));
            }
            Reconciled::NotAsked { vendor, why } => {
                lines.extend([String::new(), format!("{vendor}: not asked: {}", visible(why))]);
            }
            Reconciled::Silent { vendor } => silent.push(*vendor),
        }
    }
    if !silent.is_empty() {
        lines.extend([String::new(), format!("do not say what they count: {}", silent.join(", "))]);
    }
    text(&lines)
}

fn compared(books: &Reconciliation) -> Vec<String> {
    let Reconciliation { vendor, first_day, last_day, ledger, said, .. } = books;
    let mut lines =
        vec![format!("{vendor} from {first_day} to {last_day} (UTC): {}", verdict(books))];
    if *ledger == *said && books.differences.is_empty() {
        lines.push(format!("  both say {}", amount(ledger)));
    } else {
        lines.push(format!("  our ledger says {}", amount(ledger)));
        lines.push(format!("  {vendor} says {}", amount(said)));
        lines.push(format!("  {vendor} has {}", more_or_less(*ledger, *said)));
        lines.push(String::new());
        lines.extend(by_day(&books.differences));
    }
    lines.extend(notes(books));
    lines
}

fn verdict(books: &Reconciliation) -> &'static str {
    match (books.is_even(), books.differences.is_empty()) {
        (true, true) => "the books agree",
        (true, false) => "the books agree but for what the vendor may not have counted yet",
        (false, _) => "the books differ",
    }
}

/// What may explain a difference, in the order of likelihood.
fn notes(books: &Reconciliation) -> Vec<String> {
    let mut notes = Vec::new();
    if !books.adds_up {
        notes.push("the vendor's own total is not the sum of its days".to_owned());
    }
    if books.differences.is_empty() {
        return notes.into_iter().map(|note| format!("  note: {note}")).collect();
    }
    if books.unanswered > 0 {
        let unanswered = count(books.unanswered, "call");
        notes.push(format!("{unanswered} ended without a reply; the vendor may have charged them"));
    }
    if books.said.calls > books.ledger.calls {
        notes.push("other programs, other stores or another key may use the same account".into());
    }
    if books.differences.iter().any(|day| day.unsettled) {
        notes.push("today's count lags behind; look again tomorrow".into());
    }
    notes.into_iter().map(|note| format!("  note: {note}")).collect()
}

fn by_day(differences: &[DayDifference]) -> Vec<String> {
    let heading =
        ["  day", "class", "our calls", "theirs", "our money", "theirs", "the vendor has"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for day in differences {
        for line in &day.lines {
            let unsettled = if day.unsettled { " (not settled yet)" } else { "" };
            rows.push(vec![
                format!("  {}", day.day),
                visible(&line.class).into_owned(),
                thousands(line.ledger.calls),
                thousands(line.said.calls),
                line.ledger.charged_micros.to_string(),
                line.said.charged_micros.to_string(),
                format!("{}{unsettled}", more_or_less(line.ledger, line.said)),
            ]);
        }
    }
    table(&rows)
}

fn amount(counted: &Counted) -> String {
    format!("{} charged, {}", count(counted.calls, "call"), counted.charged_micros)
}

/// `2 calls and $0.004 more`, `1 call less and $0.003 more`.
fn more_or_less(ledger: Counted, said: Counted) -> String {
    let calls = count(said.calls.abs_diff(ledger.calls), "call");
    let money = said.charged_micros - ledger.charged_micros;
    let side = |more: bool| if more { "more" } else { "less" };
    let (more_calls, more_money) = (said.calls > ledger.calls, money.0 > 0);
    let amount = if more_money { money } else { vinrich::domain::money::Micros::ZERO - money };
    match (said.calls == ledger.calls, money.0 == 0) {
        (true, true) => "as much".into(),
        (false, true) => format!("{calls} {}", side(more_calls)),
        (true, false) => format!("{amount} {}", side(more_money)),
        (false, false) if more_calls == more_money => {
            format!("{calls} and {amount} {}", side(more_money))
        }
        (false, false) => format!("{calls} {} and {amount} {}", side(more_calls), side(more_money)),
    }
}
