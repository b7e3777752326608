use super::*;

fn decode(vin: &str) -> Option<Vehicle> {
    vehicle(&Vin::new(vin).expect("a VIN"))
}

fn year(vin: &str) -> Option<u16> {
    decode(vin).expect("known").year
}

#[test]
fn position_7_names_the_cycle_of_position_10() {
    assert_eq!(year("1HGBH41JXMN109186"), Some(1991), "a digit");
    assert_eq!(year("WBAPH5C55BA218692"), Some(2011), "a letter");
    assert_eq!(year("5YJSA1DG9DFP14705"), Some(2013));
    assert_eq!(year("1FT00000010000000"), Some(2001));
    assert_eq!(year("1FT00000000000000"), None, "0 is not a year code");
}

#[test]
fn heavy_trucks_get_the_newest_year_not_in_the_future() {
    assert_eq!(year("1FUJGLDR0CSBA0001"), Some(2012));
    assert_eq!(year("1FUJA6CV011000000"), Some(2001));
    assert_eq!(year("1FUJA6CV0YL000000"), Some(2000));
}

#[test]
fn a_vehicle_follows_from_its_descriptor() {
    let describe = |vin| format!("{:?}", decode(vin));
    assert_eq!(describe("1FTFW1ET5DFC10312"), describe("1FTFW1ET5DFC10312"));
    assert_eq!(describe("1FTFW1ET5DFC10312"), describe("1FTFW1ET0DFZ99999"));
    let vehicle = decode("1FTFW1ET5DFC10312").expect("known");
    assert_eq!((vehicle.maker.make.as_str(), vehicle.year), ("FORD", Some(2013)));
    assert_eq!(vehicle.model.body.vehicle_type, "TRUCK");
}

#[test]
fn vehicles_not_sold_in_the_usa_are_unknown() {
    assert!(decode("ZZZPH5C55BA218692").is_none());
    assert!(decode("WVWPH5C55BA218692").is_some());
    assert!(decode("WVWZZZ1KZ6W612305").is_none());
}

#[test]
fn makes_that_share_an_identifier_are_distinguished() {
    let make = |vin| &decode(vin).expect("known").maker.make;
    assert_eq!(make("2C3CDXCT8CH397767"), "DODGE");
    assert_eq!(make("2C3CCAEG8CH223617"), "CHRYSLER");
}

#[test]
fn a_well_known_prefix_names_its_model() {
    assert_eq!(decode("1FTFW1ET5DFC10312").expect("known").model.name, "F-150");
    assert_eq!(decode("5YJ3E1EA1JF123640").expect("known").model.name, "Model 3");
}

#[test]
fn all_but_three_of_the_sample_fleet_are_known() {
    let list = include_str!("../../../sample-data/fleet.csv");
    let vins: Vec<Vin> =
        list.lines().flat_map(|line| line.split(',').map(str::trim).filter_map(Vin::new)).collect();
    assert!(vins.len() > 200, "{}", vins.len());
    let strangers = vins.iter().filter(|&vin| vehicle(vin).is_none());
    let strangers: Vec<&str> = strangers.map(Vin::as_str).collect();
    assert_eq!(strangers, ["VF1RFB00X56789012", "WVWZZZ1KZ6W612305", "11111111111111111"]);
}

#[test]
fn models_are_on_sale_in_their_year() {
    for serial in 0..200 {
        let vehicle = decode(&format!("1C4{serial:03}2K0T0000000")).expect("known");
        assert!(vehicle.model.since <= vehicle.year.expect("T"), "{vehicle:?}");
    }
}
