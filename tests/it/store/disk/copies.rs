//! `vinrich store backup` and `vinrich store restore`, as those who need them use them.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{asked_again, leftovers, work_with};
use crate::support::command::{DECODE, Setup, eventually, vins};
use crate::support::{Work, csv_rows};

/// Decodes these VINs.
pub(super) fn decode(work: &Work, from: usize, to: usize) {
    work.write_vins(&vins(to)[from..]);
    work.vinrich(&DECODE).exits(0);
}

pub(super) fn backup(work: &Work, name: &str) {
    work.vinrich(&["store", "backup", name]).exits(0);
}

/// The words of a restore that worked.
#[track_caller]
pub(super) fn restore(work: &Work, name: &str) -> (String, String) {
    let ended = work.vinrich(&["store", "restore", name]).exits(0);
    work.assert_sound();
    assert_eq!(leftovers(work, "store"), [""; 0]);
    (ended.stdout().to_owned(), ended.stderr)
}

/// Names of replaced stores.
fn kept(work: &Work) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(work.path("store")).expect("a folder").flatten();
    let is_kept = |path: &std::path::PathBuf| path.display().to_string().contains("before-restore");
    entries.map(|entry| entry.path()).filter(is_kept).collect()
}

#[test]
fn a_backup_during_a_run_is_whole() {
    let work = work_with(200, &["latency=40ms"]);
    let running = work.start(&DECODE);
    eventually("calls", || work.calls("batch-decode") >= 3);
    let ended = work.vinrich(&["store", "backup", "backup.db"]).exits(0);
    assert!(ended.stdout().starts_with("wrote backup.db: "), "{}", ended.stdout());
    running.end().exits(0);
    assert_eq!(leftovers(&work, "."), [""; 0]);

    // On another machine it is a store like any other: what it knows is not asked.
    let calls = work.calls("batch-decode");
    let known = {
        let db = Connection::open(work.path("backup.db")).expect("a store");
        let count: u32 =
            db.query_row("SELECT count(*) FROM answers", [], |row| row.get(0)).expect("a count");
        count as usize
    };
    assert!((20..200).contains(&known), "{known}");
    std::fs::remove_dir_all(work.path("store")).expect("gone");
    restore(&work, "backup.db");
    work.vinrich(&DECODE).exits(0);
    assert_eq!(work.calls("batch-decode") - calls, (200 - known).div_ceil(20));
}

#[cfg(unix)]
#[test]
fn a_backup_is_private_and_replaces_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let work = work_with(20, &[]);
    work.vinrich(&["store", "backup", "b.db"]).exits(78).says(&["there is no store", "hint: "]);
    decode(&work, 0, 20);
    work.write("b.db", "something of mine");
    work.vinrich(&["store", "backup", "b.db"]).exits(73).says(&["is there already", "--force"]);
    assert_eq!(work.read("b.db"), "something of mine");
    work.vinrich(&["store", "backup", "b.db", "--force"]).exits(0);
    let mode = work.path("b.db").metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for itself in ["store/vinrich.db", "./store/../store/vinrich.db"] {
        work.vinrich(&["store", "backup", itself, "--force"]).exits(64).says(&["the store itself"]);
        work.vinrich(&["store", "restore", itself]).exits(64);
    }
    work.vinrich(&["store", "backup", "missing/b.db"]).exits(73).says(&["hint: "]);
    work.assert_sound();
    let quiet = work.vinrich(&["store", "backup", "quiet.db", "--quiet"]).exits(0);
    assert_eq!((quiet.stdout(), &*quiet.stderr), ("", ""));
}

#[test]
fn a_restore_forgets_neither_quota_nor_answers() {
    let work = work_with(20, &[]);
    let quota = Setup { carvin: "quotas = ['4/day']", ..Setup::default() };
    work.configure(&quota);
    decode(&work, 0, 40);
    backup(&work, "b.db");
    decode(&work, 40, 80);
    let (said, warned) = restore(&work, "b.db");
    assert!(said.contains("carried over from the replaced store: 2 calls, 40 answers"), "{said}");
    assert_eq!(warned, "");

    let used = work.vinrich(&["quota", "--format", "json"]).exits(0).json();
    let carvin = used.as_array().expect("a list").iter().find(|of| of["vendor"] == "carvin");
    assert_eq!(carvin.expect("carvin")["quotas"][0]["used"], 4, "{used}");
    // All 80 are known, and the quota of the day is full.
    work.write_vins(&vins(100));
    work.vinrich(&DECODE).exits(75);
    let rows = csv_rows(&work.read("out.csv"));
    assert_eq!(rows.iter().filter(|row| row["decode_status"] == "found").count(), 80);
    assert_eq!(work.calls("batch-decode"), 4);
    assert!(work.vinrich(&["runs", "list"]).exits(0).stdout().matches("exit 0").count() == 2);
}

