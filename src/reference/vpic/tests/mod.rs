//! What VINs decode to, and which data are taken.

mod install;
mod packaged;

use std::path::Path;

use super::*;
use crate::domain::Exit;
use crate::reference::vpic::testing;

/// 2026-11-22.
const NOW: Timestamp = Timestamp::from_micros(1_795_305_600_000_000);

fn vpic() -> Option<Vpic> {
    Some(Vpic::find(&testing::data()?).expect("sound data").expect("data"))
}

fn vin(text: &str) -> Vin {
    Vin::new(text).expect("a VIN")
}

fn extra(facts: &DecodeFacts) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(facts.decode_extra.as_deref().unwrap_or("{}")).expect("an object")
}

#[test]
fn a_vin_becomes_columns() {
    let Some(vpic) = vpic() else { return };
    let decoded = vpic.decode(&vin("1HGCM82633A004352"), NOW);
    assert!(decoded.is_found());
    let facts = serde_json::to_value(&*decoded.facts).expect("JSON");
    insta::assert_snapshot!(serde_json::to_string_pretty(&facts).expect("JSON"));
}

#[test]
fn what_is_wrong_with_a_vin_is_told_and_what_is_right_decoded() {
    let Some(vpic) = vpic() else { return };
    let german = vpic.decode(&vin("WVWZZZ1KZ6W612305"), NOW).facts;
    assert_eq!(german.make.as_deref(), Some("VOLKSWAGEN"));
    assert_eq!(german.model_year, Some(2006));
    assert_eq!(german.decode_error_codes.as_deref(), Some("1,4,14,400"));
    let told = extra(&german);
    assert_eq!(told["SuggestedVIN"], "WVWZZ!1K!6W612305");
    assert_eq!(told["PossibleValues"], "(6:036789)");
    assert!(told["ErrorText"].as_str().expect("text").contains("400 - Invalid Characters"));
    assert!(told["AdditionalErrorText"].as_str().expect("text").contains("9:Z"));

    let mistyped = vpic.decode(&vin("1HGCM82643A004352"), NOW).facts;
    assert_eq!((mistyped.model.as_deref(), mistyped.model_year), (Some("Accord"), Some(2003)));
    assert_eq!(mistyped.decode_error_codes.as_deref(), Some("1"));

    let unknown = vpic.decode(&vin("ZZZZZ2633A0043520"), NOW);
    assert!(unknown.facts.make.is_none() && unknown.facts.model.is_none());
    assert!(extra(&unknown.facts)["ErrorText"].as_str().expect("text").contains("not registered"));
}

#[test]
fn extra_has_sorted_names_and_nothing_that_means_nothing() {
    let Some(vpic) = vpic() else { return };
    let facts = vpic.decode(&vin("1HGCM82633A004352"), NOW).facts;
    let text = facts.decode_extra.clone().expect("more than columns hold");
    let again = serde_json::to_string(&extra(&facts)).expect("JSON");
    assert_eq!(text, again, "a JSON object with sorted keys");
    assert!(!text.contains("Not Applicable") && !text.contains("\"\""), "{text}");
    for (name, value) in extra(&facts) {
        assert!(!name.contains([' ', '(']) && value.is_string(), "{name}: {value}");
    }
}

#[test]
fn many_are_decoded_in_their_order_and_share_what_is_the_same() {
    let Some(vpic) = vpic() else { return };
    let vins: Vec<Vin> = (0..500)
        .map(|number| {
            let maker = if number % 3 == 0 { "1HGCM82633A" } else { "1FTFW1ET5DF" };
            vin(&format!("{maker}{number:06}"))
        })
        .collect();
    let all = vpic.decode_all(&vins, NOW);
    assert_eq!(all.len(), vins.len());
    for (vin, decoded) in vins.iter().zip(&all) {
        assert_eq!(*decoded, vpic.decode(vin, NOW));
        assert_eq!(decoded.hash, decoded.facts.fingerprint());
    }
    let distinct: std::collections::BTreeSet<_> =
        all.iter().map(|decoded| Arc::as_ptr(&decoded.facts)).collect();
    assert!(distinct.len() < 40, "{} facts for {} VINs", distinct.len(), vins.len());
}

