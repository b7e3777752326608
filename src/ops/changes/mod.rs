//! What changed in an output from one night to another, by the snapshots that complete
//! runs keep: nothing is asked, and neither file is read.
//!
//! - `confirm` asks, where that is wanted, by VIN about what is new.
//! - `difference` compares two snapshots, vehicle by vehicle.
//! - `kept_columns` reads columns of the user's own from the output.

mod confirm;
mod difference;
mod kept_columns;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::domain::facts::{Campaign, Price};
use crate::domain::{Dataset, Error, Timestamp, Vin};
use crate::files::real_path;
use crate::store::{DecodeState, KeptSnapshot, RecallState, Snapshot, Snapshots, Store};

use difference::Difference;

pub use confirm::{ConfirmPlan, Confirmed, confirm};
pub use kept_columns::{KeptColumns, kept_columns};

/// What [`ChangeRow::kind`] may be.
pub const KINDS: [&str; 9] = [
    "vehicle_added",
    "vehicle_removed",
    "recall_new",
    "recall_gone",
    "recall_doubt",
    "listing_new",
    "listing_gone",
    "price",
    "decode",
];

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct ChangesSpec<'a> {
    /// The store.
    pub store: &'a Path,
    /// Whose snapshots; of the output that was written last where `None`.
    pub output: Option<&'a Path>,
    /// With which of them the latest is compared.
    pub since: Since,
}

/// The earlier of two snapshots.
#[derive(Clone, Debug, Default)]
pub enum Since {
    /// The one before the latest.
    #[default]
    Last,
    /// That of the run whose id is or begins so; else the output as it was at that time.
    Named(String, Option<Timestamp>),
}

/// What became of the comparison.
#[derive(Debug)]
pub enum Compared {
    /// There is one snapshot yet, and nothing to compare it with.
    Alone(KeptSnapshot),
    /// What changed.
    Changes(Box<Changes>),
}

/// What changed from one snapshot to another.
#[derive(Debug)]
pub struct Changes {
    /// The earlier one.
    pub before: KeptSnapshot,
    /// The latest.
    pub after: KeptSnapshot,
    /// Snapshots that another version wrote, and that were left out.
    pub unreadable: Vec<KeptSnapshot>,
    /// What was asked for on one of the two nights alone, and so is not compared.
    pub not_compared: BTreeSet<Dataset>,
    /// The changes, by VIN.
    pub changes: Vec<Change>,
    /// What the store's recall file tells of the campaigns among them.
    pub campaigns: BTreeMap<String, Campaign>,
}

/// One change of one vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The vehicle.
    pub vin: Vin,
    /// The id of its first row, of the night on which it had one last.
    pub row_id: u128,
    /// What it is decoded to.
    pub decode: Option<Arc<DecodeState>>,
    /// What is different.
    pub what: What,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is what its type says")]
pub enum What {
    /// The vehicle is new, and these campaigns name it.
    VehicleAdded { recalls: Arc<[RecallState]> },
    /// It is gone.
    VehicleRemoved,
    /// A campaign names it that did not; `was_known` where the night before had an answer.
    RecallNew { recall: RecallState, was_known: bool },
    /// A campaign no longer does.
    RecallGone { recall: RecallState },
    /// A campaign was in doubt, and is not any more; or the other way round.
    RecallDoubt { recall: RecallState },
    /// It is listed.
    ListingNew { id: String, price: Option<Price> },
    /// A listing is gone.
    ListingGone { id: String, price: Option<Price> },
    /// A listing has another price.
    PriceMoved { id: String, before: Option<Price>, after: Option<Price> },
    /// It is decoded to something else: `make`, `model`, `model_year`, or `decode` for what
    /// else there is, without saying what.
    Decoded { field: &'static str, before: Option<String>, after: Option<String> },
}

/// A change as a row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "each field is the column of that name")]
pub struct ChangeRow {
    pub kind: &'static str,
    pub field: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
    pub campaign: Option<String>,
}

/// Compares the latest snapshot of an output with an earlier one.
///
/// # Errors
/// 64 where there is no such snapshot, and those of opening the store.
pub fn changes(spec: &ChangesSpec<'_>) -> Result<Compared, Error> {
    let store = Store::peek(spec.store)?;
    let view = store.as_ref().map(Snapshots::snapshot).transpose()?;
    let OfOutput { view, readable, unreadable } = OfOutput::find(view.as_ref(), spec.output)?;
    let after = &readable[0];
    let Some(before) = earlier(&readable, &spec.since)? else {
        return Ok(Compared::Alone(after.clone()));
    };
    compare(view, before, after, unreadable).map(|changes| Compared::Changes(Box::new(changes)))
}

/// The snapshots of one output, the latest first.
pub(super) struct OfOutput<'v> {
    pub(super) view: &'v Snapshot<'v>,
    /// At least one.
    pub(super) readable: Vec<KeptSnapshot>,
    /// Those that another version wrote.
    unreadable: Vec<KeptSnapshot>,
}

impl<'v> OfOutput<'v> {
    /// Those of `output`, of the one that was written last where `None`; 64 where there are
    /// none.
    pub(super) fn find(
        view: Option<&'v Snapshot<'v>>,
        output: Option<&Path>,
    ) -> Result<Self, Error> {
        let output = output.map(|path| real_path(path).to_string_lossy().into_owned());
        let Some(view) = view else { return Err(no_snapshot(output.as_deref(), &[])) };
        let all = view.output_snapshots(None)?;
        let meant = output.as_ref().or_else(|| all.first().map(|latest| &latest.output));
        let of_output = all.iter().filter(|kept| Some(&kept.output) == meant).cloned();
        let (readable, unreadable): (Vec<_>, Vec<_>) = of_output.partition(|kept| kept.is_readable);
        if readable.is_empty() {
            return Err(no_snapshot(output.as_deref(), &all));
        }
        Ok(Self { view, readable, unreadable })
    }
}

