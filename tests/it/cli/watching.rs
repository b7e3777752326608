//! Who hears how a run went: the store, the report file, the metrics, the ping, the log.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::Work;
use crate::support::command::{DECODE, Running, Setup, vins};
use crate::support::server::Port;

fn work_with(count: usize, faults: &[&str]) -> Work {
    let work = Work::configured(faults);
    work.write_vins(&vins(count));
    work
}

fn enrich<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&DECODE[..], more].concat()
}

/// A service that is pinged: its address, and the paths asked for.
fn pinged() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/ping/b1f0-secret", listener.local_addr().expect("an address"));
    let (asked, paths) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let length = stream.read(&mut request).expect("a request");
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let _gone = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if asked.send(request).is_err() {
                return;
            }
        }
    });
    (address, paths)
}

fn next(paths: &Receiver<String>) -> String {
    let request = paths.recv_timeout(Duration::from_secs(20)).expect("a ping");
    for vin in vins(9) {
        assert!(!request.contains(&vin), "{request}");
    }
    request.split(' ').nth(1).expect("a path").to_owned()
}

#[test]
fn nothing_of_ours_stays_beside_an_output() {
    let work = work_with(7, &[]);
    std::fs::create_dir(work.path("nightly")).expect("a folder");
    for out in ["nightly/a.csv", "nightly/b.parquet"] {
        work.vinrich(&["enrich", "vins.csv", "-o", out, "--with", "decode"]).exits(0);
        assert_eq!(work.report(out)["rows"]["written"], 7);
    }
    let entries = std::fs::read_dir(work.path("nightly")).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter(|name| cfg!(unix) || !name.ends_with("-lock")).collect();
    names.sort();
    assert_eq!(names, ["a.csv", "b.parquet"]);
}

#[test]
fn runs_are_shown_by_output_latest_or_id() {
    let work = work_with(6, &[]);
    let first = work.vinrich(&[&DECODE[..], &["--decode", "carvin"]].concat()).exits(0).stderr;
    work.vinrich(&["enrich", "vins.csv", "-o", "other.csv", "--with", "decode"]).exits(0);
    work.vinrich(&["check"]).exits(0);
    let report = work.report("out.csv");
    let show = |words: &[&str]| work.vinrich(&[&["runs", "show"], words].concat()).exits(0);
    let id = report["run_id"].as_str().expect("an id");
    // By whatever path the file is named; the summary is what the run had printed.
    let absolute = work.path("out.csv").display().to_string();
    for words in [&["--output", "./out.csv"][..], &["--output", &absolute], &[id], &[&id[..22]]] {
        let shown = show(words);
        let (which, summary) = shown.stdout().split_once("\n\n").expect("two parts");
        assert!(which.starts_with(&format!("run {id}, started ")), "{words:?}: {which}");
        assert!(first.ends_with(summary), "{summary}\nis not the end of\n{first}");
    }
    // `check` is a run too, and not what is asked about.
    assert!(show(&[]).stdout().contains("wrote other.csv"));
    assert!(show(&["latest"]).stdout().contains("wrote other.csv"));
    work.vinrich(&["runs", "show", "--output", "never.csv"])
        .exits(64)
        .says(&["there is no run of"]);
}

#[test]
fn the_list_has_rows_calls_money_and_reasons() {
    let work = work_with(65, &[]);
    work.vinrich(&["enrich", "vins.csv", "-o", "rich.csv", "--with", "decode,listings"]).exits(0);
    work.configure(&Setup { carvin: "quotas = ['1/day']", ..Setup::default() });
    work.write_vins(&vins(130));
    work.vinrich(&DECODE).exits(75);
    let list = work.vinrich(&["runs", "list", "--format", "json"]).exits(0).json();
    let (parked, rich) = (&list[0], &list[1]);
    assert_eq!((&rich["rows"], &rich["exit_code"]), (&65.into(), &0.into()));
    let calls = |report: &serde_json::Value| -> u64 {
        let vendors = report["vendors"].as_object().expect("vendors");
        vendors.values().map(|vendor| vendor["attempted"].as_u64().expect("a number")).sum()
    };
    assert_eq!(rich["calls"].as_u64(), Some(calls(&work.report("rich.csv"))));
    assert_eq!(rich["cost_micros"], work.report("rich.csv")["vendors"]["visor"]["spent"]);
    assert!(rich["cost_micros"].as_i64() > Some(0));
    assert_eq!((&parked["exit_code"], &parked["reason"]), (&75.into(), &"carvin quota".into()));
    let text = work.vinrich(&["runs", "list", "--output", "out.csv"]).exits(0);
    assert_eq!(text.stdout().lines().count(), 2, "{}", text.stdout());
    assert!(text.stdout().contains("exit 75: carvin quota"), "{}", text.stdout());
}

