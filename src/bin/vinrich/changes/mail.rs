//! The changes as a mail: the first screen is what matters.

use std::collections::{BTreeMap, BTreeSet};

use vinrich::changes::{Change, Changes, Confirmed, What, price};
use vinrich::store::{DecodeState, RecallState};

use super::Shown;
use crate::format::{at, count, text, thousands, visible};

/// Vehicles listed below each campaign.
const VEHICLES: usize = 5;

/// Campaigns, and lines of every other list.
const LINES: usize = 10;

/// Characters of a campaign's summary.
const SUMMARY: usize = 160;

/// What a campaign means for its vehicles, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    ParkIt,
    ParkOutside,
    New,
    Certain,
    MayApply,
    InDoubt,
    Gone,
}

/// The whole mail.
pub(super) fn mail(shown: &Shown) -> String {
    let changes = &*shown.changes;
    let mut lines = vec![heading(changes), summary(changes)];
    lines.extend(notes(changes));
    lines.extend(shown.confirmed.as_ref().map(|of| asked_by_vin(of, changes)));
    lines.extend(campaigns(shown));
    for (heading, is_meant) in SECTIONS {
        let of: Vec<_> = changes.changes.iter().filter(|c| is_meant(&c.what)).collect();
        if !of.is_empty() {
            lines.extend([String::new(), heading.to_owned()]);
            lines.extend(of.iter().take(LINES).map(|change| line(change, shown)));
            lines.extend(more(of.len(), LINES));
        }
    }
    text(&lines)
}

