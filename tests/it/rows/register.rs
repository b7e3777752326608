//! What was done about recalls: the register never hides a campaign, and says who said so.

use serde_json::Value;
use vinrich::domain::Timestamp;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::time::Clock as _;
use vinrich::store::{StoreSpec, import_recall_file};

use crate::support::clock::{NIGHT, ScriptedClock};
use crate::support::library::{Enriched, Tweak};
use crate::support::{Work, csv_rows};

/// A car of 2015.
const CAR: &str = "2T1BURHE1FC342217";

/// Nights after each of which the recall file names the car in other campaigns: one that
/// goes and comes back, and one that comes in the second night.
fn four_nights(work: &Work) -> Vec<Timestamp> {
    let clock = ScriptedClock::new();
    let mut plan = work.listing(&[CAR.to_owned()]).only(&[Dataset::Decode, Dataset::Recalls]);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file"];
    let decoded = Enriched::at(&work.listing(&[CAR.to_owned()]).only(&[Dataset::Decode]), &clock);
    let car = decoded.row(CAR);
    let mut taken = Vec::new();
    for numbers in [
        &["24V001000"][..],
        &["24V001000", "24V002000"],
        &["24V002000"],
        &["24V001000", "24V002000"],
    ] {
        clock.pass(NIGHT);
        let line = |number: &&str| {
            let park = if *number == "24V001000" { "Yes" } else { "No" };
            format!(
                "1\t{number}\t{}\t{}\t{}\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t20240105\t\
                 20240106\t\t\tIt burns.\tCrash.\tReplace.\t\t1\t\t\t\t{park}\tNo\n",
                car["make"],
                car["model"].to_uppercase(),
                car["model_year"],
            )
        };
        let text: String = numbers.iter().map(line).collect();
        let file = work.write("FLAT_RCL_POST_2010.txt", &text);
        let now = clock.now().wall;
        import_recall_file(&StoreSpec::of(&plan.settings), &file, true, now, |_| {})
            .expect("imported");
        let enriched = Enriched::at(&plan, &clock);
        let found: Vec<String> =
            serde_json::from_str(&enriched.row(CAR)["recall_campaigns"]).expect("a list");
        assert_eq!(found, numbers);
        taken.push(now);
    }
    taken
}

/// `vinrich COMMAND` exits with `code`, and prints `words`.
#[track_caller]
fn prints(work: &Work, command: &[&str], code: i32, words: &[&str]) {
    let ended = work.vinrich(command).exits(code);
    let said = ended.stdout();
    assert!(words.iter().all(|words| said.contains(words)), "{said}");
}

/// The campaigns that `recalls open` lists, the day since when, and what was said of each.
fn open(work: &Work, more: &[&str]) -> Vec<(String, String, String)> {
    let listed = work.vinrich(&[&["recalls", "open", "--format", "json"][..], more].concat());
    let listed: Value = serde_json::from_str(listed.exits(0).stdout()).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let recalls = listed["recalls"].as_array().expect("a list").iter();
    recalls
        .map(|recall| {
            let said = format!("{} {}", text(&recall["said_by"]), text(&recall["said_on"]));
            (text(&recall["campaign"]), text(&recall["since"])[..10].to_owned(), said)
        })
        .collect()
}

#[test]
fn the_register_says_what_was_done_and_hides_nothing() {
    let work = Work::configured(&[]);
    let taken = four_nights(&work);
    let day = |night: usize| taken[night].rfc3339()[..10].to_owned();
    let is = |campaign: &str, since: usize, said: &str| {
        (campaign.to_owned(), day(since), said.to_owned())
    };
    // The order not to drive comes first.
    let (park, other) = (is("24V001000", 3, " "), is("24V002000", 1, " "));
    assert_eq!(open(&work, &[]), [park, other.clone()]);

    prints(
        &work,
        &["recalls", "done", CAR, "24V-001", "--date", "2026-11-20", "--by", "workshop"],
        0,
        &["24V001000 is done, as of 2026-11-20, by workshop"],
    );
    assert_eq!(open(&work, &[]), std::slice::from_ref(&other));
    let done = is("24V001000", 3, "workshop 2026-11-20");
    assert_eq!(open(&work, &["--all"]), [done, other.clone()]);
    prints(&work, &["recalls", "open"], 0, &["1 open recall on 1 of 1 vehicle", "left out: 1"]);
    let again = Enriched::by(&work.listing(&[CAR.to_owned()]));
    assert_eq!(again.row(CAR)["recall_campaign_count"], "2", "a status hides no campaign");

    // The maker knows better, and later.
    work.write(
        "maker.csv",
        &format!("VIN,Campaign,Status,Date\n{CAR},24V001,Incomplete,2026-11-25\n{CAR},24V002,Closed,\n{CAR},X,Open,\n"),
    );
    prints(
        &work,
        &["recalls", "open", "--all", "-o", "open.csv"],
        0,
        &["wrote open.csv (2 recalls)"],
    );
    let rows = csv_rows(&work.read("open.csv"));
    let cells = ["status", "said_by", "park_it"].map(|name| &*rows[0][name]);
    assert_eq!(cells, ["done", "workshop", "true"]);
    let other = "1FTFW1ET1GFA00002";
    work.write("other.csv", &format!("vin,campaign,status\n{other},24V001,open\n"));
    let elsewhere = "1 about vehicles that are in no output";
    prints(&work, &["recalls", "import-status", "other.csv"], 0, &[elsewhere]);
    let left_out = "left out: 1 not a campaign number of NHTSA's, the first on line 4";
    prints(&work, &["recalls", "import-status", "maker.csv"], 3, &["1 done, 1 open", left_out]);
    let reopened = is("24V001000", 3, "maker.csv 2026-11-25");
    assert_eq!(open(&work, &[]), [reopened]);

    work.vinrich(&["recalls", "done", CAR, "24V001", "--take-back"]).exits(64).says(&["--by NAME"]);
    work.vinrich(&["recalls", "done", CAR, "24V001", "--take-back", "--by", "workshop"]).exits(0);
    work.vinrich(&["recalls", "done", CAR, "24X001"]).exits(64).says(&["not a campaign number"]);
    work.vinrich(&["recalls", "done", CAR, "24V001", "--date", "2199-01-01"]).exits(64);

    prints(&work, &["cache", "forget", CAR], 0, &["2 statements about a recall"]);
    assert!(open(&work, &["--all"]).is_empty());
    assert_eq!(work.number("SELECT count(*) FROM recall_statuses"), 1, "of the other vehicle");
}

#[test]
fn open_recalls_need_a_complete_run() {
    let work = Work::configured(&[]);
    work.vinrich(&["recalls", "open"]).exits(64).says(&["no snapshot of an output"]);
    let status = format!("vin,campaign,status\n{CAR},24V001,open\n");
    work.write("maker.csv", &status);
    prints(&work, &["recalls", "import-status", "maker.csv"], 0, &["0 done, 1 open"]);
    prints(&work, &["recalls", "import-status", "maker.csv"], 0, &["1 said before"]);
    work.vinrich(&["recalls", "open", "--output", "other.csv"]).exits(64).says(&["other.csv"]);
}
