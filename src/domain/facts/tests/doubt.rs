use super::*;

#[test]
fn reasons_are_written_once_and_in_order() {
    let doubts = Doubts::NONE.with(Doubt::Name).with(Doubt::Year).with(Doubt::Name);
    assert_eq!(doubts.to_string(), "year,name");
    assert_eq!(Doubts::NONE.to_string(), "");
    let all = Doubt::ALL.into_iter().fold(Doubts::NONE, Doubts::with);
    assert_eq!(all.to_string(), "year,series,powertrain,body,trim,name");
}

#[test]
fn what_is_sure_once_is_not_in_doubt() {
    let (body, trim) = (Doubts::NONE.with(Doubt::Body), Doubts::NONE.with(Doubt::Trim));
    assert_eq!(body.or(Doubts::NONE), Doubts::NONE);
    assert_eq!(Doubts::NONE.or(trim), Doubts::NONE);
    assert_eq!(body.or(trim), body.and(trim));
}

#[test]
fn only_campaigns_in_doubt_are_listed() {
    let series = Doubts::NONE.with(Doubt::Series);
    let of = [("2", series), ("1", Doubts::NONE.with(Doubt::Name)), ("3", Doubts::NONE)];
    let doubt = RecallDoubt::of(of).expect("two are");
    assert_eq!(doubt.campaigns, ["1", "2"]);
    assert_eq!(doubt.reasons.to_string(), "series,name");
    assert!(doubt.contains("2") && !doubt.contains("3"));
    assert_eq!(RecallDoubt::of([("3", Doubts::NONE)]), None);
}
