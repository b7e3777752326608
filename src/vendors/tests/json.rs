use proptest::prelude::*;

use super::*;

#[test]
fn only_complete_json_of_a_sane_depth_is_a_document() {
    assert_eq!(read(b"\xef\xbb\xbf {\"a\":1} \n").map(RawValue::get), Ok("{\"a\":1}"));
    for body in ["", " ", "{", "{\"a\":1", "[1] x", "[NaN]", "<html>", "{'a':1}", "[1,]"] {
        assert!(read(body.as_bytes()).is_err(), "{body}");
    }
    assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(127).as_bytes()).is_ok());
    assert!(read(nested(128).as_bytes()).is_err());
    assert!(read(nested(200_000).as_bytes()).is_err());
    let wide = format!("[{}[]]", "[],".repeat(1_000));
    assert!(read(wide.as_bytes()).is_ok());
    let quoted = format!("[\"{}\\\"\"]", "[".repeat(1_000));
    assert!(read(quoted.as_bytes()).is_ok());
}

#[test]
fn keys_are_found_in_any_case_and_may_not_repeat() {
    let raw = read(br#"{"Vin":"a","YEAR":null,"modelYear":2021}"#).expect("JSON");
    let object = Object::read(raw).expect("readable").expect("an object");
    assert_eq!(object.scalar(&["VIN"]).as_deref(), Some("a"));
    assert_eq!(object.scalar(&["Year", "ModelYear"]).as_deref(), Some("2021"));
    assert!(object.get(&["make"]).is_none());
    let twice = read(br#"{"a":1,"b":2,"\u0061":3}"#).expect("JSON");
    assert_eq!(Object::read(twice).err(), Some(Unreadable));
}

#[test]
fn scalars_are_trimmed_and_coerced() {
    let coerced =
        |json: &str| scalar(read(json.as_bytes()).expect("JSON")).map(std::borrow::Cow::into_owned);
    assert_eq!(coerced(r#"" Civic\u0020""#).as_deref(), Some("Civic"));
    assert_eq!(coerced("2021").as_deref(), Some("2021"));
    assert_eq!(coerced("true").as_deref(), Some("true"));
    for nothing in ["null", "\"\"", "\"  \"", "[1]", "{}", r#""\ud800""#] {
        assert_eq!(coerced(nothing), None, "{nothing}");
    }
    assert_eq!((flag("Yes"), flag("FALSE"), flag("maybe")), (Some(true), Some(false), None));
}

#[test]
fn compacting_keeps_strings() {
    assert_eq!(compact("{ \"a b\" : [ 1,\n \"\\\" c\" ] }"), "{\"a b\":[1,\"\\\" c\"]}");
}

proptest! {
    #[test]
    fn nothing_panics(body in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,30}") {
        if let Ok(raw) = read(&body) {
            let _ = (Value::read(raw).is_ok(), scalar(raw), compact(raw.get()));
        }
        let _ = flag(&text);
    }

    /// The short way, of a text without an escape and of a body that is an object, says what
    /// the long one does.
    #[test]
    fn the_short_ways_read_the_same(
        texts in proptest::collection::vec(any::<String>(), 1..5),
        glue in "[ \\t{}\\[\\],:\"\\\\u0a]{0,6}",
    ) {
        for text in &texts {
            let json = serde_json::to_string(text).expect("JSON");
            let Ok(Value::Text(read)) = Value::read(document(&json).expect("JSON")) else {
                panic!("{json}: not text");
            };
            prop_assert_eq!(&read, text);
        }
        let entries = texts.iter().map(|text| {
            let key = serde_json::to_string(text).expect("JSON");
            format!("{key}:{key}")
        });
        let object = format!("{{{}}}", entries.collect::<Vec<_>>().join(","));
        for body in [object.clone(), format!("{glue}{object}"), format!("{object}{glue}"), glue] {
            let shown = |object: Option<Object<'_>>| object.map(|object| format!("{object:?}"));
            let whole = read(body.as_bytes()).and_then(Object::read).map(shown);
            prop_assert_eq!(Object::of_body(body.as_bytes()).map(shown), whole, "{}", body);
        }
    }
}