#[test]
fn a_forgotten_vins_call_counts_once() {
    let work = work_with(20, &[]);
    decode(&work, 0, 40);
    backup(&work, "b.db");
    work.vinrich(&["cache", "forget", &vins(1)[0]]).exits(0);
    let (said, _) = restore(&work, "b.db");
    assert!(said.contains("nothing, the backup knows it all"), "{said}");
    assert_eq!(work.number("SELECT count(*) FROM calls"), 2);
}

#[test]
fn an_old_log_spoils_no_restored_store() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    // What a power cut leaves beside the file, once the file itself was removed.
    let running = work.db();
    running.execute_batch("DELETE FROM answers;").expect("a change");
    let log = work.path("store/vinrich.db-wal");
    let left = std::fs::read(&log).expect("a log");
    drop(running);
    std::fs::remove_file(work.store()).expect("the store");
    std::fs::write(&log, left).expect("a log");
    let (_, warned) = restore(&work, "b.db");
    assert!(warned.contains("there was no store here"), "{warned}");
    assert_eq!(work.number("SELECT count(*) FROM answers"), 20);
}

#[test]
fn no_output_is_written_over_a_store() {
    let work = work_with(20, &[]);
    let store = "store/vinrich.db";
    for words in [
        &["enrich", "vins.csv", "-o", store, "--format", "csv"][..],
        &["enrich", "vins.csv", "-o", "out.csv", "--report", store],
        &["enrich", "vins.csv", "-o", "out.csv", "--rejects", store],
        &["validate", "vins.csv", "--rejects", store],
        &["runs", "audit", "--export", store],
    ] {
        decode(&work, 0, 20);
        work.vinrich(words).exits(73).says(&["store", "hint: "]);
        work.assert_sound();
    }
    for own in ["-wal", ".runs/in-use"] {
        work.vinrich(&["store", "backup", "--force", &format!("{store}{own}")]).exits(64);
    }
}

#[test]
fn a_restore_keeps_what_was_spent() {
    let work = work_with(1, &[]);
    let listings = ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode,listings"];
    work.vinrich(&DECODE).exits(0);
    backup(&work, "b.db");
    work.vinrich(&listings).exits(0);
    let spent = work.number("SELECT sum(charged) FROM replies");
    assert!(spent > 0);
    let (said, _) = restore(&work, "b.db");
    assert!(said.contains("($0.0"), "{said}");
    assert_eq!(work.number("SELECT sum(charged) FROM replies"), spent);
}

/// Every row of every table, ids and all.
fn rows(store: &Path) -> Vec<(String, Vec<Vec<Value>>)> {
    let db = Connection::open(store).expect("a store");
    let mut tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        .expect("tables");
    let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    names
        .map(|name| {
            let name = name.expect("a name");
            let mut all = db.prepare(&format!("SELECT * FROM {name}")).expect("a table");
            let columns = all.column_count();
            let rows = all
                .query_map([], |row| (0..columns).map(|at| row.get(at)).collect())
                .expect("rows");
            (name, rows.map(|row| row.expect("a row")).collect())
        })
        .collect()
}

#[test]
fn a_restore_keeps_rows_the_backup_lacks() {
    let work = Work::configured(&["carvin/429:every=5"]);
    work.write("nothing.csv", "vin\n");
    work.vinrich(&["enrich", "nothing.csv", "-o", "nothing-out.csv"]).exits(0);
    backup(&work, "b.db");
    // Everything there is to know: answers, lists, operations, dead runs.
    let fleet = work.part_of_fleet(3).display().to_string();
    let words = ["enrich", &fleet, "-o", "out.csv", "--listings", "visor,carstrel"];
    let running = work.start(&words);
    eventually("calls", || work.sandbox.log().len() > 10);
    running.kill();
    let ended = work.vinrich(&words);
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    work.vinrich(&[&words[..], &["--refresh", "listings"]].concat());
    work.vinrich(&["tool", "run", &fleet, "--tool", "image", "--max-cost", "1", "--yes"]);
    let before = rows(&work.store());
    for table in [
        "accounts",
        "answers",
        "answer_history",
        "bodies",
        "calls",
        "inventories",
        "replies",
        "runs",
    ] {
        let held = before.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| rows.len());
        assert!(held > 0, "`{table}` is empty: what is carried over is not seen");
    }
    restore(&work, "b.db");
    let after = rows(&work.store());
    for ((table, before), (_, after)) in before.iter().zip(&after) {
        // Bodies that nothing speaks in any more are not worth carrying.
        if table == "bodies" {
            assert!(after.iter().all(|body| before.iter().any(|b| b[1..] == body[1..])));
        } else if before != after {
            let speaks_in_bodies = ["answers", "answer_history"].contains(&table.as_str());
            assert!(speaks_in_bodies && before.len() == after.len(), "{table}");
        }
    }
    let calls = work.sandbox.log().len();
    let ended = work.vinrich(&words);
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.stderr);
    assert_eq!(work.sandbox.log().len(), calls, "nothing is asked again");
}

