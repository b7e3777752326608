//! `plan` foretells the calls that the night's run makes: exactly where it says
//! so, else no fewer.

use std::collections::BTreeMap;
use std::time::Duration;

use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;
use vinrich::sandbox::{Quotas, SandboxSpec};

use crate::support::Work;
use crate::support::clock::{NIGHT, ScriptedClock, TTL};
use crate::support::library::{Enriched, Tweak as _, fleet_vins, vin};

/// Runs the plan and holds what it asked against what was foretold. Whether all of it was exact.
fn check(work: &Work, plan: &Plan, clock: &ScriptedClock, name: &str) -> bool {
    let before = work.sandbox.log().len();
    let forecast = vinrich::plan(plan, &Silent, clock).expect("a forecast");
    assert_eq!(work.sandbox.log().len(), before, "{name}: a forecast asks nobody");
    let enriched = Enriched::at(plan, clock);
    let mut made: BTreeMap<&str, u64> = BTreeMap::new();
    for call in &work.sandbox.log()[before..] {
        *made.entry(call.vendor).or_default() += 1;
    }
    let foretold: BTreeMap<&str, (u64, bool)> = forecast
        .vendors
        .iter()
        .map(|vendor| (vendor.vendor.as_str(), (vendor.calls_total, vendor.exact)))
        .collect();
    let is_unread = |vendor: &str| {
        let about = format!("{vendor} has an inventory that was never read");
        forecast.warnings.iter().any(|warning| warning.contains(&about))
    };
    for (vendor, calls) in made.iter().filter(|(vendor, _)| !is_unread(vendor)) {
        let (most, _) = foretold.get(vendor).copied().unwrap_or((0, true));
        assert!(
            *calls <= most,
            "{name}: {vendor}: {calls} calls: {forecast:#?} {:#?}",
            enriched.report
        );
    }
    for (vendor, (calls, exact)) in &foretold {
        let made = made.get(vendor).copied().unwrap_or(0);
        assert!(!exact || *calls == made, "{name}: {vendor}: {made} calls: {forecast:#?}");
    }
    foretold.values().all(|(_, exact)| *exact)
}

#[test]
fn a_forecast_holds_on_every_night() {
    let work = Work::with(SandboxSpec { quotas: Quotas::roomy(), ..SandboxSpec::default() });
    let clock = ScriptedClock::new();
    let mut vins = fleet_vins(50);
    vins.extend((0..20).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")));
    let few: Vec<String> = vins[..30].to_vec();
    let all = Dataset::ALL;
    for (recalls, listings) in [("carvin", "visor"), ("nhtsa", "carstrel")] {
        let plan = |vins: &[String], datasets: &[Dataset]| {
            let mut plan = work.listing(vins).only(datasets);
            plan.dataset(Dataset::Recalls).vendors = vec![recalls];
            plan.dataset(Dataset::Listings).vendors = vec![listings];
            plan
        };
        check(&work, &plan(&few, &all[..1]), &clock, "decodes alone");
        check(&work, &plan(&few, &all), &clock, "the first night");
        let name = "an hour later, when all is fresh";
        clock.pass(Duration::from_hours(1));
        let exact = check(&work, &plan(&few, &all), &clock, name);
        // A name that nhtsa does not list has no answer of its own, ever.
        assert!(exact || recalls == "nhtsa", "{name} it is exact");
        clock.pass(NIGHT);
        check(&work, &plan(&few, &all), &clock, "the second night");
        clock.pass(NIGHT);
        check(&work, &plan(&vins, &all), &clock, "a night with newcomers");
        clock.pass(NIGHT * 20);
        check(&work, &plan(&vins, &all), &clock, "a night after the holidays");
        let mut offline = plan(&vins, &all);
        offline.datasets.offline = true;
        clock.pass(TTL * 2);
        check(&work, &offline, &clock, "offline");
        let mut again = plan(&vins, &all);
        again.datasets.refresh = all.into();
        check(&work, &again, &clock, "asked again on demand");
        clock.pass(Duration::from_hours(24 * 400));
    }
}

#[test]
fn calls_to_a_second_vendor_are_planned() {
    let work = Work::with(SandboxSpec { quotas: Quotas::roomy(), ..SandboxSpec::default() });
    let clock = ScriptedClock::new();
    // Of the last ten the first vendor knows nothing.
    let mut vins = fleet_vins(30);
    vins.extend((0..10).map(|n| vin("ZZ91234A", 'G', &format!("EA{n:05}"))));
    let mut plan = work.listing(&vins).only(&[Dataset::Decode]);
    plan.dataset(Dataset::Decode).vendors = vec!["carvin"];
    assert!(check(&work, &plan, &clock, "one vendor"));
    plan.dataset(Dataset::Decode).vendors = vec!["carvin", "vpic-api"];
    let before = work.sandbox.log().len();
    assert!(check(&work, &plan, &clock, "another one joins"), "nobody else is asked anything");
    assert!(work.sandbox.log().len() > before, "it is asked what the first one does not know");
    clock.pass(NIGHT * 15);
    check(&work, &plan, &clock, "what was absent is asked again");
    clock.pass(NIGHT * 400);
    check(&work, &plan, &clock, "all is asked again");
}