/// A list: its heading, and what is in it.
type Section = (&'static str, fn(&What) -> bool);

/// The lists behind the campaigns.
const SECTIONS: [Section; 6] = [
    ("with another price", |what| matches!(what, What::PriceMoved { .. })),
    ("newly listed", |what| matches!(what, What::ListingNew { .. })),
    ("no longer listed", |what| matches!(what, What::ListingGone { .. })),
    ("decoded otherwise", |what| matches!(what, What::Decoded { .. })),
    ("added", |what| matches!(what, What::VehicleAdded { .. })),
    ("removed", |what| matches!(what, What::VehicleRemoved)),
];

fn heading(changes: &Changes) -> String {
    let Changes { before, after, .. } = changes;
    let (output, now, then) = (visible(&after.output), at(after.taken_at), at(before.taken_at));
    format!("{output}: {now} compared with {then}")
}

/// `12,000 vehicles (11,998 before): 2 not to be driven, 15 with new recalls, 3 added`.
fn summary(changes: &Changes) -> String {
    let vehicles = |is_meant: &dyn Fn(&What) -> bool| {
        let of = changes.changes.iter().filter(|change| is_meant(&change.what));
        of.map(|change| change.vin).collect::<BTreeSet<_>>().len() as u64
    };
    let of_urgency = |most: Urgency, least: Urgency| {
        vehicles(&|what| urgent(what).iter().any(|(of, _)| most <= *of && *of <= least))
    };
    let sections = SECTIONS.map(|(heading, is_meant)| (vehicles(&is_meant), heading));
    let counts = [
        (of_urgency(Urgency::ParkIt, Urgency::ParkIt), "not to be driven"),
        (of_urgency(Urgency::ParkOutside, Urgency::ParkOutside), "to be parked outside"),
        (of_urgency(Urgency::New, Urgency::Certain), "with new recalls"),
        (of_urgency(Urgency::MayApply, Urgency::MayApply), "with recalls that may apply"),
        (of_urgency(Urgency::InDoubt, Urgency::Gone), "with recalls gone or in doubt"),
    ];
    let counts = counts.into_iter().chain(sections).filter(|(number, _)| *number > 0);
    let counts: Vec<_> =
        counts.map(|(number, what)| format!("{} {what}", thousands(number))).collect();
    let Changes { before, after, .. } = changes;
    let fleet = match (after.vehicles, before.vehicles) {
        (now, then) if now == then => count(now, "vehicle"),
        (now, then) => format!("{} ({} before)", count(now, "vehicle"), thousands(then)),
    };
    let nothing = || "nothing has changed".to_owned();
    format!("{fleet}: {}", if counts.is_empty() { nothing() } else { counts.join(", ") })
}

/// What was not compared.
fn notes(changes: &Changes) -> Vec<String> {
    let datasets = changes
        .not_compared
        .iter()
        .map(|dataset| format!("{dataset} not compared: one of the two runs did not ask for them"));
    let unreadable = changes.unreadable.iter().map(|kept| {
        format!(
            "left out: the snapshot of run {}, which another version of vinrich wrote",
            kept.run_id
        )
    });
    datasets.chain(unreadable).collect()
}

/// How many vehicles were asked about by VIN, and how many calls that took.
fn asked_by_vin(of: &Confirmed, changes: &Changes) -> String {
    let (calls, all) = (of.calls(), changes.after.vehicles);
    let unanswered = of.vehicles - of.campaigns.len() as u64;
    let unanswered = match unanswered {
        0 => String::new(),
        number => format!("; no answer about {}", count(number, "vehicle")),
    };
    format!(
        "{} was asked by VIN about the {} of {} with new recalls: {}, {} saved{unanswered}",
        of.vendor,
        thousands(of.vehicles),
        count(all, "vehicle"),
        count(calls, "call"),
        thousands(all.saturating_sub(calls)),
    )
}

/// Whether the vendor that was asked by VIN names a new campaign.
fn by_vin(change: &Change, shown: &Shown) -> Option<String> {
    let vendor = shown.confirmed.as_ref()?.vendor;
    Some(if shown.is_named(change)? {
        format!("confirmed by {vendor}")
    } else {
        format!("{vendor} does not name it for this VIN")
    })
}

/// The campaigns that a change is about, and what it means of each. Of a vehicle that is
/// added only those that keep it from being driven.
fn urgent(what: &What) -> Vec<(Urgency, &RecallState)> {
    let only = |urgency, recall| vec![(urgency, recall)];
    match what {
        What::RecallGone { recall } => only(Urgency::Gone, recall),
        What::RecallDoubt { recall } if recall.doubtful => only(Urgency::InDoubt, recall),
        What::RecallNew { recall, .. } if recall.doubtful => only(Urgency::MayApply, recall),
        What::RecallNew { recall, .. } | What::RecallDoubt { recall } if recall.park_it => {
            only(Urgency::ParkIt, recall)
        }
        What::RecallNew { recall, .. } | What::RecallDoubt { recall } if recall.park_outside => {
            only(Urgency::ParkOutside, recall)
        }
        What::RecallDoubt { recall } => only(Urgency::Certain, recall),
        What::RecallNew { recall, .. } => only(Urgency::New, recall),
        What::VehicleAdded { recalls } => {
            let parked = recalls.iter().filter(|recall| recall.park_it && !recall.doubtful);
            parked.map(|recall| (Urgency::ParkIt, recall)).collect()
        }
        What::VehicleRemoved
        | What::ListingNew { .. }
        | What::ListingGone { .. }
        | What::PriceMoved { .. }
        | What::Decoded { .. } => Vec::new(),
    }
}

impl Urgency {
    fn words(self) -> &'static str {
        match self {
            Self::ParkIt => "do not drive",
            Self::ParkOutside => "park outside",
            Self::New => "new recall",
            Self::Certain => "applies for certain now",
            Self::MayApply => "new recall that may apply",
            Self::InDoubt => "in doubt now",
            Self::Gone => "recall gone",
        }
    }
}

/// The campaigns, those with the most vehicles first under each heading.
fn campaigns(shown: &Shown) -> Vec<String> {
    let changes = &shown.changes;
    let mut groups: BTreeMap<(Urgency, &str), Vec<&Change>> = BTreeMap::new();
    for change in &changes.changes {
        for (urgency, recall) in urgent(&change.what) {
            groups.entry((urgency, recall.number.as_str())).or_default().push(change);
        }
    }
    let mut by_urgency: BTreeMap<Urgency, Vec<(&str, Vec<&Change>)>> = BTreeMap::new();
    for ((urgency, number), group) in groups {
        by_urgency.entry(urgency).or_default().push((number, group));
    }
    let mut lines = Vec::new();
    for (urgency, mut groups) in by_urgency {
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
        lines.push(String::new());
        for (number, group) in groups.iter().take(LINES) {
            lines.extend(about_campaign(urgency, number, group.len(), changes));
            lines.extend(group.iter().take(VEHICLES).map(|change| line(change, shown)));
            lines.extend(more(group.len(), VEHICLES));
        }
        if groups.len() > LINES {
            let (rest, words) = (groups.len() - LINES, urgency.words());
            lines.push(format!("{words}: {} more", count(rest as u64, "campaign")));
        }
    }
    lines
}

