//! The board: what the steps of a chain say about every VIN of a run, and what
//! follows from it. Nothing else decides what a source is asked or what a row gets.
//!
//! A [`Word`](word::Word) is what a step says about one of its keys; words lie
//! in a [`Column`] for each endpoint. [`Board::word`] combines those of one step
//! into what it says about a VIN, [`Board::best`] folds the steps in order, and
//! [`Board::settles`] says whether later steps still need asking.

mod catalogue;
mod column;
mod combined;
mod comparables;
mod dealers;
mod facts;
mod steps;
mod vehicles;
mod word;

use crate::domain::{Dataset, Error, KeySet, Status, Vehicle};
use crate::enrich::chain::{Chain, Step};

pub(crate) use catalogue::{Candidates, Catalogue, NEAR_LISTS, lists_of, near_lists};
pub(crate) use column::{Ask, Column, Open, View};
pub(crate) use combined::{Combined, United};
pub(crate) use comparables::ComparablePrices;
pub(crate) use dealers::Dealers;
pub(crate) use dealers::dealers_to_ask;
pub(crate) use facts::{FactsCache, Fingerprinted, OfDataset};
pub(crate) use steps::{ByVin, InventoryWords, LocalSays, LocalWords, Probe, StepWords, Test};
pub(crate) use vehicles::Decodes;
pub(crate) use vehicles::{Alike, FiledWords, Vehicles};

/// What the steps of one chain say about the VINs of a run.
#[derive(Debug)]
pub(crate) struct Board<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// The VINs.
    pub vins: &'a KeySet,
    /// The vehicles behind them, where a step is asked by vehicle.
    pub vehicles: Option<Vehicles>,
    /// What each step says, in the order of the chain.
    pub(crate) steps: Vec<StepWords>,
}

/// What asking came to.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    /// The VINs.
    pub vins: &'a KeySet,
    /// Decode.
    pub decode: Option<Board<'a>>,
    /// Recalls.
    pub recalls: Option<Board<'a>>,
    /// Listings.
    pub listings: Option<Board<'a>>,
    /// The dealers behind listings, one entry for each vendor.
    pub dealers: Vec<Beside>,
    /// What comparable vehicles cost, one entry for each vendor.
    pub comparables: Vec<Beside>,
}

/// What asking one vendor of listings about something beside them came to.
#[derive(Debug)]
pub(crate) struct Beside {
    /// What was asked about.
    pub(crate) keys: KeySet,
    /// What the vendor says.
    pub(crate) column: Column,
    /// Why it was not asked, where it should have been.
    pub(crate) unasked: Option<String>,
}

impl<'a> Answers<'a> {
    /// What stands about one dataset.
    pub(crate) fn board(&self, dataset: Dataset) -> Option<&Board<'a>> {
        match dataset {
            Dataset::Decode => self.decode.as_ref(),
            Dataset::Recalls => self.recalls.as_ref(),
            Dataset::Listings => self.listings.as_ref(),
        }
    }

    /// What stands about every dataset that runs.
    pub(crate) fn boards(&self) -> impl Iterator<Item = &Board<'a>> {
        Dataset::ALL.into_iter().filter_map(|dataset| self.board(dataset))
    }
}

impl<'a> Board<'a> {
    /// A board on which nothing stands yet.
    pub(crate) fn new(chain: &'a Chain, vins: &'a KeySet, vehicles: Option<Vehicles>) -> Self {
        let steps = chain.steps.iter().map(|step| StepWords::of(step, vins)).collect();
        Self { chain, vins, vehicles, steps }
    }

