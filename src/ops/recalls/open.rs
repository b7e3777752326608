//! Recalls that are open on the vehicles of an output, from its snapshots and the register.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::{Error, Timestamp, Vin};
use crate::ops::changes::OfOutput;
use crate::store::{
    KeptSnapshot, RecallState, RecallStatus, Snapshot, Snapshots, Store, VehicleState,
};

/// The place of recalls among what a snapshot says of a vehicle.
const RECALLS: usize = 1;

/// A campaign on a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRecall {
    /// The vehicle.
    pub vin: Vin,
    /// What vehicle it is, such as `FORD F-150 2016`; empty where that is not known.
    pub vehicle: String,
    /// The campaign.
    pub recall: RecallState,
    /// When it was first in the output, and every night since that had an answer.
    pub since: Timestamp,
    /// The latest that was said of it.
    pub status: Option<RecallStatus>,
}

impl OpenRecall {
    /// Whether the latest that was said of it is that it is done.
    pub fn is_done(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.is_done)
    }

    /// Orders of parking first, then what surely concerns the vehicle, then the oldest.
    fn rank(&self) -> impl Ord + use<> {
        let RecallState { park_it, park_outside, doubtful, .. } = &self.recall;
        (*doubtful, !park_it, !park_outside, self.since, self.vin, self.recall.number.clone())
    }
}

/// The recalls of an output's vehicles.
#[derive(Debug)]
pub struct OpenRecalls {
    /// What was looked at.
    pub snapshot: KeptSnapshot,
    /// All of them, those that are done too.
    pub recalls: Vec<OpenRecall>,
    /// How many vehicles of the output have an answer about recalls.
    pub answered: u64,
}

/// The recalls of the vehicles of `output`, or of the one that was written last, by what the
/// store at `path` keeps of its last complete run.
///
/// # Errors
/// 64 where it keeps none.
pub fn open_recalls(path: &Path, output: Option<&Path>) -> Result<OpenRecalls, Error> {
    let store = Store::peek(path)?;
    let view = store.as_ref().map(Snapshots::snapshot).transpose()?;
    let OfOutput { view: store, readable, .. } = OfOutput::find(view.as_ref(), output)?;
    let (latest, earlier) = (&readable[0], &readable[1..]);
    let statuses = store.recall_statuses()?;
    let (mut recalls, mut answered) = (Vec::new(), 0);
    for vehicle in store.vehicles(latest) {
        let vehicle = vehicle?;
        answered += u64::from(vehicle.said[RECALLS].is_answer());
        recalls.extend(of_vehicle(&vehicle, latest.taken_at, &statuses));
    }
    let mut is_traced = vec![false; recalls.len()];
    for snapshot in earlier {
        if is_traced.iter().all(|traced| *traced) {
            break;
        }
        trace(store, snapshot, &mut recalls, &mut is_traced)?;
    }
    recalls.sort_by_cached_key(OpenRecall::rank);
    Ok(OpenRecalls { snapshot: latest.clone(), recalls, answered })
}

fn of_vehicle(
    vehicle: &VehicleState,
    since: Timestamp,
    statuses: &BTreeMap<(Vin, String), RecallStatus>,
) -> impl Iterator<Item = OpenRecall> {
    let name = vehicle.decode.as_ref().map(|decode| {
        let year = decode.year.map(|year| year.to_string()).unwrap_or_default();
        let parts = [&*decode.make, &*decode.model, &*year];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let name = name.unwrap_or_default();
    vehicle.recalls.iter().map(move |recall| OpenRecall {
        vin: vehicle.vin,
        vehicle: name.clone(),
        recall: recall.clone(),
        since,
        status: statuses.get(&(vehicle.vin, recall.number.clone())).cloned(),
    })
}

/// Dates back what an earlier snapshot has too. Of what it does not have, though it had an
/// answer, nothing earlier counts. Both are ascending by VIN.
fn trace(
    store: &Snapshot<'_>,
    snapshot: &KeptSnapshot,
    recalls: &mut [OpenRecall],
    is_traced: &mut [bool],
) -> Result<(), Error> {
    let mut place = 0;
    for vehicle in store.vehicles(snapshot) {
        let vehicle = vehicle?;
        while let Some(recall) = recalls.get_mut(place) {
            match recall.vin.cmp(&vehicle.vin) {
                // It was not in that output.
                Ordering::Less => is_traced[place] = true,
                Ordering::Equal if is_traced[place] => {}
                Ordering::Equal => {
                    let number = &recall.recall.number;
                    let had = vehicle.recalls.iter().any(|of_then| of_then.number == *number);
                    if had {
                        recall.since = snapshot.taken_at;
                    } else if vehicle.said[RECALLS].is_answer() {
                        is_traced[place] = true;
                    }
                }
                Ordering::Greater => break,
            }
            place += 1;
        }
    }
    is_traced[place..].fill(true);
    Ok(())
}
