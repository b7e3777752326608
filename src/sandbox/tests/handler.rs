use proptest::prelude::*;

use super::*;

#[test]
fn a_query_string_is_read_pair_by_pair() {
    let pairs = pairs(b"vin_pattern=A%2CB&name=Grand+Cherokee&flag&&odd=%zz%4");
    let expected =
        [("vin_pattern", "A,B"), ("name", "Grand Cherokee"), ("flag", ""), ("odd", "%zz%4")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn only_a_bearer_token_counts() {
    let request = |authorization: &str| Request {
        method: Method::GET,
        path: String::new(),
        query: Vec::new(),
        headers: vec![("authorization".into(), authorization.to_owned())],
        body: Bytes::new(),
    };
    assert_eq!(request("Bearer abc").bearer(), Some("abc"));
    assert_eq!(request("bearer abc").bearer(), Some("abc"));
    assert_eq!(request("Basic abc").bearer(), None);
    assert_eq!(request("Bearer ").bearer(), None);
    assert_eq!(request("abc").bearer(), None);
}

#[test]
fn an_item_without_a_vin_cannot_be_renamed() {
    let item = Item { vin: String::new(), json: "{}".into() };
    assert_eq!(item.renamed("X"), item);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_query_is_read_without_panic(query in ".{0,40}|[%0-9a-f&=+]{0,40}") {
        let pairs = pairs(query.as_bytes());
        prop_assert!(pairs.len() <= query.matches('&').count() + 1);
    }
}