#[test]
fn every_listing_command_speaks_json() {
    let work = work_with(4, &[]);
    let json =
        |words: &[&str]| work.vinrich(&[words, &["--format", "json"]].concat()).exits(0).json();
    assert!(json(&["cache", "stats"]).is_null(), "there is no store yet");
    work.vinrich(&DECODE).exits(0);
    let stats = json(&["cache", "stats"]);
    assert_eq!((&stats["answers"], &stats["sources"][0]["found"]), (&4.into(), &4.into()));
    let pruned = json(&["cache", "prune", "--older-than", "1d", "--dry-run"]);
    assert_eq!((&pruned["answers"], &pruned["calls"]), (&0.into(), &0.into()));
    let backup = json(&["store", "backup", "copy.db"]);
    assert_eq!((&backup["file"], &backup["calls"]), (&"copy.db".into(), &1.into()));
    let vin = &vins(1)[0];
    assert_eq!(json(&["cache", "forget", vin])["answers"], 1);
    let restored = json(&["store", "restore", "copy.db"]);
    assert_eq!((&restored["replaced"], &restored["answers"]), (&"merged".into(), &4.into()));
    for words in [&["quota"][..], &["runs", "list"], &["recalls", "status"]] {
        let printed = work.vinrich(&[words, &["--format", "json"]].concat());
        assert!(printed.json().is_array() || printed.json().is_object(), "{words:?}");
    }
}

#[test]
fn a_run_is_running_or_killed_by_its_lock() {
    let work = work_with(45, &["carvin/batch-decode/stall:first=1"]);
    let running = work.start(&DECODE);
    crate::support::command::eventually("a call", || work.calls("batch-decode") > 0);
    let state = || {
        let list = work.vinrich(&["runs", "list", "--format", "json"]).exits(0).json();
        (list[0]["state"].clone(), list[0]["output"].clone())
    };
    let out = std::fs::canonicalize(work.path(".")).expect("a folder").join("out.csv");
    let out = serde_json::Value::from(out.display().to_string());
    assert_eq!(state(), ("running".into(), out.clone()));
    running.kill();
    assert_eq!(state(), ("killed".into(), out), "without another run that finds it dead");
}

#[test]
fn the_report_is_written_on_every_exit() {
    let work = work_with(5, &[]);
    work.write("empty.csv", "");
    work.write("broken.toml", "store = [");
    work.write("spoilt.csv", "vin\nNOT A VIN\n");
    let cases: [(&[&str], i32); 6] = [
        (&["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"], 0),
        (&["enrich", "vins.csv", "-o", "out.txt", "--with", "decode"], 64),
        (&["enrich", "spoilt.csv", "-o", "out.csv", "--max-rejected", "0", "--with", "decode"], 65),
        (&["enrich", "missing.csv", "-o", "out.csv"], 66),
        (&["enrich", "vins.csv", "-o", "no/folder/out.csv", "--with", "decode"], 73),
        (&["enrich", "vins.csv", "-o", "out.csv", "--config", "broken.toml"], 78),
    ];
    for (words, code) in cases {
        let words = [words, &["--report", "report.json"]].concat();
        work.vinrich(&words).exits(code);
        let report = work.json("report.json");
        assert_eq!(report["exit_code"], code, "{words:?}");
        assert_eq!(report["error"].is_string(), code != 0, "{words:?}: {report}");
    }
}