#[test]
fn stores_that_went_two_ways_are_one_again() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "first.db");
    decode(&work, 20, 60);
    backup(&work, "second.db");
    // The disk is lost, and with it what came after the first backup.
    std::fs::remove_dir_all(work.path("store")).expect("gone");
    restore(&work, "first.db");
    decode(&work, 60, 80);
    // The second backup turns up again: now the same ids stand for other calls.
    let (said, _) = restore(&work, "second.db");
    assert!(said.contains("1 call, 20 answers"), "{said}");
    assert_eq!(work.number("SELECT count(*) FROM calls"), 4);
    assert_eq!(work.number("SELECT count(*) FROM runs"), 3);
    decode(&work, 0, 80);
    assert_eq!(asked_again(&work), 0, "whoever paid for it, it is known");
}

#[test]
fn restoring_over_damage_says_what_is_lost() {
    for damage in [b"damaged by a bug".to_vec(), Vec::new()] {
        let work = work_with(20, &[]);
        decode(&work, 0, 20);
        backup(&work, "b.db");
        decode(&work, 20, 40);
        let mut bytes = std::fs::read(work.store()).expect("the store");
        bytes.truncate(if damage.is_empty() { 300 } else { bytes.len() });
        bytes.splice(..damage.len().min(bytes.len()), damage.clone());
        std::fs::write(work.store(), &bytes).expect("damaged");
        std::fs::write(work.path("store/vinrich.db-wal"), b"its log").expect("a log");
        work.vinrich(&DECODE).exits(78).says(&["store restore"]);
        let (said, warned) = restore(&work, "b.db");
        assert!(warned.contains("damaged") && warned.contains("is unknown"), "{warned}");
        assert!(said.contains("kept as store/vinrich.db.before-restore-"), "{said}");
        let kept_file =
            kept(&work).into_iter().find(|path| !path.to_string_lossy().ends_with("-wal"));
        assert_eq!(std::fs::read(kept_file.expect("it is kept")).expect("readable"), bytes);
        // SQLite has looked into the log of a store that it could open.
        let logs = usize::from(damage.is_empty());
        assert_eq!(kept(&work).len(), 1 + logs, "with its log: {:?}", kept(&work));
        decode(&work, 0, 40);
        assert_eq!(work.calls("batch-decode"), 3, "what the backup knew is not asked again");
    }
}

#[test]
fn a_backup_of_another_installation_is_told_apart() {
    let other = work_with(20, &[]);
    decode(&other, 0, 20);
    let work = work_with(20, &[]);
    decode(&work, 0, 40);
    let theirs = other.path("b.db").display().to_string();
    backup(&other, "b.db");
    let (said, warned) = restore(&work, &theirs);
    assert!(!said.contains("carried over"), "{said}");
    assert!(warned.contains("another installation"), "{warned}");
    assert_eq!(kept(&work).len(), 1);
    // By mistake: the replaced store is a file like any other.
    let mine = kept(&work)[0].display().to_string();
    restore(&work, &mine);
    assert_eq!(work.number("SELECT count(*) FROM answers"), 40);
}

#[test]
fn a_store_in_use_is_not_replaced() {
    let work = work_with(20, &["carvin/batch-decode/stall:after=1"]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    work.write_vins(&vins(40));
    let running = work.start(&DECODE);
    eventually("a call on its way", || work.calls("batch-decode") == 2);
    let pid = format!("(pid {})", running.pid());
    work.vinrich(&["store", "restore", "b.db"]).exits(79).says(&[
        "is using the store",
        &pid,
        "hint: ",
    ]);
    assert!(kept(&work).is_empty() && leftovers(&work, "store").is_empty());
    assert_eq!(work.number("SELECT count(*) FROM calls"), 2);
    // A kill frees it at once; the call it had sent still counts.
    running.kill();
    restore(&work, "b.db");
    assert_eq!(work.number("SELECT count(*) FROM calls"), 2);
}

#[test]
fn a_store_being_read_is_not_replaced() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    let reader = work.db();
    reader.execute_batch("BEGIN; SELECT count(*) FROM answers").expect("a look at it");
    work.vinrich(&["store", "restore", "b.db"]).exits(79).says(&["is reading the store", "hint: "]);
    drop(reader);
    restore(&work, "b.db");

    let lock = work.path("store/vinrich.db.runs/in-use");
    let restoring = std::fs::File::open(lock).expect("the lock of all who use the store");
    restoring.lock().expect("taken");
    work.vinrich(&DECODE).exits(79).says(&["is being restored", "hint: "]);
    drop(restoring);
    decode(&work, 0, 20);
    assert_eq!(work.calls("batch-decode"), 1);
}

