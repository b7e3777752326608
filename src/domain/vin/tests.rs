//! Every row of the bad-input table that is about VINs.

use proptest::prelude::*;

use super::*;

const ACCORD: &str = "1HGCM82633A004352";

fn lenient(raw: &str) -> Reading {
    read(raw, Rules::default())
}

fn error(raw: &str) -> &'static str {
    let reading = lenient(raw);
    assert_eq!(reading.vin, None, "{raw:?} must be rejected");
    reading.error.map_or("none", VinError::as_str)
}

fn spelled(vin: Option<Vin>) -> Option<String> {
    vin.map(|vin| vin.to_string())
}

#[test]
fn a_clean_vin_is_left_alone() {
    let reading = lenient(ACCORD);
    assert_eq!(spelled(reading.vin).as_deref(), Some(ACCORD));
    assert_eq!((reading.error, reading.normalized), (None, false));
    assert_eq!(reading.check_digit_ok, Some(true));
}

#[test]
fn what_spreadsheets_and_people_add_is_normalised_away() {
    for raw in [
        "1hgcm82633a004352",
        "  1HGCM82633A004352\t",
        "1HG CM826 33A 004352",
        "1HG\u{A0}CM82633A\u{202F}004352",
        "1HG-CM82633A-004352",
        "1HG\u{2013}CM82633A\u{2011}004352",
        "\u{FEFF}1HGCM8\u{200B}2633A004352\u{200E}",
        "１ＨＧＣＭ８２６３３Ａ００４３５２",
        "１ｈｇ　ｃｍ８２６３３ａ００４３５２",
        "'1HGCM82633A004352",
        "=\"1HGCM82633A004352\"",
        "\"1HGCM82633A004352\"",
        "' =\"1HGCM82633A004352\" ",
        "\u{201C}1HGCM82633A004352\u{201D}",
    ] {
        let reading = lenient(raw);
        assert_eq!(spelled(reading.vin).as_deref(), Some(ACCORD), "{raw:?}");
        assert!(reading.normalized, "{raw:?}");
        assert_eq!((reading.error, reading.repaired), (None, false), "{raw:?}");
    }
}

#[test]
fn a_check_digit_is_law_in_north_america() {
    let is_law = |start: &str| {
        Vin::new(&format!("{start}BC12345A123456")).expect("a VIN").check_digit_required()
    };
    for start in
        ["1FT", "2T1", "3VW", "4T1", "5YJ", "7FA", "7H9", "7SA", "7ZZ", "71A", "79A", "70Z"]
    {
        assert!(is_law(start), "{start}");
    }
    for start in ["7AT", "7BB", "7C9", "7DA", "7E1", "6T1", "8AF", "9BW", "WBA", "JTD", "SAL"] {
        assert!(!is_law(start), "{start}");
    }
}

#[test]
fn positions_7_and_10_tell_the_model_year() {
    let years = |vin: &str| {
        let vin = Vin::new(vin).expect("a VIN");
        (vin.model_years(), vin.light_model_year())
    };
    assert_eq!(years("2T1BURHE1AC342217"), (Some([1980, 2010]), Some(2010)));
    assert_eq!(years("2T1BUR4E1AC342217"), (Some([1980, 2010]), Some(1980)));
    assert_eq!(years("1XKYD49X2YJ398204"), (Some([2000, 2030]), Some(2000)));
    assert_eq!(years("1XKYD4BX29J398204"), (Some([2009, 2039]), Some(2039)));
    for nameless in ["1XKYD49X20J398204", "1XKYD49X2UJ398204", "1XKYD49X2ZJ398204"] {
        assert_eq!(years(nameless), (None, None));
    }
}

#[test]
fn makers_of_few_vehicles_have_six_characters() {
    let extended = |vin: &str| Vin::new(vin).expect("a VIN").wmi_extended();
    assert_eq!(extended("1T9AB4D26KH717042").as_deref(), Some("1T9717"));
    assert_eq!(extended("SA9DHVTN2PG123456").as_deref(), Some("SA9123"));
    assert_eq!(extended(ACCORD), None);
    assert_eq!(extended("19UUA56602A004352"), None);
}

#[test]
fn nothing_there_is_empty() {
    for raw in [
        "",
        " ",
        "\t\u{A0}\u{200B}",
        "N/A",
        "n/a",
        "NA",
        "#N/A",
        "-",
        "--",
        "\u{2014}",
        "NULL",
        "null",
        "None",
        "\"\"",
        "=\"\"",
        "'",
        "unknown",
        "0",
    ] {
        assert_eq!(error(raw), "empty", "{raw:?}");
    }
}

#[test]
fn other_lengths_are_counted() {
    for (raw, detail) in [
        ("1HGCM82633A00435", "16 characters"),
        ("1HGCM82633A0043522", "18 characters"),
        ("1HG-CM8 26330", "11 characters"),
    ] {
        assert_eq!(error(raw), "length");
        assert_eq!(lenient(raw).detail.as_deref(), Some(detail));
    }
}

