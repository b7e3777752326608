//! Recalls by vehicle under a quota: a zero and its confirmation are one answer
//! that takes two calls, and both come out of the same quota.
//!
//! Were all vehicles asked first, a quota smaller than the fleet would be used up
//! by them night after night, and no zero would ever be confirmed. So they are
//! asked in turns, the most urgent first, each turn no larger than what the quota
//! has left when every zero in it is confirmed at once. What a night leaves
//! unconfirmed all the same comes first in the next.

use super::{Asker, Gate, Question};
use crate::domain::{Error, KeySet};
use crate::enrich::board::{Column, Probe, Vehicles};
use crate::enrich::chain::Chain;

/// Calls that an answer takes when it is a zero, or may be one.
const CALLS_FOR_A_ZERO: u64 = 2;

/// A question about vehicles, and the VINs behind them.
#[derive(Clone, Copy)]
pub(super) struct ByVehicle<'q> {
    pub(super) chain: &'q Chain,
    pub(super) vins: &'q KeySet,
    pub(super) vehicles: &'q Vehicles,
}

impl<'q> ByVehicle<'q> {
    /// About the vehicles.
    pub(super) fn question(self) -> Question<'q> {
        Question { chain: self.chain, keys: &self.vehicles.keys }
    }

    /// About the VINs.
    fn by_vin(self) -> Question<'q> {
        Question { chain: self.chain, keys: self.vins }
    }
}

impl<G: Gate> Asker<'_, G> {
    /// Asks about the `wanted` vehicles, and has the zeros among them confirmed.
    pub(super) async fn with_probes(
        &self,
        about: ByVehicle<'_>,
        main: &mut Column,
        probe: &mut Probe,
        wanted: Vec<bool>,
    ) -> Result<(), Error> {
        self.read(about.question(), main)?;
        self.read(about.by_vin(), &mut probe.column)?;
        probe.choose(about.vins, about.vehicles, Some(self.again(about.chain)));
        // The zeros of earlier nights that nothing has confirmed since.
        let unconfirmed = |(vehicle, wanted): (u32, &bool)| {
            let asked_at = main.zero_at(vehicle).filter(|_| *wanted);
            asked_at.is_some() && probe.vin_of(vehicle).is_some_and(|vin| vin.told_at < asked_at)
        };
        let unconfirmed: Vec<bool> = (0u32..).zip(&wanted).map(unconfirmed).collect();
        self.confirm(about, probe, &unconfirmed).await?;
        let mut left = wanted;
        while left.contains(&true) {
            let turn = self.turn(about, main, &left).await?;
            self.ask_open(about.question(), main, &turn).await?;
            self.confirm(about, probe, &main.zeros(&turn)).await?;
            for (left, asked) in left.iter_mut().zip(turn) {
                *left &= !asked;
            }
        }
        Ok(())
    }

    /// The next vehicles to ask about: those with a fresh answer, and the most
    /// urgent others whose answers fit into what the quota has left.
    async fn turn(
        &self,
        about: ByVehicle<'_>,
        main: &Column,
        left: &[bool],
    ) -> Result<Vec<bool>, Error> {
        let urgent = main.missing(&about.vehicles.keys, left, self.again(about.chain)).keys;
        let cost = |&id: &u32| if main.was_found(id) { 1 } else { CALLS_FOR_A_ZERO };
        let room = self.gate.room(&main.source, urgent.iter().map(cost).sum()).await?;
        let sums = urgent.iter().scan(0, |sum, id| {
            *sum += cost(id);
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

    /// One call by VIN for each zero, unless one of its VINs has a fresh answer already.
    async fn confirm(
        &self,
        about: ByVehicle<'_>,
        probe: &mut Probe,
        zeros: &[bool],
    ) -> Result<(), Error> {
        let mut open = vec![false; about.vins.len()];
        for vehicle in (0u32..).zip(zeros).filter(|(_, zero)| **zero).map(|(vehicle, _)| vehicle) {
            if let Some(probe) = probe.vin_of(vehicle).filter(|probe| !probe.is_fresh) {
                open[probe.vin as usize] = true;
            }
        }
        if open.contains(&true) {
            self.ask_open(about.by_vin(), &mut probe.column, &open).await?;
            probe.choose(about.vins, about.vehicles, Some(self.again(about.chain)));
        }
        Ok(())
    }
}
