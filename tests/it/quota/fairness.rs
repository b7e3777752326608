//! Fairness under a quota that is smaller than the fleet: nobody is left out, and
//! nobody's answer grows much older than it must.

use std::collections::HashMap;

use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::Clock as _;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::clock::{NIGHT, ScriptedClock, TTL, daily, fetched_at, nights};
use crate::support::library::{Enriched, Tweak as _, vins};
use crate::support::server::Reply;
use crate::support::server::world::{Question, World, model};

/// Calls a day.
const QUOTA: u32 = 100;

/// A fleet of vehicles that all differ, and a vendor that knows them.
struct Fleet {
    work: Work,
    world: World,
    clock: ScriptedClock,
    vins: Vec<String>,
    /// Every so many-th vehicle has no recalls.
    zero_every: usize,
}

/// What a night came to.
struct Night {
    /// Vehicles without an answer.
    never: usize,
    /// The age of the oldest answer, in days; of all, and of those that are no zero.
    oldest: f64,
    oldest_found: f64,
    /// VINs in each batch of decodes.
    batches: Vec<usize>,
    calls: usize,
    enriched: Enriched,
}

impl Fleet {
    fn new(count: usize, zero_every: usize) -> Self {
        let (work, world) = (Work::with_faults(&[]), World::new());
        let mut fleet =
            Self { work, world, clock: ScriptedClock::new(), vins: Vec::new(), zero_every };
        fleet.grow(count);
        fleet
    }

    /// So many vehicles join.
    fn grow(&mut self, count: usize) {
        let all = vins(self.vins.len() + count);
        let script = &mut *self.world.script();
        for (place, vin) in all.iter().enumerate() {
            let count = u32::from(!(place + 1).is_multiple_of(self.zero_every));
            script.campaigns.insert(model(vin), count);
        }
        self.vins = all;
    }

    fn plan(&self) -> Plan {
        let mut plan = self.world.plan(&self.work, &self.vins, "carvin");
        plan.vendor("carvin").quotas = daily(QUOTA);
        plan
    }

    /// The next night's run; its calls are what was foretold, as far as the quota allows them.
    fn night(&self) -> Night {
        self.clock.pass(NIGHT);
        let plan = self.plan();
        let forecast = vinrich::plan(&plan, &Silent, &self.clock).expect("a forecast");
        let began = self.clock.now().wall;
        let enriched = Enriched::at(&plan, &self.clock);
        let asked = self.world.asked();
        check_forecast(&forecast, &enriched);
        let mut night = Night {
            never: 0,
            oldest: 0.0,
            oldest_found: 0.0,
            batches: asked.iter().filter_map(batch).collect(),
            calls: asked.len(),
            enriched,
        };
        for row in &night.enriched.rows {
            if row["recall_campaign_count"].is_empty() {
                night.never += 1;
                continue;
            }
            let age = began.since(fetched_at(&row["recalls_fetched_at"])).div_duration_f64(NIGHT);
            night.oldest = night.oldest.max(age);
            if row["recall_campaign_count"] != "0" {
                night.oldest_found = night.oldest_found.max(age);
            }
        }
        assert!(night.calls <= QUOTA as usize, "{} calls", night.calls);
        night
    }
}

/// The calls made are those foretold, as far as the quota allows them.
fn check_forecast(forecast: &vinrich::plan::Forecast, enriched: &Enriched) {
    let Some(foretold) = forecast.vendors.iter().find(|vendor| vendor.vendor == "carvin") else {
        assert_eq!(enriched.attempted("carvin"), 0);
        return;
    };
    let made = enriched.attempted("carvin");
    let most = foretold.calls_total.min(foretold.quota_left.expect("a quota"));
    // A vendor that fails takes calls that nobody could foretell.
    let retries = enriched.report.vendors["carvin"].retries;
    assert!(made <= most + retries, "{made} calls, {most} foretold");
    if foretold.exact && enriched.report.exit_code == 0 {
        assert_eq!(made, most + retries);
    }
}

fn batch(question: &Question) -> Option<usize> {
    match question {
        Question::Decode(vins) => Some(vins.len()),
        _ => None,
    }
}

#[test]
fn a_hundred_calls_serve_three_hundred_vehicles() {
    let fleet = Fleet::new(300, usize::MAX);
    for number in 1..=nights(9) {
        let night = fleet.night();
        if number == 1 {
            assert_eq!(night.batches, [20; 15], "batches are full");
        } else {
            assert_eq!(night.batches, [0; 0], "a decode is fresh for a year");
        }
        assert_eq!(night.calls, 100, "night {number}: the quota is used");
        assert!(number < 4 || night.never == 0, "night {number}: {} never asked", night.never);
        assert!(night.oldest <= 4.0, "night {number}: {} days", night.oldest);
    }
}

#[test]
fn zeros_are_confirmed_and_starve_nobody() {
    // 240 vehicles of one call and 60 of two: 360 calls a round.
    let fleet = Fleet::new(300, 5);
    for number in 1..=nights(8) {
        let night = fleet.night();
        assert_eq!(night.calls, 100, "night {number}: the quota is used");
        if number <= 4 {
            continue;
        }
        assert_eq!(night.never, 0, "night {number}");
        assert!(night.oldest <= 5.0, "night {number}: {} days", night.oldest);
        assert!(night.oldest_found <= 5.0, "night {number}: {} days", night.oldest_found);
        let zeros = night.enriched.rows.iter().filter(|row| row["recall_campaign_count"] == "0");
        assert_eq!(zeros.count(), 60, "night {number}");
    }
}

