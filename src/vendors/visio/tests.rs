//! Replies of the vendor, and what is made of them.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::Denied;
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, settings};

const VIN: &str = "1HGBH41JXMN109186";

fn wanted() -> Wanted {
    Wanted {
        instructions: format!("Photos of the car, VIN {VIN}"),
        slots: vec![("Front view".into(), true), ("Odometer".into(), false)],
        expires_in_hours: None,
        recipient_email: None,
    }
}

fn vin() -> Vin {
    Vin::new(VIN).expect("a VIN")
}

#[test]
fn a_request_is_sent_as_documented() {
    let request =
        RequestPhotos.request(&[wanted().task(&vin(), 1, SlotField::PhotoSlots)], &settings());
    assert_eq!((request.method, &*request.path), (Method::Post, "/photo-requests"));
    let id = wanted().operation_id(&vin(), 1);
    assert!(id.starts_with(&format!("vinrich-{VIN}-1-")), "{id}");
    let expected = format!(
        r#"{{"instructions":"Photos of the car, VIN {VIN}","photo_slots":[{{"instructions":"Front view","is_required":true}},{{"instructions":"Odometer","is_required":false}}],"metadata":{{"vin":"{VIN}","operation_id":"{id}"}}}}"#
    );
    assert_eq!(request.body, Some(Payload::Json(expected.into_bytes())));
    let more = Wanted { expires_in_hours: Some(48), ..wanted() };
    let Key::Task(task) = more.task(&vin(), 2, SlotField::PhotoSlots) else { panic!("a task") };
    assert_eq!(task.subject, format!("{VIN} 2"));
    assert!(task.body.contains(r#""expires_in_hours":48,"#), "{}", task.body);
    assert_eq!(vin_of(&Key::Task(task)), Some(vin()));
}

#[test]
fn other_calls_name_their_request() {
    let path = |endpoint: &dyn Endpoint, key| endpoint.request(&[key], &settings());
    assert_eq!(path(&Show, about("req_abc123")).path, "/photo-requests/req_abc123");
    let cancel = path(&Cancel, about("a/b?c"));
    assert_eq!((cancel.method, &*cancel.path), (Method::Delete, "/photo-requests/a%2Fb%3Fc"));
    assert_eq!(path(&List, page(1)).query, []);
    assert_eq!(path(&List, page(3)).query, [("page", "3".to_owned())]);
}

#[test]
fn a_created_request_is_read() {
    let reply = Reply { status: 201, ..fixture("visio/ok.json") };
    assert_eq!(Visio.fault(&reply), None);
    assert!(
        RequestPhotos.parse(&reply, &[wanted().task(&vin(), 1, SlotField::PhotoSlots)]).is_ok()
    );
    let request = photo_request(&reply.body).expect("a request");
    assert_eq!(request.id, "req_abc123");
    assert_eq!(request.state.as_deref(), Some("pending"));
    assert_eq!(request.url.as_deref(), Some("https://visio.now/p/abc123"));
    assert_eq!(request.expires_at.as_deref(), Some("2024-01-16T10:00:00Z"));
    assert_eq!(photo_request(request.body.as_bytes()).map(|again| again.id), Some(request.id));
}

#[test]
fn a_reply_without_an_id_is_not_an_answer() {
    for body in
        [&b"{}"[..], b"[]", b"<html>", br#"{"data":{"id":""}}"#, br#"{"id":".."}"#, b"{\"data\":"]
    {
        let parsed = RequestPhotos
            .parse(&reply(200, body), &[wanted().task(&vin(), 1, SlotField::PhotoSlots)]);
        assert!(matches!(parsed, Err(Fault::Garbled { .. })), "{parsed:?}");
    }
}

#[test]
fn a_list_is_read_in_any_of_its_shapes() {
    let list = listed(&fixture("visio/list/ok.json").body).expect("a list");
    let ids: Vec<&str> = list.requests.iter().map(|request| &*request.id).collect();
    assert_eq!((ids.as_slice(), list.more), (&["req_1", "req_2"][..], Some(false)));
    let more = |body: &str| listed(body.as_bytes()).map(|list| (list.requests.len(), list.more));
    assert_eq!(more(r#"[{"id":1}]"#), Some((1, None)));
    assert_eq!(more(r#"{"data":{"items":[{"id":"a"}]}}"#), Some((1, None)));
    assert_eq!(more(r#"{"data":[],"meta":{"has_more":true}}"#), Some((0, Some(true))));
    assert_eq!(more(r#"{"data":[],"meta":{"page":2,"total_pages":3}}"#), Some((0, Some(true))));
    assert_eq!(
        more(r#"{"data":[],"meta":{"pagination":{"page":2,"per_page":10,"total":20}}}"#),
        Some((0, Some(false)))
    );
    assert_eq!(more(r#"{"data":[{"no":"id"}],"has_more":false}"#), Some((0, None)), "not whole");
    assert_eq!(more(r#"{"data":{"id":"a"}}"#), None);
}

#[test]
fn an_id_that_lost_digits_is_not_an_id() {
    let id = |body: &str| photo_request(body.as_bytes()).map(|request| request.id);
    assert_eq!(id(r#"{"id":18446744073709551615}"#).as_deref(), Some("18446744073709551615"));
    for lost in ["18446744073709551617", "98.99999999999998", "1e3", "1e400"] {
        assert_eq!(id(&format!(r#"{{"id":{lost}}}"#)), None, "{lost}");
    }
}

#[test]
fn what_is_gone_is_an_answer_to_those_who_ask_about_it() {
    let gone = fixture("visio/not_found.json");
    let gone = Reply { status: 404, ..gone };
    assert_eq!(Visio.fault(&gone), None);
    for endpoint in [&Show as &dyn Endpoint, &Cancel] {
        let parsed = endpoint.parse(&gone, &[about("req_1")]).expect("an answer");
        assert_eq!(parsed.answers[0].said, Answer::Absent);
    }
    let no_path = RequestPhotos.parse(&gone, &[wanted().task(&vin(), 1, SlotField::PhotoSlots)]);
    assert_eq!(no_path.map(|_| ()), Err(Fault::Poisoned { code: "http_404".into() }));
    for endpoint in [&Show as &dyn Endpoint, &Cancel] {
        for status in [200, 404] {
            let elsewhere = endpoint.parse(&reply(status, b"<html>"), &[about("req_1")]);
            assert!(elsewhere.is_err(), "another server's page says nothing of a request");
        }
    }
    let silent = Cancel.parse(&reply(204, b""), &[about("req_1")]).expect("an answer");
    assert_eq!(silent.answers[0].said, Answer::Found, "204 No Content");
}

#[test]
fn errors_are_read_from_their_envelope() {
    let invalid = Reply { status: 422, ..fixture("visio/refused.422.json") };
    let code = "validation_error instructions: The instructions field is required.".to_owned();
    assert_eq!(Visio.fault(&invalid), Some(Fault::Poisoned { code }));
    assert_eq!(Visio.fault(&reply(401, b"")), Some(Fault::Denied(Denied::Key)));
    assert_eq!(Visio.fault(&reply(403, b"")), Some(Fault::Denied(Denied::Scope)));
    let mut failing = reply(503, b"");
    failing.headers.push(("retry-after".into(), "5".into()));
    assert_eq!(Visio.fault(&failing), Some(Fault::Server(503)), "it may have acted");
}

#[test]
fn the_rate_headers_are_obeyed() {
    let mut reply = reply(200, b"");
    assert_eq!(Visio.limits(&reply), []);
    for (name, value) in [
        ("x-ratelimit-limit", "60"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1609459200"),
        ("date", "Thu, 31 Dec 2020 23:59:30 GMT"),
    ] {
        reply.headers.push((name.into(), value.into()));
    }
    let expected = ServerLimit {
        window: None,
        limit: Some(60),
        remaining: Some(0),
        reset: Some(Duration::from_secs(31)),
    };
    assert_eq!(Visio.limits(&reply), [expected]);
    assert_eq!(
        Visio.fault(&Reply { status: 429, ..reply }),
        Some(Fault::Limited { wait: Some(Duration::from_secs(31)) })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_body_is_read_without_panic(
        body in json_like(
            prop_oneof![Just("\"req_1\""), Just("7"), Just("1e400"), Just("\"pending\"")]
                .prop_map(str::to_owned).boxed(),
            vec!["data", "items", "id", "status", "meta", "page", "total", "has_more", "instructions"],
        ),
    ) {
        let reply = reply(200, body.as_bytes());
        assert_sound(&RequestPhotos, &reply, &[wanted().task(&vin(), 1, SlotField::PhotoSlots)]);
        assert_sound(&Show, &reply, &[about("req_1")]);
        assert_sound(&List, &reply, &[page(1)]);
        listed(&reply.body);
    }
}
