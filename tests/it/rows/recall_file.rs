//! NHTSA's recall file: imported once, looked up without a network.

use std::path::PathBuf;

use crate::support::command::{DECODE, vins};
use crate::support::{Work, csv_rows};

fn fixture(name: &str) -> String {
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/nhtsa_file");
    fixtures.join(name).display().to_string()
}

fn status(work: &Work) -> serde_json::Value {
    work.vinrich(&["recalls", "status", "--format", "json"]).exits(0).json()
}

/// A row of the file.
fn line(number: &str, (make, model, year): (&str, &str, &str), summary: &str) -> String {
    format!(
        "1\t{number}\t{make}\t{model}\t{year}\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t20240105\t\
         20240106\t\t\t{summary}\tCrash.\tReplace.\t\t1\t\t\t\tNo\tYes\n"
    )
}

#[test]
fn a_file_is_imported_once_and_told_of() {
    let work = Work::configured(&[]);
    let none = work.vinrich(&["recalls", "status"]).exits(0);
    assert!(none.stdout().contains("vinrich recalls update"), "{}", none.stdout());
    assert!(!work.store().exists(), "looking creates nothing");

    let file = fixture("FLAT_RCL_POST_2010.txt");
    let first = work.vinrich(&["recalls", "import", &file, "--format", "json"]).exits(0).json();
    let told = &first[0];
    assert_eq!((&told["rows"], &told["campaigns"]), (&8.into(), &6.into()));
    assert_eq!((&told["other_rows"], &told["duplicate_rows"]), (&3.into(), &2.into()));
    assert_eq!((&told["newest"], &told["unchanged"]), (&"2021-03-05".into(), &false.into()));

    let again = work.vinrich(&["recalls", "import", &file]).exits(0);
    assert!(again.stdout().contains("holds this edition already"), "{}", again.stdout());
    let both = work.vinrich(&["recalls", "import", &fixture("FLAT_RCL_PRE_2010.txt")]).exits(0);
    assert!(both.stdout().contains("2 rows: 2 campaigns"), "{}", both.stdout());
    let held = status(&work);
    assert_eq!((&held[0]["part"], &held[1]["part"]), (&"post_2010".into(), &"pre_2010".into()));
    let listed = work.vinrich(&["recalls", "status"]).exits(0);
    assert!(listed.stdout().contains("FLAT_RCL_POST_2010.txt"), "{}", listed.stdout());
    assert!(work.sandbox.log().is_empty(), "nobody is asked");
}

#[test]
fn a_bad_file_leaves_the_edition_before_it() {
    let work = Work::configured(&[]);
    work.vinrich(&["recalls", "import", &fixture("FLAT_RCL_POST_2010.txt")]).exits(0);
    let before = status(&work);
    let good = line("24V001000", ("FORD", "F-150", "2024"), "It fails.");
    work.write("FLAT_RCL_POST_2010.txt", &format!("{good}{}", "askew\n".repeat(20)));
    work.vinrich(&["recalls", "import", "FLAT_RCL_POST_2010.txt"])
        .exits(65)
        .says(&["11 of its first 12 lines are bad", "hint: nothing was imported"]);
    work.vinrich(&["recalls", "import", &fixture("page.html.txt")])
        .exits(65)
        .says(&["it is a web page", "hint: "]);
    work.vinrich(&["recalls", "import", "missing.zip"]).exits(66).says(&["does not exist"]);
    work.vinrich(&["recalls", "import"]).exits(64);
    assert_eq!(status(&work), before);
}

