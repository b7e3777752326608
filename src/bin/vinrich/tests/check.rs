#![allow(clippy::unwrap_used, reason = "tests")]
use vinrich::domain::money::Micros;

use super::*;

fn visor(key: KeyCheck, call: CallCheck) -> VendorCheck {
    VendorCheck {
        vendor: "visor",
        key,
        address: "https://api.visor.vin/v1".into(),
        asked_for: vec!["listings"],
        quotas: vec!["10/10s".into(), "60/minute".into()],
        quota_reset: None,
        spend: Vec::new(),
        priced: true,
        warning: None,
        call,
    }
}

fn check(vendors: Vec<VendorCheck>, local: Vec<LocalCheck>) -> Check {
    let configuration = TrustedFile {
        path: "fleet/vinrich.toml".into(),
        holds: "configuration".into(),
        warning: None,
    };
    Check {
        store: "vinrich.db".into(),
        store_exists: true,
        trusted: vec![configuration],
        asked: true,
        vendors,
        local,
    }
}

fn counted(calls: u64, micros: i64) -> Counted {
    Counted { calls, charged_micros: Micros(micros) }
}

#[test]
fn a_vendor_that_answered_is_shown_with_its_answer() {
    let usage = UsageCheck { days: 30, said: counted(3, 6000), ledger: counted(3, 6000) };
    let answered = CallCheck::Accepted {
        call: "usage",
        scope: Some("usage.read"),
        milliseconds: 240,
        limits: vec![
            LimitCheck { quota: "10/10s".into(), remaining: Some(9) },
            LimitCheck { quota: "60/minute".into(), remaining: None },
        ],
        usage: Some(usage),
    };
    let found = KeyCheck::Found { place: "environment variable `VISOR_API_KEY`".into() };
    let carvin = VendorCheck {
        vendor: "carvin",
        quotas: vec!["100/day".into()],
        quota_reset: Some("00:00 UTC".into()),
        priced: false,
        ..visor(found.clone(), CallCheck::NotAsked { why: "not asked: every call counts".into() })
    };
    insta::assert_snapshot!(as_text(&check(vec![carvin, visor(found, answered)], Vec::new())), @r#"
        store    vinrich.db
        trusted  fleet/vinrich.toml (configuration)

        carvin
          key        found in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     100/day
          reset      00:00 UTC
          call       not asked: every call counts

        visor
          key        found in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       the key is accepted; answered in 0.2 s
          scope      usage.read, as seen by that call
          limits     10/10s (9 left), 60/minute
          usage      3 calls charged, $0.006 in 30 days; our ledger agrees

        1 vendor called, by calls that are not billed
        "#);
}

#[test]
fn a_difference_in_usage_names_the_command_that_explains_it() {
    let usage = UsageCheck { days: 30, said: counted(1, 2000), ledger: counted(3, 6000) };
    assert_eq!(
        usage_beside_the_ledger(&usage),
        "1 call charged, $0.002 in 30 days; our ledger has 3 calls charged, $0.006: \
             `vinrich quota --reconcile` compares by day"
    );
}

#[test]
fn what_is_missing_comes_with_what_to_do() {
    let missing = KeyCheck::Missing { place: "environment variable `VISOR_API_KEY`".into() };
    let refused = CallCheck::Failed {
        why: "the key is refused (HTTP 401)".into(),
        hint: "put a key that the vendor accepts into key file `k`".into(),
        stops_runs: true,
        exit_code: 77,
    };
    let unusable =
        KeyCheck::Unusable { why: "key file `k` is empty".into(), hint: Some("fill it".into()) };
    let not_asked = CallCheck::NotAsked { why: "not asked: it has no key".into() };
    let vendors = vec![
        visor(missing, not_asked.clone()),
        visor(KeyCheck::NotNeeded, refused),
        visor(unusable, not_asked),
    ];
    let local = |source, data| LocalCheck { source, asked_for: vec!["decode"], data };
    let local = vec![
        local("vpic", LocalData::Missing { command: "vinrich vpic install" }),
        local(
            "vpic",
            LocalData::Decoder { data_month: "2026-10".into(), path: Some("v.rkyv".into()) },
        ),
        local(
            "nhtsa-file",
            LocalData::RecallFile {
                parts: vec![RecallPart {
                    name: "FLAT_RCL_POST_2010.txt".into(),
                    imported_at: "2026-11-22T02:10:00Z".into(),
                    data_as_of: Some("2026-11-20".into()),
                    campaigns: 14_000,
                }],
            },
        ),
    ];
    insta::assert_snapshot!(as_text(&check(vendors, local)), @r#"
        store    vinrich.db
        trusted  fleet/vinrich.toml (configuration)

        visor
          key        missing; expected in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       not asked: it has no key

        visor
          key        none needed
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       the key is refused (HTTP 401)
          hint       put a key that the vendor accepts into key file `k`

        visor
          key        key file `k` is empty; fill it
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
          call       not asked: it has no key

        vpic
          asked for  decode
          data       none; `vinrich vpic install` brings them

        vpic
          asked for  decode
          data       vPIC of 2026-10, in `v.rkyv`

        nhtsa-file
          asked for  decode
          data       `FLAT_RCL_POST_2010.txt`: 14,000 campaigns up to 2026-11-20, imported 2026-11-22 02:10:00 UTC

        1 vendor called, by calls that are not billed
        "#);
}
