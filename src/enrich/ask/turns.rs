//! Recalls by vehicle under a quota: a zero and its confirmation are one answer
//! that takes two calls, and both come out of the same quota.
//!
//! Were all vehicles asked first, a quota smaller than the fleet would be used up
//! by them night after night, and no zero would ever be confirmed. So they are
//! asked in turns, the most urgent first, each turn no larger than what the quota
//! has left when every zero in it is confirmed at once. What a night leaves
//! unconfirmed all the same comes first in the next.

use std::collections::HashMap;

use super::Asker;
use crate::domain::error::Error;
use crate::domain::key::Key;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::Outcome;
use crate::enrich::board::{Replies, Vehicles};
use crate::enrich::chain::{Chain, Source};
use crate::enrich::report::DatasetReport;
use crate::store::{Answered, Held};

/// Calls that an answer takes when it is a zero, or may be one.
const CALLS_FOR_A_ZERO: u64 = 2;

/// A question about vehicles to a source that confirms zeros by VIN.
pub(super) struct Confirmable<'a> {
    pub(super) chain: &'a Chain,
    pub(super) source: &'a Source,
    pub(super) by_vin: Source,
    pub(super) vins: &'a KeySet,
    pub(super) vehicles: &'a Vehicles,
}

/// What asking came to.
#[derive(Default)]
pub(super) struct Turns {
    /// About vehicles.
    pub(super) main: Asked,
    /// By VIN, about zeros.
    pub(super) confirmed: Asked,
}

/// Why keys have no fresh answer, and hits and misses.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) outcomes: HashMap<u32, Outcome>,
    pub(super) report: DatasetReport,
}

/// The VIN that is asked about when its vehicle's zero is put to the test.
#[derive(Clone, Copy)]
struct Spokesman {
    vin: u32,
    /// The smaller, the rather it is the one.
    rank: u8,
    /// The latest answer about any VIN of the vehicle, in microseconds since the epoch.
    told_at: Option<i64>,
    /// Whether one of them counts as fresh in this run.
    is_fresh: bool,
}

impl Asked {
    /// The replies of `source`.
    pub(super) fn of(self, source: Source) -> Replies {
        let mut replies = Replies { report: self.report, ..Replies::default() };
        replies.add(source, self.outcomes);
        replies
    }
}

