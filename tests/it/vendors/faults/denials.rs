//! Accounts that are turned away.

use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Reply};

#[test]
fn a_vendor_that_denies_us_is_left_out() {
    for (status, exit) in [(401, 77), (402, 69), (403, 69)] {
        let work = Work::with_faults(&[&format!("carvin/{status}:after=2")]);
        let enriched = Enriched::by(&work.listing(&vins(400)));
        assert_eq!(enriched.report.exit_code, exit, "{status}");
        let log = work.sandbox.log();
        let denied = log.iter().filter(|seen| seen.status == Some(status)).count();
        assert!((1..=4).contains(&denied), "{status}: {denied} calls, of 4 in flight");
        assert_eq!(
            enriched.count("decode_status"),
            [("failed", 360), ("found", 40)].into(),
            "{status}: rows keep what they have"
        );
        assert_eq!(enriched.count("decode_error"), [("", 40), ("denied", 360)].into());
        assert_eq!(work.calls("recalls") + work.calls("recalls-vin"), 0, "{status}");
        enriched.all("recalls_status", "failed");
        enriched.all("recalls_error", "denied");
        assert_eq!(work.calls("listings"), 40, "{status}: the other vendor goes on");
        assert!(!enriched.count("listings_status").contains_key("failed"));
        assert!(enriched.report.vendors["carvin"].stopped.is_some());
    }
}

#[test]
fn visor_denies_in_its_own_words() {
    for (status, exit) in [(401, 77), (402, 69), (403, 69)] {
        let work = Work::with_faults(&[&format!("visor/{status}")]);
        let enriched = Enriched::by(&work.listing(&vins(200)));
        assert_eq!(enriched.report.exit_code, exit, "{status}");
        assert!(work.calls("listings") <= 4, "{status}");
        enriched.all("listings_error", "denied");
        enriched.all("decode_status", "found");
    }
}

#[test]
fn a_wrong_key_costs_only_calls_in_flight() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(400)).only(&[Dataset::Decode]);
    plan.vendor("carvin").api_key = Some("not-the-key".to_owned().into());
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 77);
    assert!(work.sandbox.log().len() <= 4);
    enriched.all("decode_error", "denied");
}

#[test]
fn a_changed_key_file_is_read_again() {
    let work = Work::with_faults(&[]);
    let path = work.write("key", "old-key\n");
    let fake = Fake::start({
        let path = path.clone();
        move |call, heard| {
            if call == 1 {
                std::fs::write(&path, "new-key\n").expect("the key changes");
            }
            match heard.key.as_str() {
                "Bearer new-key" => Reply::decoded(heard),
                _ => Reply::new(401, r#"{"success":false,"error":"Invalid API key"}"#),
            }
        }
    });
    let mut plan = work.decoding(&vins(30), &fake.url());
    let carvin = plan.vendor("carvin");
    carvin.api_key = None;
    carvin.api_key_file = Some(path);
    carvin.concurrency = 1.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
    assert_eq!(fake.heard().len(), 3);
}

#[test]
fn calls_in_flight_wait_for_the_new_key() {
    let work = Work::with_faults(&[]);
    let path = work.write("key", "old-key\n");
    let next = work.write("next", "new-key\n");
    let fake = Fake::start({
        let path = path.clone();
        move |_, heard| {
            // Renamed into place by the first call, as whoever rotates keys does it.
            let _rotated = std::fs::rename(&next, &path);
            match heard.key.as_str() {
                "Bearer new-key" => Reply::decoded(heard),
                _ => Reply::new(401, r#"{"success":false,"error":"Invalid API key"}"#),
            }
        }
    });
    let mut plan = work.decoding(&vins(80), &fake.url());
    let carvin = plan.vendor("carvin");
    carvin.api_key = None;
    carvin.api_key_file = Some(path);
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
}
