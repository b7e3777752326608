//! Recalls by vehicle under a quota: a zero and its confirmation are one answer
//! that takes two calls or more, and all come out of the same quota.
//!
//! Were all vehicles asked first, a quota smaller than the fleet would be used up
//! by them night after night, and no zero would ever be confirmed. So they are
//! asked in turns, the most urgent first, each turn no larger than what the quota
//! has left when every zero in it is confirmed at once. What a night leaves
//! unconfirmed all the same comes first in the next.

use super::{Asker, Gate, Question};
use crate::domain::{Error, KeySet};
use crate::enrich::board::{Column, Open, Probe, Vehicles};
use crate::enrich::chain::Chain;

/// A question about vehicles, and the VINs behind them.
#[derive(Clone, Copy)]
pub(super) struct ByVehicle<'q> {
    pub(super) chain: &'q Chain,
    pub(super) vins: &'q KeySet,
    pub(super) vehicles: &'q Vehicles,
}

impl<'q> ByVehicle<'q> {
    /// About the `open` vehicles.
    pub(super) fn question<'a>(self, open: &'a [Open]) -> Question<'a>
    where
        'q: 'a,
    {
        Question { chain: self.chain, keys: &self.vehicles.keys, open }
    }
}

impl<G: Gate> Asker<'_, G> {
    /// Asks about the `wanted` vehicles, and has the zeros among them confirmed.
    pub(super) async fn with_probes(
        &self,
        about: ByVehicle<'_>,
        main: &mut Column,
        probe: &mut Probe,
        wanted: Vec<Open>,
    ) -> Result<(), Error> {
        self.read(about.chain, &about.vehicles.keys, main)?;
        self.read(about.chain, about.vins, &mut probe.column)?;
        probe.choose(about.vins, about.vehicles, Some(self.again(about.chain)));
        // The zeros of earlier nights that nothing has confirmed since.
        let mut unconfirmed = vec![Open::No; wanted.len()];
        for (group, &vehicle) in (0u32..).zip(&about.vehicles.groups) {
            let asked_at = main.zero_at(vehicle);
            let is_unconfirmed = asked_at.is_some()
                && probe.vin_of(group).is_some_and(|vin| vin.answered_at < asked_at);
            if is_unconfirmed {
                unconfirmed[vehicle as usize] = wanted[vehicle as usize];
            }
        }
        self.confirm(about, probe, &unconfirmed).await?;
        let mut left = wanted;
        while is_any(&left) {
            let turn = self.turn(about, main, &left).await?;
            self.ask_open(about.question(&turn), main).await?;
            self.confirm(about, probe, &main.zeros(&turn)).await?;
            for (left, _) in left.iter_mut().zip(turn).filter(|(_, asked)| *asked != Open::No) {
                *left = Open::No;
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
        left: &[Open],
    ) -> Result<Vec<Open>, Error> {
        let urgent = main.missing(&about.vehicles.keys, left, self.again(about.chain)).keys;
        let mut probes = vec![0; left.len()];
        for &vehicle in &about.vehicles.groups {
            probes[vehicle as usize] += 1;
        }
        let cost = |&id: &u32| 1 + if main.was_found(id) { 0 } else { probes[id as usize] };
        let room = self.gate.room(&main.source, urgent.iter().map(cost).sum()).await?;
        let sums = urgent.iter().scan(0, |sum, id| {
            *sum += cost(id);
            Some(*sum)
        });
        let now = sums.take_while(|sum| *sum <= room).count();
        let mut turn = left.to_vec();
        // The last call goes to the most urgent one.
        if now > 0 {
            for &id in &urgent[now..] {
                turn[id as usize] = Open::No;
            }
        }
        Ok(turn)
    }

    /// One call by VIN for each series and powertrain of a zero, unless one of their VINs
    /// has a fresh answer already.
    async fn confirm(
        &self,
        about: ByVehicle<'_>,
        probe: &mut Probe,
        zeros: &[Open],
    ) -> Result<(), Error> {
        let mut open = vec![Open::No; about.vins.len()];
        for (group, &vehicle) in (0u32..).zip(&about.vehicles.groups) {
            if let Some(probe) = probe.vin_of(group).filter(|probe| !probe.is_fresh) {
                open[probe.vin as usize] = zeros[vehicle as usize];
            }
        }
        if is_any(&open) {
            let by_vin = Question { chain: about.chain, keys: about.vins, open: &open };
            self.ask_open(by_vin, &mut probe.column).await?;
            probe.choose(about.vins, about.vehicles, Some(self.again(about.chain)));
        }
        Ok(())
    }
}

fn is_any(open: &[Open]) -> bool {
    open.iter().any(|open| *open != Open::No)
}
