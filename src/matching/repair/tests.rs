//! What is suggested, and at which cost.

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

const ACCORD: &str = "1HGCM82633A004352";
/// The Accord with the last two digits of its serial number swapped.
const SWAPPED: &str = "1HGCM82633A004325";

/// A decoder that knows Hondas, and of those the Accord.
fn hondas(vin: &Vin) -> Option<Arc<DecodeFacts>> {
    let text = vin.as_str();
    (vin.wmi() == "1HG").then(|| {
        Arc::new(DecodeFacts {
            make: Some("HONDA".into()),
            model: (&text[3..8] == "CM826").then(|| "Accord".into()),
            model_year: text[9..10].parse().ok().map(|year: i32| 2000 + year),
            ..DecodeFacts::default()
        })
    })
}

fn suggested(cell: &str, vehicle: RowVehicle<'_>) -> Option<String> {
    suggest(cell, &vehicle, hondas).map(|vin| vin.to_string())
}

fn vehicle<'a>(make: &'a str, model: &'a str, year: &'a str) -> RowVehicle<'a> {
    RowVehicle::of(Some(make), Some(model), Some(year))
}

#[test]
fn the_one_candidate_of_the_rows_make_and_year_is_suggested() {
    for vehicle in [
        vehicle("Honda", "", "2003"),
        vehicle("", "", "'03"),
        vehicle("American Honda", "", ""),
        vehicle("", "", ""),
    ] {
        assert_eq!(suggested(SWAPPED, vehicle).as_deref(), Some(ACCORD), "{vehicle:?}");
    }
}

#[test]
fn another_make_or_year_is_never_suggested() {
    assert_eq!(suggested(SWAPPED, vehicle("Ford", "", "2003")), None);
    assert_eq!(suggested(SWAPPED, vehicle("Honda", "", "2004")), None);
}

#[test]
fn a_decoder_that_knows_nothing_suggests_nothing() {
    let vehicle = vehicle("Honda", "Accord", "2003");
    assert_eq!(suggest(SWAPPED, &vehicle, |_| None), None);
    let empty = |_: &Vin| Some(Arc::new(DecodeFacts::default()));
    assert_eq!(suggest(SWAPPED, &vehicle, empty), None);
}

#[test]
fn a_row_that_claims_nothing_gets_no_guess_among_many() {
    let dropped = "1HGM82633A004352";
    let meant = |vin: &Vin| if vin.as_str() == ACCORD { hondas(vin) } else { None };
    assert!(candidates(dropped).len() > FEW);
    assert_eq!(suggest(dropped, &RowVehicle::default(), meant), None);
    let written = suggest(dropped, &vehicle("Honda", "", ""), meant);
    assert_eq!(written.map(|vin| vin.to_string()).as_deref(), Some(ACCORD));
}

#[test]
fn the_only_candidate_that_decodes_to_a_model_stands_out() {
    // Two more fit, of which the decoder knows no more than the make and year.
    let cell = "1HGCM8263A3004352";
    let known = |vin: &Vin| vin.as_str() == ACCORD;
    let decode = |vin: &Vin| {
        Some(Arc::new(DecodeFacts {
            make: Some("HONDA".into()),
            model: known(vin).then(|| "Accord".into()),
            model_year: Some(2003),
            ..DecodeFacts::default()
        }))
    };
    assert!(candidates(cell).len() > 1);
    let found = suggest(cell, &vehicle("Honda", "", "2003"), decode);
    assert_eq!(found.map(|vin| vin.to_string()).as_deref(), Some(ACCORD));
}

#[test]
fn among_several_only_the_rows_model_tells() {
    let dropped = "1HGM82633A004352";
    let meant: Vin = Vin::new(ACCORD).expect("a VIN");
    let decode = |vin: &Vin| {
        let model = if *vin == meant { "Accord" } else { "Civic" };
        let facts = DecodeFacts {
            make: Some("HONDA".into()),
            model: Some(model.into()),
            model_year: Some(2003),
            ..DecodeFacts::default()
        };
        Some(Arc::new(facts))
    };
    let with = |model| suggest(dropped, &vehicle("Honda", model, "2003"), decode);
    assert!(candidates(dropped).len() > 2);
    assert_eq!(with(""), None);
    assert_eq!(with("Honda Accord EX"), Some(meant));
    assert_eq!(with("Civic"), None);
}

#[test]
fn a_suggestion_never_contradicts_what_was_typed() {
    // Positions 9 and 10 of the Accord are swapped, which makes a 2003 of what was typed.
    let typed = Vin::new("1HGCM82361A004352").expect("a VIN");
    let row = vehicle("Honda", "Accord", "2006");
    let meant = candidates(typed.as_str());
    assert!(!meant.is_empty());
    let told = |year: i32, body: &'static str| {
        move |vin: &Vin| {
            let is_typed = *vin == typed;
            Some(Arc::new(DecodeFacts {
                make: Some("HONDA".into()),
                model: Some("Accord".into()),
                model_year: Some(if is_typed { year } else { 2006 }),
                body_class: Some(if is_typed { body } else { "Sedan/Saloon" }.into()),
                ..DecodeFacts::default()
            }))
        }
    };
    let one = |decode: &dyn Fn(&Vin) -> Option<Arc<DecodeFacts>>| {
        let only = |vin: &Vin| (*vin == typed || *vin == meant[0]).then(|| decode(vin)).flatten();
        suggest(typed.as_str(), &row, only)
    };
    assert_eq!(one(&told(2006, "Sedan/Saloon")), Some(meant[0]));
    assert_eq!(one(&told(2001, "Sedan/Saloon")), None, "another year");
    assert_eq!(one(&told(2006, "Pickup")), None, "another body");
}

