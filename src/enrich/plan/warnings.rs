//! What a person should know before running.

use std::collections::BTreeMap;

use crate::domain::numbers::thousands;
use crate::domain::{KeyKind, Timestamp};
use crate::enrich::board::{Answers, Board, InventoryWords};
use crate::enrich::chain::Chains;
use crate::enrich::plan::{Forecast, Plan};

/// A run before the end of a wait sends nothing.
pub(super) fn of_waits(forecast: &mut Forecast) {
    for vendor in &forecast.vendors {
        let Some(until) = &vendor.waits_until else { continue };
        let until = until.parse().map_or_else(|_| until.clone(), |at: Timestamp| at.to_string());
        forecast.warnings.push(format!(
            "{} asked to wait until {until}: a run sends it nothing before",
            vendor.vendor
        ));
    }
}

/// A vendor without a key, or that costs money without a limit, is left out of a run that
/// asks vendors.
pub(super) fn of_what_is_missing(plan: &Plan, chains: &Chains, forecast: &mut Forecast) {
    if plan.datasets.offline {
        return;
    }
    for chain in chains.by_dataset.values() {
        for source in chain.sources() {
            let (dataset, label) = (chain.dataset, &source.label);
            let place = source.settings.api_key_env.as_deref().unwrap_or("its key file");
            if !source.can_be_asked() {
                forecast.warnings.push(format!("{dataset}: no key for {label} in {place} yet"));
            }
            let price = source.settings.price_of(source.name.endpoint);
            if !plan.limits.may_pay(price, &source.settings) {
                forecast.warnings.push(format!(
                    "{dataset}: {label} costs {price} a call; a run asks it only under a spend \
                     limit, such as `--max-cost 5`"
                ));
            }
        }
    }
}

/// How many pages an inventory has is known once it was read.
pub(super) fn of_inventories(answers: &Answers<'_>, forecast: &mut Forecast) {
    for list in answers.boards().flat_map(unread) {
        forecast.warnings.push(format!(
            "listings: {} has an inventory that was never read: it takes a call for each of \
             its pages, of which one is counted here",
            list.source.label
        ));
    }
}

/// The inventories of a board that were never read and are to be.
pub(super) fn unread<'b>(board: &'b Board<'_>) -> impl Iterator<Item = &'b InventoryWords> {
    board.inventories().filter(|list| list.report.misses > 0)
}

/// Keys that expire faster than a quota can renew them are never all fresh.
pub(super) fn of_endless_renewal(plan: &Plan, chains: &Chains, forecast: &mut Forecast) {
    let mut needed: BTreeMap<&str, f64> = BTreeMap::new();
    for (dataset, chain) in &chains.by_dataset {
        // An inventory takes as many calls as it has pages, however many keys there are.
        let asked = chain.sources().find(|source| source.key_kind() != KeyKind::Page);
        let Some(source) = asked else { continue };
        let keys = forecast.datasets.iter().find(|known| known.dataset == dataset.name());
        let calls = keys
            .map_or(0, |known| known.keys - known.local)
            .div_ceil(source.endpoint.spec().batch as u64);
        let ttl = plan.settings.datasets[dataset].ttl.as_secs_f64().max(1.0);
        *needed.entry(source.name.vendor).or_default() += calls as f64 / ttl;
    }
    for (vendor, per_second) in needed {
        let Some(settings) = plan.settings.vendors.get(vendor) else { continue };
        for quota in &settings.quotas {
            let allowed = f64::from(quota.calls.get()) / quota.window.as_secs_f64().max(1e-3);
            if per_second > allowed {
                forecast.warnings.push(format!(
                    "{vendor}: keeping every answer fresh takes {} calls a day, the quota allows {}; \
                     raise `ttl` or the quota, or some answers stay stale",
                    a_day(per_second),
                    a_day(allowed)
                ));
            }
        }
    }
}

fn a_day(per_second: f64) -> String {
    let calls = std::time::Duration::try_from_secs_f64((per_second * 86_400.0).round());
    thousands(calls.map_or(u64::MAX, |calls| calls.as_secs()))
}
