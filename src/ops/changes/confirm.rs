//! New recalls, confirmed: of a whole output, only the vehicles that a new campaign names are
//! asked about, by VIN, at a vendor that answers by VIN.

use std::collections::{BTreeMap, BTreeSet};

use super::{Changes, What};
use crate::config::Settings;
use crate::domain::facts::Facts;
use crate::domain::{Dataset, Error, Exit, Freshness, Key, KeyKind, Micros, Vin};
use crate::enrich::plan::Limits;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::Context;
use crate::ops::client::{Action, VendorClient, settings_of};
use crate::vendors::{self, Answers, Endpoint};

/// How new recalls are confirmed.
#[derive(Clone, Debug)]
pub struct ConfirmPlan<'a> {
    /// Store and vendors.
    pub settings: &'a Settings,
    /// The most calls to be sent.
    pub max_calls: Option<u64>,
    /// The most money to be spent.
    pub max_cost: Option<Micros>,
    /// The command line as it may be kept.
    pub command: String,
}

/// What a vendor says by VIN of the vehicles with a new campaign.
#[derive(Debug)]
pub struct Confirmed {
    /// The vendor's id.
    pub vendor: &'static str,
    /// How many vehicles have a new campaign.
    pub vehicles: u64,
    /// The campaigns that it names for each of them of which it has said something.
    pub campaigns: BTreeMap<Vin, BTreeSet<String>>,
    /// The run's report.
    pub report: Report,
}

impl Confirmed {
    /// Whether the vendor names a campaign for a vehicle; `None` where it has not said.
    pub fn names(&self, vin: &Vin, campaign: &str) -> Option<bool> {
        self.campaigns.get(vin).map(|campaigns| campaigns.contains(campaign))
    }

    /// How many calls were sent.
    pub fn calls(&self) -> u64 {
        self.report.vendors.values().map(|vendor| vendor.attempted).sum()
    }
}

/// An endpoint that names the campaigns of a VIN.
struct ByVin {
    vendor: &'static str,
    endpoint: &'static dyn Endpoint,
    answers: &'static dyn Answers,
}

/// Asks about the vehicles that a new campaign names, unless they were asked about since;
/// `None` where there are none.
///
/// # Errors
/// 77 where no vendor that answers by VIN has a key, 64 where its calls cost money and
/// nothing limits that; else a failure of the store.
pub fn confirm(
    plan: &ConfirmPlan<'_>,
    changes: &Changes,
    context: Context<'_>,
) -> Result<Option<Confirmed>, Error> {
    let new = changes.changes.iter().filter(|change| matches!(change.what, What::RecallNew { .. }));
    let vins: BTreeSet<Vin> = new.map(|change| change.vin).collect();
    if vins.is_empty() {
        return Ok(None);
    }
    let by_vin = ByVin::of(plan.settings)?;
    let of_vendor = settings_of(plan.settings, by_vin.vendor)?;
    let price = of_vendor.price_of(by_vin.endpoint.spec().id);
    let limits = Limits { max_calls: plan.max_calls, max_cost: plan.max_cost };
    if !limits.may_pay(price, of_vendor) {
        let what = format!("`{}` costs {price} a call and has no spend limit", by_vin.vendor);
        return Err(Error::usage(what).hint("add `--max-cost 5`"));
    }
    let action = Action { vendor: by_vin.vendor, of_vendor, settings: plan.settings, limits };
    let report = ReportBuilder::start(&plan.command, context);
    let recalls = plan.settings.datasets.get(&Dataset::Recalls);
    let freshness =
        recalls.map_or_else(Freshness::lasting, |of| Freshness::new(of.ttl, of.max_stale));
    let mut campaigns = BTreeMap::new();
    let report = action.run(&report, async |client| {
        campaigns = ask(client, &by_vin, (&vins, freshness), changes).await?;
        Ok(())
    })?;
    let vehicles = vins.len() as u64;
    Ok(Some(Confirmed { vendor: by_vin.vendor, vehicles, campaigns, report }))
}

async fn ask(
    client: &VendorClient<'_>,
    by_vin: &ByVin,
    (vins, freshness): (&BTreeSet<Vin>, Freshness),
    changes: &Changes,
) -> Result<BTreeMap<Vin, BTreeSet<String>>, Error> {
    let source = client.source_of(by_vin.endpoint).await?;
    let keys: Vec<Key> = vins.iter().copied().map(Key::Vin).collect();
    let known = client.held(source, &keys)?;
    // What was said before the campaign was new says nothing of it.
    let since = changes.after.taken_at.min(client.now());
    let is_known = |key: &&Key| known.get(*key).is_some_and(|answer| answer.fetched_at >= since);
    let unknown = keys.iter().filter(|key| !is_known(key)).cloned().collect();
    let unanswered = client.ask_at(source, by_vin.endpoint.spec().id, unknown, freshness).await?;
    client.report.note_unanswered(unanswered.values());
    let mut campaigns = BTreeMap::new();
    let held = client.held(source, &keys)?;
    for (key, answer) in held.into_iter().filter(|(_, answer)| answer.fetched_at >= since) {
        let body = client.body(&key, &answer)?;
        let Facts::Recalls(facts) = by_vin.answers.facts(&key, &body) else { continue };
        let Some(vin) = key.vin() else { continue };
        let numbers = facts.campaigns.into_iter().map(|campaign| campaign.number);
        campaigns.insert(*vin, numbers.collect());
    }
    Ok(campaigns)
}

impl ByVin {
    /// The first vendor that answers by VIN and has a key.
    fn of(settings: &Settings) -> Result<Self, Error> {
        let mut places = Vec::new();
        for by_vin in vendors::registry().iter().filter_map(|vendor| Self::at(*vendor)) {
            let of_vendor = settings_of(settings, by_vin.vendor)?;
            if of_vendor.resolve_key()?.is_some() {
                return Ok(by_vin);
            }
            places.push(of_vendor.api_key_env.clone().unwrap_or_else(|| "api_key_file".into()));
        }
        let message = "no vendor that answers by VIN has an API key";
        Err(Error::new(Exit::Key, message).hint(format!("set {}", places.join(" or "))))
    }

    fn at(vendor: &'static dyn vendors::Vendor) -> Option<Self> {
        let by_vin = vendor.endpoints().iter().copied().find_map(|endpoint| {
            let spec = endpoint.spec();
            let fits = spec.dataset == Some(Dataset::Recalls) && spec.key == KeyKind::Vin;
            Some((endpoint, endpoint.role().answers().filter(|_| fits)?))
        });
        let (endpoint, answers) = by_vin?;
        Some(Self { vendor: vendor.spec().id(), endpoint, answers })
    }
}
