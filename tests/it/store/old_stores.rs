//! A store of every schema version that was ever written still answers.
//!
//! `tests/fixtures/store/v<N>.db` is a store as that version wrote it, against a
//! sandbox on port 4010; `v<N>.txt` holds the VINs it was asked about.

use std::path::Path;

use vinrich::domain::outcome::Dataset;
use vinrich::sandbox::{Quotas, SandboxSpec};
use vinrich::store::{RunFilter, Store};

use crate::support::command::{Setup, eventually, tool_run, vins};
use crate::support::library::run;
use crate::support::{Work, csv_rows};

/// The version that this program writes. Its fixture is of a store whose accounts were
/// still API keys, and stays as it is when a later version comes.
const THIS_VERSION: u32 = 4;

/// The schema version in a store's header.
fn schema_of(store: &Path) -> u32 {
    let bytes = std::fs::read(store).expect("a store");
    u32::from_be_bytes(bytes[60..64].try_into().expect("four bytes"))
}

/// The copy made before is of the old version, private, and holds all there was.
fn assert_kept(copy: &Path, version: u32, answers: u64) {
    assert_eq!(schema_of(copy), version);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = copy.metadata().expect("the copy").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Put in the store's place it is a store: it is brought up to date anew.
    let again = copy.with_file_name("again.db");
    std::fs::copy(copy, &again).expect("a copy of the copy");
    let store = Store::peek(&again).expect("readable").expect("there");
    let sources = store.snapshot().and_then(|snapshot| snapshot.sources()).expect("the sources");
    assert_eq!(sources.iter().map(|source| source.answers).sum::<u64>(), answers);
}

#[test]
fn every_version_is_opened_and_read() {
    for (version, answers) in [(1, 27), (2, 30), (3, 30), (THIS_VERSION, 29)] {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store");
        let work = Work::with_faults(&[]);
        let input = fixtures.join(format!("v{version}.txt"));
        let mut plan = work.plan(&input, "out.csv");
        plan.settings.store = work.path("old.db");
        std::fs::copy(fixtures.join(format!("v{version}.db")), &plan.settings.store)
            .expect("the fixture is copied");
        for (id, vendor) in &mut plan.settings.vendors {
            vendor.base_url = format!("http://127.0.0.1:4010/{id}");
        }
        plan.datasets.offline = true;
        plan.datasets.named = [Dataset::Decode].into();

        let report = run(&plan).expect("the run ends");
        assert_eq!(report.exit_code, 0, "version {version}: {report:#?}");
        let rows = csv_rows(&work.read("out.csv"));
        assert!(rows.len() == 8 && rows.iter().all(|row| !row["make"].is_empty()));

        let store = Store::peek(&plan.settings.store).expect("readable").expect("there");
        let snapshot = store.snapshot().expect("a view");
        let sources = snapshot.sources().expect("the sources");
        assert_eq!(sources.iter().map(|source| source.answers).sum::<u64>(), answers);
        let runs = snapshot.runs(RunFilter::default(), 10).expect("the runs");
        assert_eq!(runs.len(), 2, "the one that made it, and this one");
        assert_eq!(schema_of(&plan.settings.store), THIS_VERSION);
        let kept = format!("old.db.before-schema-{THIS_VERSION}");
        let name = if version < THIS_VERSION { &*kept } else { "old.db.before-accounts" };
        assert_kept(&work.path(name), version, answers);
    }
}

/// Enters what an older vinrich left in a store when a key was rotated, and the address
/// was typed in another way: a second account, and a second source of decodes.
fn rotate(db: &rusqlite::Connection, version: u32) {
    db.execute_batch(
        "INSERT INTO accounts VALUES (90, 'carvin', 'http://LOCALHOST:4010//carvin/ live', 'feedfeedfeedfeed');
         INSERT INTO sources VALUES (90, 'decode', 'carvin', 'batch-decode', 'http://[::1]:4010/carvin live');
         INSERT INTO calls (id, account, source, run, reserved_wall, reserved_boot, price, keys)
         VALUES (9000, 90, 90, (SELECT max(id) FROM runs), 5, 5, 0, 'v:1HGCM82633A004352');
         INSERT INTO bodies VALUES (9000, x'0102', CAST('{\"old\":1}' AS BLOB));
         INSERT INTO answers
         SELECT 90, key, 2, 'older', 9000, fetched_at - 1, expires_at, 9000
         FROM answers WHERE source = 1 ORDER BY key LIMIT 1;
         INSERT INTO answers
         SELECT 90, key, 2, 'newer', 9000, fetched_at + 1, expires_at, 9000
         FROM answers WHERE source = 1 ORDER BY key DESC LIMIT 1;
         INSERT INTO answers VALUES (90, 'v:1HGCM82633A004352', 2, 'only', 9000, 7, 8, 9000);",
    )
    .expect("an older store");
    if version >= 2 {
        db.execute_batch(
            "INSERT INTO sources VALUES (91, 'none', 'visa', 'execute', 'http://localhost:4010/visa live');
             INSERT INTO sources VALUES (92, 'none', 'visa', 'execute', 'http://127.0.0.1:4010/visa live');
             INSERT INTO operations VALUES (91, 'frozen here', 'key-1', 5, NULL), (91, 'both', 'key-2', 9, NULL);
             INSERT INTO operations VALUES (92, 'both', 'key-3', 6, 9000);
             INSERT INTO sources VALUES (93, 'listings', 'carstrel', 'vehicles', 'http://localhost:4010/carstrel live');
             INSERT INTO inventories VALUES (93, 'another list', 11, 3, 12);",
        )
        .expect("an older store");
    }
    if version >= 3 {
        db.execute_batch(
            "INSERT INTO waits VALUES (1, 'boot', 900, 900, 'asked'), (90, 'boot', 800, 800, 'asked');",
        )
        .expect("an older store");
    }
}

