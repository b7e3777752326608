//! A cell that should hold a VIN: cleaned, judged, repaired, and the VINs it may
//! have been meant to be.

use std::sync::Arc;

use vinrich::domain::facts::DecodeFacts;
use vinrich::domain::vin::{self, Reading, Rules, Vin, VinError};
use vinrich::repair::suggest;
use vinrich::row_vehicle::RowVehicle;

/// The cell, and in further lines the row's make, model and year.
pub(crate) fn vin(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let cell = lines.next().unwrap_or_default();
    for (strict, repair) in [(false, false), (true, false), (false, true), (true, true)] {
        assert_read(cell, Rules { strict, repair });
    }
    let vehicle = RowVehicle::of(lines.next(), lines.next(), lines.next());
    assert_candidates(cell, &vehicle);
}

fn assert_read(cell: &str, rules: Rules) {
    let reading = vin::read(cell, rules);
    assert_reading(&reading);
    assert_eq!(reading, vin::read(cell, rules), "read twice");
    assert!(rules.repair || !reading.repaired);
    let Some(vin) = reading.vin else {
        assert!(reading.error.is_some(), "neither a VIN nor a reason");
        return;
    };
    assert!(!rules.strict || reading.error.is_none(), "doubtful, and kept");
    assert!(reading.normalized || reading.repaired || vin.as_str() == cell);
    // What was made of the cell is what is made of itself.
    let again = vin::read(vin.as_str(), rules);
    assert_eq!((again.vin, again.normalized, again.repaired), (Some(vin), false, false));
    assert_eq!(again.check_digit_ok, reading.check_digit_ok);
    // White space around it is no part of it, nor is its case.
    let untidy = format!(" \u{a0}{}\t", vin.as_str().to_lowercase());
    assert_eq!(vin::read(&untidy, rules).vin, Some(vin));
}

/// What holds of every reading.
pub(crate) fn assert_reading(reading: &Reading) {
    for vin in [reading.vin, reading.suggestion].into_iter().flatten() {
        assert_vin(&vin);
    }
    if let Some(suggestion) = reading.suggestion {
        assert!(suggestion.check_digit_fits(), "a suggestion that does not fit");
    }
    if reading.repaired {
        assert_eq!(reading.vin, reading.suggestion);
    }
    match (reading.vin, reading.error) {
        (Some(_), None | Some(VinError::CheckDigit)) | (None, Some(_)) => {}
        other => panic!("a VIN and an error that exclude each other: {other:?}"),
    }
    if let Some(detail) = &reading.detail {
        assert!(super::is_printable(detail), "{detail:?}");
    }
}

fn assert_vin(vin: &Vin) {
    let text = vin.as_str();
    let is_legal =
        |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"IOQ".contains(&byte));
    assert!(text.len() == Vin::LENGTH && text.bytes().all(is_legal), "{text}");
    assert_eq!(Vin::new(text), Some(*vin));
    assert_eq!(vin.pack().unpack(), *vin);
    assert!(!format!("{vin:?}{:?}", vin.pack()).contains(text), "a VIN in a log line");
}

/// Every candidate fits; of them one is suggested at most, and only one that decodes.
fn assert_candidates(cell: &str, vehicle: &RowVehicle<'_>) {
    let candidates = vin::candidates(cell);
    assert!(candidates.is_sorted(), "candidates are in order");
    for vin in &candidates {
        assert_vin(vin);
        assert!(vin.check_digit_fits(), "a candidate that does not fit");
    }
    let of_claims = Arc::new(DecodeFacts {
        make: Some(vehicle.make.unwrap_or("FORD").to_owned()),
        model: vehicle.model.map(str::to_owned),
        model_year: vehicle.year,
        ..DecodeFacts::default()
    });
    for decodes in [0_usize, 1, 3] {
        let decode = |vin: &Vin| {
            let serial: usize = vin.as_str().bytes().map(usize::from).sum();
            serial.is_multiple_of(decodes).then(|| Arc::clone(&of_claims))
        };
        if let Some(suggested) = suggest(cell, vehicle, decode) {
            assert!(candidates.contains(&suggested) && decode(&suggested).is_some());
        }
    }
}
