//! What a run would take: the board and the loop of a run, with a counter in the
//! gate's place. Spends nothing.
//!
//! What cannot be known before is a range; where its ends meet, the number is exact.

use std::collections::BTreeMap;

use super::counter::{Calls, Counter, Range};
use super::{DatasetForecast, Forecast, Limits, Plan, VendorForecast, warnings};
use crate::config::Quota;
use crate::domain::{
    Cancel, Clock, Dataset, Error, Events, KeySet, Micros, Times, Timestamp, Vehicle,
};
use crate::enrich::ask::Asker;
use crate::enrich::board::{Answers, Board, Decodes, StepWords, Test, View};
use crate::enrich::chain::{Available, Chain, Chains, Source};
use crate::enrich::rejects::RejectsFile;
use crate::enrich::report::{OutputReport, run_id};
use crate::enrich::survey::Survey;
use crate::gate::{QuotaReport, VendorQuota, label, quotas, seconds_for};
use crate::input::Inputs;
use crate::store::{Snapshots, Store};

/// A night, in seconds.
const NIGHT: u64 = 24 * 3600;

/// What [`enrich`](crate::enrich()) would take. Spends nothing.
pub fn plan(plan: &Plan, events: &dyn Events, clock: &dyn Clock) -> Result<Forecast, Error> {
    // A plan needs neither key nor money: it says what both would be spent on.
    let unlimited = Limits { max_cost: Some(Micros(i64::MAX)), ..plan.limits };
    let available = Available { known: &|_| true, ..Available::at(&plan.settings)? };
    let chains = Chains::of(&Plan { limits: unlimited, ..plan.clone() }, &available)?;
    let inputs = Inputs::open(&plan.input)?;
    inputs.check_row_ids(&plan.input)?;
    let rejects = RejectsFile::create(plan, &inputs, &run_id(clock.now()), &Cancel::new())?;
    let survey = Survey::of(&inputs, plan, events, &Cancel::new())?;
    survey.check_room(&inputs, &plan.output)?;
    let rejects =
        rejects.map(|file| file.write(&inputs, plan.rules, &Cancel::new())).transpose()?;
    let mut forecast = Forecast {
        outputs: rejects.flatten().into_iter().map(OutputReport::from).collect(),
        rows: survey.rows,
        valid: survey.valid,
        rejected: survey.rejected,
        distinct: survey.vins.len() as u64,
        ..Forecast::default()
    };
    let vins = KeySet::vins(survey.vins);
    let store = Store::peek(&plan.settings.store)?;
    let now = clock.now().wall;
    let count = Count { plan, chains: &chains, store: store.as_ref(), now, pretend: true };
    let (calls, answers) = count.calls(&vins)?;
    for dataset in Dataset::ALL {
        if let Some(why) = chains.left_out.get(&dataset) {
            forecast.datasets.push(DatasetForecast {
                dataset: dataset.name(),
                left_out: Some(why.clone()),
                ..DatasetForecast::default()
            });
        } else if let Some(board) = answers.board(dataset) {
            let mut of = calls.iter().filter(|(line, _)| line.dataset == dataset);
            let exact =
                of.all(|(_, calls)| calls.is_exact()) && warnings::unread(board).next().is_none();
            forecast.datasets.push(DatasetForecast { exact, ..of_dataset(board) });
        }
    }
    let quotas = quotas(&plan.settings, clock)?;
    forecast.vendors = count.vendors(&calls, &answers, &quotas);
    count.add_nights(&mut forecast, &calls, &quotas);
    warnings::of_waits(&mut forecast);
    warnings::of_what_is_missing(plan, &chains, &mut forecast);
    warnings::of_inventories(&answers, &mut forecast);
    warnings::of_endless_renewal(plan, &chains, &mut forecast);
    Ok(forecast)
}

/// What is counted, and from which store.
pub(crate) struct Count<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) chains: &'a Chains,
    pub(crate) store: Option<&'a Snapshots>,
    pub(crate) now: Timestamp,
    /// Whether sources count that cannot be asked yet, as they lack a key or a spend limit.
    pub(crate) pretend: bool,
}

