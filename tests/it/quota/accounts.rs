//! Limits belong to an account: a rotated key and another spelling of the address
//! refill nothing.

use vinrich::SystemClock;
use vinrich::VendorQuota;
use vinrich::config::{Settings, SpendLimit, quota};
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;

use crate::support::Work;
use crate::support::command::{Setup, vins};
use crate::support::library::{Enriched, Tweak};
use crate::support::server::{Fake, Reply};

const KEYS: [&str; 3] = ["key-of-last-year", "key-of-this-year", "key-of-a-colleague"];

/// Ten spellings of one address on this machine.
fn spellings(port: u16) -> [String; 10] {
    [
        "http://127.0.0.1:{}/api",
        "http://localhost:{}/api",
        "HTTP://LocalHost:{}/api",
        "http://localhost.:{}/api",
        "http://127.0.0.1:{}//api",
        "http://127.0.0.1:{}/api/",
        "http://localhost:{}///api//",
        "http://127.1:{}/api",
        "http://[::1]:{}/api",
        "http://[::ffff:127.0.0.1]:{}/api",
    ]
    .map(|spelling| spelling.replace("{}", &port.to_string()))
}

fn port_of(fake: &Fake) -> u16 {
    let url = fake.url();
    url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// What `vinrich quota` says of the accounts at a vendor.
fn quotas_of(settings: &Settings, id: &str) -> Vec<VendorQuota> {
    let quotas = vinrich::quota(settings, &SystemClock::new()).expect("the quotas");
    quotas.into_iter().filter(|of| of.vendor == id).collect()
}

#[test]
fn keys_and_spellings_share_one_account() {
    let fake = Fake::start(|_, heard| Reply::decoded(heard));
    let work = Work::with_faults(&[]);
    let spellings = spellings(port_of(&fake));
    let vins = vins(90);
    let plan = |round: usize, spelling: &str, key: &str| {
        let mut plan = work.decoding(&vins[20 * round..20 * (round + 1)], spelling);
        let carvin = plan.vendor("carvin");
        carvin.quotas = vec![quota("3/day").expect("a quota")];
        carvin.api_key = Some(key.into());
        plan
    };
    for (round, key) in KEYS.into_iter().enumerate() {
        let enriched = Enriched::by(&plan(round, &spellings[2 * round], key));
        assert_eq!(enriched.report.exit_code, 0, "{key}");
    }
    for spelling in &spellings {
        for key in KEYS {
            let quotas = quotas_of(&plan(3, spelling, key).settings, "carvin");
            assert_eq!(quotas.len(), 1, "one account");
            assert_eq!(
                (quotas[0].left, quotas[0].quotas[0].used),
                (Some(0), 3),
                "{spelling} {key}"
            );
        }
        assert_eq!(Enriched::by(&plan(3, spelling, KEYS[1])).report.exit_code, 75, "{spelling}");
    }
    assert_eq!(fake.heard().len(), 3);
}

#[test]
fn spend_belongs_to_the_account() {
    let work = Work::with_faults(&[]);
    let fake = Fake::start(|_, _| {
        let empty = r#"{"data":[],"pagination":{"limit":100,"offset":0,"total":0,"next_offset":null},"meta":{}}"#;
        Reply::new(200, empty)
    });
    let day = std::time::Duration::from_hours(24);
    let vins = vins(50);
    let exits =
        KEYS.iter().zip(spellings(port_of(&fake))).enumerate().map(|(n, (key, spelling))| {
            let mut plan = work.listing(&vins[10 * n..10 * (n + 1)]).only(&[Dataset::Listings]);
            let visor = plan.vendor("visor");
            visor.base_url = spelling;
            visor.api_key = Some((*key).into());
            visor.spend = vec![SpendLimit { amount: Micros(5_000), window: day }];
            Enriched::by(&plan).report.exit_code
        });
    assert_eq!(exits.collect::<Vec<_>>(), [0, 0, 80], "two searches of 2,000 fit into 5,000");
    assert_eq!(fake.heard().len(), 2);
}

#[test]
fn calls_without_a_name_count_for_every_account() {
    let fake = Fake::start(|_, heard| Reply::decoded(heard));
    let work = Work::with_faults(&[]);
    let vins = vins(60);
    let plan = |round: usize, account: Option<&str>| {
        let mut plan = work.decoding(&vins[10 * round..10 * (round + 1)], &fake.url());
        let carvin = plan.vendor("carvin");
        carvin.quotas = vec![quota("3/day").expect("a quota")];
        carvin.account = account.map(str::to_owned);
        plan
    };
    let used = |account| {
        let quotas = quotas_of(&plan(0, account).settings, "carvin");
        assert_eq!(quotas[0].account.as_deref(), account, "the one that is asked comes first");
        quotas.into_iter().map(|of| (of.account, of.quotas[0].used)).collect::<Vec<_>>()
    };
    let (east, west) = (Some("fleet-east"), Some("fleet-west"));
    for (round, account) in [None, east, east, west].into_iter().enumerate() {
        assert_eq!(Enriched::by(&plan(round, account)).report.exit_code, 0, "{account:?}");
    }
    let named = |account: Option<&str>, used: u64| (account.map(str::to_owned), used);
    assert_eq!(used(east), [named(east, 3), named(west, 2)]);
    assert_eq!(used(west), [named(west, 2), named(east, 3)]);
    assert_eq!(used(None), [named(None, 4), named(east, 3), named(west, 2)]);
    assert_eq!(Enriched::by(&plan(4, east)).report.exit_code, 75);
    assert_eq!(Enriched::by(&plan(4, None)).report.exit_code, 75, "all of them are one account");
    assert_eq!(fake.heard().len(), 4);
    assert_eq!(Enriched::by(&plan(5, west)).report.exit_code, 0);
}

#[test]
fn a_wait_is_the_accounts_whatever_the_key() {
    let work = Work::configured(&["carvin/429:wait=9h"]);
    work.write_vins(&vins(3));
    let words = ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"];
    work.vinrich(&words).exits(75);
    let calls = work.sandbox.log().len();
    let port = work.sandbox.base_url("carvin").replace("127.0.0.1", "localhost");
    for account in ["", "account = 'fleet-east'"] {
        work.configure(&Setup { carvin: &format!("quotas = []\n{account}"), ..Setup::default() });
        work.readdress("carvin", &port);
        let mut command = work.command(&words);
        command.env("CARVIN_API_KEY", "a-rotated-key-of-carvin");
        let ended = crate::support::command::Running::start(&mut command).end();
        ended.exits(75);
        assert_eq!(work.sandbox.log().len(), calls, "the vendor is left alone");
    }
    let quota = work.vinrich(&["quota"]).exits(0);
    assert!(quota.stdout().contains("carvin (fleet-east)"), "{}", quota.stdout());
}
