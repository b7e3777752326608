//! The offline decoder, as a user meets it.

use std::path::Path;
use std::sync::Arc;

use vinrich::domain::Timestamp;
use vinrich::domain::cancel::Cancel;
use vinrich::domain::facts::DecodeFacts;
use vinrich::domain::key_set::KeySet;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::vin::{Vin, candidates};
use vinrich::domain::vin_set::Distinct;
use vinrich::repair::suggest;
use vinrich::row_vehicle::{RowVehicle, VehicleField};
use vinrich::vpic::Offline;
use vinrich::vpic::Vpic;
use vinrich::{same_make, same_model_of};

use crate::support::command::{Ended, Running, vins};
use crate::support::library::{Enriched, Tweak};
use crate::support::vpic::data;
use crate::support::{Work, passes_by};

/// 2026-11-22.
const NOW: Timestamp = Timestamp::from_micros(1_795_305_600_000_000);

/// Runs `vinrich WORDS…` with the decoder's data at `path`.
fn with_data_at(work: &Work, path: &Path, words: &[&str]) -> Ended {
    let mut command = work.command(words);
    Running::start(command.env("VINRICH_VENDORS__VPIC__DATA", path)).end()
}

/// Whether the build under test holds data itself.
fn has_its_own_data() -> bool {
    Vpic::find(Path::new("nowhere.rkyv")).is_ok_and(|found| found.is_some())
}

#[test]
fn without_data_one_command_is_named() {
    if has_its_own_data() {
        return;
    }
    let work = Work::with_faults(&[]);
    for words in [&["vpic", "status"][..], &["decode", "1HGCM82633A004352"]] {
        let ended = work.vinrich(words).exits(78).says(&["has no data", "vinrich vpic install"]);
        assert!(ended.stdout.is_empty());
    }
}

#[test]
fn useless_data_are_refused_and_change_nothing() {
    let work = Work::with_faults(&[]);
    let old = work.write("vpic.rkyv", "what was there before");
    for (name, content, said) in [
        ("page.html", "<!doctype html><p>Please log in to the guest network.", "a web page"),
        ("vpic-part.rkyv", "ULTRAVIN\u{1}\0", "ends after 10 of 84124480 bytes"),
        ("fleet.csv", "vin\n1HGCM82633A004352\n", "no decoder data"),
    ] {
        work.write(name, content);
        let ended = with_data_at(&work, &old, &["vpic", "install", "--from", name]).exits(65);
        ended.says(&[name, said, "python3 -m pip download --no-deps ultravin==3.0.2"]);
        assert_eq!(work.read("vpic.rkyv"), "what was there before");
    }
    with_data_at(&work, &old, &["vpic", "install", "--from", "gone.whl"]).exits(66);
    if !has_its_own_data() {
        with_data_at(&work, &old, &["vpic", "status"]).exits(78).says(&["vinrich vpic install"]);
    }
}

#[test]
fn data_are_installed_and_decode_on_this_machine() {
    let Some(data) = data() else { return };
    let work = Work::with_faults(&[]);
    let from = data.display().to_string();
    let place = work.path("data/vpic.rkyv");
    with_data_at(&work, &place, &["vpic", "install", "--from", &from]).exits(0).says(&["2026-10"]);
    let status = with_data_at(&work, &place, &["vpic", "status", "--format", "json"]);
    let status = status.exits(0).json();
    assert_eq!(
        (&status["data_month"], &status["decoder_version"]),
        (&"2026-10".into(), &"3.0.2".into())
    );
    if !has_its_own_data() {
        assert_eq!(status["path"], place.display().to_string());
    }
    let decoded = with_data_at(&work, &place, &["decode", "1HGCM82633A004352"]).exits(0);
    assert!(decoded.stdout().contains("2003 HONDA Accord EX-V6"), "{}", decoded.stdout());
}

#[test]
fn a_card_says_what_is_wrong() {
    let Some(data) = data() else { return };
    let work = Work::with_faults(&[]);
    let vins = ["wvwzzz1kz6w612305", "5TDXZ3DC2KS015402", "1HGCM82633AO04352"];
    let decoded = with_data_at(&work, &data, &[&["decode"], &vins[..]].concat()).exits(65);
    insta::assert_snapshot!(decoded.stdout());
}

#[test]
fn a_program_reads_the_columns_by_their_names() {
    let Some(data) = data() else { return };
    let work = Work::with_faults(&[]);
    let words = ["decode", "1HGCM82643A004352", "HELLO", "--format", "json"];
    let decoded = with_data_at(&work, &data, &words).exits(65).json();
    let [bad_digit, no_vin] = [&decoded[0], &decoded[1]];
    assert_eq!((&bad_digit["make"], &bad_digit["model_year"]), (&"HONDA".into(), &2003.into()));
    assert_eq!(bad_digit["vin_check_digit_ok"], false);
    assert_eq!(
        (&bad_digit["decode_status"], &bad_digit["decode_vendor"]),
        (&"found".into(), &"vpic".into())
    );
    let said = bad_digit["decode_extra"]["ErrorText"].as_str().expect("NHTSA's words");
    assert!(said.starts_with("1 - Check Digit"), "{said}");
    assert_eq!(
        (&no_vin["vin"], &no_vin["vin_error"]),
        (&serde_json::Value::Null, &"not_a_vin".into())
    );
}

