//! How many vehicles the organisation has:
//! `{"statusCode":200,"data":{"totalVehicles":25,"availableVehicles":20,…}}`.
//! The list is of the available ones, and the call has no filters.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::options;
use crate::config::VendorSettings;
use crate::domain::numbers;
use crate::vendors::json::{self, Object};
use crate::vendors::reply::unrecognised;
use crate::vendors::{Probe, Request};

/// `GET /external/vehicles/stats/summary`, where the list that these settings ask for
/// is of every vehicle.
pub(super) fn probe(settings: &VendorSettings) -> Option<Probe> {
    let is_whole = options::filters(settings).is_empty();
    is_whole.then(|| Probe {
        endpoint: "stats",
        request: Request::get("/external/vehicles/stats/summary"),
        scope: None,
        read: |reply| counted(&reply.body).map(|_| None).ok_or_else(|| unrecognised(&reply.body)),
    })
}

/// From the available vehicles to all of them.
pub(super) fn counted(body: &[u8]) -> Option<RangeInclusive<u64>> {
    let envelope = Object::read(json::read(body).ok()?).ok()??;
    let data = Object::read(envelope.get(&["data"])?).ok()??;
    let number = |name| {
        let text: Cow<'_, str> = data.scalar(&[name])?;
        u64::try_from(numbers::integer(&text)?).ok()
    };
    let total = number("totalVehicles")?;
    Some(number("availableVehicles").unwrap_or(total).min(total)..=total)
}