#[test]
fn a_run_that_fails_early_is_in_the_list() {
    let work = work_with(11, &[]);
    work.write("spoilt.csv", "vin\nNOT A VIN\n");
    work.write("wrong.toml", "store = 'store/vinrich.db'\nretries = 3\n");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["vins.csv", "-o", "out.txt"], 64, "out.txt"),
        (&["spoilt.csv", "-o", "out.csv", "--max-rejected", "0"], 65, "1 of 1 rows"),
        (&["missing.csv", "-o", "out.csv"], 66, "missing.csv"),
        (&["vins.csv", "-o", "no/folder/out.csv"], 73, "no/folder/out.csv"),
        (&["vins.csv", "-o", "out.csv", "--with", "decode"], 77, "carvin"),
        (&["vins.csv", "-o", "out.csv", "--config", "wrong.toml"], 78, "retries"),
    ];
    let enrich = |words: &[&str]| {
        let mut command = work.command(&[&["enrich"], words].concat());
        Running::start(command.env_remove("CARVIN_API_KEY")).end()
    };
    for (words, code, _) in cases {
        enrich(words).exits(code);
        assert!(!work.store().exists(), "{words:?}: a first run that fails makes no store");
    }
    work.vinrich(&["enrich", "vins.csv", "-o", "first.csv", "--with", "listings"]).exits(0);
    let list = || work.vinrich(&["runs", "list", "--format", "json"]).exits(0).json();
    for (before, (words, code, why)) in (1..).zip(cases) {
        enrich(words).exits(code);
        let runs = list();
        assert_eq!(runs.as_array().map(Vec::len), Some(before + 1), "{words:?}");
        let run = &runs[0];
        assert_eq!((&run["exit_code"], &run["calls"]), (&code.into(), &0.into()), "{words:?}");
        assert!(run["reason"].as_str().is_some_and(|said| said.contains(why)), "{words:?}: {run}");
        let out = std::path::Path::new(words[2]).file_name().and_then(|name| name.to_str());
        assert!(run["output"].as_str().is_some_and(|path| path.ends_with(out.expect("a name"))));
    }
    // By the environment, which wins over a file that is no TOML.
    work.write("broken.toml", "store = [");
    let mut command =
        work.command(&["enrich", "vins.csv", "-o", "b.csv", "--config", "broken.toml"]);
    Running::start(command.env("VINRICH_STORE", work.store())).end().exits(78);
    assert_eq!(list()[0]["exit_code"], 78);
    // Commands that act are runs too.
    let photos = ["photos", "request", "gone.csv", "-o", "links.csv", "--yes"];
    let tool = ["tool", "run", "gone.csv", "-o", "said.csv", "--tool", "or-gpt-4o-mini"];
    work.write("tool.json", r#"{"prompt": "{vin}"}"#);
    let tool = [&tool[..], &["--input", "tool.json", "--max-cost", "1"]].concat();
    for words in [&photos[..], &tool] {
        work.vinrich(words).exits(66);
        let run = &list()[0];
        assert_eq!((&run["exit_code"], &run["calls"]), (&66.into(), &0.into()));
        let command = run["command"].as_str().expect("a command");
        assert!(command.contains(&words[..3].join(" ")), "{command}");
    }
    // What the sandbox is asked leaves nothing in the user's store.
    let words = ["enrich", "vins.csv", "-o", "out.txt", "--sandbox"];
    work.vinrich(&words).exits(64);
    assert_eq!(list().as_array().map(Vec::len), Some(cases.len() + 4));
    work.assert_sound();
}

#[test]
fn a_failed_run_leaves_other_files_alone() {
    let work = work_with(5, &[]);
    for file in ["vins.csv", "vinrich.toml"] {
        let old = work.read(file);
        for flag in ["--report", "--metrics"] {
            let words = ["enrich", "missing.csv", "-o", "out.csv", flag, file];
            let why = if file == "vins.csv" { "left alone" } else { "`vinrich.toml`" };
            work.vinrich(&words).exits(66).says(&[why]);
            assert_eq!(work.read(file), old, "{flag} {file}");
        }
    }
    // Nor is one made where the rows or the store are going to be.
    std::fs::create_dir(work.path("store")).expect("a folder");
    for flag in ["--report", "--metrics"] {
        for (place, words) in [("./out.csv", "out.csv"), ("store/vinrich.db", "out.txt")] {
            work.vinrich(&["enrich", "missing.csv", "-o", words, flag, place]);
            assert!(!work.path(place).exists(), "{flag} {place}");
        }
    }
    work.vinrich(&DECODE).exits(0);
}

