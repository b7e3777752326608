//! `cache`: what the store keeps is explained, verified, pruned and forgotten.

use std::path::Path;
use std::time::Duration;

use vinrich::domain::outcome::Dataset;

use crate::support::clock::ScriptedClock;
use crate::support::command::{DECODE, eventually, tool_run, vins};
use crate::support::library::Enriched;
use crate::support::{Work, csv_rows};

const ENRICH: [&str; 4] = ["enrich", "vins.csv", "-o", "out.csv"];
const TOOL: [&str; 11] = tool_run("tool.csv", "1");

/// A store that knows `count` VINs from enriching.
fn enriched(count: usize) -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(count));
    work.vinrich(&ENRICH).exits(0);
    work
}

/// How often the files below `folder` hold `text`, in capitals or not.
fn found_in(folder: &Path, text: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += found_in(&path, text);
        } else {
            let bytes = std::fs::read(&path).expect("a file").to_ascii_uppercase();
            found += memchr::memmem::find_iter(&bytes, text.as_bytes()).count();
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            found += usize::from(name.contains(text));
        }
    }
    found
}

/// Puts `vin` into every place of the store that text can reach.
fn spread(work: &Work, vin: &str) {
    let db = work.db();
    let lower = vin.to_lowercase();
    db.execute_batch(&format!(
        "INSERT INTO bodies (hash, body) VALUES (x'01', CAST('{{\"vehicles\":[{{\"vin\":\"{lower}\"}}]}}' AS BLOB));
         INSERT INTO answers SELECT 1, char(29) || '/list' || char(31) || 17 || char(31) || 1, 0, NULL, max(id), 17, 18, 1 FROM bodies;
         INSERT INTO bodies (hash, body) VALUES (x'02', CAST('no VIN on this page' AS BLOB));
         INSERT INTO answers SELECT 1, char(29) || '/list' || char(31) || 17 || char(31) || 2, 0, NULL, max(id), 17, 18, 1 FROM bodies;
         INSERT INTO inventories VALUES (1, '/list', 17, 2, 19);
         INSERT INTO answers VALUES (1, 'FORD' || char(31) || 'F-150' || char(31) || '1999', 2, 'not {vin}', NULL, 17, 18, 1);
         INSERT INTO answer_history VALUES (1, '{vin}', 16, 0, NULL, NULL, 1);
         UPDATE runs SET command = command || ' {lower}', report = report || '{vin}' WHERE id = 1;
         UPDATE replies SET request_id = 'req-{lower}' WHERE call = 1;"
    ))
    .expect("rows");
}

#[test]
fn a_forgotten_vin_is_nowhere_in_the_store() {
    let work = enriched(4);
    work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
    work.vinrich(&["photos", "request", "vins.csv", "-o", "photos.csv", "--yes"]).exits(0);
    work.vinrich(&["photos", "cancel", &vins(1)[0], "--yes"]).exits(0);
    work.vinrich(&TOOL).exits(0);
    let (gone, kept) = (&vins(1)[0], &vins(4)[1..]);
    spread(&work, gone);
    let spelled = format!("{}-{} {}", &gone[..3], &gone[3..9], &gone[9..]);
    let output = format!("of {spelled}.csv");
    work.vinrich(&["enrich", "vins.csv", "-o", &output, "--offline", "--with", "decode"]).exits(0);
    assert!(found_in(&work.path("store"), &spelled) > 0);
    // What was removed before left its bytes in the file, as SQLite does.
    work.db()
        .execute_batch(&format!(
            "CREATE TABLE t (x); INSERT INTO t SELECT '{gone}' || randomblob(9) FROM calls; DROP TABLE t;"
        ))
        .expect("a table");
    assert!(found_in(&work.path("store"), gone) > 10);
    let calls = work.number("SELECT count(*) FROM calls");
    let charged = work.number("SELECT sum(charged) FROM replies");

    let told = work.vinrich(&["cache", "forget", &gone.to_lowercase()]).exits(0);
    for words in ["1 VIN forgotten", "1 list that named it", "hold a keyed hash", "not reached"] {
        assert!(told.stdout().contains(words), "no `{words}` in\n{}", told.stdout());
    }
    assert!(!told.stdout().contains(gone) && !told.stderr.contains(gone));
    for spelling in [gone, &spelled] {
        assert_eq!(found_in(&work.path("store"), spelling), 0, "{}", told.stdout());
    }
    assert_eq!(work.number("SELECT count(*) FROM inventories"), 0);
    assert_eq!(
        work.number(
            "SELECT count(*) FROM answers WHERE key > char(29) || '/'  AND key < char(29) || '0'"
        ),
        0
    );

    // The ledger still counts what was called and paid.
    assert_eq!(work.number("SELECT count(*) FROM calls"), calls);
    assert_eq!(work.number("SELECT sum(charged) FROM replies"), charged);
    work.vinrich(&["cache", "verify"]).exits(0);

    // The others are answered by the store as before, though they shared bodies with it.
    work.write_vins(kept);
    let seen = work.sandbox.log().len();
    work.vinrich(&ENRICH).exits(0);
    assert!(csv_rows(&work.read("out.csv")).iter().all(|row| row["decode_status"] == "found"));
    assert_eq!(work.sandbox.log().len(), seen, "somebody was asked again");
    // It is asked about again like any other.
    work.write_vins(&vins(1));
    work.vinrich(&ENRICH).exits(0);
    assert_eq!(work.decodes_by_vin()[gone], 2);
}

