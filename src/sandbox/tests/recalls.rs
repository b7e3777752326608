use super::*;

fn numbers(campaigns: &[Campaign]) -> Vec<&str> {
    campaigns.iter().map(|campaign| campaign.number.as_str()).collect()
}

#[test]
fn a_vehicle_and_its_vin_have_the_same_campaigns() {
    for serial in 0..100 {
        let vin = Vin::new(&format!("1HG{serial:03}4J0M0000000")).expect("a VIN");
        let vehicle = fleet::vehicle(&vin).expect("known");
        let year = vehicle.year.expect("M");
        let asked = by_vehicle(&vehicle.maker.make.to_lowercase(), &vehicle.model.name, year);
        assert_eq!(numbers(&asked), numbers(&by_vin(&vin)));
    }
}

#[test]
fn a_renamed_model_is_found_by_vin_only() {
    assert!(by_vehicle("Ford", "F-250", 2016).is_empty());
    let campaigns = by_vehicle("Ford", "F-250 SD", 2016);
    assert!(!campaigns.is_empty());
    let truck = |serial| Vin::new(&format!("1FT{serial:03}BT0GEA00000")).expect("a VIN");
    let vin = (0..100)
        .map(truck)
        .find(|vin| fleet::vehicle(vin).is_some_and(|vehicle| vehicle.model.name == "F-250"));
    assert_eq!(numbers(&by_vin(&vin.expect("an F-250"))), numbers(&campaigns));
}

#[test]
fn a_third_have_no_recalls_and_none_over_four() {
    let vehicles = makers::models_of("Honda")
        .flat_map(|model| (1990..2025).map(|year| by_vehicle("HONDA", &model.name, year).len()));
    let counts: Vec<usize> = vehicles.collect();
    let zeros = counts.iter().filter(|&&count| count == 0).count();
    assert!((25..42).contains(&(zeros * 100 / counts.len())), "{zeros} of {}", counts.len());
    assert_eq!(counts.iter().max(), Some(&4));
}

#[test]
fn campaigns_are_written_as_nhtsa_does() {
    let campaigns: Vec<Campaign> =
        (1990..2026).flat_map(|year| by_vehicle("FORD", "F-250 SD", year)).collect();
    let parked = campaigns.iter().filter(|campaign| campaign.park_it).count();
    assert!(parked * 5 < campaigns.len(), "few, not {parked} of {}", campaigns.len());
    for campaign in &campaigns {
        let (year, serial) = campaign.number.split_once('V').expect("V");
        assert!(year.len() == 2 && serial.len() == 6 && serial.ends_with("000"));
        let date: Vec<&str> = campaign.report_received_date.split('/').collect();
        let [day, month, of_year] = date[..] else { panic!("{date:?}") };
        assert!((1..=28).contains(&day.parse::<u8>().expect("a day")));
        assert!((1..=12).contains(&month.parse::<u8>().expect("a month")));
        assert!(of_year.ends_with(year), "{date:?} {year}");
    }
}

#[test]
fn a_vehicles_campaigns_are_distinct() {
    for year in 1990..2026 {
        let campaigns = by_vehicle("Toyota", "Camry", year);
        let distinct: BTreeSet<_> = numbers(&campaigns).into_iter().collect();
        assert_eq!(distinct.len(), campaigns.len());
    }
}

#[test]
fn unknown_vehicles_have_no_recalls() {
    assert!(by_vehicle("FORD", "Camry", 2016).is_empty());
    assert!(by_vehicle("", "", 2016).is_empty());
    assert!(by_vehicle("FORD", "F-250 SD", 0).is_empty());
    assert!(by_vehicle("FORD", "F-250 SD", u16::MAX).is_empty());
}
