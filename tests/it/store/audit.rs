//! `runs audit`: every call is told, by whom and about what, and never a VIN.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::command::{DECODE, eventually, tool_run, vins};
use crate::support::{Work, csv_rows};

const TOOL: [&str; 11] = tool_run("tool.csv", "1");

/// A store with calls of every kind about `count` VINs.
fn asked(count: usize) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(count));
    work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
    work.vinrich(&["enrich", "vins.csv", "-o", "out.csv"]).exits(0);
    work.vinrich(&["photos", "request", "vins.csv", "-o", "photos.csv", "--yes"]).exits(0);
    work.vinrich(&["photos", "cancel", &vins(1)[0], "--yes"]).exits(0);
    work.vinrich(&TOOL).exits(0);
    work
}

/// The fingerprint of `vin`, computed as anybody with the store can.
fn fingerprint(work: &Work, vin: &str) -> String {
    let db = work.db();
    let key: Vec<u8> = db
        .query_row("SELECT value FROM meta WHERE name = 'install_key'", [], |row| row.get(0))
        .expect("a key");
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("a key of any length");
    mac.update(vin.as_bytes());
    mac.finalize().into_bytes().iter().fold("hmac:".to_owned(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn calls_in_the_ledger(work: &Work) -> usize {
    usize::try_from(work.number("SELECT count(*) FROM calls")).expect("a count")
}

#[track_caller]
fn has_no_vin(text: &str, count: usize) {
    let text = text.to_uppercase();
    for vin in vins(count) {
        assert!(!text.contains(&vin), "a VIN in the audit:\n{text}");
    }
}

#[test]
fn every_call_is_one_line_of_audit() {
    let work = asked(3);
    let named = format!("UPDATE replies SET request_id = 'about {}' WHERE call = 1", vins(1)[0]);
    work.db().execute_batch(&named).expect("a name");
    let csv = work.vinrich(&["runs", "audit", "--format", "csv"]).exits(0);
    has_no_vin(csv.stdout(), 3);
    let rows = csv_rows(csv.stdout());
    assert_eq!(rows.len(), calls_in_the_ledger(&work));
    let id = std::process::Command::new("id").arg("-un").output().expect("`id` runs");
    let user = String::from_utf8_lossy(&id.stdout).trim().to_owned();
    for row in &rows {
        assert_eq!(row["os_user"], user);
        assert!(row["reserved_at"] <= row["answered_at"] && row["reserved_at"].ends_with('Z'));
        assert!(!row["run_id"].is_empty() && row["account"].is_empty(), "{row:?}");
        assert!(row["origin"].starts_with("http://127.0.0.1"), "{row:?}");
    }
    let endpoints: BTreeSet<_> = rows.iter().map(|row| &*row["endpoint"]).collect();
    for endpoint in ["batch-decode", "recalls", "listings"] {
        assert!(endpoints.contains(endpoint), "{endpoints:?}");
    }
    let decode = rows.iter().find(|row| row["endpoint"] == "batch-decode").expect("a decode");
    let expected: BTreeSet<String> = vins(3).iter().map(|vin| fingerprint(&work, vin)).collect();
    assert_eq!(decode["keys"].split('|').map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    assert_eq!((&*decode["state"], &*decode["http_status"]), ("ok", "200"));
    let recalls = rows.iter().find(|row| row["endpoint"] == "recalls").expect("recalls");
    assert!(recalls["keys"].contains("FORD"), "vehicles are no secret: {recalls:?}");
    let listing = rows.iter().find(|row| row["endpoint"] == "listings").expect("listings");
    assert_eq!(listing["charged_micros"], "2000");
    assert_eq!(rows[0]["request_id"], format!("about {}", fingerprint(&work, &vins(1)[0])));

    has_no_vin(work.vinrich(&["runs", "audit"]).exits(0).stdout(), 3);
    let jsonl = work.vinrich(&["runs", "audit", "--format", "jsonl"]).exits(0);
    has_no_vin(jsonl.stdout(), 3);
    let lines: Vec<serde_json::Value> =
        jsonl.stdout().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), rows.len());
    assert!(lines.iter().all(|line| line["charged_micros"].is_i64() && line["keys"].is_array()));
}

#[test]
fn a_forgotten_vins_calls_are_still_found() {
    let work = asked(3);
    let vin = &vins(1)[0];
    let calls = |work: &Work| {
        let words = ["runs", "audit", "--format", "csv", "--vin", &vin.to_lowercase()];
        let told = work.vinrich(&words).exits(0);
        has_no_vin(told.stdout(), 3);
        csv_rows(told.stdout())
    };
    let before = calls(&work);
    let by_endpoint: BTreeSet<_> = before.iter().map(|row| row["endpoint"].clone()).collect();
    assert!(by_endpoint.len() >= 4, "decode, listings, photos, the tool: {by_endpoint:?}");
    let print = fingerprint(&work, vin);
    assert!(before.iter().all(|row| row["keys"].contains(&print)), "{before:?}");
    work.vinrich(&["cache", "forget", vin]).exits(0);
    let after = calls(&work);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert!(after["keys"].contains(&print), "{after:?}");
        for column in ["call", "reserved_at", "run_id", "endpoint", "state", "charged_micros"] {
            assert_eq!(before[column], after[column]);
        }
    }
    let nobody = &vins(9)[8];
    let told = work.vinrich(&["runs", "audit", "--format", "csv", "--vin", nobody]).exits(0);
    assert_eq!(told.stdout().lines().count(), 1, "a heading alone");
}

#[test]
fn calls_are_chosen_by_time_run_and_vendor() {
    let work = asked(2);
    let all = calls_in_the_ledger(&work);
    let count = |words: &[&str]| {
        let words = [&["runs", "audit", "--format", "csv"], words].concat();
        work.vinrich(&words).exits(0).stdout().lines().count() - 1
    };
    assert_eq!(count(&["--since", "1h"]), all);
    assert_eq!(count(&["--since", "2020-01-01", "--until", "2020-01-02"]), 0);
    assert_eq!(count(&["--until", "1h"]), 0);
    let (carvin, visor) = (count(&["--vendor", "carvin"]), count(&["--vendor", "visor"]));
    assert!(carvin > 0 && visor > 0 && carvin + visor < all);
    let rows = csv_rows(work.vinrich(&["runs", "audit", "--format", "csv"]).exits(0).stdout());
    let runs: BTreeSet<_> = rows.iter().map(|row| &*row["run_id"]).collect();
    assert_eq!(runs.iter().map(|run| count(&["--run", run])).sum::<usize>(), all);
    for words in [["--since", "yesterday"], ["--vin", "no VIN"]] {
        let words = [&["runs", "audit"], &words[..]].concat();
        work.vinrich(&words).exits(64).says(&["error: "]);
    }
}

#[test]
fn an_export_is_whole_and_private() {
    let work = asked(2);
    for (name, begins) in [("a.csv", "call,reserved_at,"), ("a.jsonl", "{\"account\"")] {
        work.write(name, "an older one");
        let told = work.vinrich(&["runs", "audit", "--export", name]).exits(0);
        assert!(told.stdout().contains(&format!("wrote {name}")), "{}", told.stdout());
        let text = work.read(name);
        has_no_vin(&text, 2);
        assert!(text.starts_with(begins) && text.ends_with('\n'), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = work.path(name).metadata().expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    let left: Vec<_> = std::fs::read_dir(work.folder.path())
        .expect("the folder")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".vinrich-audit"))
        .collect();
    assert!(left.is_empty());
    work.vinrich(&["runs", "audit", "--export", "no/such/folder.csv"]).exits(73).says(&["hint: "]);
    for folder in ["store", "not-yet/"] {
        work.vinrich(&["runs", "audit", "--export", folder]).exits(64).says(&["names a folder"]);
    }
    work.vinrich(&["runs", "audit", "--export", "/dev/null"]).exits(73);
    work.vinrich(&["runs", "audit", "--vendor", "carvn"]).exits(64).says(&["carvn", "hint: "]);
}

#[test]
fn a_call_in_flight_is_open() {
    let work = Work::configured(&["latency=2s"]);
    work.write_vins(&vins(1));
    let empty = work.vinrich(&["runs", "audit"]).exits(0);
    assert!(empty.stdout().starts_with("call") && !work.store().exists());
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    let rows = csv_rows(work.vinrich(&["runs", "audit", "--format", "csv"]).exits(0).stdout());
    assert_eq!((rows.len(), &*rows[0]["state"], &*rows[0]["answered_at"]), (1, "open", ""));
    drop(running.kill());
}