/// The snapshot to compare the latest with; the latest comes first among `snapshots`.
fn earlier<'s>(
    snapshots: &'s [KeptSnapshot],
    since: &Since,
) -> Result<Option<&'s KeptSnapshot>, Error> {
    let (typed, time) = match since {
        Since::Last => return Ok(snapshots.get(1)),
        Since::Named(typed, time) => (typed, time),
    };
    if let Some(of_run) = snapshots.iter().find(|kept| kept.run_id.starts_with(typed.as_str())) {
        return Ok(Some(of_run));
    }
    let Some(time) = time else {
        let output = &snapshots[0].output;
        let message = format!("no snapshot of `{output}` is of a run that begins with `{typed}`");
        return Err(Error::usage(message).hint(
            "`vinrich runs list` shows the runs; `--since` takes one of them, a day, or how long ago, such as `7d`",
        ));
    };
    // As it was then; where nothing is that old, the oldest that is kept.
    Ok(snapshots.iter().find(|kept| kept.taken_at <= *time).or(snapshots.last()))
}

/// 64: there is nothing to compare.
fn no_snapshot(output: Option<&str>, all: &[KeptSnapshot]) -> Error {
    let of = output.map_or_else(|| "an output".to_owned(), |output| format!("`{output}`"));
    let known: BTreeSet<&str> = all.iter().map(|kept| kept.output.as_str()).collect();
    let known: Vec<String> = known.into_iter().map(|output| format!("`{output}`")).collect();
    let error = Error::usage(format!("the store has no snapshot of {of} that it can read"));
    if known.is_empty() {
        error.hint("a run of `vinrich enrich` that writes a complete output keeps one")
    } else {
        error.hint(format!("`--output` may be one of {}", known.join(", ")))
    }
}

fn compare(
    view: &Snapshot<'_>,
    before: &KeptSnapshot,
    after: &KeptSnapshot,
    unreadable: Vec<KeptSnapshot>,
) -> Result<Changes, Error> {
    let mut difference = Difference::default();
    difference.compare(view.vehicles(before), view.vehicles(after))?;
    let Difference { changes, asked } = difference;
    let numbers: BTreeSet<&str> =
        changes.iter().flat_map(|change| change.what.campaigns()).collect();
    let campaigns = view.campaigns_of_file(&numbers)?;
    Ok(Changes {
        before: before.clone(),
        after: after.clone(),
        unreadable,
        not_compared: asked.on_one_night(),
        campaigns,
        changes,
    })
}

impl What {
    /// The campaigns that it is about.
    pub fn campaigns(&self) -> impl Iterator<Item = &str> {
        let of: &[RecallState] = match self {
            Self::RecallNew { recall, .. }
            | Self::RecallGone { recall }
            | Self::RecallDoubt { recall } => std::slice::from_ref(recall),
            Self::VehicleAdded { recalls } => recalls,
            Self::VehicleRemoved
            | Self::ListingNew { .. }
            | Self::ListingGone { .. }
            | Self::PriceMoved { .. }
            | Self::Decoded { .. } => &[],
        };
        of.iter().map(|recall| recall.number.as_str())
    }

    /// The words for it in a table.
    pub fn row(&self, vin: &Vin) -> ChangeRow {
        let row = |kind, field| ChangeRow { kind, field, ..ChangeRow::default() };
        match self {
            Self::VehicleAdded { .. } => {
                ChangeRow { after: Some(vin.to_string()), ..row("vehicle_added", "vin") }
            }
            Self::VehicleRemoved => {
                ChangeRow { before: Some(vin.to_string()), ..row("vehicle_removed", "vin") }
            }
            Self::RecallNew { recall, was_known } => ChangeRow {
                before: (!was_known).then(|| "unknown".to_owned()),
                after: Some(applies(recall.doubtful)),
                campaign: Some(recall.number.clone()),
                ..row("recall_new", "recall_campaigns")
            },
            Self::RecallGone { recall } => ChangeRow {
                before: Some(applies(recall.doubtful)),
                campaign: Some(recall.number.clone()),
                ..row("recall_gone", "recall_campaigns")
            },
            Self::RecallDoubt { recall } => ChangeRow {
                before: Some(applies(!recall.doubtful)),
                after: Some(applies(recall.doubtful)),
                campaign: Some(recall.number.clone()),
                ..row("recall_doubt", "recall_doubtful_campaigns")
            },
            Self::ListingNew { id, .. } => {
                ChangeRow { after: Some(id.clone()), ..row("listing_new", "listing_id") }
            }
            Self::ListingGone { id, .. } => {
                ChangeRow { before: Some(id.clone()), ..row("listing_gone", "listing_id") }
            }
            Self::PriceMoved { before, after, .. } => ChangeRow {
                before: before.map(price),
                after: after.map(price),
                ..row("price", "listing_price")
            },
            Self::Decoded { field, before, after } => {
                ChangeRow { before: before.clone(), after: after.clone(), ..row("decode", field) }
            }
        }
    }
}

fn applies(doubtful: bool) -> String {
    if doubtful { "may apply" } else { "applies" }.to_owned()
}

/// `18500.00 USD`.
pub fn price(price: Price) -> String {
    let (sign, cents) = (if price.cents < 0 { "-" } else { "" }, price.cents.unsigned_abs());
    format!("{sign}{}.{:02} {}", cents / 100, cents % 100, price.currency())
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
