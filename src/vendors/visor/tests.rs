use proptest::prelude::*;

use super::*;
use crate::domain::facts::{Listing, Price};
use crate::domain::{Denied, Timestamp};
use crate::vendors::Answer::{self, Absent, Found};
use crate::vendors::Method;
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, said, settings, vins};

const A: &str = "1HGBH41JXMN109186";
const B: &str = "5YJSA1DG9DFP14705";
const C: &str = "WBAPH5C55BA218692";

fn search(name: &str) -> Result<Parsed, Fault> {
    Listings.parse(&fixture(&format!("visor/{name}.json")), &vins(&[A, B, C]))
}

fn found(name: &str) -> Vec<Option<Answer>> {
    said(&search(name).expect(name), &vins(&[A, B, C]))
}

fn listings(endpoint: &dyn Answers, body: &[u8]) -> Vec<Listing> {
    match endpoint.facts(&vins(&[A])[0], body) {
        Facts::Listings(facts) => facts.listings,
        other => panic!("{other:?}"),
    }
}

/// The listings found for A.
fn listed(name: &str) -> Vec<Listing> {
    let parsed = search(name).expect(name);
    let answer = parsed.answers.iter().find(|answer| answer.key == 0).expect("an answer");
    listings(&Listings, &answer.body)
}

fn detail(name: &str) -> Result<Parsed, Fault> {
    Vins.parse(&fixture(&format!("visor/{name}.json")), &vins(&[A]))
}

fn fault(status: u16, name: &str) -> Option<Fault> {
    Visor.fault(&Reply { status, ..fixture(&format!("visor/{name}.json")) })
}

