//! `tool run`: what is paid for is paid for once, and never more than allowed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use vinrich::sandbox::{Quotas, SandboxSpec};

use crate::support::command::{Setup, eventually, tool_run, vins};
use crate::support::{Work, csv_rows, each_at_once};

/// A file of `count` VINs, a template, and a sandbox that fails so.
fn work(count: usize, faults: &[&str]) -> Work {
    let faults = faults.iter().map(|rule| rule.parse().expect("a fault rule")).collect();
    let work =
        Work::with(SandboxSpec { faults, quotas: Quotas::roomy(), ..SandboxSpec::default() });
    work.configure(&Setup::default());
    work.write_vins(&vins(count));
    work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
    work
}

fn words(max_cost: &'static str) -> [&'static str; 11] {
    tool_run("out.csv", max_cost)
}

/// How often the stand-in heard each idempotency key. It charges each once.
fn heard(work: &Work) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for call in work.sandbox.log() {
        *times.entry(call.keys[0].clone()).or_default() += 1;
    }
    times
}

/// The output's rows by `tool_status`.
fn statuses(work: &Work) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in csv_rows(&work.read("out.csv")) {
        *counts.entry(row["tool_status"].clone()).or_default() += 1;
    }
    counts
}

fn all(status: &str, rows: usize) -> BTreeMap<String, usize> {
    [(status.to_owned(), rows)].into()
}

