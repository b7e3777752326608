//! When a run that has written counts as failed, what then becomes of the old
//! file, and what is refused before anybody is asked.

use vinrich::output::OutputSpec;
use vinrich::plan::{Allowance, Plan};

use crate::support::clock::{ScriptedClock, night};
use crate::support::command::{DECODE, Setup, vins as own_vins};
use crate::support::library::{Tweak as _, run, vins};
use crate::support::server::world::World;
use crate::support::server::{Fake, Reply, item};
use crate::support::{Work, csv_rows, each_at_once};

const OLD: &str = "yesterday's file\n";

/// A decoder that never says anything of the last `silent` of `vins()`.
fn forgetful(silent: usize) -> Fake {
    let known = vins(20 - silent);
    Fake::start(move |_, heard| {
        let items = heard.vins().into_iter().filter(|vin| known.contains(vin));
        Reply::items(&items.map(|vin| item(&vin)).collect::<Vec<_>>())
    })
}

#[test]
fn an_incomplete_run_writes_or_keeps() {
    // What goes wrong, and the exit code.
    let cases = [
        ("", 0),
        ("carvin/missing", 3),
        ("402", 69),
        ("down", 68),
        ("html", 76),
        ("401", 77),
        ("own limit", 80),
    ];
    let cases = cases.into_iter().flat_map(|case| [(case, false), (case, true)]);
    each_at_once(cases.collect::<Vec<_>>(), |((fault, exit), keep)| {
        let faults: &[&str] = if fault.is_empty() || fault.contains(' ') { &[] } else { &[fault] };
        let work = Work::with_faults(faults);
        let mut plan = work.listing(&vins(5)).only(&[vinrich::domain::outcome::Dataset::Decode]);
        plan.settings.max_wait = std::time::Duration::ZERO;
        plan.thresholds.keep_complete = keep;
        plan.limits.max_calls = (fault == "own limit").then_some(0);
        work.write("out.csv", OLD);
        let report = night(&plan, &ScriptedClock::new());
        assert_eq!(report.exit_code, exit, "{fault}: {report:#?}");
        let kept = keep && exit != 0;
        assert_eq!(work.read("out.csv") == OLD, kept, "{fault}, keep: {keep}");
        let told = serde_json::to_value(&report).expect("JSON");
        assert_eq!(told["exit_code"], exit);
        assert_eq!(told["outputs"].as_array().map(Vec::is_empty), Some(kept), "{told}");
        assert_eq!((told["output_kept"] == true, told["rows"]["written"] == 0), (kept, kept));
        assert_eq!(told["incomplete"].as_object().map(serde_json::Map::is_empty), Some(exit == 0));
    });
}

#[test]
fn a_vendors_fault_does_not_withhold_a_whole_output() {
    // The second source decodes what the first one refuses or garbles.
    let faults = [("401", 77), ("402", 69), ("html", 76), ("503", 0), ("429:wait=3h", 0)];
    each_at_once(faults, |(fault, exit)| {
        let work = Work::with_faults(&[&format!("carvin/{fault}")]);
        let mut plan = work.listing(&vins(6)).only(&[vinrich::domain::outcome::Dataset::Decode]);
        plan.dataset(vinrich::domain::outcome::Dataset::Decode).vendors =
            vec!["carvin", "vpic-api"];
        plan.settings.max_wait = std::time::Duration::ZERO;
        plan.thresholds.keep_complete = true;
        work.write("out.csv", OLD);
        let report = night(&plan, &ScriptedClock::new());
        assert_eq!(report.exit_code, exit, "{fault}: {report:#?}");
        assert_eq!(report.datasets["decode"].rows["found"], 6, "{fault}");
        assert_ne!(work.read("out.csv"), OLD, "{fault}: the output is complete");
        assert_eq!((report.resume_at, report.incomplete.is_empty()), (None, true), "{fault}");
    });
}

#[test]
fn an_unconfirmed_zero_is_an_answer() {
    let (work, world) = (Work::with_faults(&[]), World::new());
    let mut plan = world.plan(&work, &vins(2), "carvin");
    plan.vendor("carvin").confirm_zero = false;
    plan.thresholds.keep_complete = true;
    work.write("out.csv", OLD);
    let report = night(&plan, &ScriptedClock::new());
    assert_eq!((report.exit_code, report.errors["recalls:inconclusive"]), (0, 2));
    assert_ne!(work.read("out.csv"), OLD);
}

#[test]
fn so_many_lookups_may_fail() {
    // Two of twenty never come back.
    let decoder = forgetful(2);
    let cases = [
        (Allowance::Count(2), 0),
        (Allowance::Count(1), 3),
        (Allowance::Count(0), 3),
        (Allowance::Percent(10.0), 0),
        (Allowance::Percent(9.9), 3),
        (Allowance::Percent(100.0), 0),
        (Allowance::Percent(0.0), 3),
    ];
    for (allowed, exit) in cases {
        let work = Work::with_faults(&[]);
        let mut plan = work.decoding(&vins(20), &decoder.url());
        plan.thresholds.max_failed = allowed;
        plan.thresholds.keep_complete = true;
        work.write("out.csv", OLD);
        let report = night(&plan, &ScriptedClock::new());
        assert_eq!(report.exit_code, exit, "{allowed:?}");
        assert_eq!(
            work.read("out.csv") == OLD,
            exit != 0,
            "{allowed:?}: what is allowed is complete"
        );
        assert_eq!(report.datasets["decode"].rows["failed"], 2);
    }
}