/// The rule word by word: every candidate is decoded.
fn by_the_book(
    cell: &str,
    vehicle: &RowVehicle<'_>,
    decode: impl Fn(&Vin) -> Option<Arc<DecodeFacts>>,
) -> Option<Vin> {
    let candidates = candidates(cell);
    let names_neither = vehicle.make.is_none() && vehicle.year.is_none();
    if names_neither && candidates.len() > FEW {
        return None;
    }
    let decoded = candidates.into_iter().filter_map(|vin| Some((vin, decode(&vin)?)));
    let typed = Vin::new(cell).and_then(|typed| decode(&typed));
    let agrees = |facts: &DecodeFacts| typed.as_ref().is_none_or(|typed| agree(typed, facts));
    let fitting: Vec<_> =
        decoded.filter(|(_, facts)| fits(vehicle, facts) && agrees(facts)).collect();
    let of_model: Vec<_> = fitting.iter().filter(|(_, facts)| is_model(vehicle, facts)).collect();
    match (&fitting[..], &of_model[..]) {
        ([(only, _)], _) if !names_neither => Some(*only),
        (_, [(only, _)]) => Some(*only),
        _ => None,
    }
}

/// A decoder that knows many kinds of vehicle, and some models by the serial number.
fn any_maker(vin: &Vin) -> Option<Arc<DecodeFacts>> {
    let number = |text: &str| text.bytes().map(usize::from).sum::<usize>();
    let (of_kind, of_all) = (number(kind(vin)), number(vin.as_str()));
    (of_kind % 5 != 0).then(|| {
        Arc::new(DecodeFacts {
            make: Some(if of_kind % 3 == 0 { "FORD" } else { "HONDA" }.into()),
            model: (of_all % 4 != 0).then(|| ["Accord", "Civic"][of_all % 2].into()),
            model_year: i32::try_from(2003 + of_kind % 2).ok(),
            ..DecodeFacts::default()
        })
    })
}

/// The Accord, or a trailer of a small maker, without one of its characters, or with a
/// character twice, or two swapped.
fn slipped(vin: &str, slip: usize, place: usize) -> String {
    let mut text = vin.to_owned();
    let character = text.remove(place);
    match slip {
        0 => {}
        1 => text.insert_str(place, &[character; 2].iter().collect::<String>()),
        _ => text.insert((place + 1) % 17, character),
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_not_decoded_changes_nothing(
        vin in prop::sample::select(vec![ACCORD, "5TDXZ3DC2KS015402", "1T9BA12345L123456"]),
        slip in 0..3_usize,
        place in 0..17_usize,
        make in prop::sample::select(vec!["", "Honda", "Ford"]),
        model in prop::sample::select(vec!["", "Accord", "Civic"]),
        year in prop::sample::select(vec!["", "2003", "2004"]),
    ) {
        let (cell, vehicle) = (slipped(vin, slip, place), vehicle(make, model, year));
        let expected = by_the_book(&cell, &vehicle, any_maker);
        prop_assert_eq!(suggest(&cell, &vehicle, any_maker), expected, "{}", cell);
    }
}

/// How many VINs are decoded until it is clear what to suggest.
fn decodes(suggest: impl FnOnce(&dyn Fn(&Vin) -> Option<Arc<DecodeFacts>>)) -> usize {
    let decodes = Cell::new(0);
    suggest(&|vin| {
        decodes.set(decodes.get() + 1);
        hondas(vin)
    });
    decodes.get()
}

#[test]
fn serial_numbers_alone_are_not_decoded_one_by_one() {
    let vehicle = vehicle("Honda", "", "2003");
    let dropped = "1HGCM82633A00452";
    assert!(candidates(dropped).len() > 10);
    let right = decodes(|decode| assert_eq!(suggest(dropped, &vehicle, decode), None));
    assert_eq!(right, 2, "two Accords of one year leave nothing to suggest");
    let kinds = alike(&candidates("1HGM82633A004352")).len();
    let other = super::RowVehicle { make: Some("Ford"), ..vehicle };
    let wrong = decodes(|decode| assert_eq!(suggest("1HGM82633A004352", &other, decode), None));
    assert_eq!(wrong, kinds);
}

#[test]
fn rows_that_say_the_same_are_worked_out_once() {
    let suggestions = Suggestions::default();
    let ask = |make, year| {
        decodes(|decode| {
            suggestions.of(SWAPPED, &vehicle(make, "", year), decode);
        })
    };
    assert!(ask("Honda", "2003") > 0);
    assert_eq!(ask("Honda", "2003"), 0);
    let found = suggestions.of(SWAPPED, &vehicle("Honda", "", "2003"), |_| None);
    assert_eq!(found.map(|vin| vin.to_string()).as_deref(), Some(ACCORD));
    assert!(ask("Honda", "2004") > 0, "another year is another question");
    assert!(ask("", "2003") > 0);
}
