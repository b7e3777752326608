//! The command: exit codes, what goes to stdout and what to stderr, and where
//! settings come from.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::command::{DECODE, Running, Setup, eventually, vins};
use crate::support::{Work, csv_rows};

fn with_vins(count: usize, faults: &[&str]) -> Work {
    let work = Work::configured(faults);
    work.write_vins(&vins(count));
    work
}

/// Statuses of a dataset over the rows of `out.csv`.
fn statuses(work: &Work, column: &str) -> Vec<String> {
    csv_rows(&work.read("out.csv"))
        .into_iter()
        .map(|mut row| row.remove(column).expect("the column"))
        .collect()
}

#[test]
fn a_run_that_gets_everything_exits_0() {
    let work = with_vins(45, &[]);
    let ended = work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode"), 3);
    assert_eq!(statuses(&work, "decode_status"), ["found"; 45]);
    assert_eq!(work.report("out.csv")["exit_code"], 0);
    assert!(ended.stdout.is_empty(), "stdout is for data: {}", ended.stdout());
    ended.says(&["45 rows in, 45 out", "wrote out.csv", "done in"]);
}

#[test]
fn lookups_without_an_answer_exit_3_unless_allowed() {
    let work = with_vins(3, &["carvin/batch-decode/missing"]);
    work.vinrich(&DECODE)
        .exits(3)
        .says(&["1 lookup failed: decode 1 missing_in_response (exit 3)"]);
    let rows = csv_rows(&work.read("out.csv"));
    let failed: Vec<_> = rows.iter().filter(|row| row["decode_status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "one of three is never answered");
    assert_eq!(failed[0]["decode_error"], "missing_in_response");
    work.vinrich(&[&DECODE[..], &["--max-failed", "1"]].concat()).exits(0);
}

#[test]
fn usage_errors_exit_64() {
    let work = with_vins(1, &[]);
    for words in [
        &["enrich"][..],
        &["enrich", "vins.csv"],
        &["enrich", "vins.csv", "-o", "out.docx"],
        &["enrich", "vins.csv", "-o", "out.csv", "--with", "colour"],
        &["enrich", "vins.csv", "-o", "out.csv", "--max-failed", "many"],
        &["enrich", "vins.csv", "-o", "out.csv", "--fault", "500"],
        &["enrich", "vins.csv", "-o", "out.csv", "--sandbox", "--fault", "5oo"],
        &["enrich", "vins.csv", "-o", "out.csv", "--decode", "acme"],
        &["enrich", "vins.csv", "-o", "out.csv", "--vin-column", "chassis"],
        &["enrich", "vins.csv", "-o", "out.csv", "--rejects", "out.csv"],
        &["frobnicate"],
        &["--frobnicate"],
    ] {
        let ended = work.vinrich(words).exits(64).says(&["error: "]);
        assert!(ended.stdout.is_empty(), "{words:?}");
    }
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn naming_a_priced_vendor_needs_a_limit() {
    let work = with_vins(1, &[]);
    work.configure(&Setup { visor: "quotas = []", ..Setup::default() });
    let named = ["enrich", "vins.csv", "-o", "out.csv", "--with", "listings"];
    work.vinrich(&named).exits(64).says(&["visor", "spend limit", "hint: ", "--max-cost"]);
    assert!(work.sandbox.log().is_empty(), "nothing that costs money starts by itself");
    work.vinrich(&["enrich", "vins.csv", "-o", "out.csv"]).exits(0).says(&["listings left out"]);
    assert_eq!(work.calls("listings"), 0);
    work.vinrich(&[&named[..], &["--max-cost", "1"]].concat()).exits(0);
    assert_eq!(work.calls("listings"), 1);
}

#[test]
fn unusable_input_exits_65_or_66() {
    let work = with_vins(1, &[]);
    let from = |name| work.vinrich(&["enrich", name, "-o", "out.csv"]);
    work.write("quote.csv", "vin,note\n1FTFW1ET0DF000000,\"never closed\n");
    from("quote.csv").exits(65).says(&["error: ", "line 2", "never closed", "hint: "]);
    from("missing.csv").exits(66).says(&["error: `missing.csv` does not exist"]);
    from("none-*.csv").exits(66);
    work.write("bad.csv", "vin\nNOPE1\n1FTFW1ET0DF000000\n");
    let strictly = ["enrich", "bad.csv", "-o", "out.csv", "--max-rejected", "10%"];
    work.vinrich(&strictly).exits(65).says(&["1 of 2 rows have no usable VIN", "hint: "]);
    assert!(work.sandbox.log().is_empty(), "a broken file costs nothing");
    assert!(!work.path("out.csv").exists());
}

#[test]
fn a_denying_vendor_decides_the_exit_code() {
    for (fault, code, words) in [
        ("carvin/402", 69, "refuses for billing or scope"),
        ("carvin/403", 69, "refuses for billing or scope"),
        ("carvin/401", 77, "API key is missing, wrong or revoked"),
        ("carvin/html", 76, "could not be understood"),
    ] {
        let work = with_vins(30, &[fault]);
        work.vinrich(&DECODE).exits(code).says(&[words]);
        assert_eq!(work.report("out.csv")["exit_code"], code, "{fault}");
        assert_eq!(statuses(&work, "decode_status"), ["failed"; 30], "{fault}");
    }
}

#[test]
fn a_named_dataset_without_key_exits_77() {
    let work = with_vins(1, &[]);
    let keyless = |words: &[&str]| {
        Running::start(work.command(words).env_remove("CARVIN_API_KEY").env_remove("VISOR_API_KEY"))
            .end()
    };
    keyless(&DECODE).exits(77).says(&["no API key for `carvin`", "hint: set CARVIN_API_KEY"]);
    keyless(&["enrich", "vins.csv", "-o", "out.csv"]).exits(77).says(&["hint: ", "--sandbox"]);
    work.vinrich(&["check", "--offline"]).exits(0);
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn an_impossible_output_exits_73_before_any_call() {
    let work = with_vins(1, &[]);
    work.write("file", "");
    for out in ["missing/out.csv", "file/out.csv", "vins.csv"] {
        work.vinrich(&["enrich", "vins.csv", "-o", out]).exits(73).says(&["error: cannot create"]);
    }
    assert!(work.sandbox.log().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_exits_74() {
    let work = with_vins(1, &[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let words = ["enrich", "vins.csv", "-o", "-", "--with", "decode"];
    let ended = Running::start_with_stdout(&mut work.command(&words), full).end();
    ended.exits(74).says(&["error: no space left", "hint: "]);
    work.vinrich(&words).exits(0);
    assert_eq!(work.calls("batch-decode"), 1, "what was paid for is kept");
}

#[test]
fn a_full_quota_exits_75_a_limit_80() {
    let work = with_vins(45, &[]);
    work.vinrich(&[&DECODE[..], &["--max-calls", "1"]].concat())
        .exits(80)
        .says(&["own limit", "`--max-calls 1` is reached"]);
    assert_eq!(work.calls("batch-decode"), 1);
    assert_eq!(statuses(&work, "decode_status").iter().filter(|s| *s == "pending").count(), 25);

    work.configure(&Setup { carvin: "quotas = ['2/day']", ..Setup::default() });
    work.vinrich(&DECODE)
        .exits(75)
        .says(&["the quota 2/day is used up", "run the same command again after"]);
    assert_eq!(work.calls("batch-decode"), 2, "the call of the first run counts too");
    let rows = csv_rows(&work.read("out.csv"));
    let pending: Vec<_> = rows.iter().filter(|row| row["decode_status"] == "pending").collect();
    assert_eq!((pending.len(), pending[0]["decode_error"].as_str()), (5, "quota"));
}

#[test]
fn configuration_errors_exit_78_with_a_hint() {
    let work = with_vins(1, &[]);
    for (text, words) in [
        ("max_wiat = '5s'", &["vinrich.toml", "line 1", "max_wiat", "max_wait"][..]),
        ("max_wait = 5", &["vinrich.toml", "line 1", "max_wait"]),
        ("\n[vendors.carvn]\n", &["carvn", "carvin"]),
        ("[vendors.carvin]\napi_key = 'canary'", &["line 2", "api_key"]),
        ("store = [", &["line 1"]),
    ] {
        work.write("vinrich.toml", text);
        let ended = work.vinrich(&DECODE).exits(78).says(words).says(&["error: "]);
        assert!(!ended.stderr.contains("canary"));
    }
    work.configure(&Setup::default());
    let misspelt =
        Running::start(work.command(&DECODE).env("VINRICH_MAX_WIAT", "5s")).end().exits(78);
    misspelt.says(&["VINRICH_MAX_WIAT", "hint: ", "`VINRICH_MAX_WAIT`"]);
    work.vinrich(&[&DECODE[..], &["--config", "none.toml"]].concat()).exits(78);
    work.vinrich(&[&DECODE[..], &["--require-store"]].concat()).exits(78).says(&["store"]);
    assert!(work.sandbox.log().is_empty() && !work.path("out.csv").exists());
}

#[test]
fn flags_beat_environment_beats_file() {
    let work = with_vins(25, &[]);
    let url = work.sandbox.base_url("carvin");
    work.write(
        "vinrich.toml",
        "store = 'store/vinrich.db'\n[vendors.carvin]\nbase_url = 'http://127.0.0.1:9'\nquotas = ['1/day']",
    );
    let set = |words: &[&str], quotas: &str| {
        let mut command = work.command(words);
        command.env("VINRICH_VENDORS__CARVIN__BASE_URL", &url);
        command.env("VINRICH_VENDORS__CARVIN__QUOTAS", quotas).env("VINRICH_MAX_WAIT", "2h");
        Running::start(&mut command).end()
    };
    // An hour is within the environment's two, but not within the flag's nothing.
    set(&[&DECODE[..], &["--max-wait", "0s"]].concat(), "1/hour").exits(75);
    assert_eq!(work.calls("batch-decode"), 1);
    set(&DECODE, "").exits(0);
    assert_eq!(work.calls("batch-decode"), 2);
}

#[test]
fn the_configuration_file_is_the_one_named() {
    let work = with_vins(1, &[]);
    work.write("broken.toml", "nonsense = 1");
    std::fs::rename(work.path("vinrich.toml"), work.path("good.toml")).expect("a rename");
    let with = |variable: &str, words: &[&str]| {
        let words = [&DECODE[..], words].concat();
        Running::start(work.command(&words).env("VINRICH_CONFIG", variable)).end()
    };
    with("good.toml", &[]).exits(0);
    with("broken.toml", &[]).exits(78).says(&["broken.toml"]);
    with("broken.toml", &["--config", "good.toml"]).exits(0);
}

#[cfg(unix)]
#[test]
fn a_terminated_run_exits_143_and_resumes() {
    let work = with_vins(200, &["latency=100ms"]);
    let running = work.start(&DECODE);
    eventually("two calls", || work.calls("batch-decode") >= 2);
    running.signal("TERM");
    running.end().exits(143).says(&["run the same command again"]);
    assert!(!work.path("out.csv").exists(), "a stopped run writes no output");
    assert_eq!(work.report("out.csv")["exit_code"], 143);
    assert!(work.calls("batch-decode") < 10, "nothing new is sent");
    work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode"), 10, "what was in flight is kept");
    assert_eq!(statuses(&work, "decode_status"), ["found"; 200]);
}

#[test]
fn stdout_takes_the_rows_and_nothing_else() {
    let work = with_vins(3, &[]);
    let to_stdout = |extra: &[&str]| {
        let words = [&["enrich", "vins.csv", "-o", "-", "--with", "decode"], extra].concat();
        work.vinrich(&words).exits(0)
    };
    let ended = to_stdout(&[]).says(&["3 rows in, 3 out"]);
    let rows = csv_rows(ended.stdout());
    assert_eq!(
        rows.iter().map(|row| &row["vin"]).collect::<Vec<_>>(),
        vins(3).iter().collect::<Vec<_>>()
    );
    assert!(rows.iter().all(|row| row["make"] == "FORD"));
    let json = to_stdout(&["--format", "jsonl"]);
    let lines: Vec<serde_json::Value> =
        json.stdout().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["make"]), (3, &"FORD".into()));
}

#[test]
fn a_reader_that_leaves_is_not_a_failure() {
    let work = Work::configured(&[]);
    // More than a pipe holds, so that the writer notices.
    let bad = "vin\n".to_owned() + &"NO-VIN-BUT-A-LONG-LINE-OF-TEXT\n".repeat(20_000);
    work.write("vins.csv", &bad);
    let mut command = work.command(&["enrich", "vins.csv", "-o", "-", "--with", "decode"]);
    let mut running = Running::start_with_stdout(&mut command, Stdio::piped());
    let mut first = String::new();
    BufReader::new(running.take_stdout()).read_line(&mut first).expect("a header");
    assert!(first.starts_with("input_vin,"), "{first}");
    let ended = running.end().exits(0);
    assert!(!ended.stderr.contains("error"), "{}", ended.stderr);
}

#[test]
fn stderr_is_plain_lines_where_nobody_watches() {
    let work = Work::configured(&["latency=20ms"]);
    let fleet = work.part_of_fleet(3).display().to_string();
    let ended = work.vinrich(&["enrich", &fleet, "-o", "out.csv"]).exits(0);
    assert!(!ended.stderr.contains(['\r', '\u{1b}']), "{}", ended.stderr);
    assert!(ended.stderr.ends_with('\n'));

    let quiet = work.vinrich(&["enrich", &fleet, "-o", "out.csv", "--quiet"]).exits(0);
    let loud = quiet.stderr.lines().filter(|line| !line.contains("warning: "));
    assert_eq!(loud.collect::<Vec<_>>(), [""; 0], "quiet says nothing but warnings");
}

#[test]
fn json_logs_are_one_object_a_line() {
    let work = with_vins(30, &[]);
    work.configure(&Setup { carvin: "quotas = ['1/day']", ..Setup::default() });
    let parse = |stderr: &str| -> Vec<serde_json::Value> {
        stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    };
    let parked = work.vinrich(&[&DECODE[..], &["--log-format", "json"]].concat()).exits(75);
    let lines = parse(&parked.stderr);
    for line in &lines {
        let level = line["level"].as_str().expect("a level");
        assert!(["debug", "info", "warn", "error"].contains(&level), "{line}");
        assert!(
            line["time"].is_string() && line["code"].is_string() && line["message"].is_string()
        );
    }
    let summary = lines.iter().find(|line| line["code"] == "summary").expect("a summary");
    assert_eq!((&summary["exit_code"], &summary["outcome"]), (&75.into(), &"parked".into()));
    assert!(summary["resume_at"].is_string());

    let missing = work.vinrich(&["enrich", "no.csv", "-o", "out.csv", "--log-format", "json"]);
    let lines = parse(&missing.exits(66).stderr);
    assert_eq!((lines.len(), &lines[0]["code"]), (1, &"no_input".into()));
}