#[test]
fn the_next_run_of_a_tool_costs_nothing() {
    let work = work(5, &[]);
    work.vinrich(&words("1")).exits(0).says(&["5 runs of `try-me`, $0.05 charged"]);
    let rows = csv_rows(&work.read("out.csv"));
    for (row, vin) in rows.iter().zip(vins(5)) {
        assert_eq!((&*row["vin"], &*row["tool_status"]), (&*vin, "found"));
        let expected = format!(r#"{{"echo":{{"prompt":"Tell me of {vin}"}}}}"#);
        assert_eq!(row["tool_result"], expected);
        assert_eq!((&*row["tool_charged_micros"], &*row["tool_error"]), ("10000", ""));
    }
    assert_eq!(work.report("out.csv")["vendors"]["visa"]["spent"], 50_000);
    let text = work.read("out.csv");
    work.vinrich(&words("1")).exits(0).says(&["$0.00 charged"]);
    assert_eq!((work.calls("execute"), work.read("out.csv")), (5, text));
}

#[test]
fn equal_inputs_share_a_run_and_its_charge() {
    let work = work(1, &[]);
    let [vin, other] = [&vins(2)[0], &vins(2)[1]];
    work.write(
        "vins.csv",
        &format!("vin,colour\n{vin},red\n{vin},red\n{vin},blue\n{other},red\nX,\n"),
    );
    work.write("input.json", r#"{"prompt": "{vin} is {colour}"}"#);
    work.vinrich(&words("1")).exits(0);
    let charges = |work: &Work| -> Vec<String> {
        let rows = csv_rows(&work.read("out.csv"));
        rows.iter().map(|row| row["tool_charged_micros"].clone()).collect()
    };
    assert_eq!(charges(&work), ["10000", "0", "10000", "10000", ""]);
    let last = csv_rows(&work.read("out.csv")).pop().expect("a row");
    assert_eq!((&*last["tool_status"], &*last["tool_error"]), ("not_requested", "not_a_vin"));
    let by_vehicle: Vec<&str> = words("1").into_iter().chain(["--per", "vehicle"]).collect();
    work.vinrich(&by_vehicle).exits(0);
    assert_eq!(work.calls("execute"), 3 + 2, "once for each vehicle");
    assert_eq!(charges(&work), ["10000", "0", "0", "10000", ""]);
    work.write(
        "vins.csv",
        &format!("vin,colour\nX,\n{other},red\n{vin},blue\n{vin},red\n{vin},red\n"),
    );
    work.vinrich(&by_vehicle).exits(0);
    assert_eq!(work.calls("execute"), 3 + 2, "in whatever order the rows come");
    let report = work.report("out.csv");
    assert_eq!((&report["rows"]["read"], &report["rows"]["written"]), (&5.into(), &5.into()));
    assert_eq!(
        (&report["rows"]["distinct_vins"], &report["inputs"][0]["rows"]),
        (&2.into(), &5.into())
    );
}

#[test]
fn a_killed_run_resumes_under_the_same_keys() {
    let work = work(12, &["latency=150ms"]);
    let mut kills = 0;
    for seen in [2, 6, 9] {
        let running = work.start(&words("1"));
        // A call is in the log before it is answered, so this kills it half-way.
        eventually("calls", || work.sandbox.log().len() >= seen);
        assert_eq!(running.kill().code, None);
        assert!(!work.path("out.csv").exists(), "no output, not half of one");
        kills += 1;
    }
    work.vinrich(&words("1")).exits(0);
    let heard = heard(&work);
    assert_eq!(heard.len(), 12, "one operation a row, charged once");
    let again: usize = heard.values().map(|times| times - 1).sum();
    assert_eq!(again, kills, "what was on its way was sent again under its key");
    assert_eq!(statuses(&work), all("found", 12));
    assert_eq!(work.number("SELECT count(*) FROM operations WHERE settled IS NULL"), 0);
}

#[test]
fn retries_keep_their_idempotency_key() {
    each_at_once(
        ["409:first=1", "503:first=1", "500:first=2", "reset:first=1", "429:first=1"],
        |fault| {
            let work = work(3, &[&format!("visa/{fault}")]);
            work.vinrich(&words("1")).exits(0);
            let heard = heard(&work);
            assert_eq!(heard.len(), 3, "{fault}");
            assert!(heard.values().sum::<usize>() > 3, "{fault}");
            assert_eq!(statuses(&work), all("found", 3), "{fault}");
        },
    );
}

#[test]
fn errors_that_are_final_stop_the_tool() {
    for (tool, exit, says) in [
        ("forbidden", 69, "a vendor refuses"),
        ("unknown", 64, "the vendor knows no tool `unknown`"),
    ] {
        let work = work(4, &[]);
        let words: Vec<&str> =
            words("1").into_iter().map(|word| if word == "try-me" { tool } else { word }).collect();
        work.vinrich(&words).exits(exit).says(&[says]);
        assert_eq!(work.calls("execute"), 1, "{tool}");
    }
    let capped = work(4, &["visa/402"]);
    capped.vinrich(&words("1")).exits(69);
    assert_eq!((capped.calls("execute"), statuses(&capped)), (1, all("failed", 4)));
}

#[test]
fn a_refused_input_fails_only_its_row() {
    let work = work(1, &[]);
    let vins = vins(3);
    let rows = format!("vin,refuse\n{},no\n{},yes\n{},no\n", vins[0], vins[1], vins[2]);
    work.write("vins.csv", &rows);
    work.write("input.json", r#"{"refuse": "{refuse}", "vin": "{vin}"}"#);
    work.vinrich(&words("1")).exits(0);
    let rows = csv_rows(&work.read("out.csv"));
    let told: Vec<_> = rows.iter().map(|row| (&*row["tool_status"], &*row["tool_error"])).collect();
    assert_eq!(told, [("found", ""), ("refused", "INVALID_REQUEST"), ("found", "")]);
    let sent: Vec<String> = work.sandbox.log().iter().map(|call| call.keys[0].clone()).collect();
    let shown: Vec<String> = rows.iter().map(|row| row["tool_operation"].to_uppercase()).collect();
    assert_eq!(shown, sent, "the vendor knows a run by its idempotency key");
    assert_eq!(work.report("out.csv")["errors"], json!({ "tool:INVALID_REQUEST": 1 }));
    work.vinrich(&words("1")).exits(0).says(&["1 row is without a result: `INVALID_REQUEST` (1)"]);
    assert_eq!(work.calls("execute"), 3, "what was refused is not tried again at once");
}

#[test]
fn a_higher_limit_resumes_where_one_stopped() {
    let work = work(8, &[]);
    work.vinrich(&words("0.035")).exits(80);
    assert_eq!(work.calls("execute"), 3);
    let expected = [("found".to_owned(), 3), ("pending".to_owned(), 5)].into();
    assert_eq!(statuses(&work), expected);
    work.vinrich(&words("1")).exits(0);
    assert_eq!((work.calls("execute"), statuses(&work)), (8, all("found", 8)));
}

#[test]
fn a_tool_over_its_limit_is_not_started() {
    let work = work(2, &[]);
    work.vinrich(&words("0.009"))
        .exits(80)
        .says(&["one run of `try-me` is taken to cost $0.01", "nothing was spent"]);
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn the_last_charge_is_reserved_next_time() {
    let work = work(6, &[]);
    let config = work.read("vinrich.toml");
    let cheap = config.replace("[vendors.visa]\n", "[vendors.visa]\nprice_micros = 100\n");
    work.write("vinrich.toml", &cheap);
    work.vinrich(&words("0.025")).exits(80);
    assert_eq!(work.calls("execute"), 2, "two cents of two and a half");
    work.vinrich(&words("0.005")).exits(80).says(&["nothing was spent"]);
    assert_eq!(work.calls("execute"), 2, "what it was charged is remembered");
}

#[test]
fn a_configured_concurrency_does_not_widen_the_limit() {
    let work = work(6, &["visa/latency=100ms"]);
    let config = work.read("vinrich.toml");
    let dear = "[vendors.visa]\nprice_micros = 100\nconcurrency = 6\n";
    work.write("vinrich.toml", &config.replace("[vendors.visa]\n", dear));
    work.vinrich(&words("0.001")).exits(80).says(&["over `--max-cost`", "dearer than expected"]);
    assert_eq!(work.calls("execute"), 1, "the first charge tells the price");
}

/// What the ledger says was charged.
fn charged(work: &Work) -> i64 {
    work.number("SELECT sum(charged) FROM replies")
}

#[test]
fn a_possible_charge_counts_until_it_is_known() {
    let work = work(5, &["visa/html"]);
    work.vinrich(&words("0.025"));
    assert_eq!(heard(&work).len(), 2, "two cents may be spent of two and a half");
    assert_eq!(charged(&work), 20_000, "each may have been charged once");
    assert_eq!(work.report("out.csv")["vendors"]["visa"]["spent"], 20_000);
}

#[test]
fn a_call_sent_again_is_charged_once() {
    each_at_once(["500:first=2", "reset:first=1", "truncate:first=2"], |fault| {
        let work = work(2, &[&format!("visa/{fault}")]);
        work.vinrich(&words("0.02")).exits(0);
        assert!(work.calls("execute") > 2, "{fault}");
        assert_eq!((heard(&work).len(), charged(&work)), (2, 20_000), "{fault}");
        let spent = &work.report("out.csv")["vendors"]["visa"]["spent"];
        assert_eq!(spent, 20_000, "{fault}");
    });
}

#[test]
fn a_killed_runs_possible_charge_counts_once() {
    let work = work(1, &["latency=150ms"]);
    let running = work.start(&words("1"));
    eventually("a call", || !work.sandbox.log().is_empty());
    running.kill();
    work.vinrich(&words("0.01")).exits(0);
    assert_eq!((work.calls("execute"), charged(&work)), (2, 10_000));
}

#[test]
fn nothing_is_sent_that_cannot_be_right() {
    let work = work(2, &[]);
    let refused = |words: &[&str], says: &[&str]| {
        work.vinrich(words).exits(64).says(says);
        assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
    };
    refused(&words("1")[..9], &["--max-cost"]);
    refused(
        &["tool", "run", "vins.csv", "--tool", "t", "--max-cost", "1", "-o", "out.csv"],
        &["no template", "hint: ", "[vendors.visa]"],
    );
    work.write("input.json", r#"{"prompt": "A {colour} car"}"#);
    refused(&words("1"), &["unknown column `colour`", "`vin`"]);
    work.write("input.json", "[1]");
    refused(&words("1"), &["must be a JSON object"]);
    work.write("input.json", "{}");
    let slash: Vec<&str> = words("1")
        .into_iter()
        .map(|word| if word == "try-me" { "../keys" } else { word })
        .collect();
    refused(&slash, &["cannot be the id of a tool"]);
}

#[test]
fn a_row_that_leaves_the_input_empty_is_not_paid_for() {
    let work = work(1, &[]);
    let [first, second] = [&vins(2)[0], &vins(2)[1]];
    work.write(
        "vins.csv",
        &format!("vin,colour,note\n{first},,  \n{first},,scratched\n{second},,\n"),
    );
    work.write("input.json", r#"{"describe": {"paint": "{colour}", "marks": ["{note}"]}, "n": 1}"#);
    for per in ["row", "vehicle"] {
        let words: Vec<&str> = words("1").into_iter().chain(["--per", per]).collect();
        work.vinrich(&words).exits(0);
        let rows = csv_rows(&work.read("out.csv"));
        let last = rows.last().expect("three rows");
        assert_eq!((&*last["tool_status"], &*last["tool_error"]), ("not_requested", "empty_input"));
        assert_eq!(rows[1]["tool_status"], "found", "{per}");
        let first = if per == "row" { "not_requested" } else { "found" };
        assert_eq!(rows[0]["tool_status"], first, "{per}");
    }
    assert_eq!(work.calls("execute"), 2, "once for the row, once for the vehicle");
}

#[test]
fn another_name_of_a_tool_is_refused() {
    let work = work(4, &[]);
    work.vinrich(&words("1")).exits(0);
    let receipts: BTreeSet<String> =
        csv_rows(&work.read("out.csv")).iter().map(|row| row["tool_receipt"].clone()).collect();
    assert_eq!(receipts, [r#"{"tool_runs":1}"#.to_owned()].into());
    let by_alias: Vec<&str> =
        words("1").into_iter().map(|word| if word == "try-me" { "try-it" } else { word }).collect();
    for _ in 0..2 {
        work.vinrich(&by_alias)
            .exits(64)
            .says(&["`try-it` is another name of the tool `try-me`", "--tool try-me"]);
        assert_eq!(work.calls("execute"), 5, "one run told, and none after it");
    }
}

#[test]
fn a_template_may_stand_in_the_configuration() {
    let work = work(1, &[]);
    let config = work.read("vinrich.toml");
    let input = "[vendors.visa]\ninput = '{\"question\": \"{vin}?\"}'\n";
    work.write("vinrich.toml", &config.replace("[vendors.visa]\n", input));
    work.vinrich(&["tool", "run", "vins.csv", "--tool", "t", "--max-cost", "1", "-o", "-"])
        .exits(0);
    let keys: BTreeSet<_> = work.sandbox.log().iter().map(|call| call.keys[1].clone()).collect();
    assert_eq!(keys, ["T".to_owned()].into());
}