impl<'a> Count<'a> {
    /// The calls of a run, and what the board says when no source finds anything.
    pub(crate) fn calls(&self, vins: &'a KeySet) -> Result<(Calls, Answers<'a>), Error> {
        let gate = Counter::new(self);
        let offline = self.chains.offline(self.now);
        let asker = Asker::new(self.plan, self.chains, offline, gate);
        let answers = futures_util::FutureExt::now_or_never(asker.ask(vins));
        let answers = answers.ok_or_else(|| Error::internal("a plan waited for something"))??;
        Ok((asker.gate.into_calls(), answers))
    }

    /// The run would start now.
    pub(crate) fn times(&self) -> Times {
        Times { started: self.now, now: self.now }
    }

    /// What the store holds, and nothing assumed; and the vehicles behind the VINs.
    pub(crate) fn kept(
        &self,
        vins: &'a KeySet,
    ) -> Result<(Answers<'a>, Vec<Option<Vehicle>>), Error> {
        let snapshot = self.store.map(Snapshots::snapshot).transpose()?;
        let times = self.times();
        let view =
            |chain: &Chain| View { snapshot: snapshot.as_ref(), freshness: chain.freshness, times };
        let read = |dataset, vehicles| {
            let Some(chain) = self.chains.by_dataset.get(&dataset) else { return Ok(None) };
            let mut board = Board::new(chain, vins, vehicles);
            board.read(view(chain)).map(|()| Some(board))
        };
        let decode = read(Dataset::Decode, None)?;
        let offline = self.chains.offline(self.now);
        let decodes = Decodes {
            board: decode.as_ref(),
            offline: offline.as_ref(),
            snapshot: snapshot.as_ref(),
        };
        let vehicles = decodes.vehicles(vins)?;
        let named = vehicles.of_vins().map(Option::<&Vehicle>::cloned).collect();
        let recalls = read(Dataset::Recalls, Some(vehicles))?;
        let listings = read(Dataset::Listings, None)?;
        Ok((
            Answers {
                vins,
                decode,
                recalls,
                listings,
                dealers: Vec::new(),
                comparables: Vec::new(),
            },
            named,
        ))
    }

    /// One entry for each vendor that may be called, in the order of the chains.
    fn vendors(
        &self,
        calls: &Calls,
        answers: &Answers<'_>,
        quotas: &[VendorQuota],
    ) -> Vec<VendorForecast> {
        let mut vendors: Vec<VendorForecast> = Vec::new();
        for source in self.chains.by_dataset.values().flat_map(Chain::sources) {
            let vendor = label(source.vendor, &source.settings);
            if self.plan.datasets.offline || vendors.iter().any(|known| known.vendor == vendor) {
                continue;
            }
            let mut of = VendorForecast { vendor, ..VendorForecast::default() };
            let id = source.name.vendor;
            for (line, Range { least, most }) in calls.iter().filter(|(of, _)| of.vendor == id) {
                *of.calls.entry(line.endpoint).or_default() += most;
                of.calls_total += most;
                of.calls_at_least += least;
                let price = source.settings.price_of(line.endpoint).0;
                of.cost.0 += price.saturating_mul(i64::try_from(*most).unwrap_or(i64::MAX));
            }
            of.exact = of.calls_at_least == of.calls_total
                && !answers
                    .boards()
                    .flat_map(warnings::unread)
                    .any(|of| of.source.name.vendor == id);
            self.add_time(&mut of, source, quotas);
            vendors.push(of);
        }
        vendors
    }

    /// How long the calls take under the vendor's quotas, with what the ledger
    /// says is left of them, and how many of them the next run makes at least.
    fn add_time(&self, of: &mut VendorForecast, source: &Source, quotas: &[VendorQuota]) {
        let id = source.name.vendor;
        let Some(known) = quotas.iter().find(|quota| quota.vendor == id) else { return };
        of.seconds = seconds(source, known, of.calls_total);
        let max_wait = self.plan.settings.max_wait;
        let long = source.settings.quotas.iter().zip(&known.quotas);
        let long = long.filter(|(quota, _)| quota.window > max_wait);
        let left = long.map(|(quota, usage)| left(quota, usage)).min();
        // A shorter window is waited for.
        of.quota_left = left.or(known.left);
        of.calls_at_least = of.calls_at_least.min(left.unwrap_or(u64::MAX));
        if let Some(wait) = known.wait.as_ref().filter(|_| of.calls_total > 0) {
            of.quota_left = Some(0);
            of.waits_until = Some(wait.until.clone());
            if wait.seconds > max_wait.as_secs() {
                of.calls_at_least = 0;
            }
        }
        if !self.is_sure(of, source) {
            of.calls_at_least = 0;
        }
    }

