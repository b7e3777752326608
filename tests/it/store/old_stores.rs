//! A store of every schema version that was ever written still answers.
//!
//! `tests/fixtures/store/v<N>.db` is a store as that version wrote it, against a
//! sandbox on port 4010; `v<N>.txt` holds the VINs it was asked about.

use std::path::Path;

use vinrich::domain::outcome::Dataset;
use vinrich::store::{RunFilter, Store};

use crate::support::library::run;
use crate::support::{Work, csv_rows};

/// The version that this program writes. Its fixture stays as it is when a later one comes.
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
        let copy = work.path(&format!("old.db.before-schema-{THIS_VERSION}"));
        if version < THIS_VERSION {
            assert_kept(&copy, version, answers);
        } else {
            assert!(!copy.exists(), "nothing is migrated");
        }
    }
}