#[test]
fn newcomers_are_answered_on_their_first_night() {
    let mut fleet = Fleet::new(100, 7);
    for number in 1..=nights(8) {
        let night = fleet.night();
        if number > 3 {
            assert_eq!(night.never, 0, "night {number}");
            // Each round takes a call a vehicle, another for zeros, and newcomers come first.
            let rounds = (fleet.vins.len() as f64 * (1.0 + 1.0 / 7.0)) / (f64::from(QUOTA) - 10.0);
            assert!(night.oldest <= rounds.ceil() + 1.0, "night {number}: {} days", night.oldest);
        }
        let short = night.batches.iter().filter(|size| **size < 20).count();
        assert!(short <= 1, "night {number}: {:?}", night.batches);
        fleet.grow(9);
    }
}

#[test]
fn one_call_a_night_confirms_zeros() {
    let fleet = Fleet::new(3, 1);
    let mut plan = fleet.plan();
    plan.vendor("carvin").quotas = daily(1);
    let mut told = Vec::new();
    for _ in 0..7 {
        fleet.clock.pass(NIGHT);
        let enriched = Enriched::at(&plan, &fleet.clock);
        assert_eq!(enriched.attempted("carvin"), 1);
        told.push(enriched.count("recall_campaign_count").get("0").copied().unwrap_or(0));
    }
    // The decodes; then two nights for each: what was asked last night is confirmed tonight.
    assert_eq!(told, [0, 0, 1, 1, 2, 2, 3]);
}

#[test]
fn outages_are_caught_up_with() {
    let fleet = Fleet::new(300, 10);
    let outage = [7, 8];
    for number in 1..=nights(14) {
        if outage.contains(&number) {
            fleet.world.fail(503);
        } else {
            fleet.world.strike(|call, _| call.is_multiple_of(20).then(|| Reply::new(500, "{}")));
        }
        let night = fleet.night();
        if outage.contains(&number) {
            assert!(night.calls <= 16, "night {number}: {} calls into an outage", night.calls);
        }
        if number > 4 {
            assert_eq!(night.never, 0, "night {number}");
            // 330 calls and their retries a round; the outage adds its nights until it is over.
            let lost = if (7..=13).contains(&number) { 2.0 } else { 0.0 };
            assert!(night.oldest <= 5.0 + lost, "night {number}: {} days", night.oldest);
        }
    }
}

#[test]
fn unconfirmed_zeros_are_planned_and_confirmed_next() {
    let fleet = Fleet::new(10, 2);
    let mut plan = fleet.plan();
    plan.limits.max_calls = Some(4);
    fleet.clock.pass(NIGHT);
    // One call for the decodes, the others for vehicles and what confirms them.
    assert_eq!(Enriched::at(&plan, &fleet.clock).report.exit_code, 80);
    // Without a confirmation by VIN every vehicle fits, and no zero can be told.
    plan.limits.max_calls = None;
    plan.vendor("carvin").confirm_zero = false;
    let unconfirmed = Enriched::at(&plan, &fleet.clock);
    assert_eq!(unconfirmed.report.errors.keys().collect::<Vec<_>>(), ["recalls:inconclusive"]);
    plan.vendor("carvin").confirm_zero = true;
    let counts = |forecast: &vinrich::plan::Forecast| {
        let recalls = forecast.datasets.iter().find(|of| of.dataset == "recalls").expect("recalls");
        let vendor = forecast.vendors.iter().find(|vendor| vendor.vendor == "carvin");
        (recalls.exact, vendor.map_or(0, |vendor| vendor.calls_total))
    };
    let forecast = vinrich::plan(&plan, &Silent, &fleet.clock).expect("a forecast");
    let confirmed = Enriched::at(&plan, &fleet.clock);
    assert_eq!(confirmed.report.exit_code, 0);
    let made = confirmed.attempted("carvin");
    assert!(made > 0 && counts(&forecast) == (true, made), "{made} calls, {forecast:#?}");
    let forecast = vinrich::plan(&plan, &Silent, &fleet.clock).expect("a forecast");
    assert_eq!(counts(&forecast), (true, 0));
    assert_eq!(Enriched::at(&plan, &fleet.clock).attempted("carvin"), 0);
}

#[test]
fn the_longest_expired_decodes_are_renewed_first() {
    // 60 VINs, a batch a night: a round takes three nights.
    let fleet = Fleet::new(60, usize::MAX);
    let mut plan = fleet.plan().only(&[Dataset::Decode]);
    plan.dataset(Dataset::Decode).ttl = TTL;
    plan.vendor("carvin").quotas = daily(1);
    let mut asked: HashMap<String, Vec<usize>> = HashMap::new();
    for number in 0..9 {
        fleet.clock.pass(NIGHT);
        let enriched = Enriched::at(&plan, &fleet.clock);
        assert_eq!(enriched.attempted("carvin"), 1);
        for question in fleet.world.asked() {
            let Question::Decode(vins) = question else { panic!("{question:?}") };
            assert_eq!(vins.len(), 20, "batches stay full");
            for vin in vins {
                asked.entry(vin).or_default().push(number);
            }
        }
    }
    assert_eq!(asked.len(), 60);
    for (vin, nights) in asked {
        assert!(nights.windows(2).all(|two| two[1] - two[0] == 3), "{vin}: {nights:?}");
    }
}
