//! Settings whose vendors are the sandbox.

use std::time::Duration;

use super::{Sandbox, key, vendors};
use crate::config::{Local, Settings, SpendLimit, VendorSettings};
use crate::domain::{Error, Micros};
use crate::vendors as real;

/// Enough for any demonstration; no call is billed.
const PLAY_MONEY: SpendLimit =
    SpendLimit { amount: Micros(1_000_000_000), window: Duration::from_hours(24) };

impl Sandbox {
    /// Points `settings` at this sandbox, so that nothing reaches a real vendor: those
    /// that the sandbox does not have are left out.
    ///
    /// Quotas and spend limits that the user set are kept, so that they can be tried;
    /// the vendors' own would make a demonstration wait for tomorrow. The store stays:
    /// answers of a sandbox are kept apart from those of its vendors.
    ///
    /// # Errors
    /// 70 where the defaults of a vendor are faulty.
    pub fn redirect(&self, settings: &mut Settings) -> Result<(), Error> {
        let known = vendors();
        settings.vendors.retain(|id, _| known.contains(id));
        for dataset in settings.datasets.values_mut() {
            let named = dataset.named;
            // Its vehicles are made up: real data are asked about them only on request.
            let local = |id: &str| named && Local::from_id(id).is_some();
            dataset.vendors.retain(|id| known.contains(id) || local(id));
        }
        for (id, vendor) in &mut settings.vendors {
            let untouched = real::find(id)
                .map(|vendor| VendorSettings::new(&vendor.spec().defaults))
                .transpose()?;
            if untouched.is_some_and(|untouched| untouched.quotas == vendor.quotas) {
                vendor.quotas = self.quotas.of(id).to_vec();
            }
            if vendor.spend.is_empty() {
                vendor.spend = vec![PLAY_MONEY];
            }
            vendor.base_url = self.base_url(id);
            vendor.api_key = key(id).map(|key| key.to_owned().into());
            (vendor.api_key_env, vendor.api_key_file) = (None, None);
            vendor.sandbox = true;
        }
        Ok(())
    }
}
