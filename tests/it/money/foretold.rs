//! What `plan` and `cache explain` say before, the next run does.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::subsequence;
use vinrich::config::{Durability, Quota};
use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::vin::Vin;
use vinrich::plan::{Forecast, Plan};
use vinrich::store::{RunLimits, StoreSpec, import_recall_file};

use crate::support::clock::ScriptedClock;
use crate::support::library::{Enriched, Tweak, fleet_vins};
use crate::support::{Work, number_in, vpic};

const HOUR: Duration = Duration::from_hours(1);

/// The sources of each dataset, in an order of their own.
type Sources = [Vec<&'static str>; 3];

/// An earlier run, and what it was allowed.
#[derive(Clone, Debug)]
struct Earlier {
    sources: Sources,
    vins: usize,
    max_calls: Option<u64>,
    hours_later: u32,
}

/// What the store has seen, and what the next run may do.
#[derive(Clone, Debug)]
struct Scene {
    earlier: Vec<Earlier>,
    sources: Sources,
    vins: usize,
    /// Calls a day, by vendor.
    quotas: Vec<(&'static str, u32)>,
    refresh: Vec<Dataset>,
}

fn chain(ids: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(ids, 0..=ids.len()).prop_shuffle()
}

fn sources() -> impl Strategy<Value = Sources> {
    let decode: &[&str] = if vpic::data().is_some() {
        &["carvin", "vpic-api", "vpic"]
    } else {
        &["carvin", "vpic-api"]
    };
    (
        subsequence(decode, 1..=decode.len()).prop_shuffle(),
        chain(&["nhtsa-file", "carvin", "nhtsa"]),
        chain(&["visor", "carstrel"]),
    )
        .prop_map(|(decode, recalls, listings)| [decode, recalls, listings])
}

fn scene() -> impl Strategy<Value = Scene> {
    let earlier = (sources(), 1_usize..40, prop::option::of(0_u64..12), 0_u32..500).prop_map(
        |(sources, vins, max_calls, hours_later)| Earlier { sources, vins, max_calls, hours_later },
    );
    let quota = (prop::sample::select(vec!["carvin", "vpic-api", "nhtsa", "visor"]), 1_u32..30);
    (
        prop::collection::vec(earlier, 0..3),
        sources(),
        1_usize..60,
        prop::collection::vec(quota, 0..3),
        subsequence(Dataset::ALL.to_vec(), 0..=1),
    )
        .prop_map(|(earlier, sources, vins, quotas, refresh)| Scene {
            earlier,
            sources,
            vins,
            quotas,
            refresh,
        })
}

/// A sandbox, a clock and a store with the recall file in it.
struct Stage {
    work: Work,
    clock: ScriptedClock,
}

impl Stage {
    fn of(scene: &Scene) -> Self {
        let stage = Self { work: Work::with_faults(&[]), clock: ScriptedClock::new() };
        let store = stage.work.settings().store;
        let spec = StoreSpec {
            path: &store,
            durability: Durability::Normal,
            must_exist: false,
            limits: RunLimits::default(),
        };
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/nhtsa_file/FLAT_RCL_POST_2010.txt");
        let now = vinrich::domain::time::Clock::now(&stage.clock).wall;
        import_recall_file(&spec, &file, false, now, |_| ()).expect("imported");
        for earlier in &scene.earlier {
            let mut plan = stage.plan(&earlier.sources, &fleet_vins(earlier.vins));
            plan.limits.max_calls = earlier.max_calls;
            Enriched::at(&plan, &stage.clock);
            stage.clock.pass(HOUR * earlier.hours_later);
        }
        stage
    }

    fn plan(&self, [decode, recalls, listings]: &Sources, vins: &[String]) -> Plan {
        let mut plan = self.work.listing(vins);
        plan.settings.max_wait = Duration::ZERO;
        if let Some(data) = vpic::data().filter(|_| decode.contains(&"vpic")) {
            plan.settings.vpic_data = data;
        }
        plan.dataset(Dataset::Decode).vendors.clone_from(decode);
        plan.dataset(Dataset::Recalls).vendors.clone_from(recalls);
        plan.dataset(Dataset::Listings).vendors.clone_from(listings);
        plan
    }

    fn next(&self, scene: &Scene, vins: &[String]) -> Plan {
        let mut plan = self.plan(&scene.sources, vins);
        for (vendor, calls) in &scene.quotas {
            let quota: Quota = vinrich::config::quota(&format!("{calls}/day")).expect("a quota");
            plan.vendor(vendor).quotas = vec![quota];
        }
        plan.datasets.refresh = scene.refresh.iter().copied().collect();
        plan
    }
}

/// Calls that a run made at a vendor.
fn made(run: &Enriched, vendor: &str) -> u64 {
    run.report.vendors.get(vendor).map_or(0, |of| of.attempted)
}

/// Whether the plan says that it cannot know how many pages an inventory has.
fn is_open_ended(forecast: &Forecast, vendor: &str) -> bool {
    forecast.warnings.iter().any(|words| words.contains(vendor) && words.contains("never read"))
}

/// Scenes of each property; `VINRICH_SCENES=400` plays more.
fn cases() -> u32 {
    number_in("VINRICH_SCENES").and_then(|cases| cases.try_into().ok()).unwrap_or(5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn a_run_makes_no_more_calls_than_planned_and_no_fewer(scene in scene()) {
        let stage = Stage::of(&scene);
        let plan = stage.next(&scene, &fleet_vins(scene.vins));
        let forecast = vinrich::plan(&plan, &Silent, &stage.clock).expect("a plan");
        let run = Enriched::at(&plan, &stage.clock);
        let called: BTreeSet<&str> =
            run.report.vendors.keys().map(String::as_str).filter(|of| made(&run, of) > 0).collect();
        for vendor in called {
            prop_assert!(forecast.vendors.iter().any(|of| of.vendor == vendor), "{} is not planned", vendor);
        }
        for of in &forecast.vendors {
            let made = made(&run, &of.vendor);
            let fits = made <= of.calls_total || is_open_ended(&forecast, &of.vendor);
            prop_assert!(fits && made >= of.calls_at_least, "{} made {}: {:#?}", of.vendor, made, forecast);
            prop_assert!(!of.exact || of.quota_left.is_some() || made == of.calls_total, "{:#?}", of);
        }
    }

    #[test]
    fn a_run_asks_only_sources_that_explain_names(scene in scene()) {
        let stage = Stage::of(&scene);
        let vin = fleet_vins(scene.vins).pop().expect("a VIN");
        let mut plan = stage.next(&scene, std::slice::from_ref(&vin));
        plan.datasets.refresh.clear();
        let explained = vinrich::explain(&plan, &Vin::new(&vin).expect("a VIN"), &stage.clock).expect("explained");
        let run = Enriched::at(&plan, &stage.clock);
        for vendor in run.report.vendors.keys().filter(|vendor| made(&run, vendor) > 0) {
            let may_ask = explained.next_run.values().flat_map(|line| line.split("; ")).any(|step| {
                step.contains(vendor.as_str()) && ["asked", "inventory"].iter().any(|word| step.contains(word))
                    && !step.contains("not asked") && !step.contains("cannot be asked")
            });
            prop_assert!(may_ask, "{} was asked: {:#?}", vendor, explained.next_run);
        }
    }
}
