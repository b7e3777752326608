use super::super::vocabulary::term_at;
use super::*;

fn stands(facts: &DecodeFacts, text: &str) -> Option<Stands> {
    let words = parts(text);
    let (term, length) = term_at(&words).expect("a word of the vocabulary");
    assert_eq!(length, words.len(), "{text} is one term");
    Descriptor::of(facts).stands(Some(term), &words.join(" "), None)
}

fn assert_stands(facts: &DecodeFacts, agrees: &[&str], contradicts: &[&str], unknown: &[&str]) {
    for (expected, texts) in
        [(Stands::Agrees, agrees), (Stands::Contradicts, contradicts), (Stands::Unknown, unknown)]
    {
        for text in texts {
            assert_eq!(stands(facts, text), Some(expected), "{text} of {facts:?}");
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn truck(model: &str, gvwr: &str) -> DecodeFacts {
    DecodeFacts {
        model: some(model),
        vehicle_type: some("TRUCK"),
        gvwr: some(gvwr),
        ..DecodeFacts::default()
    }
}

#[test]
fn a_truck_without_series_is_told_by_its_weight() {
    let light = truck("Sierra", "Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)");
    assert_stands(&light, &["1500", "LD"], &["2500", "3500", "HD"], &[]);
    let middle = truck("Sierra", "Class 2G: 8,001 - 9,000 lb (3,629 - 4,082 kg)");
    assert_stands(&middle, &[], &["4500"], &["1500", "2500", "3500", "HD"]);
    let heavy = truck("Sierra", "Class 2H: 9,001 - 10,000 lb (4,082 - 4,536 kg)");
    assert_stands(&heavy, &["HD"], &["1500", "5500"], &["2500", "3500"]);
    let unknown = truck("Sierra", "");
    assert_stands(&unknown, &[], &[], &["1500", "2500", "HD"]);
}

#[test]
fn a_range_of_weights_leaves_more_open() {
    let mut facts = truck("Savana", "Class 2F: 7,001 - 8,000 lb (3,175 - 3,629 kg)");
    assert_stands(&facts, &[], &["3500"], &["1500", "2500"]);
    facts.decode_extra =
        some(r#"{"GVWR_to":"Class 3: 10,001 - 14,000 lb (4,536 - 6,350 kg)","Note":"x"}"#);
    assert_stands(&facts, &[], &["5500"], &["1500", "2500", "3500", "4500"]);
}

#[test]
fn the_ends_of_the_classes_are_read() {
    assert_eq!(pounds("Class 1: 6,000 lb or less (2,722 kg or less)"), Some((0, 6_000)));
    assert_eq!(
        pounds("Class 8: 33,001 lb and above (14,969 kg and above)"),
        Some((33_001, u32::MAX))
    );
    assert_eq!(pounds("Class 5: 16,001 - 19,500 lb (7,258 - 8,845 kg)"), Some((16_001, 19_500)));
    assert_eq!(pounds("6,500"), None);
    assert_eq!(pounds("Class 3: heavy lb"), None);
}

#[test]
fn a_series_says_more_than_a_weight() {
    let with = |series: &str| DecodeFacts {
        series: some(series),
        ..truck("Express", "Class 2G: 8,001 - 9,000 lb (3,629 - 4,082 kg)")
    };
    assert_stands(&with("3500 Cargo"), &["3500", "HD"], &["2500", "1500"], &[]);
    assert_stands(&with("1/2 Ton Nominal"), &["1500", "half ton"], &["2500"], &[]);
    assert_stands(&with("3/4 Ton"), &["2500", "HD"], &["1500"], &[]);
    assert_stands(&with("2500HD"), &["2500", "HD"], &["3500"], &[]);
}

#[test]
fn a_car_is_not_a_size_of_truck() {
    let suv = DecodeFacts {
        model: some("RX"),
        vehicle_type: some("MULTIPURPOSE PASSENGER VEHICLE (MPV)"),
        gvwr: some("Class 1D: 5,001 - 6,000 lb (2,268 - 2,722 kg)"),
        ..DecodeFacts::default()
    };
    assert_stands(&suv, &[], &[], &["350", "450"]);
    assert_stands(&DecodeFacts { trim: some("450h"), ..suv }, &["450"], &["350"], &[]);
}

#[test]
fn a_chassis_code_is_not_the_number_of_a_model() {
    let coupe = |trim: &str| DecodeFacts {
        model: some("E-Class"),
        series: some("W213"),
        trim: some(trim),
        ..DecodeFacts::default()
    };
    assert_stands(&coupe("Avantgarde"), &[], &[], &["400", "63"]);
    assert_stands(&coupe("E400-4M"), &["400"], &["350", "63"], &[]);
}

#[test]
fn powertrains_are_told_by_electrification_first() {
    let with = |level: &str, fuel: &str, trim: &str| DecodeFacts {
        model: some("Santa Fe"),
        electrification_level: some(level),
        fuel_type_primary: some(fuel),
        trim: some(trim),
        ..DecodeFacts::default()
    };
    let strong = "Strong HEV (Hybrid Electric Vehicle)";
    assert_stands(
        &with(strong, "Gasoline", ""),
        &["Hybrid", "HEV"],
        &["PHEV", "EV", "Diesel"],
        &[],
    );
    let plug = "PHEV (Plug-in Hybrid Electric Vehicle)";
    assert_stands(&with(plug, "Gasoline", ""), &["Plug-in Hybrid"], &["EV", "HEV"], &["Hybrid"]);
    let battery = "BEV (Battery Electric Vehicle)";
    assert_stands(&with(battery, "Electric", ""), &["EV", "Electric"], &["Hybrid", "PHEV"], &[]);
    let mild = "Mild HEV (Hybrid Electric Vehicle)";
    assert_stands(&with(mild, "Gasoline", ""), &[], &["EV", "PHEV"], &["HEV", "Diesel"]);
    let cell = "FCEV (Fuel Cell Electric Vehicle)";
    assert_stands(&with(cell, "", ""), &["Fuel Cell"], &["Hybrid", "EV"], &[]);
    assert_stands(&with("", "Gasoline", "Blue Hybrid"), &["Hybrid"], &["EV", "Diesel"], &[]);
    assert_stands(&with("", "Gasoline", ""), &[], &["EV", "Diesel"], &["Hybrid", "PHEV"]);
    assert_stands(&with("", "Diesel", ""), &["Diesel"], &["Hybrid", "EV"], &[]);
    assert_stands(&with("", "", ""), &[], &[], &["Hybrid", "EV", "Diesel"]);
}

#[test]
fn bodies_cabs_and_drives_are_those_of_the_decoder() {
    let facts = DecodeFacts {
        model: some("Tundra"),
        body_class: some("Pickup"),
        cab_type: some("Extra/Super/Quad/Double/King/Extended"),
        drive_type: some("4WD/4-Wheel Drive/4x4"),
        ..DecodeFacts::default()
    };
    assert_stands(
        &facts,
        &["Pickup", "Access Cab", "Double Cab", "4x4", "AWD"],
        &["Sedan", "Regular Cab", "CrewMax", "RWD", "4x2"],
        &[],
    );
    let hatch = some("Hatchback/Liftback/Notchback");
    let hatch =
        DecodeFacts { body_class: hatch, drive_type: some("4x2"), ..DecodeFacts::default() };
    assert_stands(&hatch, &["Hatchback", "2WD"], &["Sedan", "Coupe", "AWD"], &["FWD", "RWD"]);
    let van = DecodeFacts { body_class: some("Van"), ..DecodeFacts::default() };
    assert_stands(&van, &["Van"], &["Wagon", "Bus"], &["Cargo Van", "Passenger Van"]);
}

#[test]
fn a_trim_is_contradicted_only_by_a_trim() {
    let with = |trim: &str| DecodeFacts { trim: some(trim), ..DecodeFacts::default() };
    assert_stands(&with("EX-L/EX-L Navi"), &["EX", "EX-L"], &["LX", "Touring"], &[]);
    assert_stands(&with("Middle-low level"), &[], &[], &["GLS"]);
    assert_stands(&with(""), &[], &[], &["XLT"]);
}

#[test]
fn one_letter_agrees_only_in_its_place() {
    let facts = DecodeFacts { trim: some("300S, 300M Special"), ..DecodeFacts::default() };
    let version = Descriptor::of(&facts);
    assert_eq!(version.stands(None, "m", Some("300")), Some(Stands::Agrees));
    assert_eq!(version.stands(None, "m", Some("200")), None);
    assert_eq!(version.stands(None, "m", None), None);
    assert_eq!(version.stands(None, "special", None), Some(Stands::Agrees));
}