#[test]
fn the_data_say_what_they_are() {
    let Some(path) = testing::data() else { return };
    let vpic = Vpic::find(&path).expect("sound data").expect("data");
    let provenance = vpic.provenance();
    assert_eq!(provenance.data_month, "2026-10");
    assert_eq!(provenance.digest, Artifact::pinned().digest);
    assert_eq!(provenance.decoder_version, "3.0.2");
    assert_eq!(vpic.released_at().rfc3339(), "2026-10-01T00:00:00Z");
    if provenance.place != Place::Embedded {
        assert_eq!(provenance.place, Place::File(path));
    }
}

#[test]
fn without_a_file_there_is_no_decoder() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = Vpic::find(&folder.path().join("vpic.rkyv")).expect("nothing is wrong");
    assert!(found.is_none_or(|vpic| vpic.provenance().place == Place::Embedded));
}

#[test]
fn a_file_of_no_use_is_told_with_its_remedy() {
    if Db::try_embedded().is_some() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |path: &Path| {
        let error = Vpic::find(path).expect_err("no data");
        assert_eq!(error.exit(), Exit::Config);
        assert!(error.hint_text().expect("a hint").contains("vinrich vpic install"));
        error.to_string()
    };
    let short = folder.path().join("short.rkyv");
    std::fs::write(&short, b"ULTRAVIN\x01\0").expect("written");
    assert!(refused(&short).contains("ends after 10 of 84124480 bytes"));
    let blank = folder.path().join("blank.rkyv");
    std::fs::File::create(&blank)
        .expect("created")
        .set_len(Artifact::pinned().length)
        .expect("sized");
    assert!(refused(&blank).contains("magic"), "{}", refused(&blank));
    assert!(refused(folder.path()).contains("ends after"));
}
/// Two fire engines; position 10 is an `R`, and the data know such makers of both years.
const FIRE_ENGINES: [&str; 2] = ["4ENRABA87R1003456", "44KFT6480RWZ17500"];

#[test]
fn a_stated_year_decides_between_two() {
    let Some(vpic) = vpic() else { return };
    for text in FIRE_ENGINES {
        let decoded = vpic.decode(&vin(text), NOW);
        let year = |stated| decoded.in_year(stated).facts.model_year;
        assert_eq!([year(None), year(Some(2024)), year(Some(1994))], [2024, 2024, 1994].map(Some));
        assert_eq!(year(Some(2023)), Some(2024), "position 10 does not mean that");
        let early = decoded.in_year(Some(1994));
        assert_ne!(early.hash, decoded.hash);
        assert_eq!(early.facts.make, decoded.facts.make);
    }
}

#[test]
fn one_year_is_left_where_the_data_know_no_other() {
    let Some(vpic) = vpic() else { return };
    // A tractor of a later series, a pickup and a car, whose position 7 tells the cycle.
    for text in ["1XKYD49X5RJ398204", "1FTFW1E58RKD12345", "2T1BURHE1FC342217"] {
        let decoded = vpic.decode(&vin(text), NOW);
        assert!(decoded.other_year.is_none(), "{text}");
        assert_eq!(decoded.in_year(Some(1994)).facts, decoded.facts, "{text}");
    }
}

#[test]
fn models_are_listed_by_make() {
    let Some(vpic) = vpic() else { return };
    let has = |make: &str, text: &str| {
        vpic.models_of(make).is_some_and(|models| models.has_one_in(&[make], text))
    };
    for (make, text) in [
        ("Chevy", "silverado lt"),
        ("GMC", "Yukon XL"),
        ("Mercedes", "GLC 300"),
        ("KIA", "Kia Sportage EX"),
        ("VOLVO TRUCK", "VNL"),
    ] {
        assert!(has(make, text), "{make} {text}");
    }
    for (make, text) in [("FORD", "door"), ("FORD", "srw"), ("HYUNDAI", "mpv"), ("KIA", "Accord")] {
        assert!(!has(make, text), "{make} {text}");
    }
    assert!(vpic.models_of("no such make").is_none());
}
