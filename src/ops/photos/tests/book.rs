use super::*;

#[test]
fn a_list_read_before_an_operation_can_show_says_nothing_of_it() {
    let key = visio::about("1HGBH41JXMN109186");
    let operation = Operation {
        key,
        idempotency_key: String::new(),
        frozen_at: Timestamp::from_micros(500),
        settled: false,
        in_flight: false,
    };
    let at = Timestamp::from_micros;
    assert!(!is_old(at(400), &operation), "read before it");
    assert!(!is_old(at(500).later(MAY_STILL_COME), &operation), "it may still come");
    assert!(is_old(at(501).later(MAY_STILL_COME), &operation));
    assert!(!is_old(at(i64::MIN), &operation), "no page at all");
}
