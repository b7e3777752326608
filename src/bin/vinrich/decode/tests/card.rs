use super::*;

#[test]
fn messages_are_split_at_their_codes() {
    let text = "1 - Check Digit; see 9; 7 - Not registered; Please ask; 400 - Invalid";
    let found: Vec<&str> = messages(text).collect();
    assert_eq!(
        found,
        ["1 - Check Digit; see 9", "7 - Not registered; Please ask", "400 - Invalid"]
    );
    assert_eq!(messages("").count(), 0);
    assert_eq!(messages("no code").collect::<Vec<_>>(), ["no code"]);
}
