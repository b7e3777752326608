//! The soak (`make soak`) in small: two nights of a few VINs, each with a kill.

#[path = "../../../benches/soak/soak.rs"]
mod played;

use std::time::Duration;

use played::{Night, Spec, vendor};

use crate::support::command::executable;

#[test]
fn two_nights_with_kills_lose_nothing() {
    let vins = std::env::var("VINRICH_SOAK_VINS").ok().and_then(|vins| vins.parse().ok());
    let vins = vins.unwrap_or(600);
    let spec = Spec {
        vins,
        port: vendor::listen(vins).expect("the vendor listens"),
        executable: executable(),
        lasting: Duration::ZERO,
        nights: 2,
        kills: 2,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut told = Vec::new();
    let nights =
        played::run(&spec, folder.path(), &mut |line| told.push(line)).expect("two nights");
    played::judge(&nights).unwrap_or_else(|broken| panic!("{broken}\n{}", told.join("\n")));
    assert_eq!(nights.len(), 2);
    assert!(nights.iter().all(|night| night.faults > 0 && night.made > night.planned), "{told:#?}");
}

#[test]
fn a_broken_promise_is_noticed() {
    let kept = Night { number: 1, planned: 100, made: 100, ..Night::default() };
    assert!(played::judge(std::slice::from_ref(&kept)).is_ok());
    for broken in [
        Night { asked_twice: 1, ..kept.clone() },
        Night { lost: 1, ..kept.clone() },
        Night { unentered: 1, ..kept.clone() },
        Night { misplaced: 1, ..kept.clone() },
        Night { wrong: 1, ..kept.clone() },
        Night { made: 131, ..kept.clone() },
    ] {
        assert!(played::judge(&[broken]).is_err());
    }
}
