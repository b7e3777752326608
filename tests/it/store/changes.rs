//! `changes`: what is different in an output, by the snapshots of complete runs alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::clock::{NIGHT, ScriptedClock, TTL, night};
use crate::support::command::{Ended, Running, Setup};
use crate::support::library::{Tweak as _, vin};
use crate::support::server::world::{Question, World, model};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, csv_rows, is_long_form, say, seed};

/// What is for sale tonight: an id and a price in dollars, by VIN.
type Stock = Arc<Mutex<BTreeMap<String, (&'static str, u32)>>>;

/// A vendor of listings whose stock changes.
fn visor(stock: &Stock) -> Fake {
    let stock = Arc::clone(stock);
    Fake::start(move |_, heard| {
        let stock = stock.lock().expect("no panic");
        let asked = stock.iter().filter(|(vin, _)| heard.path.contains(vin.as_str()));
        let row = |(vin, (id, price)): (&String, &(&str, u32))| json!({ "id": id, "vin": vin, "price": price, "status": "active", "dealer_name": "D" });
        let rows: Vec<Value> = asked.map(row).collect();
        let pagination =
            json!({ "limit": 100, "offset": 0, "total": rows.len(), "next_offset": null });
        let page = json!({ "data": rows, "pagination": pagination, "meta": {} });
        Reply::new(200, page.to_string()).header("x-usage-cost-micros", &2000)
    })
}

/// A truck of this number.
fn truck(number: usize) -> String {
    vin("1FTFW1ET", 'G', &format!("FA{number:05}"))
}

/// A fleet whose vendors play a night at a time.
struct Fleet {
    work: Work,
    world: World,
    stock: Stock,
    clock: ScriptedClock,
    plan: Plan,
    _visor: Fake,
}

impl Fleet {
    fn new() -> Self {
        let work = Work::with_faults(&[]);
        work.configure(&Setup::default());
        let (world, stock) = (World::new(), Stock::default());
        let visor = visor(&stock);
        let mut plan = world.plan(&work, &[], "carvin").only(&[
            Dataset::Decode,
            Dataset::Recalls,
            Dataset::Listings,
        ]);
        plan.vendor("visor").base_url = visor.url();
        plan.dataset(Dataset::Decode).ttl = TTL;
        Self { work, world, stock, clock: ScriptedClock::new(), plan, _visor: visor }
    }

    /// A night's run over this input; gives its exit code.
    fn night(&self, input: &str) -> u8 {
        self.work.write("vins.csv", input);
        self.clock.pass(NIGHT);
        night(&self.plan, &self.clock).exit_code
    }

    fn changes(&self, flags: &[&str]) -> Ended {
        self.work.vinrich(&[&["changes", "--output", "out.csv"][..], flags].concat())
    }

    /// The changes, each as `truck kind field before after campaign`.
    fn told(&self, flags: &[&str]) -> BTreeSet<String> {
        let told = self.changes(&[flags, &["--format", "json"]].concat()).exits(0).json();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let line = |change: &Value| {
            let vin = text(&change["vin"]);
            let cells = ["kind", "field", "before", "after", "campaign"];
            let cells = cells.map(|name| text(&change[name]).replace(&vin, "VIN"));
            format!("{} {}", vin[15..].trim_start_matches('0'), cells.join(" "))
        };
        told["changes"].as_array().expect("a list").iter().map(line).collect()
    }
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Trucks 1 to `last`, a row for each.
fn rows(last: usize) -> String {
    let row = |number| format!("{},U{number},2016\n", truck(number));
    let rows: String = (1..=last).map(row).collect();
    format!("VIN,Unit,year\n{rows}")
}

/// The first night of eight trucks.
fn first_night(fleet: &Fleet) {
    for (number, campaigns) in [(1, 1), (2, 2), (8, 1)] {
        fleet.world.script().campaigns.insert(model(&truck(number)), campaigns);
    }
    fleet.stock.lock().expect("no panic").insert(truck(3), ("a", 20_000));
    fleet.stock.lock().expect("no panic").insert(truck(4), ("b", 15_000));
    assert_eq!(fleet.night(&rows(8)), 0);
}

/// The second: what is true of it is the answer.
fn second_night(fleet: &Fleet) -> BTreeSet<String> {
    let mut script = fleet.world.script();
    script.campaigns.insert(model(&truck(1)), 2);
    script.campaigns.insert(model(&truck(2)), 1);
    script.models.insert(truck(6), "F-150".into());
    script.columns.insert(truck(7), json!({ "Trim": "XLT" }));
    drop(script);
    let mut stock = fleet.stock.lock().expect("no panic");
    stock.insert(truck(3), ("a", 19_500));
    stock.remove(&truck(4));
    stock.insert(truck(1), ("c", 9_999));
    drop(stock);
    // Truck 5 is gone and 9 is new, the order is another one, and so are the columns; the
    // sheet calls 8 a year older than it is.
    let row = |number| {
        let year = if number == 8 { 2015 } else { 2016 };
        format!("U{number},{year},note,{}\n", truck(number))
    };
    let rows: String = [9, 8, 7, 6, 4, 3, 2, 1].map(row).concat();
    assert_eq!(fleet.night(&format!("Unit,year,Note,VIN\n{rows}")), 0);
    set(&[
        "1 recall_new recall_campaigns - applies 16V002000",
        "2 recall_gone recall_campaigns applies - 16V002000",
        "8 recall_doubt recall_doubtful_campaigns applies may apply 16V001000",
        "3 price listing_price 20000.00 USD 19500.00 USD -",
        "4 listing_gone listing_id b - -",
        "1 listing_new listing_id - c -",
        "6 decode model MODEL A00006 F-150 -",
        "7 decode decode - - -",
        "9 vehicle_added vin - VIN -",
        "5 vehicle_removed vin VIN - -",
    ])
}

#[test]
fn changes_are_the_true_ones_of_each_night() {
    let fleet = Fleet::new();
    first_night(&fleet);
    let alone = fleet.changes(&[]).exits(0);
    assert!(alone.stdout().contains("nothing to compare with yet"), "{}", alone.stdout());
    let second = second_night(&fleet);
    assert_eq!(fleet.told(&[]), second);

    // A night that is incomplete leaves no snapshot, and neither does one that is kept aside.
    fleet.world.script().campaigns.insert(model(&truck(1)), 3);
    fleet.world.fail(503);
    assert_eq!(fleet.night(&rows(9)), 68);
    assert_eq!(fleet.told(&[]), second);
    // It is resumed, and compared with the night before it.
    fleet.world.mend();
    let third = set(&[
        "1 recall_new recall_campaigns - applies 16V003000",
        "5 vehicle_added vin - VIN -",
        "8 recall_doubt recall_doubtful_campaigns may apply applies 16V001000",
    ]);
    assert_eq!(fleet.night(&rows(9)), 0);
    assert_eq!(fleet.told(&[]), third);
    assert_eq!(fleet.night(&rows(9)), 0);
    assert_eq!(fleet.told(&[]), set(&[]), "nothing has changed");
    let same = fleet.changes(&[]).exits(0);
    assert!(same.stdout().contains("9 vehicles: nothing has changed"), "{}", same.stdout());
    assert_eq!(fleet.changes(&["--quiet"]).exits(0).stdout(), "");
}

/// What is true of the fleet: trucks with their campaigns, their listing's price, and how
/// often their decode was corrected.
type Truth = BTreeMap<usize, (u32, Option<u32>, u32)>;

/// What a night changes.
fn happen(truth: &mut Truth, dice: &mut fastrand::Rng) {
    for _ in 0..dice.usize(0..4) {
        let number = dice.usize(1..13);
        let Some((campaigns, price, corrected)) = truth.get_mut(&number) else {
            truth.insert(number, (dice.u32(0..3), None, 0));
            continue;
        };
        match dice.u8(0..8) {
            0..3 => *campaigns = dice.u32(0..4),
            3..6 => *price = [None, Some(9_000), Some(9_500)][dice.usize(0..3)],
            6 => *corrected += 1,
            _ if truth.len() > 4 => _ = truth.remove(&number),
            _ => {}
        }
    }
}

/// The vendors say what is true.
fn play(fleet: &Fleet, truth: &Truth) {
    let (mut script, mut stock) = (fleet.world.script(), fleet.stock.lock().expect("no panic"));
    stock.clear();
    for (number, (campaigns, price, corrected)) in truth {
        let vin = truck(*number);
        script.campaigns.insert(model(&vin), *campaigns);
        script.columns.insert(vin.clone(), json!({ "Trim": format!("T{corrected}") }));
        stock.extend(price.map(|price| (vin, ("L", price))));
    }
}

/// What is different between two truths.
fn difference(before: &Truth, after: &Truth) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let gone = before.keys().filter(|number| !after.contains_key(number));
    lines.extend(gone.map(|number| format!("{number} vehicle_removed vin VIN - -")));
    for (number, is) in after {
        let Some(was) = before.get(number) else {
            lines.insert(format!("{number} vehicle_added vin - VIN -"));
            continue;
        };
        let news = (was.0 + 1..=is.0).map(|n| ("recall_new", "- applies", n));
        let olds = (is.0 + 1..=was.0).map(|n| ("recall_gone", "applies -", n));
        lines.extend(
            news.chain(olds).map(|(kind, how, n)| {
                format!("{number} {kind} recall_campaigns {how} 16V{n:03}000")
            }),
        );
        match (was.1, is.1) {
            (None, Some(_)) => _ = lines.insert(format!("{number} listing_new listing_id - L -")),
            (Some(_), None) => _ = lines.insert(format!("{number} listing_gone listing_id L - -")),
            (Some(was), Some(is)) if was != is => {
                lines.insert(format!("{number} price listing_price {was}.00 USD {is}.00 USD -"));
            }
            _ => {}
        }
        if was.2 != is.2 {
            lines.insert(format!("{number} decode decode - - -"));
        }
    }
    lines
}

#[test]
fn thirty_nights_say_exactly_what_happened() {
    let fleet = Fleet::new();
    let mut dice = fastrand::Rng::with_seed(seed());
    let mut truth: Truth = (1..=9).map(|n| (n, (dice.u32(0..3), None, 0))).collect();
    // What the two latest complete nights knew.
    let mut known: Vec<Truth> = Vec::new();
    for number in 1..=30 {
        play(&fleet, &truth);
        let mut order: Vec<usize> = truth.keys().copied().collect();
        dice.shuffle(&mut order);
        let rows: Vec<_> = order.iter().map(|n| format!("2016,{}", truck(*n))).collect();
        let is_lost = number % 13 == 0;
        if is_lost {
            fleet.world.fail(503);
        }
        let exit = fleet.night(&format!("year,VIN\n{}\n", rows.join("\n")));
        assert_eq!(exit, if is_lost { 68 } else { 0 }, "night {number}");
        fleet.world.mend();
        if !is_lost {
            known.push(truth.clone());
        }
        if let [.., before, after] = &*known {
            assert_eq!(fleet.told(&[]), difference(before, after), "night {number}");
            if is_long_form() && number % 10 == 0 {
                say(fleet.changes(&[]).exits(0).stdout());
            }
        }
        happen(&mut truth, &mut dice);
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_is_only_read_is_enough() {
    use std::os::unix::fs::PermissionsExt as _;
    let fleet = Fleet::new();
    first_night(&fleet);
    let second = second_night(&fleet);
    let set_mode = |file: u32, folder: u32| {
        for (path, mode) in [(fleet.work.store(), file), (fleet.work.path("store"), folder)] {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path, mode).expect("a mode");
        }
    };
    set_mode(0o400, 0o500);
    let told = fleet.told(&[]);
    set_mode(0o600, 0o700);
    assert_eq!(told, second);
}

#[test]
fn an_earlier_night_is_named_by_run_or_time() {
    let fleet = Fleet::new();
    first_night(&fleet);
    let first = fleet.work.report("out.csv")["run_id"].as_str().expect("an id").to_owned();
    let second = second_night(&fleet);
    assert_eq!(fleet.night(&rows(9)), 0);
    let by_run = fleet.told(&["--since", &first]);
    assert!(by_run.contains("1 recall_new recall_campaigns - applies 16V002000"), "{by_run:?}");
    assert!(!by_run.contains("5 vehicle_removed vin VIN - -"), "it is back: {by_run:?}");
    assert_eq!(fleet.told(&["--since", &first[..19]]), by_run);
    assert_eq!(fleet.told(&["--since", "2001-01-01"]), by_run, "the oldest there is");
    assert_ne!(by_run, second);
    // The clock of the nights is ahead: as it was by then, it still is.
    assert_eq!(fleet.told(&["--since", "2999-01-01"]), set(&[]));
    fleet.changes(&["--since", "20010101T0"]).exits(64).says(&[
        "a run that begins with `20010101T0`",
        "hint: ",
        "7d",
    ]);
    fleet.work.vinrich(&["changes", "--output", "moved.csv"]).exits(64).says(&[
        "moved.csv",
        "hint: `--output` may be one of `",
        "out.csv`",
    ]);
}

#[test]
fn changes_become_a_table_with_own_columns() {
    let fleet = Fleet::new();
    first_night(&fleet);
    let second = second_night(&fleet);
    let flags = ["--keep", "Unit", "-o", "changes.csv"];
    let wrote = fleet.changes(&flags).exits(0);
    assert_eq!(wrote.stdout(), "wrote changes.csv (10 changes)\n");
    let table = csv_rows(&fleet.work.read("changes.csv"));
    assert_eq!(table.len(), second.len());
    let out = csv_rows(&fleet.work.read("out.csv"));
    for row in &table {
        let found = out.iter().find(|of| of["vin"] == row["vin"]);
        let (unit, row_id) = found.map_or(("", None), |of| (&*of["Unit"], Some(&of["row_id"])));
        assert_eq!(row["Unit"], unit, "{row:?}");
        assert!(row_id.is_none_or(|row_id| *row_id == row["row_id"]), "{row:?}");
        assert_eq!(row["kind"] == "vehicle_removed", found.is_none(), "{row:?}");
    }
    fleet.changes(&["--keep", "Nowhere"]).exits(64).says(&["Nowhere"]);
    fleet.changes(&["-o", "out.csv"]).exits(73).says(&["it is the output"]);
    fleet.changes(&["-o", "changes.parquet"]).exits(64);
}

#[test]
fn a_forgotten_vin_and_a_restored_store_compare() {
    let fleet = Fleet::new();
    first_night(&fleet);
    fleet.work.vinrich(&["store", "backup", "first.db"]).exits(0);
    let second = second_night(&fleet);
    fleet.work.vinrich(&["store", "restore", "first.db"]).exits(0);
    assert_eq!(fleet.told(&[]), second, "what the store had beyond the backup is carried over");
    let forgotten = fleet.work.vinrich(&["cache", "forget", &truck(1)]).exits(0);
    let words = "rows in 2 snapshots of outputs";
    assert!(forgotten.stdout().contains(words), "{}", forgotten.stdout());
    let rest = second.into_iter().filter(|line| !line.starts_with("1 ")).collect();
    assert_eq!(fleet.told(&[]), rest);

    let prune = ["cache", "prune", "--older-than", "0s"];
    let pruned = fleet.work.vinrich(&[&prune[..], &["--dry-run"]].concat()).exits(0);
    assert!(pruned.stdout().contains("would remove"), "{}", pruned.stdout());
    fleet.work.db().execute_batch("UPDATE output_snapshots SET format = 99").expect("a change");
    fleet.changes(&[]).exits(64).says(&["no snapshot of `", "that it can read"]);
}

/// A row of NHTSA's file about the trucks of this fleet.
fn line(number: &str, model: &str, summary: &str, park_it: &str) -> String {
    format!(
        "1\t{number}\tFORD\t{model}\t2016\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t20240105\t\
         20240106\t\t\t{summary}\tCrash.\tReplace.\t\t1\t\t\t\t{park_it}\tNo\n"
    )
}

#[test]
fn what_must_not_be_driven_comes_first() {
    let mut fleet = Fleet::new();
    fleet.plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file"];
    fleet.plan.datasets.named = [Dataset::Decode, Dataset::Recalls].into();
    for number in 1..=14 {
        fleet.world.script().models.insert(truck(number), "F-150".into());
    }
    for number in [15, 16] {
        fleet.world.script().models.insert(truck(number), "RANGER".into());
    }
    let file = "FLAT_RCL_POST_2010.txt";
    let import = |lines: &[String]| {
        fleet.work.write(file, &lines.concat());
        fleet.work.vinrich(&["recalls", "import", file, "--replace"]).exits(0);
    };
    let known = line("24V001000", "F-150", "It fails.", "No");
    import(std::slice::from_ref(&known));
    assert_eq!(fleet.night(&rows(15)), 0);
    import(&[
        known,
        line("24V002000", "F-150", "The hood may open.", "No"),
        line("24V003000", "RANGER", "The brakes fail.", "Yes"),
    ]);
    assert_eq!(fleet.night(&rows(16)), 0);
    let mut command = fleet.work.command(&["changes", "--keep", "Unit"]);
    command.env_remove("CARVIN_API_KEY").env_remove("VISOR_API_KEY");
    let mail = Running::start(&mut command).end().exits(0);
    let lines: Vec<&str> = mail.stdout().lines().collect();
    assert!(lines[0].contains("out.csv: ") && lines[0].contains(" compared with "), "{lines:#?}");
    let of = |number| format!("  {}  U{number}  2016 FORD F-150", truck(number));
    let mut listed: Vec<String> = (1..=14).map(of).collect();
    listed.sort();
    let mut expected = vec![
        "16 vehicles (15 before): 2 not to be driven, 14 with new recalls, 1 added".to_owned(),
        String::new(),
        "do not drive: 24V003000, 2 vehicles, BRAKES".into(),
        "  The brakes fail.".into(),
        // The file did not know the name before, so that nothing was known of it.
        format!("  {}  U15  2016 FORD RANGER  nothing was known the night before", truck(15)),
        String::new(),
        "new recall: 24V002000, 14 vehicles, BRAKES".into(),
        "  The hood may open.".into(),
    ];
    expected.extend(listed.into_iter().take(5));
    expected.push("  and 9 more".into());
    let added = format!("  {}  U16  2016 FORD RANGER  1 recall, not to be driven", truck(16));
    expected.insert(4, added.clone());
    expected.extend([String::new(), "added".into(), added]);
    assert_eq!(lines[1..], expected, "{}", mail.stdout());
}

#[test]
fn only_vehicles_with_new_recalls_are_asked_by_vin() {
    let fleet = Fleet::new();
    let script = || fleet.world.script();
    for number in [1, 2, 3] {
        script().campaigns.insert(model(&truck(number)), 1);
    }
    assert_eq!(fleet.night(&rows(8)), 0);
    for number in [1, 2] {
        script().campaigns.insert(model(&truck(number)), 2);
    }
    // Of one of them the vendor says by VIN that the new campaign does not concern it.
    script().of_vin.insert(truck(2), 1);
    assert_eq!(fleet.night(&rows(8)), 0);
    fleet.world.asked();
    let carvin = &fleet.plan.settings.vendors["carvin"].base_url;
    let confirm = |more: &[&str]| {
        let words = [&["changes", "--output", "out.csv", "--confirm-new"][..], more].concat();
        let mut command = fleet.work.command(&words);
        command.env("VINRICH_VENDORS__CARVIN__BASE_URL", carvin);
        (Running::start(&mut command).end(), fleet.world.asked())
    };

    let (mail, mut asked) = confirm(&[]);
    let mail = mail.exits(0);
    asked.sort_by_key(|question| *question == Question::RecallsOf(truck(2)));
    assert_eq!(asked, [truck(1), truck(2)].map(Question::RecallsOf));
    let said = [
        "carvin was asked by VIN about the 2 of 8 vehicles with new recalls: 2 calls, 6 saved",
        &format!("{}  2016 FORD MODEL A00001  confirmed by carvin", truck(1)),
        &format!("{}  2016 FORD MODEL A00002  carvin does not name it for this VIN", truck(2)),
    ];
    for words in said {
        assert!(mail.stdout().contains(words), "{}", mail.stdout());
    }

    let fails = Question::RecallsOf(truck(1));
    fleet.world.strike(move |_, asked| (*asked == fails).then(|| Reply::new(503, "{}")));
    let (json, _) = confirm(&["--format", "json"]);
    let json = json.exits(68).json();
    let confirmed =
        |change: &Value| (change["vin"] == truck(2)).then(|| change["confirmed"].clone());
    let of_first = json["changes"].as_array().expect("a list").iter().find_map(confirmed);
    assert_eq!(of_first, Some(json!(false)));
    assert_eq!(json["asked_by_vin"]["answered"], 1, "{json}");
    fleet.world.mend();
    let (table, asked) = confirm(&["--max-calls", "1", "-o", "new.csv"]);
    assert_eq!((table.exits(80).stdout(), asked.len()), ("wrote new.csv (2 changes)\n", 1));
    let table = csv_rows(&fleet.work.read("new.csv"));
    let answered = table.iter().filter(|row| !row["confirmed"].is_empty());
    assert_eq!((table.len(), answered.count()), (2, 1));
    let mut without_key = fleet.work.command(&["changes", "--confirm-new"]);
    Running::start(without_key.env_remove("CARVIN_API_KEY"))
        .end()
        .exits(77)
        .says(&["CARVIN_API_KEY"]);
}