#[test]
fn metrics_tell_of_every_night() {
    let work = work_with(30, &[]);
    let value = |series: &str| {
        let page = work.read("fleet.prom");
        let line = page.lines().find(|line| line.starts_with(series) && !line.starts_with('#'));
        let line = line.unwrap_or_else(|| panic!("no {series} in\n{page}"));
        line.rsplit(' ').next().and_then(|value| value.parse::<i64>().ok()).expect("a number")
    };
    work.vinrich(&enrich(&["--metrics", "fleet.prom"])).exits(0);
    let success = value("vinrich_last_success_timestamp_seconds");
    assert!(success > 1_700_000_000 && value("vinrich_exit_code") == 0);
    assert_eq!(value("vinrich_resume_at_timestamp_seconds"), 0);
    work.configure(&Setup { carvin: "quotas = ['1/day']", ..Setup::default() });
    work.write_vins(&vins(90));
    work.vinrich(&enrich(&["--metrics", "fleet.prom"])).exits(75);
    assert_eq!(value("vinrich_exit_code"), 75);
    assert!(value("vinrich_resume_at_timestamp_seconds") > success);
    work.vinrich(&["enrich", "gone.csv", "-o", "out.csv", "--metrics", "fleet.prom"]).exits(66);
    assert_eq!(value("vinrich_exit_code"), 66);
    assert_eq!(value("vinrich_last_success_timestamp_seconds"), success, "kept through failures");
}

#[test]
fn a_metrics_folder_that_is_gone_is_a_warning() {
    let work = work_with(8, &[]);
    let ended = work.vinrich(&enrich(&["--metrics", "gone/fleet.prom"])).exits(0);
    let ended = ended.says(&["warning: the metrics cannot be written"]);
    assert!(ended.stderr.find("warning: the metrics") < ended.stderr.find("8 rows in"));
    assert_eq!(work.report("out.csv")["rows"]["written"], 8);
}

#[test]
fn a_watched_run_pings_its_start_and_end() {
    let work = work_with(9, &[]);
    let (url, paths) = pinged();
    let ended = work.vinrich(&enrich(&["--ping", &url])).exits(0);
    assert_eq!([next(&paths), next(&paths)], ["/ping/b1f0-secret/start", "/ping/b1f0-secret"]);
    assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    let record = work.vinrich(&["runs", "show", "--format", "json"]).exits(0);
    assert!(!record.stdout().contains("secret"), "{}", record.stdout());
    work.vinrich(&["enrich", "gone.csv", "-o", "out.csv", "--ping", &url]).exits(66);
    assert_eq!([next(&paths), next(&paths)], ["/ping/b1f0-secret/start", "/ping/b1f0-secret/66"]);
    work.write("broken.toml", "store = [");
    work.vinrich(&enrich(&["--config", "broken.toml", "--ping", &url])).exits(78);
    assert_eq!(next(&paths), "/ping/b1f0-secret/78", "it never began");
}

#[test]
fn a_ping_that_fails_is_a_warning() {
    let work = work_with(3, &[]);
    let nobody = Port::reserve();
    let url = format!("{}/token-51", nobody.url());
    let ended = work.vinrich(&enrich(&["--ping", &url])).exits(0);
    let ended = ended.says(&["127.0.0.1 was not pinged: it cannot be reached"]);
    assert!(!ended.stderr.contains("token-51"), "{}", ended.stderr);
    work.vinrich(&enrich(&["--ping", "http://example.org/x"])).exits(64).says(&["must be `https`"]);
}

#[test]
fn json_log_lines_have_their_facts_as_fields() {
    let work = work_with(50, &[]);
    work.configure(&Setup { carvin: "quotas = ['1/day']", ..Setup::default() });
    let ended = work.vinrich(&enrich(&["--log-format", "json"])).exits(75);
    let lines: Vec<serde_json::Value> =
        ended.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let id = work.report("out.csv")["run_id"].clone();
    assert!(lines.iter().all(|line| line["run_id"] == id), "{}", ended.stderr);
    let of = |code: &str| lines.iter().find(|line| line["code"] == code).expect(code);
    let parked = of("parked");
    assert_eq!((&parked["vendor"], &parked["reason"]), (&"carvin".into(), &"quota".into()));
    assert!(parked["resume_at"].as_str().expect("a time").parse::<jiff::Timestamp>().is_ok());
    let summary = of("summary");
    assert_eq!((&summary["rows"], &summary["cost_micros"]), (&50.into(), &0.into()));
    assert_eq!((&summary["exit_code"], &summary["reason"]), (&75.into(), &"parked".into()));
    work.write("spoilt.csv", "vin\nNOT A VIN\n");
    let words =
        ["enrich", "spoilt.csv", "-o", "o.csv", "--max-rejected", "0", "--log-format", "json"];
    let ended = work.vinrich(&words).exits(65);
    let error = ended.stderr.lines().last().expect("a line");
    let error: serde_json::Value = serde_json::from_str(error).expect("JSON");
    assert_eq!((&error["reason"], &error["exit_code"]), (&"bad_input".into(), &65.into()));
    assert!(error["run_id"].is_string());
}
