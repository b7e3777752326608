use super::*;

fn faults(rules: &[&str]) -> Faults {
    Faults::new(rules.iter().map(|rule| rule.parse().expect("a rule")).collect())
}

/// The numbers of the calls, out of ten, that a rule applies to.
fn affected(rule: &str, vendor: &str, endpoint: &str) -> Vec<u32> {
    let faults = faults(&[rule]);
    let hit = |_: &u32| faults.apply(vendor, endpoint, &["A".into()]) != Effects::default();
    (1..=10).filter(hit).collect()
}

#[test]
fn a_rule_applies_to_the_calls_it_names() {
    let batch = |rule| affected(rule, "carvin", "batch-decode");
    assert_eq!(batch("500:every=3"), [3, 6, 9]);
    assert_eq!(batch("500:first=2"), [1, 2]);
    assert_eq!(batch("500:after=8"), [9, 10]);
    assert_eq!(batch("down").len(), 10);
    assert_eq!(batch("400:vin=a").len(), 10);
    assert_eq!(batch("400:vin=b"), [0_u32; 0]);
}

#[test]
fn a_rule_counts_only_calls_it_can_apply_to() {
    assert_eq!(affected("visor/500", "carvin", "decode"), [0_u32; 0]);
    assert_eq!(affected("carvin/recalls/500", "carvin", "decode"), [0_u32; 0]);
    assert_eq!(affected("reorder", "carvin", "decode"), [0_u32; 0]);
    assert_eq!(affected("reorder", "visor", "listings").len(), 10);
    assert_eq!(affected("missing", "visor", "listings"), [0_u32; 0], "nothing is owed there");
    let faults = faults(&["carvin/decode/500:every=2"]);
    faults.apply("carvin", "recalls", &[]);
    assert_eq!(faults.apply("carvin", "decode", &[]), Effects::default());
    assert_ne!(faults.apply("carvin", "decode", &[]), Effects::default());
}

#[test]
fn waits_add_up_and_the_first_replacement_wins() {
    let faults = faults(&["latency=1s", "reset:every=2", "stall", "latency:ms=500"]);
    let first = faults.apply("carvin", "decode", &[]);
    assert_eq!(
        (first.latency, first.replacement),
        (Duration::from_millis(1500), Some(Replacement::Stall))
    );
    assert_eq!(faults.apply("carvin", "decode", &[]).replacement, Some(Replacement::Reset));
}

#[test]
fn lists_change_as_the_rule_says() {
    const FIRST: &str = "1FTFW1ET5DFC10312";
    const SECOND: &str = "2T1BURHE0JC034461";
    let item = |vin: &str| Item { vin: vin.into(), json: format!("{{\"VIN\":\"{vin}\"}}") };
    let mutated = |mutation: Mutation| {
        let mut items = vec![item(FIRST), item(SECOND)];
        mutation.apply(&mut items, &["1FTFW1ET5DF000000".into()]);
        items
    };
    assert_eq!(mutated(Mutation::Missing), [item(FIRST)]);
    assert_eq!(mutated(Mutation::Reorder), [item(SECOND), item(FIRST)]);
    assert_eq!(mutated(Mutation::Duplicate), [item(FIRST), item(SECOND), item(FIRST)]);
    assert_eq!(mutated(Mutation::Lowercase)[1].json, r#"{"VIN":"2t1burhe0jc034461"}"#);
    assert_eq!(mutated(Mutation::Foreign)[2], item("1FTFW1ET5DF000001"));
}

#[test]
fn an_empty_list_stays_empty() {
    use Mutation::{Duplicate, Foreign, Lowercase, Missing, Reorder};
    for mutation in [Missing, Reorder, Foreign, Duplicate, Lowercase] {
        let mut items = Vec::new();
        mutation.apply(&mut items, &[]);
        assert!(items.is_empty(), "{mutation:?}");
    }
}
