//! Clocks that were ahead, and were set back.

use std::time::Duration;

use vinrich::SystemClock;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::{Clock, Moment};
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vins};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The machine's clock, with a wall clock that is so far ahead.
struct Ahead(SystemClock, Duration);

impl Ahead {
    fn by(time: Duration) -> Self {
        Self(SystemClock::new(), time)
    }
}

impl Clock for Ahead {
    fn now(&self) -> Moment {
        let Moment { wall, boot } = self.0.now();
        Moment { wall: wall.later(self.1), boot }
    }

    fn boot_id(&self) -> &str {
        self.0.boot_id()
    }
}

/// A plan whose decodes live for 20 hours.
fn plan(work: &Work) -> Plan {
    let mut plan = work.listing(&vins(20)).only(&[Dataset::Decode]);
    plan.dataset(Dataset::Decode).ttl = 20 * HOUR;
    plan.dataset(Dataset::Decode).max_stale = 30 * DAY;
    plan
}

fn warns_of_the_clock(enriched: &Enriched) -> bool {
    enriched.report.warnings.iter().any(|words| words.contains("the clock was set back"))
}

#[test]
fn answers_of_a_slightly_fast_clock_are_good() {
    let work = Work::with_faults(&[]);
    let plan = plan(&work);
    assert!(!warns_of_the_clock(&Enriched::at(&plan, &Ahead::by(3 * HOUR))));
    let now = Enriched::by(&plan);
    now.all("decode_status", "found");
    assert!(warns_of_the_clock(&now), "{:?}", now.report.warnings);
    assert_eq!(work.calls("batch-decode"), 1, "nothing is paid twice");
}

#[test]
fn answers_of_the_future_are_asked_again() {
    let work = Work::with_faults(&[]);
    let plan = plan(&work);
    Enriched::at(&plan, &Ahead::by(400 * DAY));
    let now = Enriched::by(&plan);
    assert!(warns_of_the_clock(&now));
    now.all("decode_status", "found");
    now.all("decode_error", "");
    assert_eq!(work.calls("batch-decode"), 2, "they would be fresh for a year and more");
    let today = jiff::Timestamp::now().to_string();
    assert!(now.rows.iter().all(|row| row["decode_fetched_at"][..4] == today[..4]));
    // What was paid for now counts, though the store held something later.
    Enriched::by(&plan).all("decode_status", "found");
    assert_eq!(work.calls("batch-decode"), 2);
}

#[test]
fn a_right_clock_brings_no_warning() {
    let work = Work::with_faults(&[]);
    for _ in 0..2 {
        assert!(!warns_of_the_clock(&Enriched::by(&plan(&work))));
    }
}

/// Pages that the store keeps of the list.
fn pages_kept(work: &Work) -> i64 {
    let db = work.db();
    let sql = "SELECT count(*) FROM answers JOIN sources ON sources.id = source WHERE vendor = 'carstrel' AND endpoint = 'vehicles'";
    db.query_row(sql, [], |row| row.get(0)).expect("a count")
}

#[test]
fn an_inventory_of_the_future_is_replaced() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet().only(&[Dataset::Listings]);
    plan.dataset(Dataset::Listings).vendors = vec!["carstrel"];
    plan.vendor("carstrel").options.insert("currency", vec!["KES".into()]);
    Enriched::at(&plan, &Ahead::by(400 * DAY));
    let (asked, kept) = (work.sandbox.log().len(), pages_kept(&work));
    assert!(asked > 0);
    let now = Enriched::by(&plan);
    assert_eq!(work.sandbox.log().len(), 2 * asked, "it is read again");
    assert_eq!(pages_kept(&work), kept, "and takes the other's place");
    let today = jiff::Timestamp::now().to_string();
    let listed = now.rows.iter().filter(|row| row["listings_status"] == "found");
    assert!(listed.clone().count() > 0);
    assert!(listed.into_iter().all(|row| row["listings_fetched_at"][..4] == today[..4]));
    Enriched::by(&plan);
    assert_eq!(work.sandbox.log().len(), 2 * asked, "and is fresh then");
}

#[test]
fn runs_are_listed_in_order() {
    let work = Work::configured(&[]);
    let plan = plan(&work);
    let later = Enriched::at(&plan, &Ahead::by(DAY)).report.run_id;
    let now = Enriched::by(&plan).report.run_id;
    let listed = work.vinrich(&["runs", "list"]).exits(0);
    let place = |id: &str| listed.stdout().find(id).expect("it is listed");
    assert!(place(&now) < place(&later), "{}", listed.stdout());
}
