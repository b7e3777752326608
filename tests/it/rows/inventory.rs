//! An organisation's inventory: read page by page, kept whole, and joined by VIN
//! or counted as comparable.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use vinrich::domain::events::Silent;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::clock::ScriptedClock;
use crate::support::command::eventually;
use crate::support::library::{Enriched, Row, Tweak, fleet_vins, vin};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, csv_rows};

const DAY: Duration = Duration::from_hours(24);

/// Listings of the sample fleet from these vendors, priced in Kenyan shillings,
/// with decodes.
fn plan(work: &Work, vendors: &[&'static str]) -> Plan {
    let mut plan = work.fleet().only(&[Dataset::Decode, Dataset::Listings]);
    plan.dataset(Dataset::Decode).vendors = vec!["carvin"];
    plan.dataset(Dataset::Listings).vendors = vendors.to_vec();
    set(&mut plan, "currency", "KES");
    plan
}

fn set(plan: &mut Plan, option: &'static str, value: &str) {
    plan.vendor("carstrel").options.insert(option, vec![value.to_owned()]);
}

fn is_by(row: &Row, vendor: &str) -> bool {
    row["listings_status"] == "found" && row["listings_vendor"] == vendor
}

/// The pages asked for, in order.
fn pages(work: &Work) -> Vec<String> {
    let calls = work.sandbox.log().into_iter().filter(|call| call.vendor == "carstrel");
    calls.filter(|call| call.endpoint == "vehicles").flat_map(|call| call.keys).collect()
}

/// What the columns about listings say in each row, without times and stale marks.
fn values(enriched: &Enriched) -> Vec<BTreeMap<String, String>> {
    let lasting = |column: &str| {
        (column.starts_with("listing") || column.starts_with("comparable"))
            && !["listings_fetched_at", "listings_error"].contains(&column)
    };
    let values = |row: &Row| {
        let columns = row.iter().filter(|(column, _)| lasting(column));
        columns.map(|(column, value)| (column.clone(), value.clone())).collect()
    };
    enriched.rows.iter().map(values).collect()
}

/// Readings of which the store keeps pages, whole ones, and bodies of pages.
fn kept(work: &Work) -> (i64, i64, i64) {
    let count = |sql: &str| work.number(sql);
    let pages = "SELECT count(*) FROM answers JOIN sources ON sources.id = source WHERE vendor = 'carstrel' AND endpoint = 'vehicles'";
    (
        count(pages),
        count("SELECT count(*) FROM inventories"),
        count("SELECT count(*) FROM bodies WHERE instr(body, 'data has been received')"),
    )
}

#[test]
fn an_inventory_gives_listings_and_comparables() {
    let work = Work::with_faults(&[]);
    let enriched = Enriched::by(&plan(&work, &["visor", "carstrel"]));
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    assert_eq!(pages(&work), ["PAGE 1", "PAGE 2", "PAGE 3"]);

    let by = |vendor| enriched.rows.iter().filter(move |row| is_by(row, vendor));
    assert!(by("visor").count() > 0 && by("carstrel").count() > 0);
    for row in by("carstrel") {
        assert_eq!((&*row["listing_count"], &*row["listing_availability"]), ("1", "available"));
        assert!(["sale", "rental"].contains(&&*row["listing_offer"]));
        let priced = row["listing_offer"] == "sale";
        assert_eq!(row["listing_currency"] == "KES", priced, "a rent is no price: {row:?}");
        assert_eq!(row["listing_price"].is_empty(), !priced);
    }
    // What visor does not list and the inventory does not hold is known to be absent.
    let absent: Vec<&Row> =
        enriched.rows.iter().filter(|row| row["listings_status"] == "absent").collect();
    assert!(absent.iter().any(|row| row["comparable_count"] != "0"), "no listing of its own");
    for row in &enriched.rows {
        let known = row["decode_status"] == "found";
        assert_eq!(row["comparable_count"].is_empty(), !known, "{row:?}");
        let of = |which| row[&format!("comparable_price_{which}")].parse::<f64>().ok();
        if let (Some(min), Some(median), Some(max)) = (of("min"), of("median"), of("max")) {
            assert!(min <= median && median <= max && row["comparable_count"] != "0");
        }
    }

    let again = Enriched::by(&plan(&work, &["visor", "carstrel"]));
    assert_eq!(pages(&work).len(), 3, "a fresh inventory is not read again");
    assert_eq!(again.rows, enriched.rows);
}

#[test]
fn an_inventory_that_comes_first_saves_calls() {
    let work = Work::with_faults(&[]);
    let mut plan = plan(&work, &["carstrel", "visor"]);
    plan.datasets.named = [Dataset::Listings].into();
    let enriched = Enriched::by(&plan);
    let asked: Vec<String> = work
        .sandbox
        .log()
        .into_iter()
        .filter(|call| call.vendor == "visor")
        .flat_map(|call| call.keys)
        .collect();
    let mut held = 0;
    for row in enriched.rows.iter().filter(|row| is_by(row, "carstrel")) {
        assert!(!asked.contains(&row["vin"]), "it is known already");
        held += 1;
    }
    assert!(held > 13 && !asked.is_empty());
    enriched.all("comparable_count", "");
}

#[test]
fn without_a_currency_there_is_no_price() {
    let work = Work::with_faults(&[]);
    let mut plan = plan(&work, &["carstrel"]);
    plan.vendor("carstrel").options.insert("currency", Vec::new());
    let enriched = Enriched::by(&plan);
    for column in ["listing_price", "listing_currency", "comparable_price_median"] {
        enriched.all(column, "");
    }
    assert!(enriched.count("comparable_count").keys().any(|count| !["", "0"].contains(count)));
    // The pages are kept as they came, so a currency costs no call.
    set(&mut plan, "currency", "KES");
    let priced = Enriched::by(&plan);
    assert!(priced.count("listing_currency").contains_key("KES"));
    assert_eq!(pages(&work).len(), 3);
}

#[test]
fn filters_make_another_list() {
    let work = Work::with_faults(&[]);
    let mut plan = plan(&work, &["carstrel"]);
    set(&mut plan, "listing_type", "rental");
    let rentals = Enriched::by(&plan);
    let offers = rentals.count("listing_offer");
    assert!(offers["rental"] > 0 && !offers.contains_key("sale"), "{offers:?}");
    assert_eq!(pages(&work), ["PAGE 1"]);
    set(&mut plan, "listing_type", "sale");
    let sales = Enriched::by(&plan);
    assert!(!sales.count("listing_offer").contains_key("rental"));
    assert_eq!(pages(&work).len(), 4, "one list is not read from the pages of another");
}

#[test]
fn an_interrupted_reading_resumes() {
    let work = Work::with_faults(&[]);
    let clean = Enriched::by(&plan(&Work::with_faults(&[]), &["carstrel"]));
    let mut plan = plan(&work, &["carstrel"]);
    plan.datasets.named = [Dataset::Listings].into();
    plan.limits.max_calls = Some(2);
    let half = Enriched::by(&plan);
    assert_eq!(half.report.exit_code, 80);
    let statuses = half.count("listings_status");
    assert!(statuses.len() == 2 && statuses.contains_key("pending"), "{statuses:?}");
    assert_eq!(half.count("listing_id").len(), 1, "half an inventory is none");
    assert_eq!(kept(&work).1, 0);

    plan.limits.max_calls = None;
    plan.datasets.named = [Dataset::Decode, Dataset::Listings].into();
    let whole = Enriched::by(&plan);
    assert_eq!(whole.report.exit_code, 0);
    assert_eq!(pages(&work), ["PAGE 1", "PAGE 2", "PAGE 3"], "no page is asked for twice");
    assert_eq!(values(&whole), values(&clean));
}

#[test]
fn a_killed_reading_goes_on_where_it_ended() {
    let work = Work::configured(&["carstrel/latency=150ms"]);
    let fleet = work.part_of_fleet(3).display().to_string();
    let words = ["enrich", &fleet, "-o", "out.csv", "--with", "listings", "--listings", "carstrel"];
    let running = work.start(&words);
    eventually("two pages", || pages(&work).len() >= 2);
    running.kill();
    assert_eq!(kept(&work).1, 0, "half an inventory is none");
    work.vinrich(&words).exits(0);
    let asked = pages(&work);
    let times = |page: &str| asked.iter().filter(|asked| *asked == page).count();
    assert_eq!((times("PAGE 1"), times("PAGE 3")), (1, 1), "{asked:?}");
    assert!(times("PAGE 2") <= 2, "only what was in flight is asked for again: {asked:?}");
    assert_eq!(kept(&work), (3, 1, 3));
}

#[test]
fn an_old_half_inventory_is_not_completed() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, &["carstrel"]);
    plan.datasets.named = [Dataset::Listings].into();
    plan.limits.max_calls = Some(2);
    Enriched::at(&plan, &clock);
    clock.pass(DAY);
    plan.limits.max_calls = None;
    let enriched = Enriched::at(&plan, &clock);
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!(pages(&work)[2..], ["PAGE 1", "PAGE 2", "PAGE 3"]);
    assert_eq!(kept(&work), (3, 1, 3), "the old half is gone");
}

