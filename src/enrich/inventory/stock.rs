//! The vehicles of a whole list, by what they are looked up by.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::names::{self, Named};
use crate::domain::facts::{Comparables, Listing, ListingFacts, PriceRange, StockVehicle};
use crate::domain::{Error, Vin};

/// An inventory as rows are joined with it.
#[derive(Debug)]
pub(crate) struct Inventory {
    fetched_at: i64,
    stale: Option<Arc<str>>,
    /// Each with its hash.
    by_vin: HashMap<Vin, (Arc<ListingFacts>, u64)>,
    /// By folded make and model.
    by_vehicle: HashMap<Named, Arc<Comparables>>,
}

impl Inventory {
    /// When its reading began, in microseconds since the epoch.
    pub(crate) fn fetched_at(&self) -> i64 {
        self.fetched_at
    }

    /// `stale:<why>`, where it has expired and could not be renewed.
    pub(crate) fn stale(&self) -> Option<&Arc<str>> {
        self.stale.as_ref()
    }

    /// The listings of a VIN, and their hash.
    pub(crate) fn listings(&self, vin: &Vin) -> Option<(Arc<ListingFacts>, u64)> {
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
        fetched_at: i64,
        stale: Option<Arc<str>>,
        currency: Option<&str>,
    ) -> Result<Inventory, Error> {
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
        let by_vin = by_vin.into_iter().map(|(vin, listings)| Ok((vin, facts(listings)?)));
        let comparables =
            |(named, listings): (_, Vec<_>)| (named, Arc::new(comparables(&listings, currency)));
        Ok(Inventory {
            fetched_at,
            stale,
            by_vin: by_vin.collect::<Result<_, Error>>()?,
            by_vehicle: by_vehicle.into_iter().map(comparables).collect(),
        })
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
fn facts(mut listings: Vec<Listing>) -> Result<(Arc<ListingFacts>, u64), Error> {
    listings.sort_by_key(|listing| {
        (Reverse(listing.active), Reverse(listing.last_seen_at), listing.id.clone())
    });
    let facts = ListingFacts { listings };
    let words = serde_json::to_vec(&facts)
        .map_err(|error| Error::internal("listings cannot be hashed").because(error))?;
    Ok((Arc::new(facts), xxh3_64(&words)))
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
        PriceRange { median: lower + (upper - lower + 1) / 2, min, max }
    });
    Comparables { count: i32::try_from(listings.len()).unwrap_or(i32::MAX), prices }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Price;

    const VIN: &str = "1HGBH41JXMN109186";

    fn vehicle(id: &str, price: Option<(i64, &str)>) -> StockVehicle {
        let price = price.map(|(cents, currency)| Price {
            cents,
            currency: currency.as_bytes().try_into().expect("three letters"),
        });
        StockVehicle {
            vin: None,
            make: Some("Toyota".into()),
            model: Some("Camry".into()),
            year: Some(2020),
            listing: Listing { id: id.into(), price, offer: Some("sale"), ..Listing::default() },
        }
    }

    fn with_vin(id: &str, active: bool) -> StockVehicle {
        let of = vehicle(id, Some((9_000_000, "USD")));
        StockVehicle { vin: Vin::new(VIN), listing: Listing { active, ..of.listing }, ..of }
    }

    fn inventory(vehicles: Vec<StockVehicle>, currency: Option<&str>) -> Inventory {
        let mut stock = Stock::default();
        stock.add(vehicles);
        stock.into_inventory(7, None, currency).expect("an inventory")
    }

    fn camrys(vehicles: Vec<StockVehicle>, currency: Option<&str>) -> Comparables {
        (*inventory(vehicles, currency).comparables("TOYOTA", "CAMRY", 2020)).clone()
    }

    #[test]
    fn comparable_prices_have_a_median() {
        let of = |cents: &[i64]| {
            let each = cents.iter().enumerate();
            let each = each.map(|(id, &cents)| vehicle(&id.to_string(), Some((cents, "USD"))));
            camrys(each.collect(), Some("USD")).prices
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[5]), Some(PriceRange { median: 5, min: 5, max: 5 }));
        assert_eq!(of(&[30, 10, 20]), Some(PriceRange { median: 20, min: 10, max: 30 }));
        assert_eq!(of(&[40, 10, 20, 25]), Some(PriceRange { median: 23, min: 10, max: 40 }));
    }

    #[test]
    fn currencies_are_never_mixed_or_guessed() {
        let mixed = || {
            vec![
                vehicle("a", Some((100, "USD"))),
                vehicle("b", Some((9_999, "KES"))),
                vehicle("c", None),
            ]
        };
        let dollars = camrys(mixed(), Some("USD"));
        assert_eq!(dollars.count, 3);
        assert_eq!(dollars.prices, Some(PriceRange { median: 100, min: 100, max: 100 }));
        assert_eq!(camrys(mixed(), Some("EUR")).prices, None);
        assert_eq!(camrys(mixed(), None), Comparables { count: 3, prices: None });
    }

    #[test]
    fn a_vehicle_with_a_vin_is_a_listing_of_it_and_no_comparable_one() {
        let stock = vec![with_vin("b", true), with_vin("a", false), with_vin("c", true)];
        let inventory = inventory(stock, Some("USD"));
        let (facts, _) = inventory.listings(&Vin::new(VIN).expect("a VIN")).expect("listings");
        let ids: Vec<&str> = facts.listings.iter().map(|listing| listing.id.as_str()).collect();
        assert_eq!(ids, ["b", "c", "a"]);
        assert_eq!(inventory.comparables("TOYOTA", "Camry", 2020).count, 0);
        assert_eq!(inventory.by_vin.len(), 1);
    }

    #[test]
    fn what_is_not_for_sale_is_not_comparable() {
        let mut rental = vehicle("a", Some((50, "USD")));
        rental.listing.offer = Some("rental");
        let mut sold = vehicle("b", Some((50, "USD")));
        sold.listing.availability = Some("SOLD".into());
        let silent = StockVehicle { year: None, ..vehicle("c", None) };
        let counted = camrys(vec![rental, sold, silent, vehicle("d", None)], Some("USD"));
        assert_eq!(counted, Comparables { count: 1, prices: None });
    }

    #[test]
    fn a_vehicle_that_comes_twice_counts_once_with_its_latest_words() {
        let mut stock = Stock::default();
        stock.add(vec![vehicle("a", Some((100, "USD")))]);
        stock.add(vec![vehicle("a", Some((90, "USD"))), vehicle("b", Some((90, "USD")))]);
        let inventory = stock.into_inventory(7, None, Some("USD")).expect("an inventory");
        let camrys = inventory.comparables("Toyota", "camry", 2020);
        assert_eq!((camrys.count, camrys.prices.map(|prices| prices.max)), (2, Some(90)));
    }
}
