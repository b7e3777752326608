//! The join: a row and the answers about its vehicle become one record.
//!
//! What the store holds about each key is picked once, in one read transaction;
//! bodies are parsed on first use and shared by every row that needs them. What
//! the offline decoder says is worked out for a stretch of rows at a time, on
//! all cores ([`Joiner::decode`]), before its rows are joined.

mod decodes;
mod recalls;

use std::sync::Arc;

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::domain::facts::{Comparables, DecodeFacts, Doubt, ListingFacts};
use crate::domain::vin::{Reading, VinError};
use crate::domain::{Error, Exit, KeySet, Outcome, Status, Times, Vin};
use crate::enrich::board::{
    Answers, Board, Column, Combined, ComparablePrices, Dealers, FactsCache, OfDataset, View,
};
use crate::enrich::chain::{Chain, Chains};
use crate::input::{Batch, Inputs, Row, RowIds};
use crate::matching::conflicts::{Conflicts, input_conflicts};
use crate::matching::model_year::year_in_doubt;
use crate::matching::repair::Suggestions;
use crate::output::record::{DatasetAnswer, Record};
use crate::reference::vpic::Decoded;
use crate::reference::vpic::Offline;
use crate::store::Snapshot;

use decodes::{DecodeAnswer, Decodes};
use recalls::Recalls;

/// Comparisons of rows with their VINs that are kept for rows to come; beyond, all are
/// dropped and made again.
const CONFLICTS: usize = 65_536;

/// Everything pass 2 needs to turn rows into records.
pub(crate) struct Joiner<'a> {
    snapshot: &'a Snapshot<'a>,
    vins: &'a KeySet,
    row_ids: RowIds<'a>,
    offline: Option<Offline>,
    decodes: Decodes<'a>,
    recalls: Option<Recalls<'a>>,
    listings: Option<Board<'a>>,
    dealers: Dealers,
    comparables: ComparablePrices,
    carried: &'a mut Carried,
}

/// What was worked out for rows before, and is kept for rows to come, whichever VINs they
/// have: bounded, and true of one moment of the store.
#[derive(Default)]
pub(crate) struct Carried {
    suggestions: Suggestions,
    conflicts: HashMap<u128, Option<Arc<Conflicts>>>,
    decodes: decodes::Cache,
    recalls: recalls::Cache,
    listings: FactsCache<ListingFacts>,
}

impl<'a> Joiner<'a> {
    /// Reads what the store holds about every key, in one read transaction.
    pub(crate) fn load(
        snapshot: &'a Snapshot<'a>,
        chains: &Chains,
        answers: Answers<'a>,
        (inputs, carried): (&'a Inputs, &'a mut Carried),
        times: Times,
    ) -> Result<Self, Error> {
        let Answers { vins, mut decode, mut recalls, mut listings, mut dealers, mut comparables } =
            answers;
        let view =
            |chain: &Chain| View { snapshot: Some(snapshot), freshness: chain.freshness, times };
        for board in [&mut decode, &mut recalls, &mut listings].into_iter().flatten() {
            board.read(view(board.chain))?;
        }
        let dealers = match &listings {
            Some(board) => Dealers::load(&mut dealers, view(board.chain))?,
            None => Dealers::default(),
        };
        let comparables = match &listings {
            Some(board) => {
                ComparablePrices::load(&mut comparables, view(&board.chain.of_comparables()))?
            }
            None => ComparablePrices::default(),
        };
        let offline = chains.offline(times.started);
        Ok(Self {
            snapshot,
            vins,
            row_ids: inputs.row_ids(),
            decodes: Decodes::new(decode, offline.as_ref()),
            offline,
            recalls: recalls.map(|board| Recalls::new(board, snapshot)).transpose()?,
            listings,
            dealers,
            comparables,
            carried,
        })
    }

    /// What the offline decoder says of each VIN, for [`Joiner::record`]; on all cores.
    pub(crate) fn decode(&self, vins: &[Vin]) -> Option<Vec<Decoded>> {
        self.offline.as_ref().map(|offline| offline.decode_all(vins))
    }

    /// Suggests which VIN each of `readings` that may be a slip was meant to be; they
    /// are those of `batch`. On all cores.
    pub(crate) fn suggest(&self, batch: &Batch, readings: &mut [Reading]) {
        let (Some(offline), suggestions) = (&self.offline, &self.carried.suggestions) else {
            return;
        };
        let slips =
            readings.par_iter_mut().enumerate().filter(|(_, reading)| may_be_a_slip(reading));
        slips.for_each(|(place, reading)| {
            let row = batch.row(place);
            let suggestion = suggestions.of(row.vin(), &row.vehicle(), |vin| {
                let decoded = offline.decode(vin);
                decoded.is_found().then_some(decoded.facts)
            });
            reading.suggest(row.vin(), suggestion);
        });
    }