#[test]
fn a_repeated_page_is_an_error() {
    let work = Work::with_faults(&["carstrel/repeat:after=1"]);
    let enriched = Enriched::by(&plan(&work, &["carstrel"]));
    assert_eq!(enriched.report.exit_code, 76);
    assert_eq!(pages(&work).len(), 2, "it is not walked in circles");
    for row in enriched.rows.iter().filter(|row| !row["vin"].is_empty()) {
        assert_eq!((&*row["listings_status"], &*row["listings_error"]), ("failed", "garbled"));
    }
    enriched.all("listing_id", "");
    enriched.all("comparable_count", "");
    let words = enriched.report.warnings.join("\n");
    assert!(words.contains("page 2 repeats page 1"), "{words}");
    assert!(words.contains("no earlier one to use instead"), "{words}");
}

#[test]
fn the_last_whole_inventory_stays_in_use() {
    let work = Work::with_faults(&["carstrel/repeat:every=5"]);
    let clock = ScriptedClock::new();
    let plan = plan(&work, &["carstrel"]);
    let first = Enriched::at(&plan, &clock);
    assert_eq!(first.report.exit_code, 0);

    clock.pass(DAY);
    let second = Enriched::at(&plan, &clock);
    assert_eq!(second.report.exit_code, 76);
    assert_eq!(values(&second), values(&first), "no poorer than yesterday");
    for (new, old) in second.rows.iter().zip(&first.rows).filter(|(row, _)| !row["vin"].is_empty())
    {
        assert_eq!(new["listings_error"], "stale:garbled");
        assert_eq!(new["listings_fetched_at"], old["listings_fetched_at"], "its true age");
        assert_eq!(new["record_hash"], old["record_hash"]);
    }
    let words = second.report.warnings.join("\n");
    assert!(words.contains("stays in use"), "{words}");

    let third = Enriched::at(&plan, &clock);
    assert_eq!(third.report.exit_code, 0, "a broken reading is not gone on with");
    third.all("listings_error", "");
    assert_eq!(values(&third), values(&first));
    assert_eq!(kept(&work), (3, 1, 3), "pages of older readings are gone");
}

