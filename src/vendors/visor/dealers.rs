//! `GET /dealers?dealer_id=A,B,…&limit=100`: who the dealers behind listings are.
//!
//! Any field of a listing may be null; its dealer, looked up by id, may be known
//! by name and place all the same. A dealer without a row is not known.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{envelope, get, rows};
use crate::config::VendorSettings;
use crate::domain::facts::Dealer;
use crate::domain::{Fault, Key, KeyKind};
use crate::vendors::json::{self, Object, Unreadable};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{
    Answer, Effect, Endpoint, EndpointSpec, KeyAnswer, Parsed, Reply, Request, Role,
};

/// Dealers by their ids.
#[derive(Debug)]
pub(super) struct Dealers;

pub(super) static DEALERS: EndpointSpec = EndpointSpec {
    id: "dealers",
    dataset: None,
    key: KeyKind::Name,
    // The most ids a call may name, so that one page holds every row.
    batch: rows::PAGE,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Dealers {
    fn spec(&self) -> &'static EndpointSpec {
        &DEALERS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let ids: Vec<&str> = keys.iter().filter_map(Key::name).collect();
        let query = vec![("dealer_id", ids.join(",")), ("limit", rows::PAGE.to_string())];
        get("/dealers".into(), query)
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        if envelope::is_unknown(reply) {
            return unknown(keys);
        }
        let unreadable = |_: Unreadable| garbled(&reply.body);
        let document = json::read(&reply.body).map_err(unreadable)?;
        let parsed = answers(reply, document, keys).map_err(unreadable)?;
        parsed.ok_or_else(|| unrecognised(&reply.body))
    }

    fn role(&'static self) -> Role {
        Role::Dealers(dealer)
    }
}

/// The dealer in a kept answer.
fn dealer(body: &[u8]) -> Option<Dealer> {
    let row = Object::read(json::read(body).ok()?).ok()??;
    let text = |name| row.scalar(&[name]).map(Cow::into_owned);
    Some(Dealer { name: text("name"), city: text("city"), region: text("state") })
}

/// The id of the dealer that `row` names, where it can be asked about: a comma
/// would make it two, and no other separator belongs in an id.
pub(super) fn id(row: &Object<'_>) -> Option<String> {
    const LONGEST: usize = 64;
    let id = row.scalar(&["dealer_id"])?;
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (id.len() <= LONGEST && id.chars().all(belongs)).then(|| id.into_owned())
}

/// The vendor says that it does not know a dealer. Of several it does not say
/// which, so they are asked about again in smaller numbers.
fn unknown(keys: &[Key]) -> Result<Parsed, Fault> {
    match keys {
        [_] => Ok(Parsed::one(Answer::Absent, Bytes::new())),
        _ => Err(Fault::Poisoned { code: "not_found".into() }),
    }
}

/// An answer for every key; nothing where a row does not say whose it is, or
/// where rows may be missing.
fn answers(reply: &Reply, document: &RawValue, keys: &[Key]) -> Result<Option<Parsed>, Unreadable> {
    let Some(page) = rows::page(document)? else { return Ok(None) };
    let mut parsed = Parsed::default();
    let mut found: Vec<Option<KeyAnswer>> = keys.iter().map(|_| None).collect();
    for raw in page.rows {
        let Some(row) = Object::read(raw)? else { return Ok(None) };
        let Some(id) = row.scalar(&["dealer_id"]) else { return Ok(None) };
        match keys.iter().position(|key| key.name() == Some(id.as_ref())) {
            None => parsed.foreign += 1,
            Some(key) if found[key].is_some() => parsed.duplicates += 1,
            Some(key) => {
                let body = reply.body.slice_ref(raw.get().as_bytes());
                found[key] = Some(KeyAnswer { key, said: Answer::Found, body });
            }
        }
    }
    // Rows about others only: the vendor looked for something else than was asked.
    let off_the_point = parsed.foreign > 0 && found.iter().all(Option::is_none);
    let is_whole = page.is_whole || found.iter().all(Option::is_some);
    if off_the_point || !is_whole {
        return Ok(None);
    }
    let answers = found.into_iter().enumerate();
    parsed.answers = answers.map(|(key, found)| found.unwrap_or_else(|| absent(key))).collect();
    Ok(Some(parsed))
}

fn absent(key: usize) -> KeyAnswer {
    KeyAnswer { key, said: Answer::Absent, body: Bytes::new() }
}

#[cfg(test)]
mod tests {
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
        assert_eq!((parsed.foreign, parsed.duplicates, parsed.answers.len()), (1, 1, 3));
    }

    #[test]
    fn a_reply_about_dealers_that_is_not_whole_says_nothing() {
        for name in [
            "dealers/more_pages",
            "dealers/only_foreign",
            "dealers/row_without_id",
            "unknown_shape",
            "truncated",
            "garbled",
        ] {
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
}