impl Asker<'_> {
    /// Asks about the `wanted` vehicles, and has the zeros among them confirmed.
    pub(super) async fn turns(
        &self,
        about: &Confirmable<'_>,
        wanted: &[bool],
    ) -> Result<Turns, Error> {
        let Confirmable { chain, source, vehicles, .. } = about;
        let mut turns = Turns::default();
        let unfinished = self.unfinished(about, wanted).await?;
        self.confirm(about, &unfinished, &mut turns.confirmed).await?;
        let mut left = wanted.to_vec();
        while left.contains(&true) {
            let turn = self.turn(about, &left).await?;
            let report = &mut turns.main.report;
            let (outcomes, _) = self.source(chain, source, &vehicles.keys, &turn, report).await?;
            let zeros = self.zeros(source, vehicles, &turn, &outcomes).await?;
            self.confirm(about, &zeros, &mut turns.confirmed).await?;
            turns.main.outcomes.extend(outcomes);
            for (left, asked) in left.iter_mut().zip(turn) {
                *left &= !asked;
            }
        }
        Ok(turns)
    }

    /// The next vehicles to ask about: those with a fresh answer, and the most
    /// urgent others whose answers fit into what the quota has left.
    async fn turn(&self, about: &Confirmable<'_>, left: &[bool]) -> Result<Vec<bool>, Error> {
        let Confirmable { chain, source, vehicles, .. } = about;
        let Some(door) = self.doors.get(source.name.vendor) else { return Ok(left.to_vec()) };
        let id = self.shared.writer.source(source.name.clone()).await?;
        let urgent =
            self.missing(chain, id, &vehicles.keys, left, &mut DatasetReport::default())?;
        let mut cost = vec![CALLS_FOR_A_ZERO; vehicles.keys.len()];
        self.store.snapshot()?.each_held_in(id, &vehicles.keys, |id, held| {
            if held.said == Answered::Found {
                cost[id as usize] = 1;
            }
        })?;
        let wish = urgent.iter().map(|&id| cost[id as usize]).sum();
        let room = door.room(source.name.endpoint, wish).await?;
        let sums = urgent.iter().scan(0, |sum, &id| {
            *sum += cost[id as usize];
            Some(*sum)
        });
        let now = sums.take_while(|sum| *sum <= room).count();
        let mut turn = left.to_vec();
        // The last call goes to the most urgent one; who is not asked is told why.
        if now > 0 {
            for &id in &urgent[now..] {
                turn[id as usize] = false;
            }
        }
        Ok(turn)
    }

    /// The `wanted` zeros of earlier nights that nothing has confirmed since.
    async fn unfinished(
        &self,
        about: &Confirmable<'_>,
        wanted: &[bool],
    ) -> Result<Vec<bool>, Error> {
        let Confirmable { chain, source, vehicles, .. } = about;
        let id = self.shared.writer.source(source.name.clone()).await?;
        let mut asked_at = vec![None; vehicles.keys.len()];
        let times = self.times();
        self.store.snapshot()?.each_held_in(id, &vehicles.keys, |id, held| {
            let counts = wanted[id as usize]
                && held.said == Answered::Absent
                && chain.counts(|| vehicles.keys.key(id), &held, times);
            asked_at[id as usize] = counts.then_some(held.fetched_at);
        })?;
        let mut unfinished: Vec<bool> = asked_at.iter().map(Option::is_some).collect();
        let spokesmen = self.spokesmen(about, &unfinished).await?;
        for ((unfinished, asked_at), speaks) in unfinished.iter_mut().zip(asked_at).zip(spokesmen) {
            *unfinished &= speaks.is_some_and(|speaks| speaks.told_at < asked_at);
        }
        Ok(unfinished)
    }

    /// One call by VIN for each zero, unless one of its VINs has a fresh answer already.
    async fn confirm(
        &self,
        about: &Confirmable<'_>,
        zeros: &[bool],
        asked: &mut Asked,
    ) -> Result<(), Error> {
        let Confirmable { chain, by_vin, vins, .. } = about;
        let mut open = vec![false; vins.len()];
        let spokesmen = self.spokesmen(about, zeros).await?;
        for speaks in spokesmen.into_iter().flatten().filter(|speaks| !speaks.is_fresh) {
            open[speaks.vin as usize] = true;
        }
        if open.contains(&true) {
            let (outcomes, _) = self.source(chain, by_vin, vins, &open, &mut asked.report).await?;
            asked.outcomes.extend(outcomes);
        }
        Ok(())
    }

    /// Who speaks for each of the vehicles `zeros`: the one whose campaigns are
    /// known, so that they are renewed; else the one asked before; else the smallest.
    async fn spokesmen(
        &self,
        about: &Confirmable<'_>,
        zeros: &[bool],
    ) -> Result<Vec<Option<Spokesman>>, Error> {
        let Confirmable { chain, by_vin, vins, vehicles, .. } = about;
        let is_zero =
            |vin: &u32| vehicles.of[*vin as usize].is_some_and(|vehicle| zeros[vehicle as usize]);
        let mut spokesmen: Vec<Option<Spokesman>> = vec![None; vehicles.keys.len()];
        let candidates: Vec<u32> = vins.sorted().into_iter().filter(is_zero).collect();
        if candidates.is_empty() {
            return Ok(spokesmen);
        }
        let id = self.shared.writer.source(by_vin.name.clone()).await?;
        let mut known: HashMap<u32, Held> = HashMap::new();
        self.store.snapshot()?.each_held(id, vins.stored(&candidates), |vin, held| {
            known.insert(vin, held);
        })?;
        for vin in candidates {
            let Some(vehicle) = vehicles.of[vin as usize] else { continue };
            let held = known.get(&vin);
            let rank = match held.map(|held| held.said) {
                Some(Answered::Found) => 0,
                Some(Answered::Absent) => 1,
                None => 2,
                Some(Answered::Refused) => 3,
            };
            let is_fresh = held.is_some_and(|held| self.counts(chain, &vins.key(vin), held));
            let spokesman = spokesmen[vehicle as usize].get_or_insert(Spokesman {
                vin,
                rank,
                told_at: None,
                is_fresh: false,
            });
            if rank < spokesman.rank {
                (spokesman.vin, spokesman.rank) = (vin, rank);
            }
            spokesman.told_at = spokesman.told_at.max(held.map(|held| held.fetched_at));
            spokesman.is_fresh |= is_fresh;
        }
        Ok(spokesmen)
    }

    /// Whether an answer is fresh, and not to be asked for again all the same.
    fn counts(&self, chain: &Chain, key: &Key, held: &Held) -> bool {
        let refresh = self.plan.datasets.refresh.contains(&chain.dataset);
        chain.is_fresh(key, held, self.times()) && (!refresh || held.fetched_at >= self.started)
    }
}
