use super::*;
use crate::domain::facts::day;
use crate::vendors::testing::{reply, said, vins};

const A: &str = "1FTEW1EP7KFA00017";
const B: &str = "3GCUYDED1LG100528";
const C: &str = "5UXCR6C05L9B11263";

fn page(rows: &[&str], pagination: &str) -> Reply {
    let rows: Vec<_> =
        rows.iter().map(|vin| format!(r#"{{"id":"of-{vin}","vin":"{vin}"}}"#)).collect();
    let body = format!(r#"{{"data":[{}],"pagination":{pagination},"meta":{{}}}}"#, rows.join(","));
    reply(200, body.as_bytes())
}

#[test]
fn every_field_that_was_asked_for_has_its_value() {
    let row = r#"{"id":"x","vin":"1FTEW1EP7KFA00017","price":null,"msrp":58730,"days_on_market":46.5,
        "stock_number":"T-118","exterior_color":"Velocity Blue","sold_date":null,
        "photo_urls":["https://p.example/front.jpg","https://p.example/back.jpg"],
        "status":"active","last_checked_at":"2026-02-28 23:59:58.25"}"#;
    let [listing] = &listings(row.as_bytes())[..] else { panic!("one listing") };
    assert_eq!(listing.msrp.map(|price| (price.cents, price.currency)), Some((5_873_000, *b"USD")));
    assert_eq!((listing.price, listing.days_on_market), (None, Some(47)));
    assert_eq!(listing.stock_number.as_deref(), Some("T-118"));
    assert_eq!(listing.exterior_color.as_deref(), Some("Velocity Blue"));
    assert_eq!(listing.photo_url.as_deref(), Some("https://p.example/front.jpg"));
    assert_eq!(listing.sold_date, None);
    let seen = listing.last_seen_at.map(Timestamp::rfc3339);
    assert_eq!(seen.as_deref(), Some("2026-02-28T23:59:58Z"));
}

#[test]
fn a_sold_date_is_a_day_however_it_is_written() {
    for (text, expected) in [
        ("\"2026-01-31\"", Some("2026-01-31")),
        ("\"2026-01-31T22:10:00Z\"", Some("2026-01-31")),
        ("\"2026-01-31 22:10:00.1\"", Some("2026-01-31")),
        ("\"2026-02-30\"", None),
        ("\"yesterday\"", None),
        ("null", None),
    ] {
        let row = format!(r#"{{"id":"x","sold_date":{text},"photo_urls":[]}}"#);
        let [listing] = &listings(row.as_bytes())[..] else { panic!("one listing") };
        assert_eq!(listing.sold_date.and_then(day).as_deref(), expected, "{text}");
        assert_eq!(listing.photo_url, None);
    }
}

#[test]
fn a_page_with_more_behind_it_answers_for_its_rows_alone() {
    let asked = vins(&[A, B, C]);
    let first = page(&[B], r#"{"limit":1,"offset":0,"total":2,"next_offset":1}"#);
    let parsed = parse(&first, &asked).expect("rows");
    assert_eq!(said(&parsed, &asked), [None, Some(Answer::Found), None]);
    assert!(parsed.has_more);
    let last = page(&[C], r#"{"limit":100,"offset":0,"total":1,"next_offset":null}"#);
    let parsed = parse(&last, &vins(&[A, C])).expect("rows");
    assert_eq!(said(&parsed, &vins(&[A, C])), [Some(Answer::Absent), Some(Answer::Found)]);
    assert!(!parsed.has_more);
}

#[test]
fn pages_that_lead_nowhere_are_not_answers() {
    let asked = vins(&[A, B, C]);
    let odd = [
        page(&[], r#"{"limit":100,"offset":0,"total":4,"next_offset":100}"#),
        page(&[], r#"{"limit":100,"offset":0,"total":4,"next_offset":null}"#),
        page(&["1HGBH41JXMN109186"], r#"{"limit":1,"offset":0,"total":9,"next_offset":1}"#),
        page(&[A], r#"{"limit":100,"offset":0,"total":"some","next_offset":null}"#),
    ];
    for reply in odd {
        let fault = parse(&reply, &asked).expect_err("not an answer");
        assert!(matches!(fault, Fault::Garbled { .. }), "{fault:?}");
    }
}