#[test]
fn every_version_unites_accounts() {
    for version in 1..=THIS_VERSION {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("old.db");
        std::fs::copy(fixtures.join(format!("v{version}.db")), &path).expect("a copy");
        let db = rusqlite::Connection::open(&path).expect("a store");
        rotate(&db, version);
        let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql);
        let before = (count("SELECT count(*) FROM calls"), count("SELECT count(*) FROM answers"));

        Store::peek(&path).expect("it is brought up to date");
        let texts = |sql: &str| -> Vec<String> {
            let mut rows = db.prepare(sql).expect(sql);
            rows.query_map([], |row| row.get(0)).expect(sql).map(|row| row.expect(sql)).collect()
        };
        let account = "SELECT vendor || ' ' || origin || ' ' || account FROM accounts WHERE vendor = 'carvin'";
        assert_eq!(texts(account), ["carvin http://127.0.0.1:4010/carvin live "], "{version}");
        assert_eq!(count("SELECT count(*) FROM calls"), before.0);
        let lost = "SELECT count(*) FROM calls WHERE account NOT IN (SELECT id FROM accounts)
                        OR source NOT IN (SELECT id FROM sources)";
        assert_eq!(count(lost), 0, "{version}");
        let of_carvin = "SELECT count(*) FROM calls JOIN accounts ON accounts.id = calls.account WHERE vendor = 'carvin'";
        assert!(count(of_carvin) > 1, "those of both keys");

        let decodes = "SELECT count(*) FROM sources WHERE endpoint = 'batch-decode'";
        assert_eq!(count(decodes), 1, "{version}");
        assert_eq!(count("SELECT count(*) FROM answers"), before.1 - 2, "two were about the same");
        assert_eq!(
            texts("SELECT detail FROM answers WHERE body = 9000 ORDER BY detail"),
            ["newer", "only"]
        );
        assert_eq!(count("SELECT count(*) FROM answer_history"), 2, "the older of each two");
        assert_eq!(texts("SELECT detail FROM answer_history WHERE detail IS NOT NULL"), ["older"]);
        if version >= 2 {
            let frozen = "SELECT idempotency_key FROM operations WHERE settled IS NULL ORDER BY 1";
            assert_eq!(texts(frozen), ["key-1", "key-2"], "what was frozen last");
            assert_eq!(count("SELECT count(DISTINCT source) FROM operations"), 1);
            assert_eq!(count("SELECT count(DISTINCT source) FROM inventories"), 1);
            assert_eq!(texts("SELECT list FROM inventories WHERE snapshot = 11"), ["another list"]);
        }
        if version >= 3 {
            assert_eq!(count("SELECT sum(until_wall) FROM waits"), 900, "the longer one holds");
        }
        assert_eq!(count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    }
}

/// Makes of a store what last week's vinrich would have written: each key an account, and
/// addresses as they were typed.
fn age(store: &Path, typed: &str) {
    let db = rusqlite::Connection::open(store).expect("a store");
    db.execute_batch(&format!(
        "DELETE FROM meta WHERE name = 'accounts';
         UPDATE accounts SET account = 'feedfeedfeedfeed', origin = replace(origin, '127.0.0.1', '{typed}');
         UPDATE sources SET origin = replace(origin, '127.0.0.1', '{typed}');"
    ))
    .expect("an older store");
}

#[test]
fn a_tool_killed_before_an_upgrade_keeps_its_keys() {
    let work = Work::with(SandboxSpec {
        faults: vec!["latency=150ms".parse().expect("a rule")],
        quotas: Quotas::roomy(),
        ..SandboxSpec::default()
    });
    work.configure(&Setup::default());
    work.write_vins(&vins(6));
    work.write("input.json", r#"{"prompt": "Is {vin} insured?"}"#);
    let words = tool_run("out.csv", "1");
    let running = work.start(&words);
    eventually("a call", || work.sandbox.log().len() >= 3);
    assert_eq!(running.kill().code, None);
    age(&work.store(), "localhost");

    work.vinrich(&words).exits(0);
    let keys: Vec<String> = work.sandbox.log().iter().map(|call| call.keys[0].clone()).collect();
    let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!((distinct.len(), keys.len()), (6, 7), "one was sent again, under its key");
    let charged = work.number("SELECT sum(charged) FROM replies");
    assert_eq!(charged, 60_000, "each is charged once");
}
