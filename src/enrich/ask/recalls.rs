//! Wave 2: recalls, for the vehicles that decode made known.
//!
//! Each source of the chain is asked about what no earlier one has settled. A
//! zero asked by vehicle is put to the test at once, by VIN or against the
//! source's list of models, since a zero that holds needs no other source.

use std::collections::HashMap;

use super::Asker;
use super::turns::{Asked, Confirmable, Turns};
use crate::domain::error::Error;
use crate::domain::key::KeyKind;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::{Dataset, Outcome};
use crate::enrich::board::{Picks, RecallReplies, Replies, Stage, StagePicks, Vehicles, Verdict};
use crate::enrich::chain::{Chain, Source};
use crate::store::Answered;

impl Asker<'_> {
    /// Asks every source of the recall chain.
    pub(super) async fn recalls(
        &self,
        vins: &KeySet,
        decode: Option<&Replies>,
    ) -> Result<Option<RecallReplies>, Error> {
        let Some(chain) = self.panel.chains.get(&Dataset::Recalls) else { return Ok(None) };
        let mut replies = RecallReplies::default();
        if chain.is_by_vehicle() {
            replies.vehicles = Some(self.vehicles(vins, decode)?);
        }
        // A VIN is open until some source has settled it.
        let mut open = vec![true; vins.len()];
        for (place, source) in chain.sources.iter().enumerate() {
            if chain.local.is_some_and(|local| local.after == place) {
                self.close_filed(vins, replies.vehicles.as_ref(), &mut open)?;
            }
            let stage = self.stage(chain, source, vins, replies.vehicles.as_ref(), &open).await?;
            if place + 1 < chain.sources.len() {
                self.close_settled(chain, &stage, vins, replies.vehicles.as_ref(), &mut open)?;
            }
            replies.stages.push(stage);
        }
        Ok(Some(replies))
    }

    /// The distinct vehicles among the decoded VINs.
    fn vehicles(&self, vins: &KeySet, decode: Option<&Replies>) -> Result<Vehicles, Error> {
        let snapshot = self.store.snapshot()?;
        let picks = match (self.panel.chains.get(&Dataset::Decode), decode) {
            (Some(chain), Some(decode)) => {
                Some(Picks::load(&snapshot, chain, decode, vins, self.times())?)
            }
            _ => None,
        };
        Vehicles::of(picks.as_ref(), self.offline.as_ref(), vins, Some(&snapshot))
    }

    /// Asks one source about the VINs that are open, or about their vehicles.
    async fn stage(
        &self,
        chain: &Chain,
        source: &Source,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        open: &[bool],
    ) -> Result<Stage, Error> {
        let by = source.key_kind();
        let Some(vehicles) = vehicles.filter(|_| by == KeyKind::Vehicle) else {
            let mut main = Asked::default();
            (main.outcomes, _) = self.source(chain, source, vins, open, &mut main.report).await?;
            return Ok(Stage {
                by,
                main: main.of(source.clone()),
                confirmed: None,
                catalogued: None,
            });
        };
        let mut wanted = vec![false; vehicles.keys.len()];
        for (vin, vehicle) in vehicles.of.iter().enumerate() {
            if let Some(vehicle) = vehicle {
                wanted[*vehicle as usize] |= open[vin];
            }
        }
        if let Some(by_vin) = source.confirming() {
            let about = Confirmable { chain, source, by_vin, vins, vehicles };
            let Turns { main, confirmed } = self.turns(&about, &wanted).await?;
            let confirmed = Some(confirmed.of(about.by_vin));
            return Ok(Stage { by, main: main.of(source.clone()), confirmed, catalogued: None });
        }
        self.by_catalogue(chain, source, vehicles, wanted).await
    }

    /// The vehicles asked about for which the source has no campaign, as far as it says.
    pub(super) async fn zeros(
        &self,
        source: &Source,
        vehicles: &Vehicles,
        wanted: &[bool],
        outcomes: &HashMap<u32, Outcome>,
    ) -> Result<Vec<bool>, Error> {
        let mut zeros = vec![false; vehicles.keys.len()];
        let id = self.shared.writer.source(source.name.clone()).await?;
        let snapshot = self.store.snapshot()?;
        snapshot.each_held_in(id, &vehicles.keys, |id, held| {
            zeros[id as usize] = held.said == Answered::Absent && wanted[id as usize];
        })?;
        for (&id, outcome) in outcomes {
            zeros[id as usize] |= *outcome == Outcome::Inconclusive;
        }
        Ok(zeros)
    }

    /// Closes the VINs whose recalls the imported file tells.
    fn close_filed(
        &self,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        open: &mut [bool],
    ) -> Result<(), Error> {
        let Some(vehicles) = vehicles else { return Ok(()) };
        let told = vehicles.filed(&self.store.snapshot()?)?;
        for vin in vins.sorted() {
            if vehicles.of[vin as usize].is_some_and(|vehicle| told[vehicle as usize]) {
                open[vin as usize] = false;
            }
        }
        Ok(())
    }

    /// Closes the VINs whose recalls `stage` has settled.
    fn close_settled(
        &self,
        chain: &Chain,
        stage: &Stage,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        open: &mut [bool],
    ) -> Result<(), Error> {
        let snapshot = self.store.snapshot()?;
        let times = self.times();
        let picks = StagePicks::load(&snapshot, chain, stage, vins, vehicles, times)?;
        for vin in vins.sorted() {
            let verdict = picks.verdict(vin, vins, vehicles);
            if verdict.as_ref().is_some_and(Verdict::settles) {
                open[vin as usize] = false;
            }
        }
        Ok(())
    }
}
