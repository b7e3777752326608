//! Answers are found wherever they lie, few or many of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::collection::btree_set;
use proptest::prelude::*;
use rusqlite::params;

use super::*;

const ASKED: SourceId = SourceId(1);
const OTHER: i64 = 2;

/// A store in which one source has answers about `kept`, and another about every key.
fn store(kept: &BTreeSet<u16>) -> Connection {
    let db = migration::in_memory().expect("tables");
    for source in [ASKED.0, OTHER] {
        db.execute(
            "INSERT INTO sources VALUES (?1, 'decode', 'carvin', 'decode', ?1)",
            params![source],
        )
        .expect("a source");
    }
    let mut insert = db
        .prepare("INSERT INTO answers VALUES (?1, ?2, 1, NULL, NULL, ?3, 0, 0)")
        .expect("a statement");
    for key in 0..LAST {
        if kept.contains(&key) {
            insert.execute(params![ASKED.0, stored(key), key]).expect("an answer");
        }
        insert.execute(params![OTHER, stored(key), -1]).expect("an answer");
    }
    drop(insert);
    db
}

const LAST: u16 = 300;

fn stored(key: u16) -> String {
    format!("{key:03}")
}

fn found(db: &Connection, wanted: impl Iterator<Item = u16>) -> Vec<u16> {
    let view = Snapshot { db, path: PathBuf::new(), is_outermost: false };
    let mut found = Vec::new();
    let keys = wanted.map(|key| (u32::from(key), stored(key)));
    view.each_kept(ASKED, keys, |mark, kept| {
        assert_eq!(i64::from(mark), kept.fetched_at.micros());
        found.push(u16::try_from(mark).expect("a key"));
    })
    .expect("looked up");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_of_the_wanted_is_found(
        kept in btree_set(0..LAST, 0..usize::from(LAST)),
        wanted in btree_set(0..LAST, 0..usize::from(LAST)),
        sparse in btree_set(0..LAST, 0..4),
    ) {
        let db = store(&kept);
        for wanted in [&wanted, &sparse, &kept] {
            let both: Vec<u16> = wanted.intersection(&kept).copied().collect();
            prop_assert_eq!(found(&db, wanted.iter().copied()), both);
        }
    }
}

#[test]
fn a_key_named_twice_is_found_twice() {
    let db = store(&[3, 200].into());
    assert_eq!(found(&db, [3, 3, 4, 200, 200].into_iter()), [3, 3, 200, 200]);
}
