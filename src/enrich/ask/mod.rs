//! Asking: which keys the store does not answer, and the waves of calls that
//! get them answered.
//!
//! Wave 1 asks about VINs (decode, listings), wave 2 about what wave 1 made
//! known (recalls by vehicle, the dealers behind listings). Answers go into the
//! store; what stays here is only why a key has none.

mod catalogue;
mod dealers;
mod recalls;
mod turns;

use std::collections::{BTreeMap, HashMap};

use crate::domain::error::Error;
use crate::domain::freshness::Times;
use crate::domain::key::{Key, KeyKind};
use crate::domain::key_set::KeySet;
use crate::domain::outcome::{Dataset, Denied, Fault, Held, Outcome};
use crate::enrich::board::{Answers, Replies, Seen, seen};
use crate::enrich::chain::{Chain, Panel, Source};
use crate::enrich::inventory::Renewal;
use crate::enrich::plan::Plan;
use crate::enrich::report::DatasetReport;
use crate::gate::{Asked, Asking, Door, Shared};
use crate::reference::vpic::Offline;
use crate::store::{SourceId, Store};

/// Asks every vendor of the panel for what the store does not know.
pub struct Asker<'a> {
    /// The run's plan.
    pub plan: &'a Plan,
    /// Who can be asked.
    pub panel: &'a Panel,
    /// Where answers are.
    pub store: &'a Store,
    /// What the doors share.
    pub shared: &'a Shared<'a>,
    /// One door for each vendor that can be asked.
    pub doors: BTreeMap<&'static str, Door<'a>>,
    /// The offline decoder, where the decode chain heeds it.
    pub offline: Option<Offline>,
    /// When the run started, in microseconds since the epoch.
    pub started: i64,
}

