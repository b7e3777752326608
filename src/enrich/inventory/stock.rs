//! The vehicles of a whole list, by what they are looked up by.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::count::Difference;
use super::names::{self, Named};
use crate::domain::facts::{Comparables, Listing, ListingFacts, PriceRange, StockVehicle};
use crate::domain::{Stale, Timestamp, Vin};

/// An inventory as rows are joined with it.
#[derive(Debug)]
pub(crate) struct Inventory {
    fetched_at: Timestamp,
    stale: Option<Stale>,
    /// Distinct vehicles.
    vehicles: u64,
    /// Where the vendor counts another number of them.
    difference: Option<Difference>,
    by_vin: HashMap<Vin, Arc<ListingFacts>>,
    /// By folded make and model.
    by_vehicle: HashMap<Named, Arc<Comparables>>,
}

impl Inventory {
    /// When its reading began.
    pub(crate) fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// Why it was not renewed, where it has expired.
    pub(crate) fn stale(&self) -> Option<&Stale> {
        self.stale.as_ref()
    }

    /// Whether any of its vehicles names its VIN.
    pub(super) fn names_vins(&self) -> bool {
        !self.by_vin.is_empty()
    }

    /// Whether a VIN that is not among its vehicles is not in the inventory: they name
    /// their VINs, and none is known to be missing.
    pub(crate) fn proves_absence(&self) -> bool {
        self.names_vins() && !self.difference.as_ref().is_some_and(Difference::is_shortage)
    }

    /// That the vendor counts another number of vehicles, for people.
    pub(super) fn difference(&self) -> Option<String> {
        self.difference.as_ref().map(Difference::remark)
    }

    /// The same, held against what the vendor counts, where that is known. It was read
    /// from so many pages.
    pub(super) fn held_against(self, counted: Option<RangeInclusive<u64>>, pages: u32) -> Self {
        let difference = |counted| Difference::between(self.vehicles, pages, counted);
        Self { difference: counted.and_then(difference), ..self }
    }

    /// The listings of a VIN.
    pub(crate) fn listings(&self, vin: &Vin) -> Option<Arc<ListingFacts>> {
        self.by_vin.get(vin).cloned()
    }

    /// The vehicles without a VIN of this make, model and year; none is an answer, too.
    pub(crate) fn comparables(&self, make: &str, model: &str, year: i32) -> Arc<Comparables> {
        let named = names::folded(make, model, year);
        named.and_then(|named| self.by_vehicle.get(&named)).cloned().unwrap_or_default()
    }
}

/// The vehicles of a list, page by page, each id once: its latest words count.
#[derive(Debug, Default)]
pub(super) struct Stock(BTreeMap<String, StockVehicle>);

impl Stock {
    pub(super) fn add(&mut self, page: Vec<StockVehicle>) {
        self.0.extend(page.into_iter().map(|vehicle| (vehicle.listing.id.clone(), vehicle)));
    }

    /// The inventory of a reading begun at `fetched_at`. Prices of comparable
    /// vehicles are put together in `currency` alone.
    pub(super) fn into_inventory(
        self,
        fetched_at: Timestamp,
        stale: Option<Stale>,
        currency: Option<&str>,
    ) -> Inventory {
        let vehicles = self.0.len() as u64;
        let mut by_vin: HashMap<Vin, Vec<Listing>> = HashMap::new();
        let mut by_vehicle: HashMap<Named, Vec<Listing>> = HashMap::new();
        for vehicle in self.0.into_values() {
            match (vehicle.vin, folded(&vehicle)) {
                (Some(vin), _) => by_vin.entry(vin).or_default().push(vehicle.listing),
                (None, Some(named)) if is_for_sale(&vehicle.listing) => {
                    by_vehicle.entry(named).or_default().push(vehicle.listing);
                }
                (None, _) => {}
            }
        }
        let by_vin = by_vin.into_iter().map(|(vin, listings)| (vin, Arc::new(facts(listings))));
        let comparables =
            |(named, listings): (_, Vec<_>)| (named, Arc::new(comparables(&listings, currency)));
        Inventory {
            fetched_at,
            stale,
            vehicles,
            difference: None,
            by_vin: by_vin.collect(),
            by_vehicle: by_vehicle.into_iter().map(comparables).collect(),
        }
    }
}

fn folded(vehicle: &StockVehicle) -> Option<Named> {
    names::folded(vehicle.make.as_deref()?, vehicle.model.as_deref()?, vehicle.year?)
}

/// Rents and bids compare with no price.
fn is_for_sale(listing: &Listing) -> bool {
    let sold =
        listing.availability.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("sold"));
    !sold && matches!(listing.offer, None | Some("sale"))
}

/// Active first, then the latest seen, then the smallest id.
fn facts(mut listings: Vec<Listing>) -> ListingFacts {
    listings.sort_by_key(|listing| {
        (Reverse(listing.active), Reverse(listing.last_seen_at), listing.id.clone())
    });
    ListingFacts { listings }
}

fn comparables(listings: &[Listing], currency: Option<&str>) -> Comparables {
    let in_currency = |listing: &Listing| {
        listing.price.filter(|price| Some(price.currency()) == currency).map(|price| price.cents)
    };
    let mut cents: Vec<i64> = listings.iter().filter_map(in_currency).collect();
    cents.sort_unstable();
    let prices = cents.first().zip(cents.last()).map(|(&min, &max)| {
        let (lower, upper) = (cents[(cents.len() - 1) / 2], cents[cents.len() / 2]);
        // Half a cent rounds up.
        let median = lower + (upper - lower + 1) / 2;
        PriceRange { median, min: Some(min), max: Some(max), p25: None, p75: None }
    });
    Comparables { count: i32::try_from(listings.len()).unwrap_or(i32::MAX), prices }
}

#[cfg(test)]
#[path = "tests/stock.rs"]
mod tests;
