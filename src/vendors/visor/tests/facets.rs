use proptest::prelude::*;

use super::*;
use crate::domain::facts::PricePoint;
use crate::vendors::Answer::{Absent, Found};
use crate::vendors::testing::{assert_sound, json_like, reply, said, settings};

fn asked(point: PricePoint) -> Vec<Key> {
    let question = PriceQuestion { make: "LAND ROVER".into(), year: 2017, point };
    vec![Key::Name(question.to_string())]
}

fn facet(models: &str, total: u32, metric: &str) -> Reply {
    let body = format!(
        r#"{{"data":{{"total":{total},"facets":{{"model":{models}}},"range_facets":{{}},"stats":{{}}}},
            "meta":{{"facets":["model"],"metric":"{metric}","sort":"-count","minimum_metric_count":10}}}}"#
    );
    reply(200, body.as_bytes())
}

fn prices(body: &[u8]) -> Option<Vec<ModelPrice>> {
    match Facets.role() {
        Role::Prices(read) => read(body),
        _ => None,
    }
}

#[test]
fn a_make_and_year_are_asked_for_one_price_of_each_model() {
    let request = Facets.request(&asked(PricePoint::P75), &settings());
    let query = [
        ("facets", "model"),
        ("facet_value_limit", "100"),
        ("make", "LAND ROVER"),
        ("year", "2017"),
        ("metric", "price.p75"),
    ];
    let query = query.map(|(name, value)| (name, value.to_owned())).to_vec();
    assert_eq!(request, Request { query, ..Request::get("/facets") });
}

#[test]
fn each_model_has_its_price_where_enough_are_for_sale() {
    let models = r#"[{"value":"Discovery","count":212,"metric":{"name":"price.median","value":21995.5}},
        {"value":"LR4","count":9,"metric":{"name":"price.median","value":null,"null_reason":"insufficient_sample"}}]"#;
    let reply = facet(models, 221, "price.median");
    let parsed = Facets.parse(&reply, &asked(PricePoint::Median)).expect("prices");
    assert_eq!(said(&parsed, &asked(PricePoint::Median)), [Some(Found)]);
    let price = |model: &str, count, cents| ModelPrice { model: model.into(), count, cents };
    let expected = [price("Discovery", 212, Some(2_199_550)), price("LR4", 9, None)];
    assert_eq!(prices(&parsed.answers[0].body).expect("prices"), expected);
}

#[test]
fn nothing_for_sale_is_an_answer_only_where_the_total_is_zero() {
    let median = asked(PricePoint::Median);
    let none = Facets.parse(&facet("[]", 0, "price.median"), &median).expect("an answer");
    assert_eq!(said(&none, &median), [Some(Absent)]);
    let odd = [
        facet("[]", 17, "price.median"),
        facet("[]", 0, "price.p25"),
        facet(r#"[{"value":"LR4"}]"#, 1, "price.median"),
        facet("{}", 0, "price.median"),
        reply(200, br#"{"data":{"total":0,"facets":{}},"meta":{}}"#),
        reply(200, b"<html>"),
    ];
    for reply in odd {
        let fault = Facets.parse(&reply, &median).expect_err("not an answer");
        assert!(matches!(fault, Fault::Garbled { .. }), "{fault:?}");
    }
}

#[test]
fn a_question_is_read_as_it_was_written() {
    for point in [PricePoint::Median, PricePoint::P25, PricePoint::P75] {
        let question = PriceQuestion { make: "ROLLS ROYCE".into(), year: 1998, point };
        assert_eq!(PriceQuestion::read(&question.to_string()), Some(question));
    }
    for odd in ["", "FORD", "FORD median", "FORD 2018", "FORD 2018 p5"] {
        assert_eq!(PriceQuestion::read(odd), None, "{odd}");
    }
}

proptest! {
    #[test]
    fn any_reply_is_survived(
        body in json_like(
            prop_oneof![Just("\"LR4\"".to_owned()), Just("12".to_owned())].boxed(),
            vec!["data", "facets", "model", "total", "meta", "metric", "value", "count"],
        ),
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        for body in [body.as_bytes(), &bytes] {
            assert_sound(&Facets, &reply(200, body), &asked(PricePoint::Median));
            let _either = prices(body).is_some();
        }
    }
}