/// `do not drive: 26V123000, 2 vehicles, FUEL SYSTEM`, and what it says.
fn about_campaign(
    urgency: Urgency,
    number: &str,
    vehicles: usize,
    changes: &Changes,
) -> Vec<String> {
    let of = changes.campaigns.get(number);
    let component = of.and_then(|of| of.component.as_deref());
    let component = component.map_or_else(String::new, |text| format!(", {}", visible(text)));
    let (words, vehicles) = (urgency.words(), count(vehicles as u64, "vehicle"));
    let mut lines = vec![format!("{words}: {}, {vehicles}{component}", visible(number))];
    let summary = of.and_then(|of| of.summary.as_deref()).filter(|_| urgency < Urgency::InDoubt);
    lines.extend(summary.map(|text| format!("  {}", visible(&beginning(text)))));
    lines
}

/// The first characters of a text, up to the end of a word.
fn beginning(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(SUMMARY) else { return text.to_owned() };
    let end = text[..end].rfind(' ').unwrap_or(end);
    format!("{} …", &text[..end])
}

/// `  1HGCM82633A004352  1204  2003 HONDA ACCORD  18,500.00 USD, was 19,000.00 USD`.
fn line(change: &Change, shown: &Shown) -> String {
    let own = shown.kept.get(&change.vin).into_iter().flatten();
    let own = own.filter(|cell| !cell.is_empty()).map(|cell| visible(cell).into_owned());
    let vehicle = change.decode.as_deref().map_or_else(String::new, vehicle);
    let words =
        [change.vin.to_string()].into_iter().chain(own).chain([vehicle, detail(&change.what)]);
    let words = words.chain(by_vin(change, shown));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    format!("  {}", words.join("  "))
}

fn vehicle(DecodeState { make, model, year, .. }: &DecodeState) -> String {
    let year = year.map_or_else(String::new, |year| year.to_string());
    let words = [&year, make, model].into_iter().filter(|word| !word.is_empty());
    visible(&words.map(String::as_str).collect::<Vec<_>>().join(" ")).into_owned()
}

/// What is to be said of a vehicle beside its name.
fn detail(what: &What) -> String {
    let amount = |of: &Option<_>| of.map_or_else(|| "no price".to_owned(), price);
    let known = |of: &Option<String>| of.clone().unwrap_or_else(|| "not known".to_owned());
    match what {
        What::PriceMoved { before, after, .. } => {
            format!("{}, was {}", amount(after), amount(before))
        }
        What::ListingNew { price, .. } | What::ListingGone { price, .. } => amount(price),
        What::Decoded { field: "decode", .. } => "other details".to_owned(),
        What::Decoded { field, before, after } => {
            visible(&format!("{field} {}, was {}", known(after), known(before))).into_owned()
        }
        What::VehicleAdded { recalls } => {
            let certain = recalls.iter().filter(|recall| !recall.doubtful);
            let parked = certain.clone().filter(|recall| recall.park_it).count();
            let all = count(recalls.len() as u64, "recall");
            match (recalls.len(), parked) {
                (0, _) => String::new(),
                (_, 0) => all,
                _ => format!("{all}, not to be driven"),
            }
        }
        What::RecallNew { was_known: false, .. } => "nothing was known the night before".to_owned(),
        What::RecallNew { .. }
        | What::RecallGone { .. }
        | What::RecallDoubt { .. }
        | What::VehicleRemoved => String::new(),
    }
}

/// `and 14 more`, where a list has more than are shown.
fn more(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("  and {} more", thousands((all - shown) as u64)))
}
