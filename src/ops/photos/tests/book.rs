use super::*;

#[test]
fn a_list_read_before_an_operation_can_show_says_nothing_of_it() {
    let key = visio::about("1HGBH41JXMN109186");
    let operation = Operation { key, frozen_at: 500, settled: false, in_flight: false };
    assert!(!is_old(400, &operation), "read before it");
    assert!(!is_old(500 + MAY_STILL_COME, &operation), "it may still come");
    assert!(is_old(501 + MAY_STILL_COME, &operation));
    assert!(!is_old(i64::MIN, &operation), "no page at all");
}
