use proptest::prelude::*;

use super::super::{Listings, Vins, WITH_DEALERS};
use super::*;
use crate::vendors::Answer::{Absent, Found};
use crate::vendors::Answers;
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, said, settings};

const ASKED: [&str; 3] = ["16ed7612-0001", "16ed7612-0002", "16ed7612-0003"];

/// Keys of dealers.
fn names(ids: &[&str]) -> Vec<Key> {
    ids.iter().map(|id| Key::Name((*id).to_owned())).collect()
}

fn dealers(name: &str) -> Result<Parsed, Fault> {
    Dealers.parse(&fixture(&format!("visor/{name}.json")), &names(&ASKED))
}

#[test]
fn dealers_are_asked_about_only_where_the_settings_want_them() {
    for endpoint in [&Listings as &dyn Answers, &Vins] {
        assert!(endpoint.dealers(&settings()).is_none());
        let options = [(WITH_DEALERS, vec!["true".to_owned()])].into();
        let wanted = VendorSettings { options, ..settings() };
        let dealers = endpoint.dealers(&wanted).map(|dealers| dealers.spec().id);
        assert_eq!(dealers, Some("dealers"));
    }
    let request = Dealers.request(&names(&ASKED), &settings());
    let query = vec![("dealer_id", ASKED.join(",")), ("limit", "100".to_owned())];
    assert_eq!(request, Request { query, ..Request::get("/dealers") });
}

#[test]
fn a_dealer_without_a_row_is_not_known() {
    let asked = names(&ASKED);
    let answers = |name: &str| said(&dealers(name).expect(name), &asked);
    assert_eq!(answers("dealers/ok"), [Some(Found), Some(Found), Some(Found)]);
    assert_eq!(answers("dealers/partial"), [Some(Absent), Some(Found), Some(Absent)]);
    assert_eq!(answers("dealers/empty"), [Some(Absent), Some(Absent), Some(Absent)]);
    assert_eq!(answers("dealers/all_on_a_page"), [Some(Found), Some(Found), Some(Found)]);
    let parsed = dealers("dealers/foreign").expect("rows");
    assert_eq!((parsed.foreign, parsed.repeated.len(), parsed.answers.len()), (1, 1, 3));
}

#[test]
fn dealers_on_a_further_page_are_left_for_another_call() {
    let parsed = dealers("dealers/more_pages").expect("rows");
    assert!(parsed.has_more);
    assert_eq!(said(&parsed, &names(&ASKED)), [Some(Found), Some(Found), None]);
}

#[test]
fn a_reply_about_dealers_that_is_not_whole_says_nothing() {
    for name in
        ["dealers/only_foreign", "dealers/row_without_id", "unknown_shape", "truncated", "garbled"]
    {
        assert!(matches!(dealers(name), Err(Fault::Garbled { .. })), "{name}");
    }
}

#[test]
fn an_unknown_dealer_fails_a_batch_and_is_absent_alone() {
    let reply = Reply { status: 404, ..fixture("visor/not_found.json") };
    let refused = Dealers.parse(&reply, &names(&ASKED));
    assert_eq!(refused.err(), Some(Fault::Poisoned { code: "not_found".into() }));
    let alone = names(&ASKED[..1]);
    let parsed = Dealers.parse(&reply, &alone).expect("an answer");
    assert_eq!(said(&parsed, &alone), [Some(Absent)]);
}

#[test]
fn a_dealer_fills_what_its_listing_leaves_open() {
    let parsed = dealers("dealers/ok").expect("rows");
    let dealer = |key: usize| dealer(&parsed.answers[key].body).expect("a dealer");
    let austin = dealer(2);
    assert_eq!(austin.name.as_deref(), Some("Lone Star Auto"));
    assert_eq!((dealer(1).city, dealer(1).region.as_deref()), (None, Some("WA")));

    let row = r#"{"id":"a","status":"active","dealer_id":"16ed7612-0003","dealer_name":null,
            "city":"Round Rock","state":""}"#;
    let mut listing = rows::listings(row.as_bytes()).remove(0);
    assert_eq!(listing.dealer_to_ask(), Some("16ed7612-0003"));
    listing.fill_dealer(&austin);
    assert_eq!(listing.dealer, austin.name);
    assert_eq!(listing.city.as_deref(), Some("Round Rock"), "what the listing says stays");
    assert_eq!(listing.region, austin.region);
    assert_eq!(listing.dealer_to_ask(), None, "nothing is left to ask");
}

#[test]
fn only_an_id_that_fits_a_list_is_asked_about() {
    let to_ask = |id: &str| {
        let row = format!(r#"{{"id":"a","dealer_id":{id}}}"#);
        let listing = rows::listings(row.as_bytes()).remove(0);
        listing.dealer_to_ask().map(str::to_owned)
    };
    assert_eq!(to_ask("\"16ed7612-01_b\"").as_deref(), Some("16ed7612-01_b"));
    assert_eq!(to_ask("4711").as_deref(), Some("4711"));
    let long = format!("\"{}\"", "a".repeat(65));
    for odd in ["null", "\"\"", "\"a,b\"", "\"a b\"", "\"a\\u001fb\"", "\"ä\"", "[1]", &long] {
        assert_eq!(to_ask(odd), None, "{odd}");
    }
}

proptest! {
    #[test]
    fn any_reply_is_survived(
        body in json_like(
            Just(format!("\"{}\"", ASKED[0])).boxed(),
            vec!["data", "pagination", "next_offset", "total", "dealer_id", "name", "city"],
        ),
        status in prop_oneof![Just(200), Just(404)],
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        for body in [body.as_bytes(), &bytes] {
            assert_sound(&Dealers, &reply(status, body), &names(&ASKED));
            let _either = dealer(body).is_some();
        }
    }
}
