//! What a person should know before running.

use std::collections::BTreeMap;

use crate::domain::error::Error;
use crate::domain::key::KeyKind;
use crate::domain::outcome::Dataset;
use crate::enrich::chain::{Panel, Source};
use crate::enrich::inventory::Known;
use crate::enrich::plan::forecast::View;
use crate::enrich::plan::{Forecast, Plan};

/// A run before the end of a wait sends nothing.
pub(super) fn of_waits(forecast: &mut Forecast) {
    for vendor in &forecast.vendors {
        let Some(until) = &vendor.waits_until else { continue };
        forecast.warnings.push(format!(
            "{} asked to wait until {until}: a run sends it nothing before",
            vendor.vendor
        ));
    }
}

/// A vendor without a key, or that costs money without a limit, is left out of a run.
pub(super) fn of_what_is_missing(plan: &Plan, panel: &Panel, forecast: &mut Forecast) {
    for chain in panel.chains.values() {
        for source in &chain.sources {
            let (dataset, label) = (chain.dataset, &source.label);
            let place = source.settings.api_key_env.as_deref().unwrap_or("its key file");
            if !source.can_be_asked() {
                forecast.warnings.push(format!("{dataset}: no key for {label} in {place} yet"));
            }
            let price = source.settings.price_of(source.name.endpoint);
            if !plan.may_pay(price, &source.settings) {
                forecast.warnings.push(format!(
                    "{dataset}: {label} costs {price} a call; a run asks it only under a spend \
                     limit, such as `--max-cost 5`"
                ));
            }
        }
    }
}

/// Which dealers are to be asked about is known once there are listings.
pub(super) fn of_dealers(panel: &Panel, forecast: &mut Forecast) {
    let Some(chain) = panel.chains.get(&Dataset::Listings) else { return };
    for source in chain.sources.iter().filter_map(Source::dealers) {
        let batch = source.endpoint.spec().batch;
        let price = source.settings.price_of(source.name.endpoint);
        forecast.warnings.push(format!(
            "listings: {} is asked about listings and dealers; calls about dealers ({batch} in \
             each, {price} a call) are not counted here, since the listings name them",
            source.label
        ));
    }
}

/// How many pages an inventory has is known once it was read.
pub(super) fn of_inventories(
    view: &View<'_>,
    panel: &Panel,
    forecast: &mut Forecast,
) -> Result<(), Error> {
    let Some(chain) = panel.chains.get(&Dataset::Listings) else { return Ok(()) };
    for list in chain.sources.iter().filter(|source| source.key_kind() == KeyKind::Page) {
        if !view.plan.datasets.offline && view.pages(chain, list)?.0 == Known::Never {
            forecast.warnings.push(format!(
                "listings: {} has an inventory that was never read: it takes a call for each of \
                 its pages, of which one is counted here",
                list.label
            ));
        }
    }
    Ok(())
}

/// Keys that expire faster than a quota can renew them are never all fresh.
pub(super) fn of_endless_renewal(plan: &Plan, panel: &Panel, forecast: &mut Forecast) {
    let mut needed: BTreeMap<&str, f64> = BTreeMap::new();
    for (dataset, chain) in &panel.chains {
        // An inventory takes as many calls as it has pages, however many keys there are.
        let asked = chain.sources.iter().find(|source| source.key_kind() != KeyKind::Page);
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
                    "{vendor}: keeping every answer fresh takes {:.0} calls a day, the quota allows {:.0}; \
                     raise `ttl` or the quota, or some answers stay stale",
                    per_second * 86_400.0,
                    allowed * 86_400.0
                ));
            }
        }
    }
}
