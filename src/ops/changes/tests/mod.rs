use super::*;
use crate::domain::Error;
use crate::store::{ListingState, Said, VehicleState};

fn vehicle(serial: u32) -> VehicleState {
    VehicleState {
        vin: Vin::new(&format!("1HGBH41JXMN{serial:06}")).expect("a VIN"),
        row_id: u128::from(serial),
        said: [Said::Found; 3],
        decode: Some(decode("CIVIC", 1)),
        recalls: Arc::default(),
        listings: Vec::new(),
    }
}

fn decode(model: &str, digest: u64) -> Arc<DecodeState> {
    let (make, model) = ("HONDA".to_owned(), model.to_owned());
    Arc::new(DecodeState { make, model, year: Some(1991), digest })
}

fn recall(number: &str, doubtful: bool) -> RecallState {
    RecallState { number: number.into(), doubtful, park_it: false, park_outside: false }
}

fn price(cents: i64) -> Price {
    Price { cents, currency: *b"USD" }
}

fn difference(before: &[VehicleState], after: &[VehicleState]) -> Difference {
    let mut difference = Difference::default();
    let all = before.iter().cloned().map(Ok::<_, Error>);
    difference.compare(all, after.iter().cloned().map(Ok)).expect("compared");
    difference
}

/// What is different, as rows of the table.
fn rows(before: &[VehicleState], after: &[VehicleState]) -> Vec<(u128, ChangeRow)> {
    let changes = difference(before, after).changes;
    changes.iter().map(|change| (change.row_id, change.what.row(&change.vin))).collect()
}

fn kinds(before: &VehicleState, after: &VehicleState) -> Vec<String> {
    let rows = rows(std::slice::from_ref(before), std::slice::from_ref(after));
    let words = |row: ChangeRow| {
        let cells = [row.before, row.after, row.campaign].map(|cell| cell.unwrap_or("-".into()));
        format!("{} {} {}", row.kind, row.field, cells.join(" "))
    };
    rows.into_iter().map(|(_, row)| words(row)).collect()
}

#[test]
fn vehicles_come_and_go() {
    let rows = rows(&[vehicle(1), vehicle(3)], &[vehicle(2), vehicle(3), vehicle(4)]);
    let kinds: Vec<_> = rows.iter().map(|(row_id, row)| (*row_id, row.kind)).collect();
    assert_eq!(kinds, [(1, "vehicle_removed"), (2, "vehicle_added"), (4, "vehicle_added")]);
    assert_eq!(rows[0].1.before.as_deref(), Some("1HGBH41JXMN000001"));
    assert!(difference(&[], &[]).changes.is_empty());
}

#[test]
fn recalls_are_new_gone_or_in_doubt() {
    let with = |recalls: &[RecallState]| VehicleState { recalls: recalls.into(), ..vehicle(1) };
    let before = with(&[recall("20V001000", false), recall("21V001000", true)]);
    let after = with(&[recall("21V001000", false), recall("22V001000", true)]);
    assert_eq!(
        kinds(&before, &after),
        [
            "recall_doubt recall_doubtful_campaigns may apply applies 21V001000",
            "recall_new recall_campaigns - may apply 22V001000",
            "recall_gone recall_campaigns applies - 20V001000",
        ]
    );
}

#[test]
fn recalls_are_gone_only_by_two_answers() {
    let said = |said| [Said::Found, said, Said::NotAsked];
    let of = |word| VehicleState { said: said(word), ..vehicle(1) };
    let named = VehicleState { recalls: [recall("20V001000", false)].into(), ..of(Said::Found) };
    for (word, change) in [
        (Said::Absent, &["recall_gone recall_campaigns applies - 20V001000"][..]),
        (Said::Unanswered, &[]),
        (Said::NotAsked, &[]),
    ] {
        assert_eq!(kinds(&named, &of(word)), change, "{word:?}");
    }
    for (word, change) in [
        (Said::Absent, &["recall_new recall_campaigns - applies 20V001000"][..]),
        (Said::Unanswered, &["recall_new recall_campaigns unknown applies 20V001000"]),
        (Said::NotAsked, &[]),
    ] {
        assert_eq!(kinds(&of(word), &named), change, "{word:?}");
    }
    let asked = difference(&[of(Said::NotAsked)], &[named]).asked;
    assert_eq!(asked.on_one_night(), [Dataset::Recalls].into());
}

#[test]
fn listings_are_told_apart_by_id() {
    let listing = |id: &str, cents| ListingState { id: id.into(), price: Some(price(cents)) };
    let with = |listings| VehicleState { listings, ..vehicle(1) };
    let before = with(vec![listing("a", 100), listing("b", 1_000_005), listing("c", 5)]);
    let after = with(vec![listing("d", 9), listing("b", 990_000), listing("c", 5)]);
    assert_eq!(
        kinds(&before, &after),
        [
            "listing_new listing_id - d -",
            "price listing_price 10000.05 USD 9900.00 USD -",
            "listing_gone listing_id a - -",
        ]
    );
    let unanswered = VehicleState { said: [Said::Unanswered; 3], ..vehicle(1) };
    assert_eq!(kinds(&before, &unanswered), [""; 0]);
    assert_eq!(kinds(&unanswered, &before), [""; 0]);
}

#[test]
fn decodes_are_compared_by_name_then_by_digest() {
    let with = |decode| VehicleState { decode, ..vehicle(1) };
    assert_eq!(
        kinds(&vehicle(1), &with(Some(decode("ACCORD", 2)))),
        ["decode model CIVIC ACCORD -"]
    );
    assert_eq!(kinds(&vehicle(1), &with(Some(decode("CIVIC", 2)))), ["decode decode - - -"]);
    let absent = VehicleState { said: [Said::Absent; 3], ..with(None) };
    assert_eq!(kinds(&absent, &vehicle(1)).len(), 3, "make, model and year");
    let unanswered = VehicleState { said: [Said::Unanswered; 3], ..with(None) };
    assert_eq!(kinds(&vehicle(1), &unanswered), [""; 0]);
}

#[test]
fn every_change_has_a_known_kind() {
    let (id, before, after) = (String::new(), None, None);
    let [add, gone, doubt] = [(); 3].map(|()| recall("20V001000", false));
    let whats = [
        What::VehicleAdded { recalls: Arc::default() },
        What::VehicleRemoved,
        What::RecallNew { recall: add, was_known: true },
        What::RecallGone { recall: gone },
        What::RecallDoubt { recall: doubt },
        What::ListingNew { id: id.clone(), price: None },
        What::ListingGone { id: id.clone(), price: None },
        What::PriceMoved { id, before: None, after: None },
        What::Decoded { field: "make", before, after },
    ];
    assert_eq!(whats.map(|what| what.row(&vehicle(1).vin).kind), KINDS);
}

#[test]
fn a_missing_store_has_no_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = ChangesSpec { store: &folder.path().join("v.db"), output: None, since: Since::Last };
    let error = changes(&spec).expect_err("no store");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("complete output")));
    assert!(!spec.store.exists());
}
