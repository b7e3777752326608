use std::collections::BTreeSet;

use super::*;

#[test]
fn the_stock_fills_three_pages_and_some_of_it_has_a_vin() {
    assert_eq!(STOCK.len(), VEHICLES);
    let ids: BTreeSet<&str> = STOCK.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), VEHICLES);
    let vins: BTreeSet<&String> = STOCK.iter().filter_map(|row| row.vin.as_ref()).collect();
    assert_eq!(vins.len(), VEHICLES.div_ceil(WITH_VIN));
    assert!(STOCK.iter().any(|row| row.listing_type == "rental"));
}
