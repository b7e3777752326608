//! The gate of a plan: questions are counted instead of sent, and answered by an
//! assumption.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Dataset, Error, KeyKind, KeySet, Times, Vehicle};
use crate::enrich::ask::{Asked, Gate, Question, Unlisted};
use crate::enrich::board::{Board, Column, Decodes, InventoryWords, Vehicles, View};
use crate::enrich::chain::{Chain, Source};
use crate::enrich::inventory::{Foreseen, Known, Renewed, foresee};
use crate::enrich::plan::Plan;
use crate::enrich::plan::forecast::Count;
use crate::enrich::report::DatasetReport;
use crate::store::{AnswerKind, Snapshot, Snapshots};

/// Other names under which a source may list a model, at most: more than any
/// make gives one model of a year in NHTSA's lists.
const OTHER_NAMES: u64 = 8;

/// What is taken of keys that would be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assume {
    /// The first source finds everything, in vehicles that are known already.
    Least,
    /// No source finds anything, every zero is put to the test, and every VIN
    /// that is not decoded yet is a vehicle of its own.
    Most,
}

/// Calls to one endpoint for one dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) dataset: Dataset,
    pub(crate) vendor: &'static str,
    pub(crate) endpoint: &'static str,
}

/// Counts calls in the gate's place.
pub(crate) struct Counter<'a> {
    /// What the run shall do.
    plan: &'a Plan,
    /// The store; `None` where there is none yet.
    store: Option<&'a Snapshots>,
    /// When the run would start.
    times: Times,
    /// What is taken of the answers.
    assume: Assume,
    /// As in [`Count`].
    pretend: bool,
    calls: RefCell<BTreeMap<Line, u64>>,
    /// The VINs whose decode would be asked for.
    decoding: RefCell<BTreeSet<u32>>,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(count: &Count<'a>, assume: Assume) -> Self {
        Self {
            plan: count.plan,
            store: count.store,
            times: count.times(),
            assume,
            pretend: count.pretend,
            calls: RefCell::default(),
            decoding: RefCell::default(),
        }
    }

    /// The calls that were counted.
    pub(crate) fn into_calls(self) -> BTreeMap<Line, u64> {
        self.calls.into_inner()
    }

    /// How often one question may be put without a fault: a source whose zero may
    /// only mean "not now" is asked once more.
    fn tries(&self, source: &Source) -> u64 {
        let may_be_unsure = source.catalogue().is_some();
        if self.assume == Assume::Most && may_be_unsure { 2 } else { 1 }
    }

    fn count(&self, dataset: Dataset, source: &Source, calls: u64) {
        if calls > 0 && !self.plan.datasets.offline {
            let (vendor, endpoint) = (source.name.vendor, source.name.endpoint);
            let line = Line { dataset, vendor, endpoint };
            *self.calls.borrow_mut().entry(line).or_default() += calls;
        }
    }
}

impl Gate for Counter<'_> {
    const COUNTS_ONLY: bool = true;

    fn snapshot(&self) -> Result<Option<Snapshot<'_>>, Error> {
        self.store.map(Snapshots::snapshot).transpose()
    }

    fn times(&self) -> Times {
        self.times
    }

    async fn ask(
        &self,
        question: Question<'_>,
        column: &mut Column,
        ids: Vec<u32>,
    ) -> Result<Asked, Error> {
        let Question { chain, .. } = question;
        if !self.pretend && !column.source.can_be_asked() {
            return Ok(Asked::default());
        }
        let spec = column.source.endpoint.spec();
        let calls = ids.len().div_ceil(spec.batch) as u64;
        self.count(chain.dataset, &column.source, calls * self.tries(&column.source));
        if chain.dataset == Dataset::Decode && spec.key == KeyKind::Vin {
            self.decoding.borrow_mut().extend(&ids);
        }
        if self.assume == Assume::Most
            && let Some(dealers) = column.source.dealers()
        {
            // Each listing may name a dealer of its own.
            let batch = dealers.endpoint.spec().batch;
            self.count(chain.dataset, &dealers, ids.len().div_ceil(batch) as u64);
        }
        let said = match self.assume {
            Assume::Least => AnswerKind::Found,
            Assume::Most if spec.key == KeyKind::Vehicle && spec.dataset.is_some() => {
                AnswerKind::Absent
            }
            // An answer that settles nothing, and is not asked for again.
            Assume::Most => AnswerKind::Refused,
        };
        column.assume(&ids, said, self.times.now);
        Ok(Asked::default())
    }

    async fn room(&self, _source: &Source, _want: u64) -> Result<u64, Error> {
        Ok(u64::MAX)
    }

    async fn renew(
        &self,
        chain: &Chain,
        words: &mut InventoryWords,
        open: &mut [bool],
    ) -> Result<(), Error> {
        let snapshot = self.snapshot()?;
        let forced = self.plan.datasets.refresh.contains(&chain.dataset);
        let Foreseen { known, pages, inventory } =
            foresee(snapshot.as_ref(), chain, &words.source, self.times, forced)?;
        // A reading that was broken off may lack nothing but its end.
        let least = self.assume == Assume::Least && known == Known::Expired;
        self.count(chain.dataset, &words.source, if least { 0 } else { pages });
        let renewed = Renewed { known, inventory, outcome: None, warning: None };
        words.renewed(renewed, open);
        if known != Known::Fresh && self.assume == Assume::Least {
            open.fill(false);
        }
        Ok(())
    }

    fn may_not_pay(&self, source: &Source) -> Option<String> {
        let price = source.settings.price_of(source.name.endpoint);
        let may = self.assume == Assume::Most || self.plan.may_pay(price, &source.settings);
        (!may).then(String::new)
    }

    fn note(&self, _report: &DatasetReport) {}

    fn vehicles(&self, decodes: Decodes<'_>, vins: &KeySet) -> Result<Vehicles, Error> {
        let Decodes { board, offline, snapshot } = decodes;
        let known = match board {
            Some(board) => {
                let mut known = Board::new(board.chain, vins, None);
                let freshness = board.chain.freshness;
                known.read(View { snapshot, freshness, times: self.times })?;
                Some(known)
            }
            None => None,
        };
        let decoding = self.decoding.borrow();
        let is_known = |vin: u32| {
            let found = known.as_ref().and_then(|board| board.best_remote(vin));
            found.is_some_and(|word| word.is_found())
        };
        let of = Decodes { board: known.as_ref(), offline, snapshot }.vehicles(vins)?;
        let named = (0u32..).zip(&of.of).filter_map(|(vin, vehicle)| {
            if decoding.contains(&vin) && !is_known(vin) {
                return (self.assume == Assume::Most).then(|| (vin, one_of_its_own(vins, vin)));
            }
            Some((vin, of.keys.vehicle((*vehicle)?)?.clone()))
        });
        Ok(Vehicles::named(named, vins.len()))
    }

    fn unknown_list(&self, main: &Column, vehicles: u64) -> Unlisted {
        match self.assume {
            Assume::Least => Unlisted::Listed,
            Assume::Most => {
                self.count(Dataset::Recalls, &main.source, vehicles * OTHER_NAMES);
                Unlisted::Unknown
            }
        }
    }
}

/// A vehicle that is like no other.
fn one_of_its_own(vins: &KeySet, vin: u32) -> Vehicle {
    let name = vins.key(vin).to_stored();
    Vehicle { make: name.clone(), model: name, year: 0 }
}