fn with_headers(headers: &[(&str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Reply { headers: headers.collect(), ..reply(200, b"{}") }
}

#[test]
fn requests_hold_nothing_the_vendor_does_not_know() {
    let request = Listings.request(&vins(&[A, B]), &settings());
    let fields =
        "default,days_on_market,msrp,stock_number,exterior_color,photo_urls,sold_date".to_owned();
    let mut query = vec![("vin_pattern", format!("{A},{B}")), ("limit", "100".to_owned())];
    let plain = Request { query: query.clone(), ..Request::get("/listings") };
    query.push(("fields", fields));
    assert_eq!(request, Request { query, ..Request::get("/listings") });
    assert_eq!(PlainListings.request(&vins(&[A, B]), &settings()), plain);
    let request = Vins.request(&vins(&[A]), &settings());
    assert_eq!((request.method, request.path), (Method::Get, format!("/vins/{A}")));
    assert!(request.query.is_empty() && request.body.is_none());
}

#[test]
fn a_vin_without_a_row_is_not_for_sale() {
    assert_eq!(found("ok"), [Some(Found), Some(Found), Some(Found)]);
    assert_eq!(found("partial"), [Some(Found), Some(Absent), Some(Absent)]);
    assert_eq!(found("empty"), [Some(Absent), Some(Absent), Some(Absent)]);
    assert_eq!(found("lower_case")[0], Some(Found));
    assert_eq!(found("no_pagination")[0], Some(Found));
    let parsed = search("foreign").expect("rows");
    assert_eq!((parsed.foreign, parsed.answers.len()), (1, 3));
}

#[test]
fn a_reply_that_is_not_whole_says_nothing() {
    let doubtful = [
        "short_of_total",
        "row_without_vin",
        "only_foreign",
        "unknown_shape",
        "truncated",
        "garbled",
        "not_found",
    ];
    for name in doubtful {
        assert!(matches!(search(name), Err(Fault::Garbled { .. })), "{name}");
    }
}

#[test]
fn a_row_becomes_a_listing() {
    let expected = Listing {
        id: "a".into(),
        active: true,
        price: Some(Price { cents: 3_523_600, currency: *b"USD" }),
        odometer: Some(12),
        odometer_unit: Some("mi"),
        availability: Some("active".into()),
        offer: Some("sale"),
        condition: Some("new"),
        dealer: Some("North Hollywood Toyota".into()),
        city: Some("North Hollywood".into()),
        region: Some("CA".into()),
        url: Some("https://dealer.example/1".into()),
        dealer_id: Some("16ed7612".into()),
        ..Listing::default()
    };
    assert_eq!(listed("ok"), [expected]);
}

#[test]
fn several_rows_of_a_vin_are_one_answer_in_order() {
    let parsed = search("several").expect("rows");
    assert_eq!(parsed.answers.len(), 3);
    assert_eq!(parsed.repeated.len(), 1, "one row is there twice");
    let listings = listed("several");
    let ids: Vec<_> = listings.iter().map(|listing| listing.id.as_str()).collect();
    assert_eq!(ids, ["c", "d", "a", "b"], "active, then latest seen, then smallest id");
    assert_eq!(listings[0].last_seen_at, Some(Timestamp::from_micros(1_781_005_257_534_384)));
    assert_eq!(listings[0].condition, Some("certified"));
    assert_eq!(listings[1].last_seen_at, listings[0].last_seen_at, "without a zone it is UTC");
    assert_eq!(listings[1].price.map(|price| price.cents), Some(95_000));
    assert!(!listings[3].active);
}

/// Were each row compared with every other, this would take minutes.
#[test]
fn a_reply_of_very_many_rows_is_read_at_once() {
    let rows = |count: usize| -> Vec<String> {
        (0..count).map(|id| format!(r#"{{"id":"{id}","vin":"{A}"}}"#)).collect()
    };
    let rows = [rows(40_000), rows(1)].concat();
    let body = format!(r#"{{"data":[{}],"pagination":{{"total":1}}}}"#, rows.join(","));
    let parsed = Listings.parse(&reply(200, body.as_bytes()), &vins(&[A])).expect("whole");
    assert_eq!((parsed.answers.len(), parsed.repeated.len()), (1, 1));
}

#[test]
fn type_drift_is_coerced_or_null_and_counted() {
    assert_eq!(search("type_drift").expect("rows").type_drift, 2);
    let listing = listed("type_drift").remove(0);
    assert_eq!(listing.price.map(|price| price.cents), Some(3_523_600));
    assert_eq!((listing.odometer, listing.odometer_unit), (None, None));
}

#[test]
fn a_look_up_finds_the_latest_listing() {
    for name in ["vins/ok", "vins/partial"] {
        let parsed = detail(name).expect(name);
        assert_eq!(said(&parsed, &vins(&[A])), [Some(Found)], "{name}");
        let listing = listings(&Vins, &parsed.answers[0].body).remove(0);
        assert_eq!(listing.id, "0043");
        assert_eq!(listing.active, name == "vins/ok");
        assert_eq!(listing.dealer.as_deref(), Some("North Hollywood Toyota"));
        assert_eq!(listing.region.as_deref(), Some("CA"));
        assert_eq!(listing.dealer_id.as_deref(), Some("d"));
        assert_eq!((listing.odometer, listing.condition), (Some(0), Some("new")));
    }
}

#[test]
fn a_look_up_says_when_there_is_no_listing() {
    let missing = detail("vins/empty").expect("an answer");
    assert_eq!(said(&missing, &vins(&[A])), [Some(Absent)]);
    assert!(listings(&Vins, &missing.answers[0].body).is_empty());
    assert_eq!(detail("vin_foreign").expect("readable").foreign, 1);
    for name in ["empty", "unknown_shape", "garbled"] {
        assert!(matches!(detail(name), Err(Fault::Garbled { .. })), "{name}");
    }
}

#[test]
fn a_listing_that_cannot_be_read_is_not_an_answer() {
    let named = format!(r#"{{"data":{{"vin":"{A}","latest_listing":{{"id":1,"id":2}}}}}}"#);
    let fault = Vins.parse(&reply(200, named.as_bytes()), &vins(&[A])).expect_err("a key twice");
    assert!(matches!(fault, Fault::Garbled { .. }), "{fault:?}");
}

#[test]
fn a_404_is_an_answer_only_in_the_vendors_words() {
    assert_eq!(fault(404, "not_found"), None);
    let known = Reply { status: 404, ..fixture("visor/not_found.json") };
    let parsed = Vins.parse(&known, &vins(&[A])).expect("an answer");
    assert_eq!(said(&parsed, &vins(&[A])), [Some(Absent)]);
    assert!(Visor.envelope().is_own_error(&known));
    assert!(!Visor.envelope().is_own_error(&reply(404, br#"{"error":"Not Found"}"#)));
}

#[test]
fn errors_follow_from_their_code() {
    let body = |kind: &str, code: &str| {
        format!(r#"{{"error":{{"type":"{kind}","code":"{code}","message":"m"}}}}"#)
    };
    let fault = |status, kind, code| Visor.fault(&reply(status, body(kind, code).as_bytes()));
    let limited = Some(Fault::Limited { wait: None });
    let denied = |denied| Some(Fault::Denied(denied));
    let poisoned = |code: &str| Some(Fault::Poisoned { code: code.into() });
    let table = [
        (401, "authentication_error", "missing_api_key", denied(Denied::Key)),
        (401, "authentication_error", "invalid_api_key", denied(Denied::Key)),
        (400, "validation_error", "query_string_api_key_rejected", denied(Denied::Key)),
        (402, "billing_error", "billing_state_blocked", denied(Denied::Billing)),
        (402, "billing_error", "monthly_spend_cap_exceeded", denied(Denied::Billing)),
        (402, "billing_error", "a_new_code", denied(Denied::Billing)),
        (403, "permission_error", "missing_scope", denied(Denied::Scope)),
        (429, "rate_limit_error", "rate_limit_exceeded", limited.clone()),
        (503, "rate_limit_error", "", limited),
        (503, "platform_error", "data_unavailable", Some(Fault::Server(503))),
        (500, "platform_error", "", Some(Fault::Server(500))),
        (400, "validation_error", "invalid_vin_pattern", poisoned("invalid_vin_pattern")),
        (400, "validation_error", "", poisoned("validation_error")),
        (404, "not_found_error", "not_found", None),
    ];
    for (status, kind, code, expected) in table {
        assert_eq!(fault(status, kind, code), expected, "{status} {kind} {code}");
    }
}

#[test]
fn faults_without_a_message_follow_from_the_status() {
    assert_eq!(fault(403, "garbled"), Some(Fault::Denied(Denied::Key)), "a proxy's 403");
    assert_eq!(fault(401, "denied"), Some(Fault::Denied(Denied::Key)));
    assert_eq!(fault(502, "garbled"), Some(Fault::Server(502)));
    let slow = Reply { status: 429, ..with_headers(&[("retry-after", "3")]) };
    assert_eq!(Visor.fault(&slow), Some(Fault::Limited { wait: Some(Duration::from_secs(3)) }));
    let quota = Reply { body: fixture("visor/quota.json").body, ..slow };
    assert_eq!(Visor.fault(&quota), Some(Fault::Limited { wait: Some(Duration::from_secs(3)) }));
}

#[test]
fn a_refused_pattern_has_a_dearer_endpoint() {
    let refused = fault(400, "refused_pattern").expect("a fault");
    assert!(Listings.refuses_shape(&refused));
    assert!(Listings.refuses_shape(&Fault::Poisoned { code: "invalid_vin_pattern".into() }));
    assert!(!Listings.refuses_shape(&Fault::Poisoned { code: "http_400".into() }));
    assert!(!Listings.refuses_shape(&Fault::Timeout));
    let dearer = Listings.dearer().expect("an endpoint");
    assert_eq!(dearer.spec().key, Listings.spec().key);
    assert!(!dearer.refuses_shape(&refused) && Vins.dearer().is_none());
}

#[test]
fn every_endpoint_has_its_price() {
    let priced: Vec<_> = SPEC.defaults.price_micros.iter().map(|(id, _)| *id).collect();
    let ids: Vec<_> = Visor.endpoints().iter().map(|endpoint| endpoint.spec().id).collect();
    assert_eq!(priced, ids);
}

#[test]
fn headers_hold_the_windows_and_the_charge() {
    let reply = with_headers(&[
        ("x-ratelimit-limit-10s", "20"),
        ("x-ratelimit-remaining-10s", "19"),
        ("x-ratelimit-remaining-60s", "0"),
        ("x-usage-cost-micros", "2000"),
    ]);
    let window = |seconds, limit, remaining| ServerLimit {
        window: Some(Duration::from_secs(seconds)),
        limit,
        remaining,
        reset: None,
    };
    assert_eq!(Visor.limits(&reply), [window(10, Some(20), Some(19)), window(60, None, Some(0))]);
    assert_eq!(Visor.charged(&reply), Some(Micros(2000)));

    let odd = with_headers(&[("x-ratelimit-limit-10s", "many"), ("x-usage-cost-micros", "-5")]);
    assert!(Visor.limits(&odd).is_empty());
    assert_eq!(Visor.charged(&odd), None);
}

/// Replies made of the words and the VINs that the parsers look for.
fn replies() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just(format!("\"{A}\"")),
        Just(format!("\"{}\"", B.to_lowercase())),
        Just("\"active\"".to_owned()),
        Just("950.0000000000001".to_owned()),
    ];
    let keys = vec![
        "data",
        "pagination",
        "next_offset",
        "total",
        "vin",
        "id",
        "price",
        "miles",
        "status",
        "latest_listing",
        "dealer",
        "error",
        "code",
        "type",
    ];
    json_like(scalar.boxed(), keys)
}

proptest! {
    #[test]
    fn any_bytes_are_survived(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let reply = reply(status, &body);
        let _ = Visor.fault(&reply);
        assert_sound(&Listings, &reply, &vins(&[A, B, C]));
        assert_sound(&Vins, &reply, &vins(&[A]));
    }

    #[test]
    fn any_shape_is_survived(body in replies()) {
        let reply = reply(200, body.as_bytes());
        assert_sound(&Listings, &reply, &vins(&[A, B, C]));
        assert_sound(&Vins, &reply, &vins(&[A]));
    }

    #[test]
    fn a_search_answers_every_key_or_none(rows in proptest::collection::vec(0_usize..4, 0..12)) {
        let vin = [A, B, C, "1FTFW1ET5DFC10312"];
        let rows: Vec<_> = rows.iter().enumerate()
            .map(|(id, &of)| format!(r#"{{"id":"{id}","vin":"{}"}}"#, vin[of])).collect();
        let body = format!(r#"{{"data":[{}],"pagination":{{"next_offset":null,"total":{}}}}}"#, rows.join(","), rows.len());
        if let Ok(parsed) = Listings.parse(&reply(200, body.as_bytes()), &vins(&[A, B, C])) {
            prop_assert_eq!(parsed.answers.len(), 3);
        }
    }
}
