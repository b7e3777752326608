//! A reply that says that nothing is left of a quota, from every vendor that says so:
//! then we wait, whatever our own count says, since others use the account too.

use std::num::NonZeroU32;

use vinrich::vendors::{Reply as Whole, registry};

use super::cases;
use super::echoes::relayed;
use super::trial::Trial;
use crate::support::each_at_once;
use crate::support::server::Fake;

/// Headers of quotas as vendors write them.
const USUAL: [&str; 6] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit-remaining",
    "x-ratelimit-limit-10s",
    "x-ratelimit-remaining-10s",
];

#[test]
fn nothing_left_means_wait() {
    let says_so = registry().iter().filter(|vendor| !cases(**vendor).nothing_left.is_empty());
    let left = [("used up", true), ("not used up", false)];
    each_at_once(
        says_so.flat_map(|vendor| left.map(|of| (vendor, of))),
        |(vendor, (name, none))| {
            let id = vendor.spec().id();
            let trial = Trial::of(*vendor);
            let base_url = trial.work.sandbox.base_url(id);
            let headers = trial.cases.nothing_left;
            let fake = Fake::start(move |nth, heard| {
                let (status, body) = relayed(*vendor, &base_url, nth, heard);
                let reply = crate::support::server::Reply::new(status, body);
                headers.iter().fold(reply, |reply, (name, value)| {
                    let value = if *value == "0" && !none { "9" } else { value };
                    reply.header(name, &value)
                })
            });
            let url = fake.url();
            let trial = trial.tweaked(move |settings| {
                url.clone_into(&mut settings.base_url);
                settings.quotas = Vec::new();
                settings.concurrency = NonZeroU32::MIN;
            });
            let lines = (trial.cases.some)();
            let ran = trial.run(&lines);
            let about_vins = (trial.cases.calls)(lines.len());
            assert!(about_vins > 1, "{id}: a single call shows nothing");
            if none {
                assert_eq!(ran.report.exit_code, 75, "{id} {name}: {:#?}", ran.report);
                assert_eq!(fake.heard().len(), 1, "{id} {name}: nothing is sent after it");
                assert!(ran.report.resume_at.is_some(), "{id} {name}");
            } else {
                assert_eq!(ran.report.exit_code, 0, "{id} {name}: {:#?}", ran.report);
                assert!(fake.heard().len() > 1, "{id} {name}");
            }
        },
    );
}

#[test]
fn vendors_that_read_quota_headers_have_a_case() {
    for vendor in registry() {
        let headers = USUAL.map(|name| (name.to_owned(), "0".to_owned()));
        let reply = Whole { status: 200, headers: headers.into(), body: "{}".into() };
        let reads = vendor.limits(&reply).iter().any(|limit| limit.remaining == Some(0));
        let id = vendor.spec().id();
        assert_eq!(reads, !cases(*vendor).nothing_left.is_empty(), "{id}: name its headers");
    }
}
