//! The forecast: what a run would take. Pass 1 without the gate; spends nothing.

use super::warnings;
use crate::config::Local;
use crate::domain::cancel::Cancel;
use crate::domain::error::Error;
use crate::domain::events::Events;
use crate::domain::freshness::Times;
use crate::domain::key::KeyKind;
use crate::domain::key_set::KeySet;
use crate::domain::money::Micros;
use crate::domain::outcome::Dataset;
use crate::domain::time::Clock;
use crate::enrich::board::{Picks, Replies, Seen, Vehicles, seen};
use crate::enrich::chain::{Chain, OnHand, Panel, Source};
use crate::enrich::inventory::{self, Known};
use crate::enrich::plan::{DatasetForecast, Forecast, Limits, Plan, VendorForecast};
use crate::enrich::survey::Survey;
use crate::gate::{VendorQuota, quotas};
use crate::gate::{label, seconds_for};
use crate::input::Inputs;
use crate::store::{Answered, Snapshot, Store};

/// What [`run`](crate::enrich::run()) would take. Spends nothing.
pub fn forecast(plan: &Plan, events: &dyn Events, clock: &dyn Clock) -> Result<Forecast, Error> {
    // A forecast needs neither key nor money: it says what both would be spent on.
    let unlimited = Limits { max_cost: Some(Micros(i64::MAX)), ..plan.limits };
    let on_hand = OnHand { known: &|_| true, ..OnHand::at(&plan.settings)? };
    let panel = Panel::of(&Plan { limits: unlimited, ..plan.clone() }, &on_hand)?;
    let inputs = Inputs::open(&plan.input)?;
    let survey = Survey::of(&inputs, plan.rules, events, &Cancel::new())?;
    let mut forecast = Forecast {
        rows: survey.rows,
        valid: survey.valid,
        rejected: survey.rejected,
        distinct: survey.vins.len() as u64,
        ..Forecast::default()
    };
    let vins = KeySet::vins(survey.vins);
    let store = Store::peek(&plan.settings.store)?;
    let snapshot = store.as_ref().map(crate::store::Snapshots::snapshot).transpose()?;
    let view = View { plan, snapshot, started: clock.now().wall };
    for dataset in Dataset::ALL {
        if let Some(why) = panel.left_out.get(&dataset) {
            forecast.datasets.push(DatasetForecast {
                dataset: dataset.name(),
                left_out: Some(why.clone()),
                ..DatasetForecast::default()
            });
        } else if let Some(chain) = panel.chains.get(&dataset) {
            view.add(chain, &panel, &vins, &mut forecast)?;
        }
    }
    let quotas = quotas(&plan.settings, clock)?;
    for vendor in &mut forecast.vendors {
        add_time(vendor, plan, &quotas);
    }
    warnings::of_waits(&mut forecast);
    warnings::of_what_is_missing(plan, &panel, &mut forecast);
    warnings::of_dealers(&panel, &mut forecast);
    warnings::of_inventories(&view, &panel, &mut forecast)?;
    warnings::of_endless_renewal(plan, &panel, &mut forecast);
    Ok(forecast)
}

pub(super) struct View<'a> {
    pub(super) plan: &'a Plan,
    pub(super) snapshot: Option<Snapshot<'a>>,
    pub(super) started: i64,
}