#[test]
fn graver_faults_are_reported_whatever_is_allowed() {
    let work = Work::with_faults(&["401"]);
    let mut plan = work.listing(&vins(3)).only(&[vinrich::domain::outcome::Dataset::Decode]);
    plan.thresholds.max_failed = Allowance::Percent(100.0);
    assert_eq!(night(&plan, &ScriptedClock::new()).exit_code, 77);
}

/// The plan is refused with `exit` before anybody is asked, and the old file stays.
#[track_caller]
fn is_refused(work: &Work, plan: &Plan, exit: u8) {
    work.write("out.csv", OLD);
    let error = run(plan).expect_err("refused");
    assert_eq!(error.exit().code(), exit, "{error}");
    assert!(work.sandbox.log().is_empty());
    assert_eq!(work.read("out.csv"), OLD);
}

#[test]
fn so_many_rows_may_be_rejected() {
    let good = vins(7).join("\n");
    for (allowed, exit) in [
        (None, 0),
        (Some(Allowance::Count(3)), 0),
        (Some(Allowance::Count(2)), 65),
        (Some(Allowance::Percent(30.0)), 0),
        (Some(Allowance::Percent(29.9)), 65),
        (Some(Allowance::Percent(0.0)), 65),
    ] {
        let work = Work::with_faults(&[]);
        let input =
            work.write("vins.csv", &format!("VIN\n{good}\nN/A\nTOO SHORT\n1HGBH41JXMNO09186\n"));
        let mut plan =
            work.plan(&input, "out.csv").only(&[vinrich::domain::outcome::Dataset::Decode]);
        plan.thresholds.max_rejected = allowed;
        if exit == 0 {
            assert_eq!(night(&plan, &ScriptedClock::new()).exit_code, 0, "{allowed:?}");
        } else {
            is_refused(&work, &plan, exit);
        }
    }
}

#[test]
fn no_rows_at_all_may_be_wrong() {
    for (text, required, exit) in
        [("VIN\n", false, 0), ("", false, 0), ("VIN\n", true, 65), ("", true, 65)]
    {
        let work = Work::with_faults(&[]);
        let input = work.write("vins.csv", text);
        let mut plan = work.plan(&input, "out.csv");
        plan.thresholds.require_rows = required;
        if exit == 0 {
            assert_eq!(night(&plan, &ScriptedClock::new()).exit_code, 0, "{text:?}");
        } else {
            is_refused(&work, &plan, exit);
        }
    }
}

#[test]
fn a_missing_volume_is_noticed_before_any_call() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(3)).only(&[vinrich::domain::outcome::Dataset::Decode]);
    plan.thresholds.require_store = true;
    is_refused(&work, &plan, 78);
    assert!(!work.path("store").exists(), "nothing is put where the volume should be");
    // The mount point is there, and empty.
    std::fs::create_dir(work.path("store")).expect("a folder");
    is_refused(&work, &plan, 78);
    assert_eq!(std::fs::read_dir(work.path("store")).expect("the folder").count(), 0);
    // A file without a byte is no store either.
    std::fs::write(work.path("store/vinrich.db"), "").expect("a file");
    is_refused(&work, &plan, 78);
    assert_eq!(work.store().metadata().expect("a file").len(), 0);

    plan.thresholds.require_store = false;
    assert_eq!(night(&plan, &ScriptedClock::new()).exit_code, 0);
    plan.thresholds.require_store = true;
    plan.output = OutputSpec { path: Some(work.path("again.csv")), ..plan.output };
    assert_eq!(night(&plan, &ScriptedClock::new()).exit_code, 0, "now it is there");
}

#[test]
fn the_flags_are_those_thresholds() {
    let work = Work::with_faults(&["carvin/missing"]);
    work.configure(&Setup::default());
    work.write_vins(&own_vins(5));
    let with = |flags: &[&str]| work.vinrich(&[&DECODE, flags].concat());
    with(&["--require-store"]).exits(78).says(&["there is no store", "hint: "]);
    assert!(work.sandbox.log().is_empty());
    work.write("out.csv", OLD);
    with(&["--on-incomplete", "keep"])
        .exits(3)
        .says(&["1 lookup failed: decode 1 missing", "kept"]);
    assert_eq!(work.read("out.csv"), OLD);
    with(&["--on-incomplete", "keep", "--partial", "tonight.csv"]).exits(3);
    assert_eq!(
        (work.read("out.csv").as_str(), csv_rows(&work.read("tonight.csv")).len()),
        (OLD, 5)
    );
    for wrong in [
        &["--partial", "tonight.csv"][..],
        &["--on-incomplete", "keep", "--partial", "tonight.parquet"],
        &["--on-incomplete", "keep", "--partial", "out.csv"],
        &["--on-incomplete", "keep", "-o", "-"],
    ] {
        with(wrong).exits(64);
    }
    with(&["--on-incomplete", "keep", "--max-failed", "20%"]).exits(0);
    assert_ne!(work.read("out.csv"), OLD);
    work.write("some.csv", "vin\nN/A\n1HGCM82633A004352\n");
    let other = ["enrich", "some.csv", "-o", "some-out.csv", "--with", "decode"];
    work.vinrich(&[&other[..], &["--max-rejected", "49%"]].concat()).exits(65);
    work.write("some.csv", "vin\n");
    work.vinrich(&[&other[..], &["--require-rows"]].concat()).exits(65);
}
