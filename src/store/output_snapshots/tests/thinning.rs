use super::*;
use crate::store::output_snapshots::TABLES;

const NIGHT: i64 = 20_000 * 86_400_000_000 + 8_100_000_000;

fn at(days: i64, seconds: i64) -> Timestamp {
    Timestamp::from_micros(NIGHT + (days * 86_400 + seconds) * 1_000_000)
}

/// A snapshot of `output` for each time, and the ids by age.
fn kept(db: &Connection, output: &str, times: impl IntoIterator<Item = Timestamp>) {
    db.execute_batch(TABLES).expect("tables");
    for time in times {
        db.execute(
            "INSERT INTO output_snapshots (run_id, output, taken_at, format, rows, vehicles)
             VALUES (?1, ?2, ?3, 1, 0, 0)",
            params![format!("{output} {}", time.micros()), output, time],
        )
        .expect("kept");
    }
}

fn taken(db: &Connection) -> Vec<Timestamp> {
    db.prepare("SELECT taken_at FROM output_snapshots ORDER BY taken_at")
        .and_then(|mut all| all.query_map([], |row| row.get(0))?.collect())
        .expect("times")
}

fn thin(db: &Connection, before: Timestamp, now: Timestamp) {
    for id in surplus(db, before, now).expect("surplus") {
        remove(db, id).expect("removed");
    }
}

#[test]
fn old_nights_thin_out_to_weeks() {
    let db = Connection::open_in_memory().expect("memory");
    // Two a night for 500 nights, thinned after each.
    for night in 0..500 {
        let now = at(night, 10);
        kept(&db, "a", [at(night, 0), at(night, 5)]);
        thin(&db, now.earlier(DAY * 400), now);
    }
    let (now, times) = (at(499, 10), taken(&db));
    let age = |time: &Timestamp| now.since(*time);
    assert_eq!(times.iter().filter(|time| age(time) < ALL).count(), 4, "all of two days");
    let days: Vec<_> = times.iter().filter(|time| age(time) < DAILY).collect();
    assert_eq!(days.len(), 4 + 28, "then the last of each day");
    assert!(
        days.iter()
            .rev()
            .skip(4)
            .all(|time| time.micros() % 10_000_000 == at(0, 5).micros() % 10_000_000)
    );
    let weeks: Vec<_> = times.iter().filter(|time| age(time) >= DAILY).collect();
    assert!((53..=54).contains(&weeks.len()), "one a week for a year: {}", weeks.len());
    // The newest of them may be of a week whose other days are still kept.
    let whole = &weeks[..weeks.len() - 1];
    assert!(whole.windows(2).all(|pair| pair[1].since(*pair[0]) == DAY * 7));
    assert!(times.iter().all(|time| age(time) < DAY * 400));
}

#[test]
fn outputs_are_thinned_apart() {
    let db = Connection::open_in_memory().expect("memory");
    kept(&db, "a", [at(0, 0), at(0, 1)]);
    kept(&db, "b", [at(0, 2)]);
    thin(&db, at(-400, 0), at(10, 0));
    assert_eq!(taken(&db), [at(0, 1), at(0, 2)]);
    assert_eq!(count_before(&db, at(0, 2)), Ok(1));
    remove_before(&db, at(0, 2)).expect("removed");
    assert_eq!(taken(&db), [at(0, 2)]);
}