    /// Whether the next run can ask a vendor at all, and no limit of its own
    /// keeps it from any of the calls.
    fn is_sure(&self, of: &VendorForecast, source: &Source) -> bool {
        let limits = &self.plan.limits;
        let by_calls = limits.max_calls.is_none();
        let by_money = of.cost <= Micros::ZERO
            || (limits.max_cost.is_none_or(|most| of.cost <= most)
                && source.settings.spend.iter().all(|limit| of.cost <= limit.amount)
                && (limits.max_cost.is_some() || !source.settings.spend.is_empty()));
        source.can_be_asked() && by_calls && by_money
    }

    /// A chain has an answer to every key once one of its steps had the time to
    /// give it: data on this machine at once, a vendor under its quotas, after what
    /// it is asked for the datasets before.
    fn add_nights(&self, forecast: &mut Forecast, calls: &Calls, quotas: &[VendorQuota]) {
        let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
        for chain in self.chains.by_dataset.values() {
            let mut nights = chain.local().map(|_| 1);
            let mut called = Vec::new();
            for source in chain.sources() {
                let id = source.name.vendor;
                let of = calls.iter().filter(|(of, _)| of.dataset == chain.dataset);
                let of = of.filter(|(of, _)| of.vendor == id);
                let calls: u64 = of.map(|(_, calls)| calls.most).sum();
                let Some(known) = quotas.iter().find(|of| of.vendor == id && calls > 0) else {
                    continue;
                };
                let before = asked.entry(id).or_default();
                *before += calls;
                let alone = seconds(source, known, *before) / NIGHT + 1;
                nights = Some(nights.map_or(alone, |nights: u64| nights.min(alone)));
                called.push(label(source.vendor, &source.settings));
            }
            let nights = nights.filter(|_| !called.is_empty()).unwrap_or(0);
            let name = chain.dataset.name();
            forecast
                .datasets
                .iter_mut()
                .filter(|of| of.dataset == name)
                .for_each(|of| of.nights = nights);
            for of in forecast.vendors.iter_mut().filter(|of| called.contains(&of.vendor)) {
                of.nights = of.nights.max(nights);
            }
        }
    }
}

/// The calls that a quota still allows.
fn left(quota: &Quota, usage: &QuotaReport) -> u64 {
    u64::from(quota.calls.get()).saturating_sub(usage.used)
}

/// How long so many calls take under a vendor's quotas and after the wait that it
/// asked for, with what the ledger says is left.
fn seconds(source: &Source, known: &VendorQuota, calls: u64) -> u64 {
    let by_quota = source
        .settings
        .quotas
        .iter()
        .zip(&known.quotas)
        .map(|(quota, usage)| seconds_for(*quota, calls, left(quota, usage)));
    let wait = known.wait.as_ref().filter(|_| calls > 0).map_or(0, |wait| wait.seconds);
    by_quota.max().unwrap_or(0).saturating_add(wait)
}

/// Keys by what the store knows of them, where the first source is asked.
fn of_dataset(board: &Board<'_>) -> DatasetForecast {
    let dataset = board.chain.dataset.name();
    let counts = DatasetForecast { dataset, ..DatasetForecast::default() };
    let vins = board.vins.len() as u64;
    let vehicles = board.vehicles.as_ref().map_or(vins, |vehicles| vehicles.keys.len() as u64);
    let first = board.steps.iter().find_map(|step| match step {
        StepWords::ByVin(by_vin) => Some((vins, by_vin.report())),
        StepWords::ByVehicle { test: Test::Catalogue(of), .. } => {
            Some((vehicles, of.report.clone()))
        }
        StepWords::ByVehicle { main, .. } => Some((vehicles, main.report.clone())),
        StepWords::Inventory(_) | StepWords::Local(_) => None,
    });
    let list = || board.inventories().next().map(|list| (vins, list.report.clone()));
    let Some((keys, report)) = first.or_else(list) else {
        let keys = if board.vehicles.is_some() { vehicles } else { vins };
        return DatasetForecast { keys, local: keys, ..counts };
    };
    DatasetForecast {
        keys,
        local: if board.chain.local_leads() { keys - report.keys } else { 0 },
        cached: report.hits,
        stale: report.stale,
        missing: report.keys - report.hits,
        ..counts
    }
}
