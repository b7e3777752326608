//! The commands around `enrich`, and the sandbox that stands in for the vendors.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::command::{DECODE, Running, Setup, vins};
use crate::support::{Work, csv_rows};

fn with_vins(count: usize) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(count));
    work
}

#[test]
fn help_and_version_exit_0() {
    let work = Work::with_faults(&[]);
    let top = work.vinrich(&["--help"]).exits(0);
    let commands =
        ["enrich", "plan", "validate", "check", "schema", "sandbox", "completions", "man"];
    for command in commands {
        assert!(top.stdout().contains(command), "{command}");
        for flag in ["--help", "-h"] {
            let help = work.vinrich(&[command, flag]).exits(0);
            assert!(help.stdout().contains("Usage: vinrich") && help.stderr.is_empty());
        }
    }
    assert!(top.stdout().contains("Exit codes"));
    let version = work.vinrich(&["--version"]).exits(0);
    assert_eq!(version.stdout().trim(), format!("vinrich {}", env!("CARGO_PKG_VERSION")));
    work.vinrich(&["completions", "bash"]).exits(0);
}

#[test]
fn every_command_has_a_manual_page() {
    let work = Work::with_faults(&[]);
    std::fs::create_dir(work.path("man")).expect("a folder");
    work.vinrich(&["man", "man"]).exits(0);
    for command in ["vinrich", "vinrich-enrich", "vinrich-vpic-install"] {
        let page = work.read(&format!("man/{command}.1"));
        assert!(page.contains(&format!(".TH {command} 1")) && page.contains("SYNOPSIS"), "{page}");
    }
    assert!(work.read("man/vinrich-enrich.1").contains("max\\-cost"));
    work.vinrich(&["man", "nowhere"]).exits(73).says(&["`nowhere`", "a folder that exists"]);
}

#[test]
fn rejects_go_to_stdout_like_outputs() {
    let work = with_vins(2);
    let vins = work.read("vins.csv");
    work.write("in.csv", &format!("{vins}1FTFW1ET0DF\n"));
    for words in [&["validate", "in.csv"][..], &["enrich", "in.csv", "-o", "out.csv", "--offline"]]
    {
        let ended = work.vinrich(&[words, &["--rejects", "-"]].concat()).exits(0).says(&["3 row"]);
        let rows = csv_rows(ended.stdout());
        assert_eq!((rows.len(), &*rows[0]["vin_error"]), (1, "length"), "{words:?}");
        assert!(!work.path("-").exists(), "{words:?}: a file is called `-`");
    }
    assert_eq!(csv_rows(&work.read("out.csv")).len(), 2);
}

#[test]
fn offline_runs_need_no_keys() {
    let work = with_vins(2);
    // What the store holds is used without a key, too.
    work.vinrich(&["enrich", "vins.csv", "-o", "out.csv"]).exits(0);
    for words in [&["enrich", "vins.csv", "-o", "out.csv"][..], &["plan", "vins.csv"]] {
        for (offline, warns) in [(&["--offline"][..], false), (&[], true)] {
            let mut command = work.command(&[words, offline].concat());
            command.env_remove("CARVIN_API_KEY").env_remove("VISOR_API_KEY");
            let ended = Running::start(&mut command).end();
            let said = format!("{}{}", ended.stdout(), ended.stderr);
            assert_eq!(said.contains("no key for"), warns, "{words:?} {offline:?}: {said}");
        }
    }
}

#[test]
fn validate_counts_by_reason_and_asks_nobody() {
    let work = Work::configured(&[]);
    work.write(
        "in.csv",
        "Unit,VIN\n1,1FTFW1ET0DF000000\n2,\n3,1.23457E+16\n4,11111111111111111\n\
         5,1FTFW1ET0DF00000\n6,N/A\n7,1ftfw1et0df000000\n",
    );
    let words = ["validate", "in.csv", "--rejects", "bad.csv", "--format", "json"];
    let report = work.vinrich(&words).exits(0).json();
    assert_eq!(
        report["rows"]["rejected"],
        serde_json::json!({"empty": 2, "excel_number_damage": 1, "length": 1, "placeholder": 1})
    );
    assert_eq!((&report["rows"]["read"], &report["rows"]["distinct_vins"]), (&7.into(), &1.into()));
    let rejects = csv_rows(&work.read("bad.csv"));
    let units: Vec<&str> = rejects.iter().map(|row| row["Unit"].as_str()).collect();
    assert_eq!(units, ["2", "3", "4", "5", "6"]);
    assert_eq!(rejects[1]["vin_error"], "excel_number_damage");

    let text = work.vinrich(&["validate", "in.csv"]).exits(0);
    assert!(
        text.stdout().contains("7 rows: 2 usable, 1 distinct, 5 rejected"),
        "{}",
        text.stdout()
    );
    work.vinrich(&["validate", "in.csv", "--max-rejected", "4"]).exits(65);
    assert!(work.sandbox.log().is_empty());
    assert!(!work.store().exists(), "validate needs no store");
}

