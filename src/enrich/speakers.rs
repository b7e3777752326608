//! Zeros of recalls that one VIN confirms for all like it. In a run of two passes it is among
//! the VINs of the run; where rows pass through batch by batch it may be in any of them, or was
//! asked about by another run. So the VINs that the store has such answers about are joined to
//! each batch that has others like them.

use std::collections::HashMap;

use crate::domain::vin_set::Distinct;
use crate::domain::{Dataset, Error, KeySet, Vin};
use crate::enrich::ask::{Asker, Gate};
use crate::enrich::board::{Alike, Vehicles};
use crate::enrich::chain::Chain;

/// VINs with an answer, by what those have in common for which they speak.
pub(crate) struct Speakers(HashMap<Alike, Vec<Vin>>);

impl Speakers {
    /// Those that the store of `asker` has.
    pub(crate) async fn load<G: Gate>(asker: &Asker<'_, G>) -> Result<Self, Error> {
        let vins = KeySet::vins(confirmed(asker)?);
        let mut speakers: HashMap<Alike, Vec<Vin>> = HashMap::new();
        if !vins.is_empty()
            && let Some(vehicles) = asker.vehicles_behind(&vins).await?
        {
            for (id, alike) in (0u32..).zip(vehicles.alike()) {
                if let Some((alike, vin)) = alike.zip(vins.key(id).vin().copied()) {
                    speakers.entry(alike).or_default().push(vin);
                }
            }
        }
        Ok(Self(speakers))
    }

    /// The VINs of a batch, and those that speak for some of them.
    pub(crate) async fn join<G: Gate>(
        &self,
        vins: KeySet,
        asker: &Asker<'_, G>,
    ) -> Result<KeySet, Error> {
        if self.0.is_empty() {
            return Ok(vins);
        }
        let vehicles = asker.vehicles_behind(&vins).await?;
        let speakers = vehicles.as_ref().map(|vehicles| self.of(vehicles)).unwrap_or_default();
        if speakers.is_empty() {
            return Ok(vins);
        }
        let mut all = Distinct::new();
        for id in vins.ids() {
            if let Some(vin) = vins.key(id).vin() {
                let place = all.insert(*vin);
                if let Some(year) = vins.stated_year(id) {
                    all.state_year(place, year);
                }
            }
        }
        for vin in speakers {
            all.insert(vin);
        }
        Ok(KeySet::vins(all))
    }

    fn of(&self, vehicles: &Vehicles) -> Vec<Vin> {
        let mut alike: Vec<Alike> = vehicles.alike().flatten().collect();
        alike.sort_unstable();
        alike.dedup();
        alike.iter().filter_map(|alike| self.0.get(alike)).flatten().copied().collect()
    }
}

/// The VINs by which sources of recalls were asked to confirm zeros.
fn confirmed<G: Gate>(asker: &Asker<'_, G>) -> Result<Distinct, Error> {
    let mut vins = Distinct::new();
    let Some(snapshot) = asker.gate.snapshot()? else { return Ok(vins) };
    let chain = asker.chains.by_dataset.get(&Dataset::Recalls);
    let by_vehicle = chain.into_iter().flat_map(Chain::sources);
    for source in by_vehicle.filter(|source| source.is_by_vehicle()) {
        let Some(probe) = source.confirming() else { continue };
        if let Some(id) = snapshot.source(&probe.name)? {
            snapshot.each_key(id, |key| {
                if let Some(vin) = Vin::new(key) {
                    vins.insert(vin);
                }
            })?;
        }
    }
    Ok(vins)
}
