use super::*;

#[test]
fn the_name_depends_on_both_keys_and_holds_neither() {
    let secret = SecretString::from("vis_live_canary");
    let name = account_name(b"install", Some(&secret));
    assert_eq!(name.len(), 16);
    assert_ne!(name, account_name(b"another", Some(&secret)));
    assert_ne!(name, account_name(b"install", Some(&SecretString::from("vis_live_other"))));
    assert!(!name.contains("canary"));
}