#[test]
fn an_inventory_that_is_too_old_is_none() {
    let work = Work::with_faults(&["carstrel/401:after=3"]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, &["carstrel"]);
    plan.datasets.named = [Dataset::Listings].into();
    let first = Enriched::at(&plan, &clock);
    clock.pass(DAY);
    let second = Enriched::at(&plan, &clock);
    assert_eq!(second.report.exit_code, 77);
    assert_eq!(values(&second), values(&first));
    clock.pass(3 * DAY);
    let third = Enriched::at(&plan, &clock);
    assert_eq!(third.count("listing_id").len(), 1, "nothing is shown of it");
    assert!(third.count("listings_error").contains_key("denied"));
}

#[test]
fn offline_the_store_is_all_there_is() {
    let work = Work::with_faults(&[]);
    let mut plan = plan(&work, &["carstrel"]);
    plan.datasets.named = [Dataset::Listings].into();
    plan.datasets.offline = true;
    let nothing = Enriched::by(&plan);
    assert!(nothing.count("listings_error").contains_key("offline"));
    plan.datasets.offline = false;
    let read = Enriched::by(&plan);
    plan.datasets.offline = true;
    let offline = Enriched::by(&plan);
    assert_eq!(offline.rows, read.rows);
    assert_eq!(pages(&work).len(), 3);
}

