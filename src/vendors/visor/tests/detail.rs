use super::*;
use crate::domain::facts::day;
use crate::vendors::Answer::{Absent, Found};
use crate::vendors::testing::{fixture, reply, said, vins};

const ASKED: &str = "1HGBH41JXMN109186";

fn data(status: &str, latest: &str) -> Reply {
    let body = format!(
        r#"{{"data":{{"vin":"{ASKED}","status":{status},"latest_listing":{latest},"build":{{"year":2019,
            "combined_msrp":41255,"exterior_color":"Lunar Rock"}}}},"meta":{{}}}}"#
    );
    reply(200, body.as_bytes())
}

fn answer(status: &str, latest: &str) -> Result<(Option<Answer>, Vec<Listing>), Fault> {
    let asked = vins(&[ASKED]);
    let parsed = parse(&data(status, latest), &asked)?;
    let listings = listings(&parsed.answers[0].body);
    Ok((said(&parsed, &asked).remove(0), listings))
}

#[test]
fn a_known_vin_without_a_listing_is_an_answer() {
    for status in ["\"missing\"", "\"sold\""] {
        let (said, listings) = answer(status, "null").expect("an answer");
        assert_eq!((said, listings.len()), (Some(Absent), 0), "{status}");
    }
    let (said, listings) = answer("\"active\"", "null").expect("an answer");
    assert_eq!(said, Some(Found), "for sale, whatever else is not known");
    let [listing] = &listings[..] else { panic!("{listings:?}") };
    assert!(listing.active && listing.id.is_empty());
    assert_eq!(listing.availability.as_deref(), Some("active"));
    let unlisted = parse(&fixture("visor/vins/unlisted.json"), &vins(&[ASKED]));
    assert_eq!(super::listings(&unlisted.expect("an answer").answers[0].body).len(), 1);
}

#[test]
fn a_look_up_that_says_nothing_is_not_an_answer() {
    for (status, latest) in [("null", "null"), ("\"pending\"", "null"), ("7", "null")] {
        let fault = answer(status, latest).expect_err("it says nothing");
        assert!(matches!(fault, Fault::Garbled { .. }), "{status}: {fault:?}");
    }
    let about_nothing = reply(200, br#"{"data":{"status":"missing","latest_listing":null}}"#);
    assert!(parse(&about_nothing, &vins(&[ASKED])).is_err(), "it names no VIN");
}

#[test]
fn a_sold_vehicle_keeps_its_last_listing() {
    let latest = r#"{"id":"77","price":18950,"miles":61204,"inventory_type":"used","stock_number":"P8841",
        "vdp_url":null,"vhr_url":null,"photo_urls":["https://p.example/2.jpg"],
        "photo_url_primary":"https://p.example/1.jpg","inventory_date":"2026-03-02",
        "sold_date":"2026-04-17","last_checked_at":"2026-04-18 03:05:59.000001",
        "dealer":{"dealer_id":"d1","name":"Elm Motors","city":"Troy","state":"NY","latitude":null,
        "longitude":null,"phone":null},
        "price_history":[{"changed_at":"2026-03-20 01:00:00","miles":61204,"price_before":19950,
        "price_after":18950}]}"#;
    let (said, listings) = answer("\"sold\"", latest).expect("an answer");
    assert_eq!(said, Some(Found));
    let [listing] = &listings[..] else { panic!("{listings:?}") };
    assert_eq!((listing.active, listing.availability.as_deref()), (false, Some("sold")));
    assert_eq!(listing.sold_date.and_then(day).as_deref(), Some("2026-04-17"));
    assert_eq!(listing.stock_number.as_deref(), Some("P8841"));
    assert_eq!(listing.photo_url.as_deref(), Some("https://p.example/1.jpg"));
    assert_eq!(listing.msrp.map(|price| price.cents), Some(4_125_500), "as it was built");
    assert_eq!(listing.exterior_color.as_deref(), Some("Lunar Rock"));
    let seen = listing.last_seen_at.expect("a moment");
    assert_eq!(seen.rfc3339(), "2026-04-18T03:05:59Z");
}
