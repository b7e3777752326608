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
    stock.into_inventory(Timestamp::from_micros(7), None, currency)
}

fn range(median: i64, min: i64, max: i64) -> PriceRange {
    PriceRange { median, min: Some(min), max: Some(max), p25: None, p75: None }
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
    assert_eq!(of(&[5]), Some(range(5, 5, 5)));
    assert_eq!(of(&[30, 10, 20]), Some(range(20, 10, 30)));
    assert_eq!(of(&[40, 10, 20, 25]), Some(range(23, 10, 40)));
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
    assert_eq!(dollars.prices, Some(range(100, 100, 100)));
    assert_eq!(camrys(mixed(), Some("EUR")).prices, None);
    assert_eq!(camrys(mixed(), None), Comparables { count: 3, prices: None });
}

#[test]
fn a_vehicle_with_a_vin_is_a_listing_of_it_and_no_comparable_one() {
    let stock = vec![with_vin("b", true), with_vin("a", false), with_vin("c", true)];
    let inventory = inventory(stock, Some("USD"));
    let facts = inventory.listings(&Vin::new(VIN).expect("a VIN")).expect("listings");
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
    let inventory = stock.into_inventory(Timestamp::from_micros(7), None, Some("USD"));
    let camrys = inventory.comparables("Toyota", "camry", 2020);
    assert_eq!((camrys.count, camrys.prices.map(|prices| prices.max)), (2, Some(Some(90))));
}
