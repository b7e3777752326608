//! Fault rules as people write them.

use super::*;
use crate::sandbox::FaultRule;
use crate::sandbox::fault::{Fault, NAMED, Replacement, When};

fn rule(text: &str) -> FaultRule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn complaint(text: &str) -> String {
    text.parse::<FaultRule>().expect_err("not a rule").to_string()
}

fn status(status: u16, wait: Option<u64>) -> Fault {
    Fault::Replace(Replacement::Status { status, wait: wait.map(Duration::from_secs) })
}

#[test]
fn a_rule_is_a_fault_a_time_and_a_scope() {
    assert_eq!(
        (rule("429:every=7").fault, rule("429:every=7").when),
        (status(429, Some(1)), When::Every(7))
    );
    assert_eq!(rule("429:first=1:wait=2m").fault, status(429, Some(120)));
    assert_eq!(rule("500:first=3").when, When::First(3));
    assert_eq!(rule("401:after=5").when, When::After(5));
    assert_eq!(rule("400:vin=1hgbh41jxmn109186").when, When::Vin("1HGBH41JXMN109186".into()));
    assert_eq!(rule("down").fault, status(503, None));
    assert_eq!(rule("reorder").when, When::Always);
    assert_eq!(rule("latency=250ms").fault, Fault::Latency(Duration::from_millis(250)));
    assert_eq!(rule("latency:ms=250").fault, rule("latency=250ms").fault);
    let scoped = rule("carvin/batch-decode/missing:every=4");
    assert_eq!((scoped.vendor, scoped.endpoint), (Some("carvin"), Some("batch-decode")));
    assert_eq!(rule("visor/down").vendor, Some("visor"));
}

#[test]
fn every_name_is_a_rule() {
    for name in NAMED.map(|(name, _)| name).into_iter().filter(|&name| name != "latency") {
        assert_eq!(rule(name).to_string(), name);
    }
}

#[test]
fn a_bad_rule_says_what_is_wrong() {
    assert_eq!(
        complaint("trncate"),
        "fault `trncate`: unknown fault `trncate`, did you mean `truncate`?"
    );
    assert_eq!(
        complaint("429:evry=7"),
        "fault `429:evry=7`: unknown setting `evry`, did you mean `every`?"
    );
    assert_eq!(
        complaint("carvn/429"),
        "fault `carvn/429`: unknown vendor `carvn`, did you mean `carvin`?"
    );
    assert_eq!(
        complaint("visor/decode/429"),
        "fault `visor/decode/429`: unknown endpoint `decode`"
    );
    assert_eq!(complaint("200"), "fault `200`: `200` is not an error status (400 to 599)");
    assert_eq!(complaint("500:every=0"), "fault `500:every=0`: calls are counted from 1, not 0");
    assert_eq!(complaint("500:every=x"), "fault `500:every=x`: `x` is not a whole number");
    assert_eq!(complaint("500:often"), "fault `500:often`: `often` is not a `name=value`");
    assert_eq!(
        complaint("500:every=2:first=1"),
        "fault `500:every=2:first=1`: `first=1` comes after another of its kind"
    );
    assert_eq!(
        complaint("reset:wait=1s"),
        "fault `reset:wait=1s`: `wait=` goes with a status or with `down`"
    );
    assert_eq!(
        complaint("html=3s"),
        "fault `html=3s`: `html` takes no duration; only `latency` does"
    );
    assert!(complaint("latency").contains("`latency=250ms`"));
    assert!(complaint("latency=soon").contains("`soon` is not a duration"));
}

#[test]
fn the_hint_lists_every_fault() {
    let error = "x".parse::<FaultRule>().expect_err("not a rule");
    let hint = error.hint_text().expect("a hint");
    assert!(NAMED.iter().all(|(name, _)| hint.contains(name)), "{hint}");
    assert_eq!(error.exit(), crate::domain::error::Exit::Usage);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_text_is_a_rule_or_an_error(text in "\\PC{0,30}|[a-z]{0,9}[:=/][a-z]{0,6}=?[0-9]{0,25}[a-z]{0,2}") {
        if let Ok(rule) = text.parse::<FaultRule>() {
            prop_assert_eq!(rule.to_string(), text.trim());
        }
    }
}