#[test]
fn a_letter_slip_is_suggested_and_repaired_only_when_told_to() {
    for raw in ["1HGCM82633AO04352", "IHGCM82633A004352", "1hgcm82633aqo4352"] {
        let reading = lenient(raw);
        assert_eq!(error(raw), "illegal_character");
        assert_eq!(spelled(reading.suggestion).as_deref(), Some(ACCORD));

        let reading = read(raw, Rules { repair: true, ..Rules::default() });
        assert_eq!(spelled(reading.vin).as_deref(), Some(ACCORD));
        assert_eq!((reading.error, reading.repaired), (None, true));
        assert_eq!(reading.check_digit_ok, Some(true));
    }
    assert_eq!(lenient("1HGCM82633AO04352").detail.as_deref(), Some("`O` at position 12"));
}

#[test]
fn a_repair_that_fails_the_check_digit_is_not_offered() {
    let raw = "1HGCM82633AO04353";
    assert_eq!(error(raw), "illegal_character");
    assert_eq!(lenient(raw).suggestion, None);
    assert_eq!(read(raw, Rules { repair: true, strict: false }).vin, None);
}

#[test]
fn a_repair_never_makes_a_placeholder() {
    assert_eq!(lenient("0O0O0O0O0O0O0O0O0").suggestion, None);
    assert_eq!(lenient("1I1I1I1I1I1I1I1I1").suggestion, None);
}

#[test]
fn look_alikes_are_shown_by_code_point() {
    // A Cyrillic A and a Cyrillic er.
    assert_eq!(error("1HGCM82633\u{410}004352"), "illegal_character");
    let detail = |raw| lenient(raw).detail;
    assert_eq!(detail("1HGCM82633\u{410}004352").as_deref(), Some("U+0410 at position 11"));
    assert_eq!(detail("1HGCM\u{440}2633A004352").as_deref(), Some("U+0440 at position 6"));
    assert_eq!(lenient("1HGCM82633\u{410}004352").suggestion, None);
    assert_eq!(detail("1HGCM82633A00435*").as_deref(), Some("`*` at position 17"));
}

#[test]
fn fillers_are_placeholders_though_some_pass_the_check_digit() {
    for raw in [
        "11111111111111111",
        "00000000000000000",
        "ZZZZZZZZZZZZZZZZZ",
        "TEST1234567890123",
        "test vin",
        "TESTVIN0000000001",
        "XXXXX",
        "XXXXXXXXXXXXXXXXX",
        "XXXXX123456789012",
        "0000000000",
        "OOOOOOOOOOOOOOOOO",
        "*****************",
        "99999999999999999999999999",
    ] {
        assert_eq!(error(raw), "placeholder", "{raw:?}");
    }
}

#[test]
fn numbers_out_of_a_spreadsheet_are_never_guessed() {
    for raw in [
        "1.23457E+16",
        "1,23457E+16",
        "1.23457e16",
        "1E+16",
        "12345678901234500",
        "1234567890123450",
        "12345678901234500.0",
        "123456789012345000",
        "'12345678901234500",
        "123456789012340",
    ] {
        assert_eq!(error(raw), "excel_number_damage", "{raw:?}");
    }
    // An `E` between digits is a letter of a VIN, and so are zeros after letters.
    assert_eq!(lenient("1234567E890123456").error, Some(VinError::CheckDigit));
    assert!(lenient("1HGCM826X3A004300").vin.is_some());
}

#[test]
fn prose_is_not_a_vin() {
    for raw in [
        "see the attached spreadsheet for 3 VINs",
        "1HGCM82633A004352; 1HGCM82633A004353",
        "Ford Transit",
        "ABCDEFGHJKLMNPRST",
        "\u{1F697}",
    ] {
        assert_eq!(error(raw), "not_a_vin", "{raw:?}");
    }
}

#[test]
fn a_failed_check_digit_warns_and_rejects_only_when_strict() {
    let raw = "1HGCM82633A004353";
    let reading = lenient(raw);
    assert_eq!(spelled(reading.vin).as_deref(), Some(raw));
    assert_eq!(reading.error, Some(VinError::CheckDigit));
    assert_eq!(reading.check_digit_ok, Some(false));
    assert_eq!(reading.detail.as_deref(), Some("position 9 is `3`, computed `5`"));

    let reading = read(raw, Rules { strict: true, ..Rules::default() });
    assert_eq!((reading.vin, reading.error), (None, Some(VinError::CheckDigit)));
}

#[test]
fn no_check_digit_is_asked_of_vehicles_made_elsewhere() {
    for raw in ["WVWZZZ1KZ6W612305", "VF1RFB00X56789012", "WBAPH5C55BA218692"] {
        let reading = read(raw, Rules { strict: true, ..Rules::default() });
        assert_eq!(spelled(reading.vin).as_deref(), Some(raw));
        assert_eq!((reading.check_digit_ok, reading.error), (None, None));
    }
}

