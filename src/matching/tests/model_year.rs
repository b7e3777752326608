use super::*;

/// Its check digit fits; position 7 is a letter, and 10 an `F`: 1985 or 2015.
const COROLLA: &str = "2T1BURHE1FC342217";
/// A tractor; position 10 is an `E`: 1984 or 2014.
const TRACTOR: &str = "1XKYD49X2EJ398204";

fn vin(text: &str) -> Vin {
    let vin = Vin::new(text).expect("a VIN");
    assert!(vin.check_digit_fits(), "{text}");
    vin
}

fn car(make: &str, year: i32) -> DecodeFacts {
    DecodeFacts {
        make: Some(make.into()),
        model: Some("A model".into()),
        model_year: Some(year),
        vehicle_type: Some("PASSENGER CAR".into()),
        gvwr_class: Some(1),
        decode_error_codes: Some("0".into()),
        ..DecodeFacts::default()
    }
}

fn truck(make: &str, year: i32) -> DecodeFacts {
    DecodeFacts { vehicle_type: Some("TRUCK".into()), gvwr_class: Some(8), ..car(make, year) }
}

fn with_codes(codes: &str) -> DecodeFacts {
    DecodeFacts { decode_error_codes: Some(codes.into()), ..car("TOYOTA", 2015) }
}

#[test]
fn a_year_is_doubted_by_decoder_sheet_or_positions() {
    let (corolla, tractor) = (vin(COROLLA), vin(TRACTOR));
    let cases = [
        (&corolla, car("TOYOTA", 2015), None, false, false),
        (&corolla, car("TOYOTA", 2015), Some(2015), false, false),
        (&corolla, car("TOYOTA", 2015), Some(2014), false, true),
        (&corolla, car("TOYOTA", 1985), None, false, true),
        (&corolla, car("TOYOTA", 1985), Some(1985), false, true),
        (&corolla, car("TOYOTA", 2016), None, false, true),
        (&corolla, with_codes("1,14"), None, false, false),
        (&corolla, with_codes("11"), None, false, true),
        (&corolla, with_codes("1, 12"), Some(2015), false, true),
        (&tractor, truck("KENWORTH", 2014), None, false, false),
        (&tractor, truck("KENWORTH", 1984), None, false, false),
        (&tractor, truck("KENWORTH", 2014), None, true, true),
        (&tractor, truck("KENWORTH", 2014), Some(2014), true, false),
        (&tractor, truck("KENWORTH", 2014), Some(1984), true, true),
        (&tractor, truck("KENWORTH", 2018), None, false, true),
        (&tractor, DecodeFacts::default(), Some(2018), false, false),
    ];
    for (vin, facts, stated, is_open, expected) in cases {
        let found = year_in_doubt(vin, &facts, stated, is_open);
        assert_eq!(found, expected, "{:?} {stated:?} {is_open}", facts.model_year);
    }
}

#[test]
fn positions_tell_no_year_of_a_vin_of_another_market() {
    let german = Vin::new("WF0AXXGAJA5K12345").expect("a VIN");
    assert!(!german.check_digit_fits());
    assert!(!year_in_doubt(&german, &car("FORD", 2006), None, false));
}

#[test]
fn of_two_decoders_the_one_that_the_vin_supports_is_right() {
    let (corolla, tractor) = (vin(COROLLA), vin(TRACTOR));
    let right = |vin, remote, local| local_is_right(vin, &remote, &local);
    assert!(right(&corolla, car("TOYOTA", 2017), car("TOYOTA", 2015)));
    assert!(right(&corolla, car("LEXUS", 2015), car("TOYOTA", 2015)));
    assert!(!right(&corolla, car("TOYOTA", 2015), car("TOYOTA", 2015)));
    assert!(!right(&corolla, car("TOYOTA", 2015), car("TOYOTA", 2017)), "position 10 is F");
    assert!(!right(&tractor, truck("KENWORTH", 1984), truck("KENWORTH", 2014)), "either may be");
    assert!(right(&tractor, truck("PETERBILT", 1984), truck("KENWORTH", 2014)));
    let nameless = DecodeFacts { model: None, ..car("TOYOTA", 2015) };
    assert!(!right(&corolla, car("TOYOTA", 2017), nameless), "no vehicle to ask about");
    let mistyped = Vin::new("2T1BURHE8FC342217").expect("a VIN");
    assert!(!right(&mistyped, car("LEXUS", 2017), car("TOYOTA", 2015)), "it may be mistyped");
}
