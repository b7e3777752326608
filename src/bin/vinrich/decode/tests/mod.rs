use super::*;

#[test]
fn cents_are_dollars() {
    assert_eq!((dollars(3_523_605), dollars(5)), ("35236.05".into(), "0.05".into()));
}