#[test]
fn check_digits_are_those_of_published_examples() {
    for raw in ["1M8GDM9AXKP042788", "5GZCZ43D13S812715", "11111111111111111", "1HGBH41JXMN109186"]
    {
        assert!(Vin::new(raw).is_some_and(|vin| vin.check_digit_fits()), "{raw}");
    }
    assert!(Vin::new("WBAPH5C55BA218692").is_some_and(|vin| !vin.check_digit_fits()));
}

#[test]
fn every_error_has_its_own_word() {
    let words: std::collections::BTreeSet<_> = VinError::ALL.map(VinError::as_str).into();
    assert_eq!(words.len(), VinError::ALL.len());
}

#[test]
fn debug_masks() {
    assert_eq!(format!("{:?}", Vin::new(ACCORD)), "Some(Vin(1HG**********4352))");
    assert_eq!(
        format!("{:?}", Vin::new(ACCORD).map(|vin| vin.pack())),
        "Some(Vin(1HG**********4352))"
    );
}

const VIN: &str = "[0-9A-HJ-NPR-Z]{17}";

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_explained(raw in any::<String>(), strict: bool, repair: bool) {
        let reading = read(&raw, Rules { strict, repair });
        prop_assert!(reading.vin.is_some() || reading.error.is_some());
    }

    #[test]
    fn near_vins_are_read_without_panic(raw in "[ 0-9A-Za-z'\"=.E+\u{410}\u{FF21}-]{0,26}", repair: bool) {
        let reading = read(&raw, Rules { strict: false, repair });
        prop_assert!(reading.vin.is_some() || reading.error.is_some());
        prop_assert!(!reading.repaired || repair);
    }

    #[test]
    fn reading_twice_changes_nothing(raw in VIN) {
        if let Some(vin) = lenient(&raw.to_lowercase()).vin {
            prop_assert_eq!(lenient(vin.as_str()).vin, Some(vin));
        }
    }

    #[test]
    fn packing_round_trips_and_keeps_the_order(left in VIN, right in VIN) {
        let [left, right] = [left, right].map(|text| Vin::new(&text).expect("a VIN"));
        prop_assert_eq!(left.pack().unpack(), left);
        prop_assert_eq!(left.pack().cmp(&right.pack()), left.cmp(&right));
    }
}

#[test]
fn the_extremes_pack() {
    for text in ["00000000000000000", "ZZZZZZZZZZZZZZZZZ"] {
        let vin = Vin::new(text).expect("a VIN");
        assert_eq!(vin.pack().unpack(), vin);
    }
}

#[test]
fn what_labels_add_comes_off() {
    for cell in [
        "*5YJ3E1EA7KF317000*",
        "I5YJ3E1EA7KF317000",
        "*I5YJ3E1EA7KF317000*",
        "VIN: 5YJ3E1EA7KF317000",
        "vin#5yj3e1ea7kf317000",
        "VIN No. 5YJ3E1EA7KF317000",
        "VIN5YJ3E1EA7KF317000",
        "FIN 5YJ3E1EA7KF317000",
        "Chassis number: *5YJ3E1EA7KF317000*",
        "5YJ3E1EA7KF317000\0\0\0",
        "5YJ3E1EA7KF317000\u{1a}",
    ] {
        let reading = read(cell, Rules::default());
        assert_eq!(reading.vin, Vin::new("5YJ3E1EA7KF317000"), "{cell:?}: {reading:?}");
        assert!(reading.normalized, "{cell:?}");
        assert!(is_like(cell), "{cell:?}");
    }
    for (cell, error) in [
        ("****", VinError::Placeholder),
        ("VIN:", VinError::Empty),
        ("VIN", VinError::NotAVin),
        ("VIN: 5YJ3E1EA7KF31700", VinError::Length),
        ("\\N", VinError::Empty),
        ("\0\0", VinError::Empty),
        // Seventeen characters are a VIN with a slip, whatever they begin with.
        ("VIN3E1EA7KF317000", VinError::IllegalCharacter),
    ] {
        assert_eq!(read(cell, Rules::default()).error, Some(error), "{cell:?}");
    }
}

#[test]
fn several_vins_in_a_cell_are_counted() {
    for cell in [
        "5YJ3E1EA7KF317000 / 1FTFW1ET0DF000000",
        "5yj3e1ea7kf317000\n1FTFW1ET0DF000000",
        "5YJ3E1EA7KF317000,1FTFW1ET0DF000000",
        "5YJ3E1EA7KF3170001FTFW1ET0DF000000",
    ] {
        let reading = read(cell, Rules::default());
        assert_eq!(reading.error, Some(VinError::NotAVin), "{cell:?}");
        let detail = reading.detail.unwrap_or_default();
        assert!(detail.starts_with("the cell holds 2 VINs"), "{cell:?}: {detail}");
        assert!(is_like(cell));
    }
    let one = read("sold, was 5YJ3E1EA7KF317000 before", Rules::default());
    assert_eq!((one.error, one.detail), (Some(VinError::NotAVin), None));
}