#[test]
fn currency_and_filters_come_from_the_configuration() {
    let work = Work::configured(&[]);
    let config = work.read("vinrich.toml");
    let own = "[vendors.carstrel]\ncurrency = 'KES'\nmin_year = 2015\nlisting_type = 'sale'";
    work.write("vinrich.toml", &config.replace("[vendors.carstrel]", own));
    let fleet = work.part_of_fleet(3).display().to_string();
    let listings = ["--with", "listings", "--listings", "carstrel"];
    let enrich = [&["enrich", &fleet, "-o", "out.csv"], &listings[..]].concat();
    let plan = [&["plan", &fleet, "--format", "json"], &listings[..]].concat();
    let calls = || work.vinrich(&plan).exits(0).json()["vendors"][0]["calls_total"].clone();
    assert_eq!(calls(), 1, "at least one, not one for each VIN");
    work.vinrich(&enrich).exits(0);
    let rows = csv_rows(&work.read("out.csv"));
    assert!(rows.iter().any(|row| row["listing_currency"] == "KES"));
    assert!(rows.iter().all(|row| row["listing_offer"] != "rental"));
    assert_eq!(calls(), 0, "everything is there");

    for (wrong, words) in [
        ("listing_type = 'lease'", "`vendors.carstrel.listing_type` must be `sale`, `rental` or"),
        ("min_year = 2020\nmax_year = 2010", "`vendors.carstrel`: `min_year` is above `max_year`"),
        ("colour = 'red'", "`vendors.carstrel.colour`"),
    ] {
        let table = format!("[vendors.carstrel]\n{wrong}");
        work.write("vinrich.toml", &config.replace("[vendors.carstrel]", &table));
        work.vinrich(&enrich).exits(78).says(&[words]);
    }
}

#[test]
fn what_is_not_in_the_inventory_is_absent() {
    let work = Work::with_faults(&[]);
    let vins = [fleet_vins(1), vec![vin("ZZ9AAA4A", 'G', "EA00000")]].concat();
    let mut plan = work.listing(&vins).only(&[Dataset::Listings]);
    plan.dataset(Dataset::Listings).vendors = vec!["carstrel"];
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    let told = |vin: &str| {
        let row = enriched.row(vin);
        (row["listings_status"].clone(), row["listing_count"].clone())
    };
    assert_eq!(told(&vins[0]), ("found".into(), "1".into()));
    assert_eq!(told(&vins[1]), ("absent".into(), "0".into()));
    enriched.all("listings_vendor", "carstrel");
    assert!(enriched.rows.iter().all(|row| !row["listings_fetched_at"].is_empty()));
}

#[test]
fn filters_by_name_are_looked_up_and_kept() {
    let work = Work::with_faults(&[]);
    let clock = ScriptedClock::new();
    let mut plan = plan(&work, &["carstrel"]);
    let all = Enriched::at(&plan, &clock);
    let names = |work: &Work| work.calls("names");
    assert_eq!(names(&work), 0, "nothing is named");
    plan.vendor("carstrel").options.insert("brand", vec!["honda".into()]);
    plan.vendor("carstrel").options.insert("model", vec!["Civic".into()]);
    let named = Enriched::at(&plan, &clock);
    assert_eq!(named.report.exit_code, 0, "{:#?}", named.report);
    assert_eq!(names(&work), 2, "the brands, and the models of one");
    let listed = |enriched: &Enriched| {
        let found = |row: &&Row| row["listings_status"] == "found";
        enriched.rows.iter().filter(found).map(|row| row["vin"].clone()).collect::<Vec<_>>()
    };
    let (all, some) = (listed(&all), listed(&named));
    assert!(!some.is_empty() && some.len() < all.len(), "{} of {}", some.len(), all.len());
    let civics = |vin: &String| vin.starts_with("1HG") || named.row(vin)["model"] == "Civic";
    assert!(some.iter().all(|vin| all.contains(vin)) && some.iter().any(civics), "{some:?}");
    clock.pass(20 * DAY);
    Enriched::at(&plan, &clock);
    assert_eq!(names(&work), 2, "kept for 30 days");
    clock.pass(11 * DAY);
    Enriched::at(&plan, &clock);
    assert_eq!(names(&work), 4, "and then read again");
    plan.vendor("carstrel").options.insert("model", vec!["Civvic".into()]);
    let error = crate::support::library::run(&plan).expect_err("no such model");
    assert_eq!(error.exit().code(), 78, "{error}");
    assert!(error.to_string().contains("no model called `Civvic`"), "{error}");
}

/// An inventory of `listed` vehicles, each naming its VIN, whose vendor says that it
/// counts what `stats` says.
fn counting(listed: usize, stats: impl Fn() -> Reply + Send + Sync + 'static) -> Fake {
    let vins = fleet_vins(listed);
    Fake::start(move |_, heard| {
        if heard.path == "/external/vehicles/stats/summary" {
            return stats();
        }
        let vehicle = |vin: &String| {
            json!({
                "id": format!("lot-{vin}"), "vin": vin, "year": 2019, "status": "available",
                "listingType": "sale", "model": { "name": "Vitara", "brand": { "name": "Suzuki" } },
            })
        };
        let data: Vec<_> = vins.iter().map(vehicle).collect();
        let page = json!({ "statusCode": 200, "data": data, "total": listed, "page": 1 });
        Reply::new(200, page.to_string())
    })
}

