//! `vinrich store snapshot`: what is known, in a file that is only read.

use std::path::PathBuf;

use crate::support::command::{DECODE, Running, vins};
use crate::support::{Work, csv_rows};

/// Answers about some VINs by decode and listings, and some of the recall file.
fn work() -> Work {
    let work = Work::configured(&[]);
    work.write_vins(&vins(40));
    work.vinrich(&["enrich", "vins.csv", "-o", "bought.csv", "--with", "decode,listings"]).exits(0);
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/nhtsa_file/FLAT_RCL_POST_2010.txt");
    work.vinrich(&["recalls", "import", &file.display().to_string()]).exits(0);
    work
}

const OFFLINE: [&str; 8] = [
    "enrich",
    "vins.csv",
    "-o",
    "-",
    "--offline",
    "--with=decode,recalls,listings",
    "--decode=carvin",
    "--recalls=nhtsa-file",
];

fn with_store<'a>(words: &[&'a str], store: &'a str) -> Vec<&'a str> {
    [words, &["--store", store]].concat()
}

#[test]
fn a_snapshot_answers_as_its_store_does() {
    let work = work();
    let expected = work.vinrich(&OFFLINE).exits(0);
    let made = work.vinrich(&["store", "snapshot", "s.db", "--format", "json"]).exits(0).json();
    let answers = work.number("SELECT count(*) FROM answers");
    assert_eq!((&made["answers"], &made["recall_campaigns"]), (&answers.into(), &6.into()));
    std::fs::remove_dir_all(work.path("store")).expect("the store goes");
    let got = work.vinrich(&with_store(&OFFLINE, "s.db")).exits(0);
    assert_eq!(csv_rows(got.stdout()), csv_rows(expected.stdout()));
    let db = rusqlite::Connection::open(work.path("s.db")).expect("a database");
    for table in ["calls", "replies", "runs", "accounts", "waits", "operations", "answer_history"] {
        let count = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        assert_eq!(count, Ok(0_i64), "{table}");
    }
    let keys = "SELECT count(*) FROM meta WHERE name = 'install_key'";
    assert_eq!(db.query_row(keys, [], |row| row.get(0)), Ok(0_i64));
}

#[cfg(unix)]
#[test]
fn many_read_a_snapshot_where_nobody_writes() {
    use std::os::unix::fs::PermissionsExt;
    let work = work();
    std::fs::create_dir(work.path("lake")).expect("a folder");
    work.vinrich(&["store", "snapshot", "lake/s.db"]).exits(0);
    let mode = |name: &str, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(work.path(name), mode).expect("a mode");
    };
    mode("lake/s.db", 0o444);
    mode("lake", 0o555);
    let before = std::fs::read(work.path("lake/s.db")).expect("the snapshot");
    let words = with_store(&OFFLINE, "lake/s.db");
    let running: Vec<Running> = (0..4).map(|_| work.start(&words)).collect();
    for running in running {
        assert_eq!(csv_rows(running.end().exits(0).stdout()).len(), 40);
    }
    let verify = ["cache", "verify", "--format", "json"];
    let verified = crate::support::command::Running::start(
        work.command(&verify).env("VINRICH_STORE", work.path("lake/s.db")),
    );
    let verified = verified.end().exits(0).json();
    assert_eq!((&verified["faults_total"], &verified["calls"]), (&0.into(), &0.into()));
    assert!(before == std::fs::read(work.path("lake/s.db")).expect("the snapshot"));
    let names = std::fs::read_dir(work.path("lake")).expect("the folder").count();
    mode("lake", 0o755);
    assert_eq!(names, 1, "nothing lies beside it");
}

#[test]
fn a_snapshot_is_never_written_to() {
    let work = work();
    work.vinrich(&["store", "snapshot", "s.db"]).exits(0);
    let before = std::fs::read(work.path("s.db")).expect("the snapshot");
    let calls = work.sandbox.log().len();
    let says = ["`s.db` is a snapshot", "hint: read it with `--offline`"];
    work.vinrich(&with_store(&DECODE, "s.db")).exits(78).says(&says);
    let again = ["store", "restore", "s.db"];
    work.vinrich(&again).exits(78).says(&["is a snapshot and has no ledger", "store backup"]);
    for words in
        [&["cache", "prune", "--older-than", "1d"][..], &["cache", "forget", "1FTFW1ET0DF000000"]]
    {
        let mut command = work.command(words);
        let ended = Running::start(command.env("VINRICH_STORE", work.path("s.db"))).end();
        ended.exits(78).says(&["is a snapshot of a store"]);
    }
    assert!(before == std::fs::read(work.path("s.db")).expect("the snapshot"));
    assert_eq!(work.sandbox.log().len(), calls, "nothing was asked");
}

#[test]
fn a_snapshot_is_whole_or_absent() {
    let work = work();
    work.write("there.db", "something else");
    let there = ["store", "snapshot", "there.db"];
    work.vinrich(&there).exits(73).says(&["is there already", "--force"]);
    assert_eq!(work.read("there.db"), "something else");
    work.vinrich(&[&there[..], &["--force"]].concat()).exits(0);
    work.vinrich(&with_store(&OFFLINE, "there.db")).exits(0);
    let own = ["store", "snapshot", "store/vinrich.db", "--force"];
    work.vinrich(&own).exits(64).says(&["is the store itself"]);
    work.db().execute_batch("UPDATE bodies SET body = x'00' WHERE id = 1").expect("damage");
    work.vinrich(&["store", "snapshot", "bad.db"]).exits(78).says(&["not what was written"]);
    assert!(!work.path("bad.db").exists());
    let nowhere = Work::configured(&[]);
    nowhere.vinrich(&["store", "snapshot", "s.db"]).exits(78).says(&["there is no store"]);
}

#[test]
fn one_of_several_origins_must_be_named() {
    let work = work();
    let kind = work.vinrich(&["store", "snapshot", "one.db", "--format", "json"]).exits(0).json();
    let kind = kind["origin"].as_str().expect("an origin").to_owned();
    let other = if kind == "sandbox" { "live" } else { "sandbox" };
    let made = format!(
        "INSERT INTO sources (dataset, vendor, endpoint, origin)
         SELECT dataset, vendor, endpoint, replace(origin, ' {kind}', ' {other}') FROM sources;
         INSERT INTO answers SELECT (SELECT max(id) FROM sources), key, status, detail, body,
             fetched_at, expires_at, call FROM answers LIMIT 5;"
    );
    work.db().execute_batch(&made).expect("answers of another origin");
    let words = ["store", "snapshot", "s.db", "--format", "json"];
    work.vinrich(&words).exits(64).says(&["several origins", "--origin live"]);
    let named = [&words[..], &["--origin", other]].concat();
    let made = work.vinrich(&named).exits(0).json();
    assert_eq!((&made["answers"], &made["origin"]), (&5.into(), &other.into()));
    let gone = ["live", "test", "sandbox"].into_iter().find(|of| *of != kind && *of != other);
    let gone = [&words[..], &["--force", "--origin", gone.expect("a third")]].concat();
    work.vinrich(&gone).exits(64).says(&["has no answers of"]);
}
