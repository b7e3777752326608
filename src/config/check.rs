//! What no key shows by itself: whether a source answers for its dataset, whether
//! a price is that of an endpoint, and whether a vendor's options agree.

use std::collections::BTreeSet;

use super::sources::{answering, quoted};
use super::{EVERY_ENDPOINT, Settings};
use crate::domain::Error;
use crate::domain::vendor::VendorSpec;

impl Settings {
    pub(super) fn check(&self, vendors: &[&'static VendorSpec]) -> Result<(), Error> {
        for (dataset, of) in &self.datasets {
            for id in &of.vendors {
                answering(*dataset, id, vendors).map_err(|what| {
                    Error::config(format!("`datasets.{dataset}.vendors` {what}"))
                })?;
            }
        }
        vendors.iter().try_for_each(|vendor| self.check_vendor(vendor))
    }

    fn check_vendor(&self, vendor: &VendorSpec) -> Result<(), Error> {
        let id = vendor.id();
        let Some(settings) = self.vendors.get(id) else { return Ok(()) };
        let endpoints: BTreeSet<&str> =
            vendor.endpoints.iter().map(|endpoint| endpoint.id).collect();
        let is_unknown =
            |name: &&String| *name != EVERY_ENDPOINT && !endpoints.contains(name.as_str());
        if let Some(unknown) = settings.price.keys().find(is_unknown) {
            let endpoints: Vec<&str> = endpoints.into_iter().collect();
            return Err(Error::config(format!(
                "`vendors.{id}.price_micros.{unknown}` is the price of no endpoint"
            ))
            .hint(format!("the endpoints of `{id}` are {}", quoted(&endpoints))));
        }
        match vendor.contradiction.and_then(|find| find(&settings.options)) {
            Some(what) => Err(Error::config(format!("`vendors.{id}`: {what}"))),
            None => Ok(()),
        }
    }
}