#[test]
fn validate_shows_what_a_person_needs_before_spending() {
    let work = Work::configured(&[]);
    let [one, two] = [&vins(2)[0], &vins(2)[1]];
    // A cell of two lines and an empty line stand above the rows that are looked for.
    let bad: Vec<String> = (0..30).map(|number| format!("1FTFW1ET0{number:02},x\n")).collect();
    let bad = bad.concat();
    work.write("in.csv", &format!("VIN,note\n{one},\"a\nb\"\n\n{bad}{two},x\n{one},y\n{one},z\n"));
    let found = work.vinrich(&["validate", "in.csv", "--format", "json"]).exits(0).json();
    let problems = found["problems"].as_array().expect("a list");
    let lines: Vec<u64> =
        problems.iter().map(|row| row["line"].as_u64().expect("a line")).collect();
    assert_eq!(lines, (5..25).collect::<Vec<_>>(), "the first twenty");
    assert_eq!(
        (&problems[0]["cell"], &problems[0]["error"]),
        (&"1FTFW1ET000".into(), &"length".into())
    );
    let duplicates = &found["duplicates"];
    assert_eq!((&duplicates["vins"], &duplicates["rows"]), (&1.into(), &3.into()));
    let places = duplicates["most"][0]["places"].as_array().expect("places");
    let lines: Vec<_> = places.iter().map(|place| place["line"].clone()).collect();
    assert_eq!(
        (lines, &duplicates["most"][0]["vin"]),
        (vec![2.into(), 36.into(), 37.into()], &one.as_str().into())
    );

    let text = work.vinrich(&["validate", "in.csv", "--max-rejected", "1%"]).exits(65);
    for shown in ["1FTFW1ET019", "and 10 more rows with a problem; `--rejects FILE`", "2, 36, 37"] {
        assert!(text.stdout().contains(shown), "{shown}: {}", text.stdout());
    }
    let silent = work.vinrich(&["validate", "in.csv", "--rejects", "-"]).exits(0);
    assert!(!silent.stderr.contains("1FTFW1ET01"), "cells are no messages: {}", silent.stderr);
}

#[test]
fn rejects_mean_the_same_everywhere() {
    let work = with_vins(3);
    let vins = work.read("vins.csv");
    work.write("in.csv", &format!("{vins}1FTFW1ET0DF\nN/A\n"));
    for command in
        [&["validate", "in.csv"][..], &["plan", "in.csv"], &["enrich", "in.csv", "-o", "out.csv"]]
    {
        let with = |file| work.vinrich(&[command, &["--rejects", file]].concat());
        with("bad.tsv").exits(0);
        assert_eq!(work.read("bad.tsv").lines().count(), 3, "{command:?}");
        assert!(work.read("bad.tsv").starts_with("vin\trow_id\t"), "{}", work.read("bad.tsv"));
        let rows = csv_rows(with("-").exits(0).stdout());
        assert_eq!((rows.len(), &*rows[1]["vin_error"]), (2, "empty"), "{command:?}");
        with("bad.xlsx.gz").exits(64);
        with("home/").exits(64).says(&["`--rejects` names a folder"]);
        with("in.csv").exits(73);
        assert!(!work.path("-").exists() && !work.path("bad.xlsx.gz").exists(), "{command:?}");
        std::fs::remove_file(work.path("bad.tsv")).expect("it is there");
    }
}

#[test]
fn plan_tells_the_calls_before_they_are_spent() {
    let work = with_vins(2000);
    let plan = |words: &[&str]| {
        let words = [&["plan", "vins.csv", "--with", "decode"], words].concat();
        work.vinrich(&words).exits(0)
    };
    let text = plan(&[]);
    assert!(text.stdout().starts_with("2,000 VINs: 100 calls; done in"), "{}", text.stdout());
    let forecast = plan(&["--format", "json"]).json();
    assert_eq!(forecast["vendors"][0]["calls"], serde_json::json!({"batch-decode": 100}));
    assert_eq!(forecast["vendors"][0]["exact"], true);
    assert!(work.sandbox.log().is_empty(), "a plan spends nothing");
    assert!(!work.store().exists(), "a plan creates nothing");

    work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode"), 100);
    let done = plan(&[]);
    assert!(done.stdout().starts_with("2,000 VINs: nothing to ask"), "{}", done.stdout());
}

#[test]
fn plan_knows_the_nights_of_a_daily_quota() {
    let work = with_vins(2000);
    work.configure(&Setup { carvin: "quotas = ['30/day']", ..Setup::default() });
    let words = ["plan", "vins.csv", "--with", "decode", "--format", "json"];
    let forecast = work.vinrich(&words).exits(0).json();
    let vendor = &forecast["vendors"][0];
    assert_eq!((&vendor["nights"], &vendor["quota_left"]), (&4.into(), &30.into()));
}