#[test]
fn open_operations_are_forgotten_only_by_force() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(2));
    work.vinrich(&["photos", "request", "vins.csv", "-o", "photos.csv", "--yes"]).exits(0);
    work.db().execute_batch("UPDATE operations SET settled = NULL;").expect("a change");
    let vin = &vins(1)[0];
    let refused = work.vinrich(&["cache", "forget", vin]).exits(64);
    assert!(refused.stderr.contains("--force") && refused.stdout.is_empty(), "{}", refused.stderr);
    assert!(found_in(&work.path("store"), vin) > 0);
    work.vinrich(&["cache", "forget", vin, "--force"]).exits(0);
    assert_eq!(found_in(&work.path("store"), vin), 0);
    assert_eq!(work.number("SELECT count(*) FROM operations"), 1, "the other's record stays");
}

#[test]
fn nothing_is_forgotten_during_a_run() {
    let work = Work::configured(&["latency=3s"]);
    work.write_vins(&vins(2));
    let running = work.start(&DECODE);
    eventually("the call", || work.calls("batch-decode") == 1);
    let vin = &vins(1)[0];
    work.vinrich(&["cache", "forget", vin]).exits(79).says(&["the run ", "hint: "]);
    // The run counts on what it has found fresh.
    work.vinrich(&["cache", "prune", "--older-than", "1s"]).exits(79).says(&["the run ", "hint: "]);
    for words in [
        &["cache", "stats"][..],
        &["cache", "explain", vin],
        &["cache", "verify"],
        &["cache", "prune", "--older-than", "1d", "--dry-run"],
        &["runs", "list"],
        &["runs", "audit"],
    ] {
        work.vinrich(words).exits(0);
    }
    running.end().exits(0);
    work.vinrich(&["cache", "forget", vin]).exits(0);
    assert_eq!(found_in(&work.path("store"), vin), 0);
}

#[test]
fn forgetting_unknown_vins_does_nothing() {
    let work = enriched(1);
    let told = work.vinrich(&["cache", "forget", &vins(5)[4]]).exits(0);
    assert!(told.stdout().contains("knew nothing of it"), "{}", told.stdout());
    work.vinrich(&["cache", "forget", "no VIN"]).exits(64).says(&["not_a_vin"]);
    let new = Work::configured(&[]);
    for words in [&["cache", "forget", &*vins(1)[0]][..], &["cache", "prune", "--older-than", "1d"]]
    {
        assert!(new.vinrich(words).exits(0).stdout().contains("no store yet"));
    }
    // A store that should be there is not whole.
    new.vinrich(&["cache", "verify"]).exits(78).says(&["no store", "store restore"]);
    assert!(!new.store().exists());
}

#[test]
fn pruning_keeps_what_was_done() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(2));
    let request = ["photos", "request", "vins.csv", "-o", "photos.csv", "--yes"];
    work.vinrich(&request).exits(0);
    assert_eq!(work.calls("request"), 2);
    age(&work, 800);
    work.vinrich(&["cache", "prune", "--older-than", "400d"]).exits(0);
    work.vinrich(&request).exits(0);
    assert_eq!(work.calls("request"), 2, "photos are asked for once");
}

