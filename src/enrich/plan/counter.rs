//! The gate of a plan: questions are counted instead of sent. What cannot be known
//! before is a range: at least the calls that are made whatever the answers, at
//! most those that are made when no source finds anything.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::{Dataset, Error, KeyKind, KeySet, Times};
use crate::enrich::ask::{Asked, Gate, Question};
use crate::enrich::board::{Board, Column, Decodes, InventoryWords, Open, Vehicles, View};
use crate::enrich::chain::{Chain, Source};
use crate::enrich::inventory::{Foreseen, Known, Renewed, foresee};
use crate::enrich::plan::Plan;
use crate::enrich::plan::forecast::Count;
use crate::enrich::report::DatasetReport;
use crate::store::{AnswerKind, Snapshot, Snapshots};

/// Other names under which a source may list a model, at most: more than any
/// make gives one model of a year in NHTSA's lists.
const OTHER_NAMES: u64 = 8;

/// A source whose zero may only mean "not now" is asked once more.
const TRIES_FOR_A_ZERO: u64 = 2;

/// Calls by dataset, vendor and endpoint; those that none is made of are left out.
pub(crate) type Calls = BTreeMap<Line, Range>;

/// Calls to one endpoint for one dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) dataset: Dataset,
    pub(crate) vendor: &'static str,
    pub(crate) endpoint: &'static str,
}

/// A number of calls that depends on what sources answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Range {
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Range {
    fn up_to(most: u64) -> Self {
        Self { least: 0, most }
    }

    /// Whether it depends on nothing.
    pub(crate) fn is_exact(self) -> bool {
        self.least == self.most
    }
}

/// Counts calls in the gate's place.
pub(crate) struct Counter<'a> {
    /// What the run shall do.
    plan: &'a Plan,
    /// The store; `None` where there is none yet.
    store: Option<&'a Snapshots>,
    /// When the run would start.
    times: Times,
    /// As in [`Count`].
    pretend: bool,
    calls: RefCell<Calls>,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(count: &Count<'a>) -> Self {
        let Count { plan, store, pretend, .. } = *count;
        Self { plan, store, times: count.times(), pretend, calls: RefCell::default() }
    }

    /// The calls that were counted.
    pub(crate) fn into_calls(self) -> Calls {
        self.calls.into_inner()
    }

    fn count(&self, dataset: Dataset, source: &Source, calls: Range) {
        if calls.most > 0 && !self.plan.datasets.offline {
            let (vendor, endpoint) = (source.name.vendor, source.name.endpoint);
            let line = Line { dataset, vendor, endpoint };
            let mut counted = self.calls.borrow_mut();
            let of = counted.entry(line).or_default();
            (of.least, of.most) = (of.least + calls.least, of.most + calls.most);
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
        let dataset = question.chain.dataset;
        if !self.pretend && !column.source.can_be_asked() {
            return Ok(Asked::default());
        }
        let spec = column.source.endpoint.spec();
        let batches = |keys: usize, batch: usize| keys.div_ceil(batch) as u64;
        let sure = ids.iter().filter(|id| question.open[**id as usize] == Open::Yes).count();
        let may_be_unsure = column.source.catalogue().is_some();
        let tries = if may_be_unsure { TRIES_FOR_A_ZERO } else { 1 };
        let (least, most) = (batches(sure, spec.batch), batches(ids.len(), spec.batch) * tries);
        self.count(dataset, &column.source, Range { least, most });
        if let Some(dealers) = column.source.dealers() {
            // Each listing may name a dealer of its own.
            let most = batches(ids.len(), dealers.endpoint.spec().batch);
            self.count(dataset, &dealers, Range::up_to(most));
        }
        let said = if spec.key == KeyKind::Vehicle && spec.dataset.is_some() {
            // Every zero is put to the test.
            AnswerKind::Absent
        } else {
            // An answer that settles nothing, and is not asked for again.
            AnswerKind::Refused
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
        open: &mut [Open],
    ) -> Result<(), Error> {
        let snapshot = self.snapshot()?;
        let forced = self.plan.datasets.refresh.contains(&chain.dataset);
        let Foreseen { known, pages, count, inventory } =
            foresee(snapshot.as_ref(), chain, &words.source, self.times, forced)?;
        // A reading that was broken off may lack nothing but its end.
        let least = if known == Known::Expired { 0 } else { pages };
        self.count(chain.dataset, &words.source, Range { least, most: pages });
        if let Some(endpoint) = count {
            // Asked after the last page, where the quotas have room for it soon.
            let mut counts = words.source.clone();
            counts.name.endpoint = endpoint;
            self.count(chain.dataset, &counts, Range::up_to(1));
        }
        words.renewed(Renewed { known, inventory, outcome: None, warning: None }, open);
        if known != Known::Fresh {
            words.assume();
        }
        Ok(())
    }

    fn may_not_pay(&self, source: &Source, _what: &str) -> Option<String> {
        let price = source.settings.price_of(source.name.endpoint);
        (!self.plan.limits.may_pay(price, &source.settings)).then(String::new)
    }

    fn note(&self, _report: &DatasetReport) {}

    fn vehicles(&self, decodes: Decodes<'_>, vins: &KeySet) -> Result<Vehicles, Error> {
        let Some(board) = decodes.board.filter(|board| board.has_assumed()) else {
            return decodes.vehicles(vins);
        };
        let mut kept = Board::new(board.chain, vins, None);
        let (snapshot, freshness) = (decodes.snapshot, board.chain.freshness);
        kept.read(View { snapshot, freshness, times: self.times })?;
        let is_known = |vin: &u32| {
            let found = || kept.best_remote(*vin).is_some_and(|word| word.is_found());
            !board.is_assumed(*vin) || found()
        };
        let (named, unnamed): (Vec<u32>, Vec<u32>) = vins.ids().partition(is_known);
        let of = Decodes { board: Some(&kept), ..decodes }.vehicles_of(vins, &named)?;
        Ok(of.and_unnamed(&unnamed))
    }

    fn may_rename(&self, main: &Column, vehicles: u64) {
        self.count(Dataset::Recalls, &main.source, Range::up_to(vehicles * OTHER_NAMES));
    }

    fn may_also_ask(&self, dataset: Dataset, source: &Source, calls: u64) {
        self.count(dataset, source, Range::up_to(calls));
    }
}