fn says(total: u64, available: u64) -> Reply {
    let data = json!({ "totalVehicles": total, "availableVehicles": available });
    Reply::new(200, json!({ "statusCode": 200, "data": data }).to_string())
}

/// The first of the fleet, which the inventory has, and a VIN that it has not.
fn counted(work: &Work, fake: &Fake) -> (Plan, [String; 2]) {
    let vins = [fleet_vins(1).remove(0), vin("ZZ9AAA4A", 'G', "EA00000")];
    let mut plan = work.listing(&vins).only(&[Dataset::Listings]);
    plan.dataset(Dataset::Listings).vendors = vec!["carstrel"];
    fake.url().clone_into(&mut plan.vendor("carstrel").base_url);
    (plan, vins)
}

fn told(enriched: &Enriched, vin: &str) -> [String; 3] {
    ["listings_status", "listing_count", "listings_error"]
        .map(|column| enriched.row(vin)[column].clone())
}

#[test]
fn an_inventory_short_of_its_count_proves_no_zero() {
    for (total, available, short) in [(40, 37, true), (33, 33, false), (90, 31, false)] {
        let (work, clock) = (Work::with_faults(&[]), ScriptedClock::new());
        let fake = counting(31, move || says(total, available));
        let (plan, [listed, other]) = counted(&work, &fake);
        for night in ["read", "fresh", "renewed"] {
            let enriched = Enriched::at(&plan, &clock);
            let name = format!("{total}, {available}: {night}");
            assert_eq!(enriched.report.exit_code, 0, "{name}: {:#?}", enriched.report);
            assert_eq!(told(&enriched, &listed), ["found", "1", ""], "{name}");
            let expected = if short { ["failed", "", "inconclusive"] } else { ["absent", "0", ""] };
            assert_eq!(told(&enriched, &other), expected, "{name}");
            let warnings = enriched.report.warnings.join("\n");
            let words = "showed 31 vehicles, and the vendor counts 40 (37 of them available)";
            assert_eq!(warnings.contains(words), short, "{name}: {warnings}");
            if night == "fresh" {
                clock.pass(DAY);
            }
        }
        let asked = fake.heard().iter().filter(|heard| heard.path.contains("stats")).count();
        assert_eq!(asked, 2, "once for each reading");
    }
}

#[test]
fn an_inventory_is_used_unchecked_without_a_count() {
    let replies: [fn() -> Reply; 5] = [
        || Reply::new(403, r#"{"statusCode":403,"message":"Forbidden"}"#),
        || Reply::new(404, r#"{"statusCode":404,"message":"Cannot GET"}"#),
        || Reply::new(200, r#"{"statusCode":200,"data":{"vehicles":31}}"#),
        || Reply::new(503, "<html>"),
        || Reply::new(200, r#"{"statusCode":401,"message":"Unauthorized"}"#),
    ];
    for (place, stats) in replies.into_iter().enumerate() {
        let work = Work::with_faults(&[]);
        let fake = counting(31, stats);
        let (plan, [listed, other]) = counted(&work, &fake);
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 0, "{place}: {:#?}", enriched.report);
        assert_eq!(told(&enriched, &listed), ["found", "1", ""], "{place}");
        assert_eq!(told(&enriched, &other), ["absent", "0", ""], "{place}");
        let warnings = enriched.report.warnings.join("\n");
        assert!(warnings.contains("used without that check"), "{place}: {warnings}");
    }
}

#[test]
fn a_filtered_inventory_is_not_counted() {
    let work = Work::with_faults(&[]);
    let mut plan = plan(&work, &["carstrel"]);
    plan.datasets.named = [Dataset::Listings].into();
    let foreseen = |plan: &Plan| {
        let forecast = vinrich::plan(plan, &Silent, &ScriptedClock::new());
        forecast.expect("a forecast").vendors[0].calls.clone()
    };
    set(&mut plan, "min_year", "2015");
    assert_eq!(foreseen(&plan), [("vehicles", 1)].into());
    let enriched = Enriched::by(&plan);
    assert_eq!((enriched.report.exit_code, work.calls("stats")), (0, 0));
    plan.vendor("carstrel").options.remove("min_year");
    assert_eq!(foreseen(&plan), [("stats", 1), ("vehicles", 1)].into());
    let enriched = Enriched::by(&plan);
    assert_eq!((enriched.report.exit_code, work.calls("stats")), (0, 1));
    assert!(!enriched.report.warnings.iter().any(|of| of.contains("counts")), "they agree");
}