impl Asker<'_> {
    /// Both waves. Decode and recalls go on while listings are asked.
    pub async fn ask(&self, vins: &KeySet) -> Result<Answers, Error> {
        let vehicles = async {
            let decode = self.dataset(Dataset::Decode, vins).await?;
            let recalls = self.recalls(vins, decode.as_ref()).await?;
            Ok((decode, recalls))
        };
        let listings = async {
            let listings = self.dataset(Dataset::Listings, vins).await?;
            let dealers = self.dealers(vins, listings.as_ref()).await?;
            Ok((listings, dealers))
        };
        let ((decode, recalls), (listings, dealers)) = tokio::try_join!(vehicles, listings)?;
        Ok(Answers { decode, recalls, listings, dealers })
    }

    async fn dataset(&self, dataset: Dataset, keys: &KeySet) -> Result<Option<Replies>, Error> {
        match self.panel.chains.get(&dataset) {
            Some(chain) => self.chain(chain, keys).await.map(Some),
            None => Ok(None),
        }
    }

    /// Asks the sources of a chain one after the other, each about what no
    /// earlier one has found.
    async fn chain(&self, chain: &Chain, keys: &KeySet) -> Result<Replies, Error> {
        let mut replies = Replies::default();
        let mut open = vec![true; keys.len()];
        for (place, source) in chain.sources.iter().enumerate() {
            if chain.local.is_some_and(|local| local.after == place) {
                self.close_decoded(keys, &mut open);
            }
            if source.key_kind() == KeyKind::Page {
                self.inventory(chain, source, keys, &mut open, &mut replies).await?;
                continue;
            }
            let first = replies.sources.len();
            let (outcomes, shape_refused) =
                self.source(chain, source, keys, &open, &mut replies.report).await?;
            if let Some(dearer) = source.dearer().filter(|_| shape_refused) {
                // It stands in for what was refused; what the cheap one knows still counts.
                let mut refused = vec![false; keys.len()];
                for &id in outcomes.keys() {
                    refused[id as usize] = true;
                }
                let report = &mut DatasetReport::default();
                let (outcomes, _) = self.source(chain, &dearer, keys, &refused, report).await?;
                replies.add(source.clone(), HashMap::new());
                replies.add(dearer, outcomes);
            } else {
                replies.add(source.clone(), outcomes);
            }
            if place + 1 < chain.sources.len() {
                for asked in &replies.sources[first..] {
                    self.close_found(chain, asked, keys, &mut open).await?;
                }
            }
        }
        Ok(replies)
    }

    /// Reads a source's inventory, and closes the keys that are in it.
    async fn inventory(
        &self,
        chain: &Chain,
        source: &Source,
        keys: &KeySet,
        open: &mut [bool],
        replies: &mut Replies,
    ) -> Result<(), Error> {
        let renewal = Renewal {
            store: self.store,
            shared: self.shared,
            chain,
            source,
            door: self.doors.get(source.name.vendor).ok_or_else(|| self.no_door()),
            started: self.started,
            forced: self.plan.datasets.refresh.contains(&chain.dataset),
        };
        let renewed = renewal.run().await?;
        let fresh = renewed.inventory.clone().filter(|inventory| inventory.stale().is_none());
        let (hits, keys_before) = (replies.report.hits, replies.report.keys);
        replies.add_inventory(source.clone(), renewed, open);
        self.shared.tell(|progress| {
            progress.cache_hits += replies.report.hits - hits;
            progress.lookups += replies.report.keys - keys_before;
        });
        for vin in fresh.iter().flat_map(|inventory| inventory.vins()) {
            if let Some(id) = keys.id(&Key::Vin(*vin)) {
                open[id as usize] = false;
            }
        }
        Ok(())
    }

    /// Asks one source about the open keys that it has no fresh answer to.
    async fn source(
        &self,
        chain: &Chain,
        source: &Source,
        keys: &KeySet,
        open: &[bool],
        report: &mut DatasetReport,
    ) -> Result<(HashMap<u32, Outcome>, bool), Error> {
        let id = self.shared.writer.source(source.name.clone()).await?;
        let mut counts = DatasetReport::default();
        let missing = self.missing(chain, id, keys, open, &mut counts)?;
        report.add(&counts);
        self.shared.tell(|progress| {
            progress.cache_hits += counts.hits;
            progress.lookups += counts.keys;
        });
        if missing.is_empty() {
            return Ok((HashMap::new(), false));
        }
        let asked =
            self.put(chain, source, id, missing.iter().map(|&id| keys.key(id)).collect()).await?;
        if self.is_out_of_reach(chain, source)? {
            report.unreachable.insert(source.label.to_string());
            return Ok((HashMap::new(), false));
        }
        let outcomes = asked.unanswered.into_iter();
        let outcomes = outcomes.filter_map(|(key, outcome)| Some((keys.id(&key)?, outcome)));
        Ok((outcomes.collect(), asked.shape_refused))
    }

    /// Whether nobody asked for this source by name, nobody pays for it, it never
    /// replied and never did before: then this machine has no way to it, and it is
    /// left out as a vendor without a key is.
    fn is_out_of_reach(&self, chain: &Chain, source: &Source) -> Result<bool, Error> {
        let Some(door) = self.doors.get(source.name.vendor) else { return Ok(false) };
        let named = chain.named || self.plan.datasets.named.contains(&chain.dataset);
        let left_out = door.was_never_there()
            && !named
            && !self.store.snapshot()?.has_heard_of(&source.name)?;
        if left_out {
            door.leave_out();
        }
        Ok(left_out)
    }

    /// The open keys without a fresh answer: the never answered first, then the longest expired.
    fn missing(
        &self,
        chain: &Chain,
        source: SourceId,
        keys: &KeySet,
        open: &[bool],
        report: &mut DatasetReport,
    ) -> Result<Vec<u32>, Error> {
        let found = lookup(self, chain, source, keys)?;
        let refresh = self.plan.datasets.refresh.contains(&chain.dataset);
        let mut never = Vec::new();
        let mut expired = Vec::new();
        for id in keys.sorted() {
            let place = id as usize;
            if !open[place] {
                continue;
            }
            report.keys += 1;
            match found[place] {
                Seen::Never => {
                    report.misses += 1;
                    never.push(id);
                }
                Seen::Fresh(fetched_at) if refresh => expired.push((fetched_at, id)),
                Seen::Fresh(_) => report.hits += 1,
                Seen::Expired(fetched_at) => {
                    report.stale += 1;
                    expired.push((fetched_at, id));
                }
            }
        }
        expired.sort_unstable();
        never.extend(expired.into_iter().map(|(_, id)| id));
        Ok(never)
    }

    /// Sends `keys` through the vendor's door, if there is one.
    async fn put(
        &self,
        chain: &Chain,
        source: &Source,
        id: SourceId,
        keys: Vec<Key>,
    ) -> Result<Asked, Error> {
        if source.unpaid {
            // As if the vendor were left out, but for what the store holds.
            return Ok(Asked::default());
        }
        let Some(door) = self.doors.get(source.name.vendor) else {
            let outcome = self.no_door();
            let unanswered = keys.into_iter().map(|key| (key, outcome.clone())).collect();
            return Ok(Asked { unanswered, shape_refused: false });
        };
        let asking =
            Asking { endpoint: source.name.endpoint, source: id, keys, freshness: chain.freshness };
        door.ask(asking).await
    }

    /// Why a vendor cannot be asked at all.
    fn no_door(&self) -> Outcome {
        if self.plan.datasets.offline {
            Outcome::Pending(Held::Offline)
        } else {
            Outcome::Failed(Fault::Denied(Denied::Key))
        }
    }

    /// Closes the keys that the offline decoder finds.
    fn close_decoded(&self, vins: &KeySet, open: &mut [bool]) {
        let Some(offline) = &self.offline else { return };
        let still: Vec<u32> = vins.sorted().into_iter().filter(|&id| open[id as usize]).collect();
        offline.each(vins, &still, |id, decoded| open[id as usize] = !decoded.is_found());
    }

    /// The time now, and when the run started.
    fn times(&self) -> Times {
        Times { started: self.started, now: self.shared.clock.now().wall }
    }

    /// Closes the keys that `source` has found, not too long ago.
    async fn close_found(
        &self,
        chain: &Chain,
        source: &Source,
        keys: &KeySet,
        open: &mut [bool],
    ) -> Result<(), Error> {
        let id = self.shared.writer.source(source.name.clone()).await?;
        let snapshot = self.store.snapshot()?;
        let times = self.times();
        snapshot.each_held_in(id, &keys, |id, held| {
            if held.said == crate::store::Answered::Found
                && chain.counts(|| keys.key(id), &held, times)
            {
                open[id as usize] = false;
            }
        })
    }
}

fn lookup(
    asker: &Asker<'_>,
    chain: &Chain,
    source: SourceId,
    keys: &KeySet,
) -> Result<Vec<Seen>, Error> {
    let snapshot = asker.store.snapshot()?;
    seen(&snapshot, chain, source, keys, asker.times())
}