    /// The number of each VIN, for [`Joiner::record`].
    pub(crate) fn numbers(&self, vins: &[Vin]) -> Vec<Option<u32>> {
        self.vins.ids_of_vins(vins)
    }

    /// Reads what was answered about the VINs of rows to come, where much of it is new.
    pub(crate) fn read_ahead(&mut self, vins: &[Option<u32>]) -> Result<(), Error> {
        let Self { decodes, listings, carried, snapshot, .. } = self;
        let ids = || vins.iter().copied().flatten();
        if let Some(board) = &decodes.board {
            carried
                .decodes
                .facts
                .read_ahead(ids().filter_map(|id| answered(board, id)), snapshot)?;
        }
        if let Some(board) = listings {
            carried.listings.read_ahead(ids().filter_map(|id| answered(board, id)), snapshot)?;
        }
        Ok(())
    }

    /// The record of one row, whose VIN has the number `id`.
    pub(crate) fn record(
        &mut self,
        row: Row<'_>,
        reading: Reading,
        (id, decoded): (Option<u32>, Option<&Decoded>),
    ) -> Result<Record, Error> {
        let row_id = self.row_ids.next(row, &reading);
        let mut record = Record::unasked(row.file(), row.source_row(), reading, row_id);
        record.vin_cell = record.reading.vin.is_none().then(|| row.vin().into());
        if let (Some(vin), Some(id)) = (record.reading.vin, id) {
            record.vin_id = Some(id);
            let stated = row.year().or_else(|| self.vins.stated_year(id));
            let is_open = decoded.is_some_and(|decoded| decoded.other_year.is_some());
            let decoded = decoded.map(|decoded| decoded.in_year(self.vins.stated_year(id)));
            let store = (self.snapshot, &mut self.carried.decodes);
            let decode = self.decodes.answer(id, decoded, store)?;
            record.input_conflicts = self.conflicts_with(row, &decode);
            if let Some(recalls) = &mut self.recalls {
                let (asked, hash) = decode.for_recalls();
                let mut doubts = decode.disputed();
                let in_doubt =
                    |facts: &Arc<DecodeFacts>| year_in_doubt(&vin, facts, stated, is_open);
                if asked.facts.as_ref().is_some_and(in_doubt) {
                    doubts = doubts.with(Doubt::Year);
                }
                let store = (self.snapshot, &mut self.carried.recalls);
                let answer = recalls.answer(id, &asked, hash, store)?.with(doubts);
                (record.recalls, record.recall_match_basis) = (answer.answer, answer.basis);
                record.recall_doubt = answer.doubt;
            }
            (record.decode, record.decode_conflicts) = (decode.answer, decode.conflicts);
            record.listings = self.listings_of(id, &vin)?;
            record.comparables = self.comparables_of(&record.decode);
            let occurrences = self.vins.occurrences(id);
            record.vin_occurrences = occurrences.and_then(|rows| i32::try_from(rows).ok());
        }
        Ok(record)
    }

    /// Rows whose row key an earlier row had, among those joined so far.
    pub(crate) fn repeated_keys(&self) -> u64 {
        self.row_ids.repeated()
    }

    /// The listings of a VIN: an answer about it, or what an inventory says. What
    /// the one written leaves open of its dealer is filled from the dealer's own answer.
    fn listings_of(&mut self, id: u32, vin: &Vin) -> Result<DatasetAnswer<ListingFacts>, Error> {
        let word = self.listings.as_ref().and_then(|board| board.best(id, None));
        let Some(word) = word else {
            return Ok(DatasetAnswer::not_requested(None));
        };
        let (mut answer, _) = answer_of(&word, self.snapshot, &mut self.carried.listings)?;
        if let Combined::Inventory { inventory, .. } = word
            && let Some(facts) = inventory.listings(vin)
        {
            answer.facts = Some(facts);
        }
        let by_vendor = word.vendor().zip(answer.facts.as_deref());
        if let Some(facts) =
            by_vendor.and_then(|(vendor, facts)| self.dealers.complete(vendor, facts))
        {
            answer.facts = Some(facts);
        }
        Ok(answer)
    }

