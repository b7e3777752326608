use proptest::prelude::*;

use super::*;
use crate::domain::facts::Campaign;
use crate::vendors::Method;
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, settings};

fn key(make: &str, model: &str, year: i32) -> Key {
    Key::Vehicle(Vehicle::new(make, model, year))
}

fn truck() -> Vec<Key> {
    vec![key("Ford", "F-250 SD", 2016)]
}

fn at(status: u16, name: &str) -> Reply {
    Reply { status, ..fixture(&format!("nhtsa/{name}")) }
}

/// What a reply comes to: the vendor's reading first, then the endpoint's.
fn read(endpoint: &dyn Endpoint, reply: &Reply) -> Result<Answer, Fault> {
    if let Some(fault) = Nhtsa.fault(reply) {
        return Err(fault);
    }
    let parsed = endpoint.parse(reply, &truck())?;
    assert_eq!(parsed.answers.len(), 1);
    Ok(parsed.answers[0].said.clone())
}

fn campaigns(name: &str) -> Vec<Campaign> {
    let parsed = Recalls.parse(&at(200, name), &truck()).expect(name);
    match Recalls.facts(&truck()[0], &parsed.answers[0].body) {
        Facts::Recalls(facts) => facts.campaigns,
        other => panic!("{other:?}"),
    }
}

fn days(year: i16, month: i8, day: i8) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    jiff::civil::date(year, month, day).since(epoch).expect("a span").get_days()
}

#[test]
fn names_are_encoded_as_a_query_needs_it() {
    let recalls = |make, model| Recalls.request(&[key(make, model, 2016)], &settings());
    let request = recalls("Jeep", "Grand Cherokee");
    assert_eq!((request.method, &request.body), (Method::Get, &None));
    assert!(request.query.is_empty(), "a space there would be sent as `+`");
    assert_eq!(
        request.path,
        "/recalls/recallsByVehicle?make=JEEP&model=GRAND%20CHEROKEE&modelYear=2016"
    );
    assert_eq!(
        recalls("Citroën", "A/B&C+D?").path,
        "/recalls/recallsByVehicle?make=CITRO%C3%8BN&model=A%2FB%26C%2BD%3F&modelYear=2016"
    );
    assert_eq!(
        Models.request(&[key("Land Rover", "", 2016)], &settings()).path,
        "/products/vehicle/models?modelYear=2016&make=LAND%20ROVER&issueType=r"
    );
}

#[test]
fn campaigns_are_read_day_first() {
    for shape in ["ok.json", "upper_results.json"] {
        assert_eq!(read(&Recalls, &at(200, shape)), Ok(Answer::Found), "{shape}");
        let campaigns = campaigns(shape);
        let [old, new] = campaigns.as_slice() else { panic!("{campaigns:?}") };
        assert_eq!((old.number.as_str(), new.number.as_str()), ("16V789000", "25V164000"));
        assert_eq!(old.reported_on, Some(days(2016, 11, 1)), "1 November");
        assert_eq!(new.reported_on, Some(days(2025, 3, 14)));
        assert_eq!((new.park_it, new.park_outside), (Some(false), Some(true)));
        assert_eq!(new.component.as_deref(), Some("POWER TRAIN"));
        assert_eq!(new.manufacturer.as_deref(), Some("Ford Motor Company"));
    }
}

#[test]
fn an_impossible_date_is_null_and_months_are_not_guessed() {
    let old = campaigns("partial.json");
    assert_eq!(old[0].reported_on, None, "30 February");
    assert_eq!(old[0].consequence.as_deref(), Some("The belt may not restrain its occupant."));
    assert_eq!((old[0].park_it, old[0].park_outside, old[0].over_the_air), (None, None, None));
    assert_eq!(campaigns("month_first.json")[0].reported_on, None, "there is no 14th month");
}

#[test]
fn a_campaign_repeated_for_a_component_is_one() {
    let campaigns = campaigns("repeated.json");
    let numbers: Vec<_> = campaigns.iter().map(|campaign| campaign.number.as_str()).collect();
    assert_eq!(numbers, ["16V789000", "25V164000"]);
    assert_eq!(campaigns[1].component.as_deref(), Some("POWER TRAIN:AXLE"));
    assert_eq!(campaigns[1].park_it, Some(true), "a warning in one of them holds");
    assert!(campaigns[1].remedy.is_some());
}