#[test]
fn what_was_imported_before_a_bad_file_stays() {
    let work = Work::configured(&[]);
    let files = [fixture("FLAT_RCL_PRE_2010.txt"), fixture("page.html.txt")];
    let ended = work.vinrich(&["recalls", "import", &files[0], &files[1]]).exits(65);
    assert!(ended.stdout().starts_with("FLAT_RCL_PRE_2010.txt: 2 rows"), "{}", ended.stdout());
    assert_eq!(status(&work).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_first_version_store_takes_the_file() {
    let work = Work::configured(&[]);
    let old = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store/v1.db");
    std::fs::create_dir(work.path("store")).expect("a folder");
    std::fs::copy(old, work.store()).expect("the fixture is copied");
    work.vinrich(&["recalls", "import", &fixture("FLAT_RCL_POST_2010.txt")]).exits(0);
    assert_eq!(status(&work)[0]["rows"], 8);
    let stats = work.vinrich(&["cache", "stats"]).exits(0);
    assert!(stats.stdout().contains("27 answers"), "{}", stats.stdout());
}

#[test]
fn an_old_file_is_warned_of_once() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(2));
    let old = line("24V003000", ("FORD", "F-150", "2024"), "It fails.");
    work.write("FLAT_RCL_POST_2010.txt", &old);
    work.vinrich(&["recalls", "import", "FLAT_RCL_POST_2010.txt"]).exits(0);
    let run = |recalls: &str| {
        let words = ["enrich", "vins.csv", "-o", "out.csv", "--log-format", "json"];
        let ended = work.vinrich(&[&words[..], &["--recalls", recalls]].concat());
        let lines = ended.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        lines.filter(|line: &serde_json::Value| line["code"] == "old_data").collect::<Vec<_>>()
    };
    let warnings = run("nhtsa-file");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let message = warnings[0]["message"].as_str().expect("a message");
    assert!(
        message.contains("2024-01-0") && message.contains("vinrich recalls update"),
        "{message}"
    );
    assert_eq!(run("carvin").len(), 0, "a file that is not in the chain");

    let today = jiff::Timestamp::now().strftime("%Y%m%d").to_string();
    work.write(
        "FLAT_RCL_POST_2010.txt",
        &old.replace("20240105", &today).replace("20240106", &today),
    );
    work.vinrich(&["recalls", "import", "FLAT_RCL_POST_2010.txt"]).exits(0);
    assert_eq!(run("nhtsa-file").len(), 0, "a file of today");
}

#[test]
fn rows_get_their_recalls_from_the_file_alone() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(3));
    work.vinrich(&DECODE).exits(0);
    let decoded = csv_rows(&work.read("out.csv"));
    let (make, model, year) =
        (&*decoded[0]["make"], &*decoded[0]["model"], &*decoded[0]["model_year"]);
    let trim = &decoded[0]["trim"];
    assert!(!trim.is_empty(), "{:?}", decoded[0]);
    let calls = work.sandbox.log().len();
    let recalls = [
        "enrich",
        "vins.csv",
        "-o",
        "out.csv",
        "--with",
        "decode,recalls",
        "--recalls",
        "nhtsa-file",
    ];

    let named = line("24V001000", (make, model, year), "The <B>brakes</B> fail.");
    let other = line("24V002000", (make, "ANOTHER", year), "The door opens.");
    work.write("recalls.txt", &format!("{named}{other}"));
    work.vinrich(&["recalls", "import", "recalls.txt"]).exits(0);
    work.vinrich(&recalls).exits(0);
    let row = &csv_rows(&work.read("out.csv"))[0];
    assert_eq!(row["recalls_status"], "found", "{row:?}");
    assert_eq!(row["recalls_vendor"], "nhtsa-file");
    assert_eq!(row["recall_campaigns"], r#"["24V001000"]"#);
    assert_eq!(row["recall_top_summary"], "The brakes fail.");
    assert_eq!((&*row["recall_park_outside"], &*row["recall_latest_date"]), ("true", "2024-01-05"));
    assert_eq!(row["recall_match_basis"], "model_exact");

    // The next edition names the model by more words alone.
    work.write(
        "recalls.txt",
        &line("24V003000", (make, &format!("{model} {trim}"), year), "It leaks."),
    );
    work.vinrich(&["recalls", "import", "recalls.txt"])
        .exits(65)
        .says(&["may be cut off", "--replace"]);
    work.vinrich(&["recalls", "import", "recalls.txt", "--replace"]).exits(0);
    work.vinrich(&recalls).exits(0);
    let row = &csv_rows(&work.read("out.csv"))[0];
    assert_eq!(row["recall_campaigns"], r#"["24V003000"]"#);
    assert_eq!(row["recall_match_basis"], "model_variant");

    // The one after that does not know the model at all.
    work.write("recalls.txt", &other);
    work.vinrich(&["recalls", "import", "recalls.txt", "--replace"]).exits(0);
    work.vinrich(&recalls).exits(0).says(&["recalls of 3 rows are inconclusive"]);
    let row = &csv_rows(&work.read("out.csv"))[0];
    assert_eq!((&*row["recalls_status"], &*row["recalls_error"]), ("failed", "inconclusive"));
    assert_eq!(row["recall_campaign_count"], "", "a null count never means zero");
    assert_eq!(work.sandbox.log().len(), calls, "nobody is asked for recalls");
}