/// The listings of `tests/fixtures/vpic/README.md`: make and model year are those
/// of the listing for all of them, the model for 177 of 183.
#[test]
fn decodes_agree_with_what_sellers_say() {
    let Some(data) = data() else { return };
    let vpic = Vpic::find(&data).expect("sound data").expect("data");
    let text = include_str!("../../fixtures/vpic/public-listings.csv");
    let listings: Vec<[String; 4]> = csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("listings");
    let vins: Vec<Vin> = listings.iter().map(|[vin, ..]| Vin::new(vin).expect("a VIN")).collect();
    let decoded = vpic.decode_all(&vins, NOW);
    assert_eq!(decoded.len(), 183);

    let mut other_models = Vec::new();
    for ([vin, make, model, year], decoded) in listings.iter().zip(&decoded) {
        let facts = &decoded.facts;
        assert_eq!(facts.make.as_deref().map(squeezed), Some(squeezed(make)), "{vin}");
        assert_eq!(facts.model_year.map(|year| year.to_string()).as_ref(), Some(year), "{vin}");
        if !facts.model.as_deref().is_some_and(|known| is_same_model(model, known)) {
            other_models.push(format!("{model}: {:?}", facts.model));
        }
    }
    let agreed = decoded.len() - other_models.len();
    assert!(agreed >= 177, "{agreed} of {}: {other_models:#?}", decoded.len());
}

/// Candidates that differ in the serial number alone are not decoded one by one, which
/// is to change no suggestion: here every one of them is.
#[test]
fn suggestions_are_those_of_every_candidate_decoded() {
    let Some(data) = data() else { return };
    let vpic = Vpic::find(&data).expect("sound data").expect("data");
    let decode = |vin: &Vin| {
        let decoded = vpic.decode(vin, NOW);
        decoded.is_found().then_some(decoded.facts)
    };
    let text = include_str!("../../fixtures/vpic/public-listings.csv");
    let mut listings = csv::Reader::from_reader(text.as_bytes());
    let mut suggested = 0;
    for (row, listing) in listings.deserialize().enumerate() {
        let [vin, make, model, year]: [String; 4] = listing.expect("a listing");
        let mut cell = vin.clone();
        cell.remove(row % vin.len());
        for model in ["", &model] {
            let vehicle = RowVehicle::of(Some(&make), Some(model), Some(&year));
            let fitting: Vec<(Vin, Arc<DecodeFacts>)> = candidates(&cell)
                .into_iter()
                .filter_map(|vin| Some((vin, decode(&vin)?)))
                .filter(|(_, facts)| {
                    facts.make.as_deref().is_some_and(|known| same_make(&make, known))
                        && facts.model_year == vehicle.year
                })
                .collect();
            let of_model: Vec<&(Vin, Arc<DecodeFacts>)> = fitting
                .iter()
                .filter(|(_, facts)| {
                    let makes = [&make, facts.make.as_deref().unwrap_or_default()];
                    facts.model.as_deref().is_some_and(|known| {
                        vehicle.model.is_none_or(|model| same_model_of(&makes, model, known))
                    })
                })
                .collect();
            let expected = match (&fitting[..], &of_model[..]) {
                ([(only, _)], _) | (_, [(only, _)]) => Some(*only),
                _ => None,
            };
            assert_eq!(suggest(&cell, &vehicle, decode), expected, "{cell} {vehicle:?}");
            suggested += usize::from(expected.is_some());
        }
    }
    assert!(suggested > 20, "{suggested}");
}

/// A real list of 2,499 vehicles, whose column `model` has trims, bodies and parts of names.
/// It is not part of this package: where it is not beside it, the test passes by.
#[test]
fn a_list_of_auctions_has_few_conflicts() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/auction.csv");
    let Some(data) = data() else { return };
    if !list.is_file() {
        return passes_by("there is no list of auctions");
    }
    let work = Work::with_faults(&[]);
    let mut plan = work.plan(&list, "out.csv").only(&[Dataset::Decode]);
    plan.settings.vpic_data = data;
    plan.dataset(Dataset::Decode).vendors = vec!["vpic"];
    plan.input.map.insert(VehicleField::Make, "brand".into());
    let report = Enriched::by(&plan).report;
    assert!(report.rows.read > 2_000, "{:?}", report.rows);
    let conflicts = |field: &str| report.input_conflicts.get(field).copied().unwrap_or_default();
    assert!(conflicts("model") < 25, "{:?}", report.input_conflicts);
    assert!(conflicts("make") < 5, "{:?}", report.input_conflicts);
}

#[test]
fn a_run_that_is_stopped_decodes_no_more() {
    let Some(data) = data() else { return };
    let vpic = Vpic::find(&data).expect("sound data").expect("data");
    let mut distinct = Distinct::default();
    // One more than are decoded together.
    for vin in vins(8193) {
        distinct.insert(Vin::new(&vin).expect("a VIN"));
    }
    let vins = KeySet::vins(distinct);
    let cancel = Cancel::new();
    let mut taken = 0;
    Offline::new(vpic, NOW, true).until(&cancel).each(
        &vins,
        &vins.ids().collect::<Vec<_>>(),
        |_, _| {
            taken += 1;
            cancel.stop(false);
        },
    );
    assert_eq!(taken, 8192, "what was decoded together is taken together");
}

/// Whether a seller's model, with its trim behind it, is vPIC's.
fn is_same_model(listed: &str, known: &str) -> bool {
    let known = squeezed(known.strip_suffix("-Class").unwrap_or(known));
    let first = squeezed(listed.split(' ').next().unwrap_or_default());
    // BMW's `435i` is listed as `435 Gran Coupe i`.
    let is_number = first.contains(|c: char| c.is_ascii_digit());
    squeezed(listed).starts_with(&known) || (is_number && known.starts_with(&first))
}

/// Letters and digits in lower case: `F-150` and `f150` are one name.
fn squeezed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