/// Makes all that the store holds so many days older.
fn age(work: &Work, days: i64) {
    let micros = days * 86_400_000_000;
    work.db()
        .execute_batch(&format!(
            "UPDATE runs SET started_at = started_at - {micros}, ended_at = ended_at - {micros};
             UPDATE calls SET reserved_wall = reserved_wall - {micros};
             UPDATE replies SET answered_wall = answered_wall - {micros};
             DROP TRIGGER answers_replaced;
             UPDATE answers SET fetched_at = fetched_at - {micros}, expires_at = expires_at - {micros};
             UPDATE answer_history SET fetched_at = fetched_at - {micros};"
        ))
        .expect("an older store");
}

#[test]
fn pruning_removes_old_answers_and_frees_room() {
    let work = enriched(200);
    age(&work, 100);
    work.write_vins(&vins(201)[200..]);
    work.vinrich(&ENRICH).exits(0);
    let answers = work.number("SELECT count(*) FROM answers");
    let calls = work.number("SELECT count(*) FROM calls");
    let words = ["cache", "prune", "--older-than", "90d"];
    let would = work.vinrich(&[&words[..], &["--dry-run"]].concat()).exits(0);
    assert_eq!(work.number("SELECT count(*) FROM answers"), answers, "a dry run removes nothing");
    let did = work.vinrich(&words).exits(0);
    let counts = |text: &str| text.replace("would remove", "removed");
    let lines: Vec<String> = would.stdout().lines().map(counts).collect();
    assert_eq!(lines, did.stdout().lines().take(3).collect::<Vec<_>>());
    // One VIN's answers, the newest, are left; its vehicle's recalls are old and gone or new.
    let left = work.number("SELECT count(*) FROM answers");
    assert!((2..=4).contains(&left), "{left} of {answers} left");
    assert_eq!(
        work.number("SELECT count(*) FROM bodies WHERE id NOT IN (SELECT body FROM answers)"),
        0
    );
    assert_eq!(
        work.number("SELECT count(*) FROM calls"),
        calls,
        "the audit keeps them for 400 days"
    );
    assert_eq!(work.number("PRAGMA freelist_count"), 0);
    work.vinrich(&[&words[..], &["--calls"]].concat()).exits(0);
    let recent = work.number("SELECT count(*) FROM calls");
    assert!(recent > 0 && recent < calls, "{recent} of {calls}");
    assert_eq!(work.number("SELECT count(*) FROM runs"), 1);
    work.vinrich(&["cache", "verify"]).exits(0);
    // What is left is still the answer.
    let seen = work.sandbox.log().len();
    work.vinrich(&[&ENRICH[..], &["--with", "decode,listings"]].concat()).exits(0);
    assert_eq!(work.sandbox.log().len(), seen);
}

#[test]
fn no_window_loses_a_call_to_pruning() {
    let work = enriched(20);
    age(&work, 20);
    let calls = work.number("SELECT count(*) FROM calls");
    work.vinrich(&["cache", "prune", "--older-than", "1h", "--calls"]).exits(0);
    assert_eq!(work.number("SELECT count(*) FROM calls"), calls, "a month may still count them");
    assert_eq!(work.number("SELECT count(*) FROM answers"), 0);
    work.vinrich(&["cache", "prune", "--older-than", "1d", "--dataset", "cars"]).exits(64);
    work.vinrich(&["cache", "prune"]).exits(64);
}

#[test]
fn pruning_one_dataset_leaves_the_others() {
    let work = enriched(20);
    age(&work, 20);
    work.vinrich(&["cache", "prune", "--older-than", "10d", "--dataset", "listings"]).exits(0);
    let of = |dataset: &str| {
        work.number(&format!(
                "SELECT count(*) FROM answers JOIN sources ON sources.id = source WHERE dataset = '{dataset}'"
            ),
        )
    };
    assert_eq!((of("listings"), of("decode")), (0, 20));
    assert!(of("recalls") > 0);
}

#[test]
fn the_settings_decide_how_long_history_lasts() {
    const DAY: Duration = Duration::from_hours(24);
    let work = Work::with_faults(&[]);
    let input = work.write("vins.csv", &format!("vin\n{}\n", vins(3).join("\n")));
    let mut plan = work.plan(&input, "out.csv");
    plan.datasets.named = [Dataset::Listings].into();
    plan.settings.datasets.get_mut(&Dataset::Listings).expect("listings").keep = 5 * DAY;
    let clock = ScriptedClock::new();
    let earlier = || work.number("SELECT count(*) FROM answer_history");
    for night in 0..4 {
        Enriched::at(&plan, &clock);
        assert_eq!(earlier(), 3 * night);
        clock.pass(DAY);
    }
    for _ in 0..8 {
        Enriched::at(&plan, &clock);
        assert!((12..=15).contains(&earlier()), "{} earlier answers", earlier());
        clock.pass(DAY);
    }
}

