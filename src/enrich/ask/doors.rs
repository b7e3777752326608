//! The gate of a run: one door for each vendor that can be asked.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Asked, Gate, Question};
use crate::domain::{
    Dataset, Denied, Error, Fault, Key, KeySet, NotAsked, Outcome, Times, Timestamp,
};
use crate::enrich::board::{Column, Decodes, InventoryWords, Open, Vehicles, View};
use crate::enrich::chain::{Chain, Source};
use crate::enrich::inventory::{Renewal, Renewed};
use crate::enrich::plan::Plan;
use crate::enrich::report::DatasetReport;
use crate::enrich::session::Online;
use crate::gate::{Asking, Door, Shared};
use crate::store::{Snapshot, Store};
use crate::vendors::Role;

/// The vendors' doors, and the store that keeps what comes through them.
pub(crate) struct Doors<'a> {
    /// What the run shall do.
    pub(crate) plan: &'a Plan,
    /// Where answers are.
    pub(crate) store: &'a Store<'a>,
    /// What the doors share.
    pub(crate) shared: &'a Shared<'a>,
    /// By vendor.
    pub(crate) by_vendor: BTreeMap<&'static str, Door<'a>>,
    /// When the run started.
    pub(crate) started: Timestamp,
    /// What reading a vendor's inventory came to: it is read once in a run.
    inventories: RefCell<BTreeMap<&'static str, Renewed>>,
}

impl<'a> Doors<'a> {
    /// Those of a run that is `online`; `by_vendor` has its doors.
    pub(crate) fn of(
        plan: &'a Plan,
        online: &Online<'a>,
        by_vendor: BTreeMap<&'static str, Door<'a>>,
    ) -> Self {
        let Online { session, shared } = *online;
        let (store, started) = (&session.store, session.started().wall);
        Self { plan, store, shared, by_vendor, started, inventories: RefCell::default() }
    }
}

impl Gate for Doors<'_> {
    const COUNTS_ONLY: bool = false;

    fn snapshot(&self) -> Result<Option<Snapshot<'_>>, Error> {
        self.store.snapshot().map(Some)
    }

    fn times(&self) -> Times {
        Times { started: self.started, now: self.shared.clock.now().wall }
    }

    async fn ask(
        &self,
        question: Question<'_>,
        column: &mut Column,
        ids: Vec<u32>,
    ) -> Result<Asked, Error> {
        let Question { chain, keys, .. } = question;
        let kind = column.source.key_kind();
        let asked = ids.iter().filter_map(|&id| keys.key_for(kind, id)).collect();
        let asked = self.send(chain, column, asked).await?;
        if self.is_out_of_reach(chain, &column.source)? {
            column.report.unreachable.insert(column.source.label.to_string());
        } else {
            let by_id = |(key, why)| Some((keys.id(&key)?, why));
            // Only a find stays where it was not renewed.
            let unrenewed = asked.unrenewed.into_iter().filter_map(by_id);
            let unrenewed: Vec<_> = unrenewed.filter(|(id, _)| column.was_found(*id)).collect();
            column.outcomes.extend(asked.unanswered.into_iter().filter_map(by_id));
            column.outcomes.extend(unrenewed);
        }
        let snapshot = self.store.snapshot()?;
        let (freshness, times) = (chain.freshness, self.times());
        column.read(keys, View { snapshot: Some(&snapshot), freshness, times })?;
        Ok(Asked { shape_refused: asked.shape_refused })
    }

    async fn room(&self, source: &Source, want: u64) -> Result<u64, Error> {
        match self.by_vendor.get(source.name.vendor) {
            Some(door) => door.room(source.name.endpoint, want).await,
            // Nothing is sent, and every key gets the reason.
            None => Ok(u64::MAX),
        }
    }

    async fn renew(
        &self,
        chain: &Chain,
        words: &mut InventoryWords,
        open: &mut [Open],
    ) -> Result<(), Error> {
        let source = words.source.clone();
        let Role::Pages(pages) = source.endpoint.role() else { return Ok(()) };
        let renewal = Renewal {
            pages,
            store: self.store,
            shared: self.shared,
            chain,
            source: &source,
            door: self.by_vendor.get(source.name.vendor).ok_or_else(|| self.no_door()),
            started: self.started,
            forced: self.plan.datasets.refresh.contains(&chain.dataset),
        };
        let id = source.name.vendor;
        let known = self.inventories.borrow().get(id).cloned();
        let renewed = match known {
            Some(known) => known,
            None => renewal.run().await?,
        };
        self.inventories.borrow_mut().insert(id, renewed.clone());
        words.renewed(renewed, open);
        self.note(&words.report);
        Ok(())
    }

    fn may_not_pay(&self, source: &Source, what: &str) -> Option<String> {
        let price = source.settings.price_of(source.name.endpoint);
        let may = self.plan.limits.may_pay(price, &source.settings) || self.plan.datasets.offline;
        (!may).then(|| {
            format!(
                "listings: {} costs {price} a call about {what} and has no spend limit; {what} \
                 were not looked up",
                source.label
            )
        })
    }

    fn note(&self, report: &DatasetReport) {
        self.shared.update_progress(|progress| {
            progress.cache_hits += report.hits;
            progress.lookups += report.keys;
        });
    }

    fn vehicles(&self, decodes: Decodes<'_>, vins: &KeySet) -> Result<Vehicles, Error> {
        decodes.vehicles(vins)
    }

    fn may_rename(&self, _main: &Column, _vehicles: u64) {}

    fn may_also_ask(&self, _dataset: Dataset, _source: &Source, _calls: u64) {}
}

impl Doors<'_> {
    /// Sends a question through the vendor's door, if there is one.
    async fn send(
        &self,
        chain: &Chain,
        column: &Column,
        keys: Vec<Key>,
    ) -> Result<crate::gate::Asked, Error> {
        let source = &column.source;
        if source.unpaid {
            // As if the vendor were left out, but for what the store holds.
            return Ok(crate::gate::Asked::default());
        }
        let Some(door) = self.by_vendor.get(source.name.vendor) else {
            let outcome = self.no_door();
            let unanswered = keys.into_iter().map(|key| (key, outcome.clone())).collect();
            return Ok(crate::gate::Asked { unanswered, ..crate::gate::Asked::default() });
        };
        let id = self.shared.writer.source(source.name.clone()).await?;
        let freshness = chain.freshness;
        door.ask(Asking { endpoint: source.name.endpoint, source: id, keys, freshness }).await
    }

    /// Why a vendor cannot be asked at all.
    fn no_door(&self) -> Outcome {
        if self.plan.datasets.offline {
            Outcome::Pending(NotAsked::Offline)
        } else {
            Outcome::Failed(Fault::Denied(Denied::Key))
        }
    }

    /// Whether the user named no source like this one, it costs nothing, and it
    /// has never replied: then this machine has no way to it, and it is left out
    /// as a vendor without a key is.
    fn is_out_of_reach(&self, chain: &Chain, source: &Source) -> Result<bool, Error> {
        let Some(door) = self.by_vendor.get(source.name.vendor) else { return Ok(false) };
        let named = chain.named || self.plan.datasets.named.contains(&chain.dataset);
        let left_out = door.was_never_there()
            && !named
            && !self.store.snapshot()?.has_heard_of(&source.name)?;
        if left_out {
            door.leave_out();
        }
        Ok(left_out)
    }
}