#[test]
fn what_is_no_sound_store_is_not_restored() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    let sound = std::fs::read(work.path("b.db")).expect("a backup");
    let before = std::fs::read(work.store()).expect("the store");
    let make = csv_rows(&work.read("out.csv"))[0]["make"].clone();
    let letter = sound.windows(make.len()).position(|at| at == make.as_bytes()).expect("an answer");
    let changed = |change: &str| {
        std::fs::write(work.path("bad.db"), &sound).expect("a file");
        Connection::open(work.path("bad.db"))
            .expect("opens")
            .execute_batch(change)
            .expect("changed");
        std::fs::read(work.path("bad.db")).expect("a file")
    };
    let bad = [
        ("no database", b"my notes\n".repeat(1000)),
        ("empty", Vec::new()),
        ("cut short", sound[..sound.len() - 5000].to_vec()),
        ("an answer changed", {
            let mut bytes = sound.clone();
            bytes[letter] ^= 1;
            bytes
        }),
        ("of another program", changed("PRAGMA application_id = 7")),
        ("of a newer version", changed("PRAGMA user_version = 999")),
        ("without its ledger", changed("DROP TABLE replies")),
    ];
    for (what, bytes) in bad {
        std::fs::write(work.path("bad.db"), bytes).expect("a file");
        let ended = work.vinrich(&["store", "restore", "bad.db"]);
        assert_eq!(ended.code, Some(78), "{what}: {}", ended.stderr);
        ended.says(&["bad.db", "hint: "]);
        assert_eq!(std::fs::read(work.store()).expect("the store"), before, "{what}");
        assert!(kept(&work).is_empty() && leftovers(&work, "store").is_empty(), "{what}");
    }
    work.vinrich(&["store", "restore", "missing.db"]).exits(66).says(&["does not exist"]);
    work.vinrich(&["store", "restore", "store"]).exits(78);
}

#[test]
fn what_is_not_ours_is_not_replaced() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    for change in [
        "PRAGMA application_id = 7",
        "PRAGMA application_id = 1447644754; PRAGMA user_version = 999",
    ] {
        work.db().execute_batch(change).expect("changed");
        let before = std::fs::read(work.store()).expect("the file");
        work.vinrich(&["store", "restore", "b.db"]).exits(78).says(&["vinrich.db", "hint: "]);
        assert_eq!(std::fs::read(work.store()).expect("the file"), before);
    }
}

#[test]
fn damage_never_replaces_a_good_backup() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    let good = std::fs::read(work.path("b.db")).expect("a backup");
    let mut bytes = std::fs::read(work.store()).expect("the store");
    let make = csv_rows(&work.read("out.csv"))[0]["make"].clone();
    let letter = bytes.windows(make.len()).position(|at| at == make.as_bytes()).expect("an answer");
    bytes[letter] ^= 1;
    std::fs::write(work.store(), bytes).expect("damaged");
    work.vinrich(&["store", "backup", "b.db", "--force"]).exits(78).says(&["is damaged"]);
    assert_eq!(std::fs::read(work.path("b.db")).expect("a backup"), good);
    assert_eq!(leftovers(&work, "."), [""; 0]);
}

#[test]
fn an_older_backup_is_migrated() {
    for version in ["v1", "v2"] {
        let work = work_with(20, &[]);
        let fixture = format!("tests/fixtures/store/{version}.db");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
        let before = std::fs::read(&fixture).expect("a fixture");
        restore(&work, &fixture.display().to_string());
        assert_eq!(std::fs::read(&fixture).expect("a fixture"), before, "a backup is only read");
        assert!(work.number("SELECT count(*) FROM answers") > 0);
        decode(&work, 0, 20);
        // A copy made by hand, log and all, will do as well.
        std::fs::copy(work.store(), work.path("copy.db")).expect("copied");
        decode(&work, 20, 40);
        let (said, _) = restore(&work, "copy.db");
        assert!(said.contains("1 call, 20 answers"), "{said}");
    }
}

#[test]
fn a_copied_store_can_be_shared() {
    let work = work_with(20, &[]);
    decode(&work, 0, 20);
    backup(&work, "b.db");
    std::fs::copy(work.path("b.db"), work.store()).expect("copied");
    decode(&work, 0, 20);
    let db = work.db();
    let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!((mode.as_str(), work.calls("batch-decode")), ("wal", 1));
}
