use std::collections::BTreeSet;

use super::*;
use crate::sandbox::handler::Body;

#[test]
fn the_stock_fills_three_pages_and_some_of_it_has_a_vin() {
    assert_eq!(STOCK.len(), VEHICLES);
    let ids: BTreeSet<&str> = STOCK.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), VEHICLES);
    let vins: BTreeSet<&String> = STOCK.iter().filter_map(|row| row.vin.as_ref()).collect();
    assert_eq!(vins.len(), VEHICLES.div_ceil(WITH_VIN));
    assert!(STOCK.iter().any(|row| row.listing_type == "rental"));
}

#[test]
fn the_summary_counts_what_the_list_shows() {
    let Body::Whole(body) = stats().body else { panic!("not a list") };
    let data = serde_json::from_str::<Value>(&body).expect("JSON")["data"].take();
    assert_eq!((&data["totalVehicles"], &data["availableVehicles"]), (&json!(250), &json!(250)));
    for by in ["byListingType", "byBodyType", "byBrand"] {
        let counts = data[by].as_object().expect("an object").values();
        assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 250, "{by}");
    }
}