#[test]
fn the_sandbox_signs_every_row() {
    let work = Work::with_faults(&[]);
    let fleet = work.part_of_fleet(3).display().to_string();
    let mut command = work.command(&["enrich", &fleet, "-o", "out.csv", "--sandbox"]);
    command.env_remove("CARVIN_API_KEY").env_remove("VISOR_API_KEY");
    Running::start(&mut command).end().exits(0);
    let rows = csv_rows(&work.read("out.csv"));
    let asked: Vec<_> = rows.iter().filter(|row| !row["vin"].is_empty()).collect();
    assert!(asked.len() > 66, "{}", asked.len());
    for row in asked {
        assert_eq!(row["decode_vendor"], "sandbox:carvin");
        assert!(["found", "absent"].contains(&row["decode_status"].as_str()), "{row:?}");
    }
    assert!(work.sandbox.log().is_empty(), "it starts its own");
    let left: Vec<_> =
        std::fs::read_dir(work.folder.path()).expect("the folder").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("vinrich-")));
}

#[test]
fn a_configured_server_works_the_same() {
    let work = Work::configured(&[]);
    let fleet = work.part_of_fleet(3).display().to_string();
    work.vinrich(&["enrich", &fleet, "-o", "own.csv"]).exits(0);
    work.vinrich(&["enrich", &fleet, "-o", "sandbox.csv", "--sandbox"]).exits(0);
    let [own, sandbox] = ["own.csv", "sandbox.csv"].map(|name| csv_rows(&work.read(name)));
    assert_eq!(own.len(), sandbox.len());
    for (mut one, mut other) in own.into_iter().zip(sandbox) {
        assert!(["carvin", ""].contains(&one["decode_vendor"].as_str()));
        for dataset in ["decode", "recalls", "listings"] {
            for column in ["vendor", "fetched_at"] {
                let column = format!("{dataset}_{column}");
                assert_eq!(
                    one.remove(&column).expect("the column").is_empty(),
                    other.remove(&column).expect("the column").is_empty()
                );
            }
        }
        one.remove("record_hash");
        other.remove("record_hash");
        assert_eq!(one, other);
    }
}

#[test]
fn schema_lists_the_columns_of_the_output() {
    let work = Work::with_faults(&[]);
    let text = work.vinrich(&["schema"]).exits(0);
    assert!(text.stdout().contains("recall_campaign_count"));
    let schema = work.vinrich(&["schema", "--format", "json"]).exits(0).json();
    assert_eq!(schema["columns"][0]["name"], "row_id");
    work.vinrich(&["schema", "--format", "yaml"]).exits(64);
}

#[test]
fn columns_are_chosen_before_anything_is_read() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(2));
    let columns = "!listing*,!comparable*,!recall_top_*,!decode_*";
    let run = |columns: &str, more: &[&str]| {
        let words = ["enrich", "vins.csv", "-o", "out.csv", "--columns", columns];
        work.vinrich(&[&words[..], more].concat())
    };
    run("make,modle", &["--offline"]).exits(64).says(&["`modle`", "did you mean `model`?"]);
    assert!(!work.path("out.csv").exists() && !work.store().exists());
    run(columns, &["--with-run-id"]).exits(0);
    let text = work.read("out.csv");
    let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
    assert_eq!(header[..4], ["input_vin", "row_id", "vin", "vin_status"]);
    assert_eq!(header.last(), Some(&"run_id"));
    assert!(!header.iter().any(|name| name.starts_with("listing")), "{header:?}");
    let run_id = work.report("out.csv")["run_id"].clone();
    assert!(csv_rows(&text).iter().all(|row| run_id == row["run_id"]));
}

#[test]
fn the_sandbox_prints_lines_for_a_shell() {
    let work = Work::with_faults(&[]);
    let mut command = work.command(&["sandbox", "--quota", "carvin=1/day"]);
    let mut running = Running::start_with_stdout(&mut command, Stdio::piped());
    let mut lines = BufReader::new(running.take_stdout()).lines().map_while(Result::ok);
    let carvin = lines.find(|line| line.contains("CARVIN")).expect("a line for carvin");
    let settings = carvin.strip_prefix("export ").expect("a shell line");
    let settings: Vec<_> = settings.split(' ').filter_map(|word| word.split_once('=')).collect();
    work.write_vins(&vins(30));
    let mut client = work.command(&[&DECODE[..], &["--max-wait", "0s"]].concat());
    client.envs(settings).env("VINRICH_STORE", work.store());
    client.env("VINRICH_VENDORS__CARVIN__QUOTAS", "");
    Running::start(&mut client).end().exits(75);
    assert_eq!(
        csv_rows(&work.read("out.csv"))
            .iter()
            .filter(|row| row["decode_status"] == "found")
            .count(),
        20
    );
    #[cfg(unix)]
    {
        running.signal("INT");
        running.end().exits(0);
    }
}