    /// What one step says about a VIN; `None` where it says nothing, as its
    /// question is not known. `local` is what data on this machine say of the
    /// VIN, where the caller has it at hand.
    pub(crate) fn word(
        &self,
        place: usize,
        vin: u32,
        local: Option<LocalSays>,
    ) -> Option<Combined<'_>> {
        match &self.steps[place] {
            StepWords::ByVin(by_vin) => Combined::first(by_vin, self.vins, vin),
            StepWords::ByVehicle { main, test } => {
                let vehicles = self.vehicles.as_ref()?;
                let zero = steps::Zero { main, test, vins: self.vins, vehicles };
                zero.word(vin)
            }
            StepWords::Inventory(words) => words.word(vin, self.vins),
            StepWords::Local(words) => {
                let version = || self.vehicles.as_ref()?.version_of(vin);
                let says = local.or_else(|| words.says(vin, version()))?;
                let leads = place == 0;
                Some(Combined::Local { local: words.local, says, leads })
            }
        }
    }

    /// The best of what the steps say about a VIN; of two equals the earlier
    /// step's. `local` is as in [`Board::word`].
    pub(crate) fn best(&self, vin: u32, local: Option<LocalSays>) -> Option<Combined<'_>> {
        self.fold((0..self.steps.len()).filter_map(|place| self.word(place, vin, local)))
    }

    /// The best of what its vendors say, whatever data on this machine say.
    pub(crate) fn best_remote(&self, vin: u32) -> Option<Combined<'_>> {
        let is_remote = |place: &usize| matches!(self.chain.steps[*place], Step::Remote(_));
        let places = (0..self.steps.len()).filter(is_remote);
        self.fold(places.filter_map(|place| self.word(place, vin, None)))
    }

    fn fold<'b>(&self, words: impl Iterator<Item = Combined<'b>>) -> Option<Combined<'b>> {
        words.reduce(|best, word| if self.is_better(&word, &best) { word } else { best })
    }

    /// Whether a later step's `word` is to be written instead of `best`.
    fn is_better(&self, word: &Combined<'_>, best: &Combined<'_>) -> bool {
        if best.is_final() {
            return false;
        }
        if word.is_final() {
            return true;
        }
        // A zero of recalls that holds beats all but a find.
        if self.is_settled_zero(best) {
            return false;
        }
        // The offline decoder's "nothing" stands in where a vendor knows no better.
        let is_refused =
            |word: &Combined<'_>| matches!(word.status(), Status::Refused | Status::NotRequested);
        match (word.is_decoder_zero(), best.is_decoder_zero()) {
            (true, false) => is_refused(best),
            (false, true) => !is_refused(word),
            _ => self.is_settled_zero(word) || word.rank() < best.rank(),
        }
    }

    fn is_settled_zero(&self, word: &Combined<'_>) -> bool {
        !word.is_found() && self.settles(word)
    }

    /// Whether later steps need not be asked. A find settles; so does, of recalls,
    /// a zero that holds. What has expired, and was not renewed, settles nothing.
    pub(crate) fn settles(&self, word: &Combined<'_>) -> bool {
        let recalls = self.chain.dataset == Dataset::Recalls;
        match word {
            Combined::Local { says, .. } => {
                *says == LocalSays::Found || recalls && *says == LocalSays::Absent
            }
            Combined::Inventory { listed, .. } => *listed && word.is_fresh(),
            Combined::Key { .. } => {
                word.is_fresh() && (word.is_found() || recalls && word.status() == Status::Absent)
            }
            Combined::United { .. } => word.is_fresh(),
            Combined::Unanswered(_) => false,
        }
    }

    /// Takes out of `open` the VINs that a step has settled.
    pub(crate) fn close_settled(&self, place: usize, open: &mut [Open]) {
        let is_settled = |vin| self.word(place, vin, None).is_some_and(|word| self.settles(&word));
        let is_assumed = |vin| self.steps[place].is_assumed(vin, self.vehicles.as_ref());
        Open::close(open, is_settled, is_assumed);
    }

    /// Whether what is known of a VIN rests on what a plan assumes.
    pub(crate) fn is_assumed(&self, vin: u32) -> bool {
        self.steps.iter().any(|step| step.is_assumed(vin, self.vehicles.as_ref()))
    }

    /// Whether a plan assumes any answer.
    pub(crate) fn has_assumed(&self) -> bool {
        self.columns().any(Column::has_assumed)
    }

    /// The names under which sources are asked about a VIN, as vehicles.
    pub(crate) fn names_of(&self, vin: u32) -> Vec<Vehicle> {
        let Some(vehicles) = &self.vehicles else { return Vec::new() };
        let own = vehicles.vehicle_of(vin).and_then(|vehicle| vehicles.keys.vehicle(vehicle));
        let mut names: Vec<Vehicle> = own.cloned().into_iter().collect();
        for step in &self.steps {
            let StepWords::ByVehicle { test: Test::Catalogue(of), .. } = step else { continue };
            let version = vehicles.version_of(vin).and_then(|id| of.candidates.get(id as usize));
            let ids = version.iter().flat_map(|version| &version.names);
            names.extend(ids.filter_map(|(id, _)| of.names.vehicle(*id).cloned()));
        }
        let own = names.len().min(1);
        names[own..].sort_unstable();
        names.dedup();
        names
    }

    /// Reads everything again, from one moment of the store.
    pub(crate) fn read(&mut self, view: View<'_>) -> Result<(), Error> {
        for step in &mut self.steps {
            step.read(self.vins, self.vehicles.as_ref(), view)?;
        }
        Ok(())
    }

    /// Every endpoint that was asked something.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.steps.iter().flat_map(StepWords::columns)
    }

    /// The inventories among its steps.
    pub(crate) fn inventories(&self) -> impl Iterator<Item = &InventoryWords> {
        self.steps.iter().filter_map(|step| match step {
            StepWords::Inventory(words) => Some(&**words),
            StepWords::ByVin(_) | StepWords::ByVehicle { .. } | StepWords::Local(_) => None,
        })
    }
}
