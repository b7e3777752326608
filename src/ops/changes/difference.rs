//! Two snapshots side by side: both come ascending by VIN, a chunk at a time.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Change, What};
use crate::domain::{Dataset, Error};
use crate::store::{DecodeState, ListingState, RecallState, Said, VehicleState};

/// The datasets of a vehicle, in the order in which it says how far they had an answer.
const DATASETS: [Dataset; 3] = [Dataset::Decode, Dataset::Recalls, Dataset::Listings];
const DECODE: usize = 0;
const RECALLS: usize = 1;
const LISTINGS: usize = 2;

/// The changes found so far.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) changes: Vec<Change>,
    pub(super) asked: Asked,
}

/// Which datasets were asked for, before and after.
#[derive(Debug, Default)]
pub(super) struct Asked([[bool; 2]; DATASETS.len()]);

impl Asked {
    fn note(&mut self, night: usize, vehicle: &VehicleState) {
        for (asked, said) in self.0.iter_mut().zip(vehicle.said) {
            asked[night] |= said != Said::NotAsked;
        }
    }

    /// Those asked for on one night alone.
    pub(super) fn on_one_night(&self) -> BTreeSet<Dataset> {
        let datasets = DATASETS.into_iter().zip(self.0);
        datasets
            .filter(|(_, [before, after])| before != after)
            .map(|(dataset, _)| dataset)
            .collect()
    }
}

impl Difference {
    pub(super) fn compare(
        &mut self,
        mut before: impl Iterator<Item = Result<VehicleState, Error>>,
        mut after: impl Iterator<Item = Result<VehicleState, Error>>,
    ) -> Result<(), Error> {
        let (mut old, mut new) = (before.next().transpose()?, after.next().transpose()?);
        loop {
            let order = match (&old, &new) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(old), Some(new)) => old.vin.cmp(&new.vin),
            };
            let was = if order.is_le() { old.take() } else { None };
            let is = if order.is_ge() { new.take() } else { None };
            if order.is_le() {
                old = before.next().transpose()?;
            }
            if order.is_ge() {
                new = after.next().transpose()?;
            }
            self.vehicle(was.as_ref(), is.as_ref());
        }
    }

    fn vehicle(&mut self, was: Option<&VehicleState>, is: Option<&VehicleState>) {
        for (night, vehicle) in [was, is].into_iter().enumerate() {
            if let Some(vehicle) = vehicle {
                self.asked.note(night, vehicle);
            }
        }
        match (was, is) {
            (None, None) => {}
            (Some(was), None) => self.push(was, What::VehicleRemoved),
            (None, Some(is)) => {
                self.push(is, What::VehicleAdded { recalls: Arc::clone(&is.recalls) });
            }
            (Some(was), Some(is)) => {
                self.decode(was, is);
                self.recalls(was, is);
                self.listings(was, is);
            }
        }
    }

    fn push(&mut self, of: &VehicleState, what: What) {
        let VehicleState { vin, row_id, decode, .. } = of;
        self.changes.push(Change { vin: *vin, row_id: *row_id, decode: decode.clone(), what });
    }

    fn decode(&mut self, was: &VehicleState, is: &VehicleState) {
        if !both_answered(DECODE, was, is) || was.decode == is.decode {
            return;
        }
        let columns = |state: &VehicleState| {
            let text = |of: fn(&DecodeState) -> String| {
                state.decode.as_deref().map(of).filter(|text| !text.is_empty())
            };
            [
                ("make", text(|decode| decode.make.clone())),
                ("model", text(|decode| decode.model.clone())),
                (
                    "model_year",
                    text(|decode| decode.year.map(|y| y.to_string()).unwrap_or_default()),
                ),
            ]
        };
        let mut names_differ = false;
        for ((field, before), (_, after)) in columns(was).into_iter().zip(columns(is)) {
            if before != after {
                names_differ = true;
                self.push(is, What::Decoded { field, before, after });
            }
        }
        if !names_differ {
            self.push(is, What::Decoded { field: "decode", before: None, after: None });
        }
    }

    /// A campaign is gone only where both nights had an answer; it is new wherever the first
    /// one was asked for any: a recall is better said twice than never.
    fn recalls(&mut self, was: &VehicleState, is: &VehicleState) {
        let said = was.said[RECALLS];
        let find = |of: &VehicleState, number: &str| {
            of.recalls.iter().find(|recall| recall.number == number).cloned()
        };
        if said == Said::NotAsked || !is.said[RECALLS].is_answer() {
            return;
        }
        for recall in is.recalls.iter().cloned() {
            match find(was, &recall.number) {
                None => self.push(is, What::RecallNew { recall, was_known: said.is_answer() }),
                Some(RecallState { doubtful, .. }) if doubtful != recall.doubtful => {
                    self.push(is, What::RecallDoubt { recall });
                }
                Some(_) => {}
            }
        }
        if said.is_answer() {
            let gone = was.recalls.iter().filter(|recall| find(is, &recall.number).is_none());
            for recall in gone.cloned() {
                self.push(is, What::RecallGone { recall });
            }
        }
    }

    fn listings(&mut self, was: &VehicleState, is: &VehicleState) {
        if !both_answered(LISTINGS, was, is) {
            return;
        }
        let find = |of: &VehicleState, id: &str| of.listings.iter().find(|l| l.id == id).cloned();
        for ListingState { id, price } in is.listings.clone() {
            match find(was, &id) {
                None => self.push(is, What::ListingNew { id, price }),
                Some(ListingState { price: before, .. }) if before != price => {
                    self.push(is, What::PriceMoved { id, before, after: price });
                }
                Some(_) => {}
            }
        }
        let gone = was.listings.iter().filter(|listing| find(is, &listing.id).is_none());
        for ListingState { id, price } in gone.cloned() {
            self.push(is, What::ListingGone { id, price });
        }
    }
}

fn both_answered(dataset: usize, was: &VehicleState, is: &VehicleState) -> bool {
    was.said[dataset].is_answer() && is.said[dataset].is_answer()
}