impl View<'_> {
    fn add(
        &self,
        chain: &Chain,
        panel: &Panel,
        vins: &KeySet,
        forecast: &mut Forecast,
    ) -> Result<(), Error> {
        let is_list = |source: &&Source| source.key_kind() == KeyKind::Page;
        let source = chain.sources.iter().find(|source| !is_list(source));
        let mut lists = chain.sources.iter().filter(is_list).peekable();
        let by_vehicle = source.map_or(chain.dataset == Dataset::Recalls, |source| {
            source.key_kind() == KeyKind::Vehicle
        });
        let (mut dataset, tests) = if by_vehicle {
            self.by_vehicle(chain, source, panel, vins)?
        } else if let (None, Some(list)) = (source, lists.peek()) {
            (self.in_list(chain, list, vins)?, 0)
        } else {
            let told = self.told(chain, panel, vins)?;
            let dataset = self.count(chain, source, vins, &told)?;
            self.add_later(chain, vins, told, dataset.missing == 0, forecast)?;
            (dataset, 0)
        };
        // What one source leaves open is asked of the next.
        let asked = chain.sources.iter().filter(|source| !is_list(source)).count();
        dataset.exact &= asked < 2 || dataset.missing == 0;
        dataset.dataset = chain.dataset.name();
        if let Some(source) = source {
            let calls = dataset.missing.div_ceil(source.endpoint.spec().batch as u64);
            self.add_calls(source, calls, tests, dataset.exact, forecast);
        }
        for list in lists {
            let (_, pages) = self.pages(chain, list)?;
            self.add_calls(list, pages, 0, pages == 0, forecast);
        }
        forecast.datasets.push(dataset);
        Ok(())
    }

    /// What sources by VIN are asked after the first: every key that no earlier one
    /// has found so far. Those being asked may be found yet.
    fn add_later(
        &self,
        chain: &Chain,
        vins: &KeySet,
        mut told: Vec<bool>,
        mut exact: bool,
        forecast: &mut Forecast,
    ) -> Result<(), Error> {
        let mut sources = chain.sources.iter().filter(|source| source.key_kind() == KeyKind::Vin);
        let Some(mut earlier) = sources.next() else { return Ok(()) };
        // What data on this machine tell in between is not looked up here.
        exact &= chain.local.is_none_or(|place| place.after == 0);
        for source in sources {
            self.add_found(chain, earlier, vins, &mut told)?;
            let counts = self.count(chain, Some(source), vins, &told)?;
            let calls = counts.missing.div_ceil(source.endpoint.spec().batch as u64);
            self.add_calls(source, calls, 0, exact, forecast);
            exact &= counts.missing == 0;
            earlier = source;
        }
        Ok(())
    }

    /// Adds the keys that a source has found, not too long ago.
    fn add_found(
        &self,
        chain: &Chain,
        source: &Source,
        vins: &KeySet,
        told: &mut [bool],
    ) -> Result<(), Error> {
        let Some(snapshot) = &self.snapshot else { return Ok(()) };
        let Some(id) = snapshot.source(&source.name)? else { return Ok(()) };
        snapshot.each_held_in(id, &vins, |id, held| {
            told[id as usize] |=
                held.said == Answered::Found && chain.counts(|| vins.key(id), &held, self.times());
        })
    }

    /// Keys that are looked for in an inventory, which is read whole or not at all.
    fn in_list(
        &self,
        chain: &Chain,
        list: &Source,
        keys: &KeySet,
    ) -> Result<DatasetForecast, Error> {
        let keys = keys.len() as u64;
        let counts = DatasetForecast { keys, exact: true, ..DatasetForecast::default() };
        Ok(match self.pages(chain, list)?.0 {
            Known::Fresh => DatasetForecast { cached: keys, ..counts },
            Known::Never => DatasetForecast { missing: keys, ..counts },
            Known::Expired => DatasetForecast { stale: keys, missing: keys, ..counts },
        })
    }

    /// What is known of an inventory, and how many pages are to be read.
    pub(super) fn pages(&self, chain: &Chain, list: &Source) -> Result<(Known, u64), Error> {
        let forced = self.plan.datasets.refresh.contains(&chain.dataset);
        inventory::foresee(self.snapshot.as_ref(), chain, list, self.times(), forced)
    }

    /// The VINs that need nobody else, since data on this machine come first and tell them.
    fn told(&self, chain: &Chain, panel: &Panel, vins: &KeySet) -> Result<Vec<bool>, Error> {
        let mut told = vec![false; vins.len()];
        match chain.local.filter(|place| place.after == 0).map(|place| place.local) {
            Some(Local::Vpic) => {
                if let Some(offline) = panel.offline(self.started) {
                    offline.each(vins, &vins.sorted(), |id, decoded| {
                        told[id as usize] = decoded.is_found();
                    });
                }
            }
            Some(Local::NhtsaFile) => {
                let (vehicles, _) = self.vehicles(panel, vins)?;
                let filed = self.filed(chain, &vehicles)?;
                for (told, vehicle) in told.iter_mut().zip(&vehicles.of) {
                    *told = vehicle.is_some_and(|vehicle| filed[vehicle as usize]);
                }
            }
            None => {}
        }
        Ok(told)
    }

    /// Keys by what the store knows of them; those `told` by data on this machine
    /// are asked nobody.
    fn count(
        &self,
        chain: &Chain,
        source: Option<&Source>,
        keys: &KeySet,
        told: &[bool],
    ) -> Result<DatasetForecast, Error> {
        let mut counts =
            DatasetForecast { keys: keys.len() as u64, exact: true, ..DatasetForecast::default() };
        let Some(source) = source else {
            counts.local = counts.keys;
            return Ok(counts);
        };
        let refresh = self.plan.datasets.refresh.contains(&chain.dataset);
        for (seen, told) in self.seen(chain, source, keys)?.into_iter().zip(told) {
            match seen {
                _ if *told => counts.local += 1,
                Seen::Never => counts.missing += 1,
                Seen::Fresh(_) if refresh => counts.missing += 1,
                Seen::Fresh(_) => counts.cached += 1,
                Seen::Expired(_) => {
                    counts.stale += 1;
                    counts.missing += 1;
                }
            }
        }
        Ok(counts)
    }

    fn times(&self) -> Times {
        Times { started: self.started, now: self.started }
    }

    fn seen(&self, chain: &Chain, source: &Source, keys: &KeySet) -> Result<Vec<Seen>, Error> {
        if let Some(snapshot) = &self.snapshot
            && let Some(id) = snapshot.source(&source.name)?
        {
            return seen(snapshot, chain, id, keys, self.times());
        }
        Ok(vec![Seen::Never; keys.len()])
    }

    /// Recalls by vehicle: exact where every VIN's vehicle is known, else every
    /// VIN without one may be a vehicle of its own. Each zero may cost one call
    /// more, also one that an earlier run had no call left to put to the test.
    fn by_vehicle(
        &self,
        chain: &Chain,
        source: Option<&Source>,
        panel: &Panel,
        vins: &KeySet,
    ) -> Result<(DatasetForecast, u64), Error> {
        let (vehicles, unknown) = self.vehicles(panel, vins)?;
        let told = self.filed(chain, &vehicles)?;
        let mut counts = self.count(chain, source, &vehicles.keys, &told)?;
        counts.keys += unknown;
        let Some(source) = source else { return Ok((counts, 0)) };
        counts.missing += unknown;
        let Some(tester) = source.confirming().or_else(|| source.catalogue()) else {
            counts.exact = unknown == 0;
            return Ok((counts, 0));
        };
        counts.exact = unknown == 0 && counts.missing == 0;
        let untested = self.untested(chain, source, &tester, vins, &vehicles)?;
        let tests = counts.missing + untested;
        Ok((counts, tests))
    }

    /// Fresh zeros that nothing fresh has put to the test: no VIN's own answer, no
    /// list of models.
    fn untested(
        &self,
        chain: &Chain,
        source: &Source,
        tester: &Source,
        vins: &KeySet,
        vehicles: &Vehicles,
    ) -> Result<u64, Error> {
        let Some(snapshot) = &self.snapshot else { return Ok(0) };
        let Some(id) = snapshot.source(&source.name)? else { return Ok(0) };
        let mut zeros = vec![false; vehicles.keys.len()];
        snapshot.each_held_in(id, &vehicles.keys, |id, held| {
            let is_fresh = chain.is_fresh(&vehicles.keys.key(id), &held, self.times());
            zeros[id as usize] = is_fresh && held.said == Answered::Absent;
        })?;
        if tester.key_kind() == KeyKind::Vehicle {
            let zeros = vehicles.keys.each_vehicle().filter(|(id, _)| zeros[*id as usize]);
            let lists = KeySet::vehicles(zeros.map(|(_, vehicle)| vehicle.any_model()));
            let seen = self.seen(chain, tester, &lists)?;
            return Ok(seen.iter().filter(|seen| !matches!(seen, Seen::Fresh(_))).count() as u64);
        }
        for (vehicle, seen) in vehicles.of.iter().zip(self.seen(chain, tester, vins)?) {
            if let (Some(vehicle), Seen::Fresh(_)) = (vehicle, seen) {
                zeros[*vehicle as usize] = false;
            }
        }
        Ok(zeros.iter().filter(|zero| **zero).count() as u64)
    }

    /// The vehicles that the imported recall file tells before anyone is asked.
    fn filed(&self, chain: &Chain, vehicles: &Vehicles) -> Result<Vec<bool>, Error> {
        let leads = chain.local.is_some_and(|place| place.after == 0);
        match self.snapshot.as_ref().filter(|_| leads) {
            Some(snapshot) => vehicles.filed(snapshot),
            None => Ok(vec![false; vehicles.keys.len()]),
        }
    }

    /// The vehicles that fresh decodes and the offline decoder name, and how many
    /// VINs nobody has decoded yet.
    fn vehicles(&self, panel: &Panel, vins: &KeySet) -> Result<(Vehicles, u64), Error> {
        let offline = panel.offline(self.started);
        let picks = match (&self.snapshot, panel.chains.get(&Dataset::Decode)) {
            (Some(snapshot), Some(chain)) => {
                let replies = Replies {
                    sources: chain.sources.clone(),
                    outcomes: vec![std::collections::HashMap::new(); chain.sources.len()],
                    ..Replies::default()
                };
                Some(Picks::load(snapshot, chain, &replies, vins, self.times())?)
            }
            _ => None,
        };
        let vehicles =
            Vehicles::of(picks.as_ref(), offline.as_ref(), vins, self.snapshot.as_ref())?;
        let unknown = match (&offline, &picks) {
            (Some(_), _) => 0,
            (None, Some(picks)) => picks.unanswered(),
            (None, None) => vins.len() as u64,
        };
        Ok((vehicles, unknown))
    }

    fn add_calls(
        &self,
        source: &Source,
        calls: u64,
        tests: u64,
        exact: bool,
        forecast: &mut Forecast,
    ) {
        if self.plan.datasets.offline {
            return;
        }
        let name = label(source.vendor, &source.settings);
        let vendors = &mut forecast.vendors;
        let place = vendors.iter().position(|vendor| vendor.vendor == name).unwrap_or_else(|| {
            vendors.push(VendorForecast { vendor: name, exact: true, ..VendorForecast::default() });
            vendors.len() - 1
        });
        let vendor = &mut vendors[place];
        let mut add = |source: &Source, calls: u64| {
            if calls > 0 {
                *vendor.calls.entry(source.name.endpoint).or_default() += calls;
                vendor.calls_total += calls;
                let price = source.settings.price_of(source.name.endpoint).0;
                vendor.cost.0 += price.saturating_mul(i64::try_from(calls).unwrap_or(i64::MAX));
            }
        };
        add(source, calls);
        if let Some(confirming) = source.confirming() {
            add(&confirming, tests);
        }
        if let Some(models) = source.catalogue() {
            // An unclear reply is asked for once more, and held against a list.
            add(source, calls);
            add(&models, tests);
        }
        vendor.exact &= exact;
    }
}

/// How long the calls take under the vendor's quotas, with what the ledger says is left of them.
fn add_time(vendor: &mut VendorForecast, plan: &Plan, quotas: &[VendorQuota]) {
    const NIGHT: u64 = 24 * 3600;
    let id = vendor.vendor.trim_start_matches("sandbox:");
    let Some(settings) = plan.settings.vendors.get(id) else { return };
    let Some(known) = quotas.iter().find(|quota| quota.vendor == id) else { return };
    vendor.quota_left = known.left;
    for (quota, usage) in settings.quotas.iter().zip(&known.quotas) {
        let left = u64::from(quota.calls.get()).saturating_sub(usage.used);
        vendor.seconds = vendor.seconds.max(seconds_for(*quota, vendor.calls_total, left));
    }
    if let Some(wait) = known.wait.as_ref().filter(|_| vendor.calls_total > 0) {
        // Nothing is sent before; then the quotas go on from where they are.
        vendor.seconds = vendor.seconds.saturating_add(wait.seconds);
        vendor.quota_left = Some(0);
        vendor.waits_until = Some(wait.until.clone());
    }
    vendor.nights = vendor.seconds / NIGHT + u64::from(vendor.calls_total > 0);
}
