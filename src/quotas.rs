//! What each vendor's quotas and spend limits have left, by the ledger alone.

use serde::Serialize;

use crate::account::account_name;
use crate::clock::Clock;
use crate::config::Settings;
use crate::error::Error;
use crate::gate::{Windows, rfc3339};
use crate::money::Micros;
use crate::panel::origin;
use crate::report::QuotaReport;
use crate::store::{AccountUsage, Store};

/// What one vendor's account has used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VendorQuotas {
    /// The vendor's id.
    pub vendor: &'static str,
    /// Calls, by quota.
    pub quotas: Vec<QuotaReport>,
    /// Money, by spend limit.
    pub spend: Vec<SpendReport>,
}

/// What is spent under one limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpendReport {
    /// Such as `$2.00/day`.
    pub limit: String,
    /// Spent, the dearest outcome of calls under way included.
    pub spent: Micros,
}

/// What is used up of every vendor's limits now. Nobody is asked: a server that
/// counts calls made elsewhere knows more.
pub fn quotas(settings: &Settings, clock: &dyn Clock) -> Result<Vec<VendorQuotas>, Error> {
    let store = Store::peek(&settings.store)?;
    let now = clock.now();
    let mut vendors = Vec::with_capacity(settings.vendors.len());
    for (id, vendor) in &settings.vendors {
        let windows = Windows::new(vendor);
        let limits = windows.at(now);
        let usage = match &store {
            Some(store) => {
                let key = vendor.resolve_key()?;
                let account = account_name(&store.install_key()?, key.as_ref());
                store.usage([id, &origin(vendor, key.as_ref()), &account], &limits, clock)?
            }
            None => AccountUsage::default(),
        };
        // Without a store nothing is used, and `zip` alone would say nothing at all.
        let calls = windows.names().enumerate().map(|(place, quota)| {
            let usage = usage.windows.get(place);
            QuotaReport {
                quota,
                used: usage.map_or(0, |usage| usage.used),
                next_free_at: usage.and_then(|usage| usage.next_free).map(|wait| {
                    rfc3339(
                        now.wall
                            .saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)),
                    )
                }),
            }
        });
        let spend = vendor.spend.iter().enumerate().map(|(place, limit)| SpendReport {
            limit: limit.to_string(),
            spent: usage.spent.get(place).copied().unwrap_or_default(),
        });
        vendors.push(VendorQuotas { vendor: id, quotas: calls.collect(), spend: spend.collect() });
    }
    Ok(vendors)
}