#[test]
fn explain_names_every_source_and_what_follows() {
    let work = enriched(2);
    let vin = &vins(1)[0];
    let words = ["cache", "explain", vin, "--format", "json"];
    let told = work.vinrich(&words).exits(0).json();
    assert_eq!(told["vin"], **vin);
    assert!(told["vehicle"].as_str().expect("a vehicle").contains("FORD"));
    let answers = told["answers"].as_array().expect("answers");
    for dataset in ["decode", "recalls", "listings"] {
        let answer = answers.iter().find(|answer| answer["dataset"] == dataset).expect(dataset);
        assert_eq!(answer["state"], "fresh");
        assert!(answer["body_bytes"].as_u64() > Some(0) && answer["run_id"].is_string());
        assert!(answer["age_seconds"].as_i64().is_some_and(|age| (0..3600).contains(&age)));
    }
    let next = |told: &serde_json::Value, dataset: &str| {
        told["next_run"][dataset].as_str().expect("words").to_owned()
    };
    assert!(next(&told, "decode").contains("in the store, fresh until"), "{told}");

    age(&work, 2);
    let told = work.vinrich(&words).exits(0).json();
    assert!(next(&told, "listings").contains("asked again"), "{told}");
    let seen = work.sandbox.log().len();
    let text = work.vinrich(&["cache", "explain", &vin.to_lowercase()]).exits(0);
    for words in ["decode from carvin batch-decode: found", "the next run:", "expired"] {
        assert!(text.stdout().contains(words), "no `{words}` in\n{}", text.stdout());
    }
    let unknown = work.vinrich(&["cache", "explain", &vins(9)[8]]).exits(0);
    assert!(
        unknown.stdout().contains("no answer about it") && unknown.stdout().contains("is asked")
    );
    assert_eq!(work.sandbox.log().len(), seen, "explaining asks nobody");
}

#[test]
fn verify_tells_whole_stores_from_damaged() {
    let work = enriched(30);
    let whole = work.vinrich(&["cache", "verify"]).exits(0);
    assert!(whole.stdout().contains("whole; "), "{}", whole.stdout());
    for (change, words) in [
        ("UPDATE bodies SET body = x'00' WHERE id = 1", "is not what its hash says"),
        ("DELETE FROM runs", "names a row of `runs` that is not there"),
        (
            "DELETE FROM bodies WHERE id = (SELECT max(body) FROM answers)",
            "names a row of `bodies`",
        ),
        ("UPDATE answers SET body = NULL WHERE status = 0", "have no body"),
    ] {
        let work = enriched(2);
        work.db().execute_batch(&format!("PRAGMA foreign_keys = OFF; {change};")).expect("damage");
        let told = work.vinrich(&["cache", "verify"]).exits(78).says(&["store restore"]);
        assert!(told.stdout().contains(words), "{change}: {}", told.stdout());
        let json = work.vinrich(&["cache", "verify", "--format", "json"]).exits(78).json();
        assert!(json["faults_total"].as_u64() > Some(0));
    }
    // A page of the file is overwritten.
    let mut bytes = std::fs::read(work.store()).expect("the store");
    let page = 4096 * (bytes.len() / 4096 / 2);
    bytes[page..page + 4096].fill(0x5a);
    std::fs::write(work.store(), bytes).expect("damage");
    work.vinrich(&["cache", "verify"]).exits(78).says(&["store restore"]);
}

#[test]
fn an_unused_body_is_not_damage() {
    let work = enriched(2);
    let orphan = "INSERT INTO bodies (hash, body) VALUES (x'88f6811ab5d8fc6d3177f9b7609ae0fc', CAST('orphan' AS BLOB));";
    work.db().execute_batch(orphan).expect("a body");
    let told = work.vinrich(&["cache", "verify"]).exits(0);
    assert!(told.stdout().contains("1 of them used by no answer"), "{}", told.stdout());
    work.vinrich(&["cache", "prune", "--older-than", "10d"]).exits(0);
    assert!(!work.vinrich(&["cache", "verify"]).exits(0).stdout().contains("used by no answer"));
}