    /// Where the row's own words and its VIN differ.
    fn conflicts_with(&mut self, row: Row<'_>, decode: &DecodeAnswer) -> Option<Arc<Conflicts>> {
        let vehicle = row.vehicle();
        let facts = decode.answer.facts.as_ref().filter(|_| !vehicle.is_empty())?;
        let known = &mut self.carried.conflicts;
        if known.len() >= CONFLICTS {
            known.clear();
        }
        let models_of = |make: &str| self.offline.as_ref()?.models_of(make);
        let compare = || input_conflicts(&vehicle, facts, models_of).map(Arc::new);
        known.entry(vehicle.fingerprint(decode.hash)).or_insert_with(compare).clone()
    }

    /// Vehicles like the decoded one: those of an inventory that was read, else what a
    /// vendor says of them.
    fn comparables_of(&self, decode: &DatasetAnswer<DecodeFacts>) -> Option<Arc<Comparables>> {
        let board = self.listings.as_ref()?;
        let vehicle = decode.facts.as_deref()?;
        let (make, model) = (vehicle.make.as_deref()?, vehicle.model.as_deref()?);
        let year = vehicle.model_year?;
        let inventory = board.inventories().find_map(|of| of.inventory.as_ref());
        let own = inventory.map(|inventory| inventory.comparables(make, model, year));
        match own {
            Some(own) if own.count > 0 => Some(own),
            none => self.comparables.of(make, model, year).or(none),
        }
    }
}

/// Whether the VIN may be another one with a slip of the pen, and nobody has said which.
fn may_be_a_slip(reading: &Reading) -> bool {
    let slips = [VinError::CheckDigit, VinError::Length, VinError::IllegalCharacter];
    reading.suggestion.is_none() && reading.error.is_some_and(|error| slips.contains(&error))
}

/// The answer that a vendor gave about one VIN, by its column.
fn answered<'b>(board: &'b Board<'_>, vin: u32) -> Option<(&'b Column, &'b KeySet, u32)> {
    match board.best_remote(vin)? {
        Combined::Key { column, keys, id, .. } => Some((column, keys, id)),
        _ => None,
    }
}

/// What a row gets by a word, and the hash of its facts.
fn answer_of<F: OfDataset + Default>(
    word: &Combined<'_>,
    snapshot: &Snapshot<'_>,
    cache: &mut FactsCache<F>,
) -> Result<(DatasetAnswer<F>, u64), Error> {
    let answer = match *word {
        Combined::Key { column, id, .. } => answer_without_facts(column, id),
        Combined::Inventory { inventory, source, .. } => DatasetAnswer {
            status: word.status(),
            vendor: Some(Arc::clone(&source.label)),
            fetched_at: Some(inventory.fetched_at()),
            error: inventory.stale().map(|stale| Arc::clone(&stale.mark)),
            exit: inventory.stale().map_or(Exit::Success, |stale| stale.exit),
            facts: None,
        },
        Combined::Unanswered(ref outcome) => without_answer(outcome),
        Combined::United { .. } | Combined::Local { .. } => DatasetAnswer::not_requested(None),
    };
    if let Combined::Key { column, keys, id, .. } = *word
        && answer.status == Status::Found
        && let Some(read) = cache.facts(column, keys, id, snapshot)?
    {
        return Ok((DatasetAnswer { facts: Some(read.facts), ..answer }, read.hash));
    }
    Ok((answer, 0))
}

/// What a row gets by the answer about one key, but for what it says of the vehicle.
fn answer_without_facts<F>(column: &Column, id: u32) -> DatasetAnswer<F> {
    let word = column.key_word(id);
    if let Some(outcome) = &word.outcome {
        return without_answer(outcome);
    }
    let Some(fetched_at) = word.fetched_at() else {
        return DatasetAnswer::not_requested(None);
    };
    DatasetAnswer {
        status: word.status,
        vendor: Some(Arc::clone(&column.source.label)),
        fetched_at: Some(fetched_at),
        exit: word.stale.as_ref().map_or(Exit::Success, |stale| stale.exit),
        error: word.stale.map(|stale| stale.mark).or(word.detail),
        facts: None,
    }
}

fn without_answer<F>(outcome: &Outcome) -> DatasetAnswer<F> {
    let (status, error, exit) = outcome.verdict();
    DatasetAnswer {
        status,
        vendor: None,
        fetched_at: None,
        error: error.map(Arc::from),
        exit,
        facts: None,
    }
}