#[test]
fn an_empty_list_is_a_zero_with_200_and_none_with_400() {
    assert_eq!(read(&Recalls, &at(200, "empty.json")), Ok(Answer::Absent));
    assert_eq!(read(&Recalls, &at(400, "empty.json")), Err(Fault::Unsure));
    assert_eq!(read(&Models, &at(200, "models/empty.json")), Ok(Answer::Absent));
    assert_eq!(read(&Models, &at(400, "models/empty.json")), Err(Fault::Unsure));
}

#[test]
fn what_is_not_a_list_is_never_a_zero() {
    let is_garbled = |read: Result<Answer, Fault>| matches!(read, Err(Fault::Garbled { .. }));
    for endpoint in [&Recalls as &dyn Endpoint, &Models] {
        for name in ["other_shape.json", "garbled.html"] {
            assert!(is_garbled(read(endpoint, &at(200, name))), "{name}");
        }
    }
    assert!(is_garbled(read(&Recalls, &at(200, "short.json"))), "two of three are missing");
    assert!(is_garbled(read(&Recalls, &at(400, "garbled.html"))));
    assert_eq!(read(&Recalls, &at(504, "garbled.html")), Err(Fault::Server(504)));
    assert_eq!(
        read(&Recalls, &at(400, "other_shape.json")),
        Err(Fault::Poisoned { code: "http_400".into() })
    );
}

#[test]
fn a_wall_turns_no_account_away_for_good() {
    for status in [401, 402, 403, 429] {
        let fault = Nhtsa.fault(&at(status, "garbled.html"));
        assert_eq!(fault, Some(Fault::Limited { wait: None }), "{status}");
    }
}

#[test]
fn the_catalogue_has_distinct_names_in_upper_case() {
    assert_eq!(Recalls.catalogue().map(|models| models.spec().id), Some("models"));
    let reply = at(200, "models/ok.json");
    assert_eq!(read(&Models, &reply), Ok(Answer::Found));
    let names = models::names(&reply.body);
    assert_eq!(names, ["F-150", "F-250 SD", "F-350 SD", "TRANSIT CONNECT"]);
    assert_eq!(models::names(b"{"), [""; 0]);
    assert_eq!(models::names(&at(200, "ok.json").body), ["F-250 SD"]);
}

#[test]
fn a_list_of_another_make_or_year_is_not_an_answer() {
    let list = |make: &str, year: &str| {
        let entry = format!(r#"{{"modelYear":"{year}","make":"{make}","model":"EDGE"}}"#);
        reply(200, format!(r#"{{"count":1,"results":[{entry}]}}"#).as_bytes())
    };
    assert_eq!(read(&Models, &list("Ford", "2016")), Ok(Answer::Found));
    for (make, year) in [("GMC", "2016"), ("FORD", "2017")] {
        let read = read(&Models, &list(make, year));
        assert!(matches!(read, Err(Fault::Garbled { .. })), "{make} {year}: {read:?}");
    }
}

#[test]
fn texts_are_cleaned_as_those_of_the_file() {
    let text = "The hood\\r\\nmay open. \\u0093Stop\\u0094 &amp; <B>call</B>.";
    let body = format!(
        r#"{{"Count":1,"results":[{{"NHTSACampaignNumber":"16V001000","Summary":"{text}"}}]}}"#
    );
    let facts = campaigns::facts(body.as_bytes());
    assert_eq!(facts.campaigns[0].summary.as_deref(), Some("The hood may open. “Stop” & call."));
}

/// Replies made of the words that the parsers look for.
fn replies() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("\"25V164000\"".to_owned()),
        Just("\"14/03/2025\"".to_owned()),
        Just("\"F-250 SD\"".to_owned()),
        Just("2".to_owned()),
    ];
    let keys = vec![
        "Count",
        "results",
        "Results",
        "NHTSACampaignNumber",
        "ReportReceivedDate",
        "Component",
        "parkIt",
        "model",
    ];
    json_like(scalar.boxed(), keys)
}

proptest! {
    #[test]
    fn any_reply_is_survived(body in prop_oneof![
        replies().prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..300),
    ]) {
        assert_sound(&Recalls, &reply(200, &body), &truck());
        assert_sound(&Models, &reply(200, &body), &truck());
        let names = models::names(&body);
        prop_assert!(names.is_sorted());
        let fault = Nhtsa.fault(&reply(400, &body));
        prop_assert!(fault.is_some(), "a 400 is never an answer");
    }

    #[test]
    fn a_cut_reply_is_never_an_answer(cut in 0_usize..1400) {
        let whole = fixture("nhtsa/ok.json").body;
        let end = cut.min(whole.trim_ascii_end().len() - 1);
        prop_assert!(Recalls.parse(&reply(200, &whole[..end]), &truck()).is_err());
    }
}
