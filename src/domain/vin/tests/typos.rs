use proptest::prelude::*;

use super::*;

const ACCORD: &str = "1HGCM82633A004352";

fn spelled(cell: &str) -> Vec<String> {
    candidates(cell).iter().map(ToString::to_string).collect()
}

#[test]
fn one_slip_is_undone() {
    for (cell, slip) in [
        ("1HGCM82633A003452", "two neighbours swapped"),
        ("1HGCM8263A3004352", "two neighbours swapped, a letter among them"),
        ("1HGCM82633A00435", "the last character dropped"),
        ("1HGM82633A004352", "a character dropped"),
        ("1HGCM82633A0004352", "a digit doubled"),
        ("1HGCCM82633A004352", "a letter doubled"),
        ("1HGCMB2633A004352", "B for 8"),
        ("1HGCM8Z633A004352", "Z for 2"),
        ("1HGCM82G33A004352", "G for 6"),
        ("1HGCM82633A0043S2", "S for 5"),
        ("IHGCM82633A004352", "I for 1"),
        ("1HGCM82633AO04352", "O for 0"),
        (" 1hg-cm8 2633a0q4352 ", "Q for 0, untidily"),
    ] {
        assert!(spelled(cell).contains(&ACCORD.to_owned()), "{slip}: {:?}", spelled(cell));
    }
}

#[test]
fn a_difference_is_said_in_words() {
    let meant = Vin::new("5NPE24AF8FH004717").expect("a VIN");
    for (cell, how) in [
        ("5NPE24AF8FH004771", Some("positions 16 and 17 swapped")),
        ("NP5E24AF8FH004717", None),
        ("5NPE24AF8FH04717", Some("`0` added at position 13")),
        ("NPE24AF8FH004717", Some("`5` added at position 1")),
        ("5NPE24AF8FH00471", Some("`7` added at position 17")),
        ("5NPE224AF8FH004717", Some("`2` at position 6 dropped")),
        (" SNPE24AF8FH004717", Some("`5` for `S` at position 1")),
        ("5NPE24AF8FHO04717", Some("`0` for `O` at position 12")),
        ("5NPE24AF8FHOO4717", None),
        ("5NPE24AF8FH004717", None),
    ] {
        assert_eq!(difference(cell, &meant).as_deref(), how, "{cell}");
    }
}

#[test]
fn what_does_not_fail_or_is_no_vin_has_no_candidates() {
    for cell in [
        ACCORD,
        "WVWZZZ1KZ6W612305",
        "",
        "N/A",
        "1111111111111111",
        "TESTVIN000000001",
        "1234567890123450",
        "1.23457E+16",
        "Ford Transit Van",
        "1HGCM82633A0043",
        "1HGCM82633A00435211",
        "1HGCM82633A00435*",
        "1HGCM82633\u{410}004352",
    ] {
        assert_eq!(spelled(cell), Vec::<String>::new(), "{cell:?}");
    }
}

#[test]
fn nothing_that_is_no_vin_is_a_candidate() {
    // Insertions would make seventeen ones.
    assert!(!spelled("11111111111111112").iter().any(|vin| vin.bytes().all(|b| b == b'1')));
    assert!(
        spelled("1HGCM82633A00435").iter().all(|vin| vin.ends_with(|c: char| c.is_ascii_digit()))
    );
}

/// Whether one slip leads from `vin` to `text`.
fn is_one_slip(vin: &str, text: &str) -> bool {
    match text.len() {
        SHORT | LONG => strsim::levenshtein(vin, text) == 1,
        _ => strsim::osa_distance(vin, text) == 1,
    }
}

/// What a person may type, with the letters that look like digits.
const NEAR_VIN: &str = "[1-5][0-9A-Z]{12}[0-9SBZGIOQ]{3,5}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn candidates_are_one_slip_away_and_fit(text in NEAR_VIN) {
        let vins = candidates(&text);
        prop_assert!(vins.len() <= 100, "{}", vins.len());
        for (place, vin) in vins.iter().enumerate() {
            prop_assert!(vin.check_digit_fits());
            prop_assert!(is_one_slip(vin.as_str(), &text), "{vin} from {text}");
            prop_assert!(!vins[..place].contains(vin), "{vin} twice");
        }
    }

    #[test]
    fn any_text_is_taken(cell in any::<String>()) {
        prop_assert!(candidates(&cell).iter().all(Vin::check_digit_fits));
    }

    #[test]
    fn a_swap_that_fails_is_undone(vin in "[1-5][0-9A-HJ-NPR-Z]{13}[0-9]{3}", place in 0..Vin::LENGTH - 1) {
        let Some(vin) = with_fitting_check_digit(&vin) else { return Ok(()) };
        let mut slip = vin.as_str().as_bytes().to_vec();
        slip.swap(place, place + 1);
        let slip = String::from_utf8(slip).expect("ASCII");
        if read(&slip, Rules::default()).error == Some(VinError::CheckDigit) {
            prop_assert!(candidates(&slip).contains(&vin));
        }
    }
}

fn with_fitting_check_digit(text: &str) -> Option<Vin> {
    let digits = "0123456789X".chars();
    let mut fitting =
        digits.filter_map(|digit| Vin::new(&format!("{}{digit}{}", &text[..8], &text[9..])));
    fitting.find(Vin::check_digit_fits).filter(|vin| impostor(vin).is_none())
}
