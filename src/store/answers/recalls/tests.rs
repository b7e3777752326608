//! Taking editions in and looking vehicles up, on stores of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::import::Import;
use super::*;
use crate::config::Durability;
use crate::domain::facts::DecodeFacts;
use crate::domain::{Error, Vehicle};
use crate::matching::descriptor::Descriptor;
use crate::reference::nhtsa_file::{Edition, Record};
use crate::store::{RunLimits, Snapshot, Store, StoreSpec};

/// A day in 2027.
const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// A store in a folder of its own.
struct TestStore(tempfile::TempDir);

impl TestStore {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("vinrich.db")
    }

    fn import(&self, part: Part, hash: u8, records: &[Record]) -> Imported {
        let path = self.path();
        let spec = spec(&path);
        let mut import = Import::begin(&spec).expect("a store");
        for record in records {
            import.add(record).expect("a row");
        }
        import
            .commit(edition(part, hash, records), NOW.later(Duration::from_micros(u64::from(hash))))
            .expect("kept")
    }

    fn view<T>(&self, look: impl FnOnce(&Snapshot<'_>) -> Result<T, Error>) -> T {
        let store = Store::peek(&self.path()).expect("readable").expect("there");
        look(&store.snapshot().expect("a view")).expect("an answer")
    }

    /// How old the file is, and how many parts of it are there.
    fn info(&self) -> (Option<RecallFileInfo>, usize) {
        self.view(|snapshot| {
            let (info, parts) = (snapshot.recall_file()?, snapshot.recall_files()?);
            assert_eq!(snapshot.has_recall_file()?, !parts.is_empty());
            Ok((info, parts.len()))
        })
    }

    fn filed(&self, make: &str, model: &str, year: i32) -> RecallMatch {
        let (make, model) = (make.to_uppercase(), model.to_owned());
        let facts = DecodeFacts {
            make: Some(make.clone()),
            model: Some(model.clone()),
            ..DecodeFacts::default()
        };
        self.filed_as(&Descriptor::of(&facts), &Vehicle::new(&make, &model, year))
    }

    fn filed_as(&self, version: &Descriptor, vehicle: &Vehicle) -> RecallMatch {
        self.view(|snapshot| snapshot.recall_lookup()?.find(vehicle, version))
    }

    /// The campaign numbers of an answer.
    fn numbers(&self, filed: &RecallMatch) -> Vec<String> {
        let RecallMatch::Found(found) = filed else { return Vec::new() };
        let (facts, doubt) = self.view(|snapshot| snapshot.recall_campaigns(&found.campaigns));
        let doubt = doubt.unwrap_or_default();
        let mark = |number: String| {
            let is_doubtful = doubt.contains(&number);
            if is_doubtful { format!("{number}?{}", doubt.reasons) } else { number }
        };
        facts.campaigns.into_iter().map(|campaign| mark(campaign.number)).collect()
    }
}

fn spec(path: &Path) -> StoreSpec<'_> {
    StoreSpec {
        path,
        durability: Durability::Normal,
        must_exist: false,
        limits: RunLimits::default(),
    }
}

fn edition(part: Part, hash: u8, records: &[Record]) -> Edition {
    Edition {
        part,
        name: format!("{}.txt", part.name()),
        hash: [hash; 32],
        rows: records.len() as u64,
        other_rows: 0,
        duplicates: 0,
        rejected: 0,
        newest: Some(20_000),
        warnings: Vec::new(),
    }
}

fn row(number: &str, make: &str, model: &str, year: i32) -> Record {
    let campaign = Campaign {
        number: number.into(),
        summary: Some(format!("summary of {number}")),
        ..Campaign::default()
    };
    let vehicle = Vehicle::new(make, model, year);
    let year = (year != 9999).then_some(year);
    Record {
        campaign: Arc::new(campaign),
        details: Arc::default(),
        make: vehicle.make,
        model: vehicle.model,
        year,
    }
}

fn fleet() -> Vec<Record> {
    vec![
        row("16V002000", "FORD", "F-250 SD", 2016),
        row("16V001000", "FORD", "F-250 SD", 2016),
        row("16V001000", "FORD", "F-150", 2016),
        row("14V009000", "MERCEDES BENZ", "C300", 2014),
        row("17V004000", "MAZDA", "CX-5", 2017),
        row("18V005000", "TESLA", "MODEL S", 9999),
    ]
}

#[test]
fn a_vehicle_is_found_by_name_or_variant() {
    let store = TestStore::new();
    let imported = store.import(Part::Post2010, 1, &fleet());
    assert_eq!((imported.campaigns, imported.vehicles), (5, 4));

    let exact = store.filed("Ford", "F-250 SD", 2016);
    assert!(matches!(&exact, RecallMatch::Found(found) if found.is_exact));
    assert_eq!(store.numbers(&exact), ["16V001000", "16V002000"]);

    let variant = store.filed("FORD", "F-250", 2016);
    let is_variant = |filed: &RecallMatch, name: &str| matches!(filed, RecallMatch::Found(found) if found.names == [name] && !found.is_exact);
    assert!(is_variant(&variant, "F-250 SD"));
    assert_eq!(store.numbers(&variant), ["16V001000", "16V002000"]);

    let respelled = store.filed("MAZDA", "CX5", 2017);
    assert!(is_variant(&respelled, "CX-5"));

    let make = store.filed("MERCEDES-BENZ", "C300", 2014);
    assert_eq!(store.numbers(&make), ["14V009000"]);
}

#[test]
fn a_zero_needs_a_known_name_and_year() {
    let store = TestStore::new();
    store.import(Part::Post2010, 1, &fleet());
    assert_eq!(store.filed("FORD", "F-150", 2017), RecallMatch::Zero);
    assert_eq!(
        store.filed("MAZDA", "CX5", 2018),
        RecallMatch::Zero,
        "the same model, spelled otherwise"
    );
    assert_eq!(
        store.filed("FORD", "F-250", 2017),
        RecallMatch::Zero,
        "the super duty is a name of it"
    );
    assert_eq!(store.filed("FORD", "FIESTA", 2016), RecallMatch::UnknownName);
    assert_eq!(store.filed("LADA", "NIVA", 2016), RecallMatch::UnknownName);
    assert_eq!(store.filed("FORD", "", 2016), RecallMatch::UnknownName);

    assert_eq!(
        store.filed("FORD", "F-150", 2010),
        RecallMatch::Uncovered,
        "older reports are elsewhere"
    );
    store.import(Part::Pre2010, 2, &[row("09V001000", "FORD", "F-150", 2009)]);
    assert_eq!(store.filed("FORD", "F-150", 2010), RecallMatch::Zero);
    assert_eq!(store.numbers(&store.filed("FORD", "F-150", 2009)), ["09V001000"]);
}

#[test]
fn a_campaign_without_year_may_fit_any() {
    let store = TestStore::new();
    let mut rows = fleet();
    rows.push(row("19V001000", "FORD", "TRANSIT", 9999));
    rows.push(row("19V002000", "FORD", "TRANSIT", 2019));
    let imported = store.import(Part::Whole, 1, &rows);
    assert_eq!(imported.vehicles, 5, "one without a year is not counted");
    assert_eq!(store.filed("FORD", "TRANSIT", 2016), RecallMatch::UnknownYear);
    assert!(!RecallMatch::UnknownYear.settles());
    assert_eq!(store.numbers(&store.filed("FORD", "TRANSIT", 2019)), ["19V002000"]);
    assert_eq!(store.filed("TESLA", "MODEL S", 2018), RecallMatch::UnknownYear);
    assert_eq!(store.filed("TESLA", "MODELS", 2018), RecallMatch::UnknownYear, "spelled otherwise");
    assert_eq!(store.filed("TESLA", "MODEL S", 0), RecallMatch::UnknownYear, "0 is not a year");
}

#[test]
fn an_edition_does_not_cover_later_cars() {
    let store = TestStore::new();
    store.import(Part::Post2010, 1, &fleet());
    // It goes up to a day in 2024.
    assert_eq!(store.filed("FORD", "F-150", 2025), RecallMatch::Zero);
    assert_eq!(store.filed("FORD", "F-150", 2026), RecallMatch::Uncovered);
}

#[test]
fn a_longer_name_counts_only_for_unused_names() {
    let store = TestStore::new();
    let rows = [
        row("21V001000", "FORD", "MUSTANG MACH-E", 2021),
        row("20V002000", "FORD", "MUSTANG", 2020),
        row("99V003000", "FORD", "F-250", 1999),
        row("16V004000", "FORD", "F-250 SD", 2016),
        row("17V005000", "MAZDA", "CX-5", 2017),
        row("18V006000", "MAZDA", "CX-5 SPORT", 2018),
        row("18V007000", "MAZDA", "CX 5", 2018),
    ];
    store.import(Part::Whole, 1, &rows);
    assert_eq!(store.filed("FORD", "MUSTANG", 2021), RecallMatch::Zero, "not the Mach-E");
    assert_eq!(store.numbers(&store.filed("FORD", "MUSTANG", 2020)), ["20V002000"]);
    assert_eq!(store.numbers(&store.filed("FORD", "MUSTANG MACH-E", 2021)), ["21V001000"]);
    assert_eq!(store.numbers(&store.filed("FORD", "F-250", 2016)), ["16V004000"]);
    assert_eq!(store.numbers(&store.filed("MAZDA", "CX-5", 2018)), ["18V007000"]);
}

#[test]
fn the_old_reports_alone_ground_no_zero() {
    let store = TestStore::new();
    store.import(Part::Pre2010, 1, &[row("09V001000", "FORD", "F-150", 2009)]);
    assert_eq!(store.filed("FORD", "F-150", 2016), RecallMatch::Uncovered);
    store.import(Part::Whole, 2, &fleet());
    assert_eq!(
        store.filed("FORD", "F-150", 2009),
        RecallMatch::Zero,
        "the whole replaces its parts"
    );
    assert_eq!(store.info().1, 1);
}

#[test]
fn rows_of_one_campaign_merge_in_any_order() {
    let mut rows = vec![row("16V001000", "FORD", "F-150", 2016); 3];
    let campaign = Campaign::clone(&rows[0].campaign);
    let says = |component: &str, park_it| {
        let component = Some(component.to_owned());
        Arc::new(Campaign { component, park_it: Some(park_it), ..campaign.clone() })
    };
    rows[0].campaign = says("STEERING", false);
    rows[1].campaign = says("AIR BAGS", true);
    rows[2].campaign = Arc::new(Campaign { reported_on: Some(16_800), ..campaign.clone() });
    rows.insert(1, row("16V002000", "FORD", "F-150", 2016));
    let found = |rows: &[Record]| {
        let store = TestStore::new();
        store.import(Part::Post2010, 1, rows);
        let RecallMatch::Found(found) = store.filed("FORD", "F-150", 2016) else { panic!("found") };
        store.view(|snapshot| snapshot.recall_campaigns(&found.campaigns)).0.campaigns
    };
    let campaigns = found(&rows);
    assert_eq!(campaigns.len(), 2);
    let merged = Campaign {
        component: Some("AIR BAGS".into()),
        park_it: Some(true),
        reported_on: Some(16_800),
        ..campaign.clone()
    };
    assert_eq!(campaigns[0], merged);
    rows.reverse();
    assert_eq!(found(&rows), campaigns);
}

#[test]
fn an_edition_replaces_only_its_predecessor() {
    let store = TestStore::new();
    store.import(Part::Pre2010, 1, &[row("09V001000", "FORD", "F-150", 2009)]);
    store.import(Part::Post2010, 2, &fleet());
    let next = [row("16V777000", "FORD", "F-150", 2016), row("16V778000", "FORD", "F-150", 2009)];
    let imported = store.import(Part::Post2010, 3, &next);
    assert!(!imported.unchanged);
    assert_eq!(store.numbers(&store.filed("FORD", "F-150", 2016)), ["16V777000"]);
    assert_eq!(store.numbers(&store.filed("FORD", "F-150", 2009)), ["09V001000", "16V778000"]);
    assert_eq!(store.filed("MAZDA", "CX-5", 2017), RecallMatch::UnknownName, "nothing old is left");

    let again = store.import(Part::Post2010, 3, &next);
    assert!(again.unchanged);
    let info = RecallFileInfo {
        imported_at: NOW.later(Duration::from_micros(3)),
        data_as_of: Some(20_000),
    };
    assert_eq!(store.info(), (Some(info), 2));
}

#[test]
fn a_shrunk_or_older_edition_is_doubted() {
    let store = TestStore::new();
    let many: Vec<Record> =
        (0..200).map(|n| row("16V001000", "FORD", &format!("M{n}"), 2016)).collect();
    store.import(Part::Post2010, 1, &many);
    let doubt = |change: &dyn Fn(&mut Edition)| {
        let mut next = edition(Part::Post2010, 2, &many);
        change(&mut next);
        let path = store.path();
        let spec = spec(&path);
        Import::begin(&spec).expect("a store").doubt(&next).expect("readable").unwrap_or_default()
    };
    assert_eq!(doubt(&|_| ()), "");
    assert_eq!(doubt(&|next| next.rows -= 1), "");
    assert!(doubt(&|next| next.rows = 50).contains("may be cut off"));
    assert!(doubt(&|next| next.newest = Some(10_000)).starts_with("it goes up to 1997-05-19"));
}

#[test]
fn an_import_that_ends_early_changes_nothing() {
    let store = TestStore::new();
    store.import(Part::Post2010, 1, &fleet());
    let path = store.path();
    let spec = spec(&path);
    let mut import = Import::begin(&spec).expect("a store");
    import.add(&row("24V001000", "KIA", "EV6", 2024)).expect("a row");
    // A run reads and writes meanwhile: nothing is locked.
    assert_eq!(store.numbers(&store.filed("MAZDA", "CX-5", 2017)), ["17V004000"]);
    drop(import);
    assert_eq!(store.filed("KIA", "EV6", 2024), RecallMatch::UnknownName);
    assert_eq!(store.numbers(&store.filed("FORD", "F-150", 2016)), ["16V001000"]);
}

#[test]
fn many_are_found_as_one_by_one() {
    let store = TestStore::new();
    store.import(Part::Post2010, 1, &fleet());
    let vehicles: Vec<Vehicle> = ["FORD", "MAZDA", "FORD", "LADA"]
        .into_iter()
        .flat_map(|make| ["F-250", "F-150", "CX5"].map(|model| (make, model)))
        .flat_map(|(make, model)| [2016, 2017].map(|year| Vehicle::new(make, model, year)))
        .collect();
    let version = |vehicle: &Vehicle| {
        let (make, model) = (Some(vehicle.make.clone()), Some(vehicle.model.clone()));
        Descriptor::of(&DecodeFacts { make, model, ..DecodeFacts::default() })
    };
    let found = store.view(|snapshot| {
        let mut lookup = snapshot.recall_lookup()?;
        let find =
            |(mark, vehicle): (u32, &Vehicle)| Ok((mark, lookup.find(vehicle, &version(vehicle))?));
        (0..).zip(&vehicles).map(find).collect::<Result<Vec<_>, Error>>()
    });
    let one_by_one: Vec<_> = (0..)
        .zip(&vehicles)
        .map(|(mark, v)| (mark, store.filed(&v.make, &v.model, v.year)))
        .collect();
    assert_eq!(found, one_by_one);
    assert!(found.iter().any(|(_, filed)| matches!(filed, RecallMatch::Found(_))));
}

#[test]
fn a_store_without_the_file_says_so() {
    let store = TestStore::new();
    let path = store.path();
    drop(Import::begin(&spec(&path)).expect("a store"));
    assert_eq!(store.info(), (None, 0));
    store.import(Part::Post2010, 1, &fleet());
    assert_eq!(store.info().1, 1);
}

/// A Toyota pickup or van of some version.
fn version(series: &str, electrification: &str) -> Descriptor {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Descriptor::of(&DecodeFacts {
        series: some(series),
        electrification_level: some(electrification),
        vehicle_type: some("TRUCK"),
        fuel_type_primary: some("Gasoline"),
        ..DecodeFacts::default()
    })
}

#[test]
fn an_exact_name_hides_no_longer_one() {
    let store = TestStore::new();
    let rows = [
        row("18V001000", "GMC", "SIERRA", 2018),
        row("18V002000", "GMC", "SIERRA 1500", 2018),
        row("18V003000", "GMC", "SIERRA 2500 HD", 2018),
        row("18V004000", "GMC", "SIERRA 3500", 2018),
    ];
    store.import(Part::Whole, 1, &rows);
    let sierra = Vehicle::new("GMC", "Sierra", 2018);
    let told = |version: Descriptor| store.numbers(&store.filed_as(&version, &sierra));
    assert_eq!(told(version("1500", "")), ["18V001000", "18V002000"]);
    assert_eq!(told(version("2500HD", "")), ["18V001000", "18V003000"]);
    assert_eq!(
        told(Descriptor::default()),
        ["18V001000", "18V002000?series", "18V003000?series", "18V004000?series"]
    );
}

#[test]
fn a_hybrid_is_not_told_zero() {
    let store = TestStore::new();
    let rows = [
        row("19V001000", "TOYOTA", "SIENNA", 2019),
        row("22V002000", "TOYOTA", "SIENNA HYBRID", 2022),
        row("22V003000", "TOYOTA", "CAMRY HYBRID", 2022),
    ];
    store.import(Part::Whole, 1, &rows);
    let sienna = Vehicle::new("TOYOTA", "Sienna", 2022);
    let hybrid = version("", "Strong HEV (Hybrid Electric Vehicle)");
    assert_eq!(store.numbers(&store.filed_as(&hybrid, &sienna)), ["22V002000"]);
    let unknown = store.filed_as(&version("", ""), &sienna);
    assert_eq!(store.numbers(&unknown), ["22V002000?powertrain"], "not a zero");
    let electric = version("", "BEV (Battery Electric Vehicle)");
    assert_eq!(store.filed_as(&electric, &sienna), RecallMatch::Zero);
    let camry = Vehicle::new("TOYOTA", "Camry", 2023);
    assert_eq!(
        store.filed_as(&version("", ""), &camry),
        RecallMatch::UnknownName,
        "no name is surely its own"
    );
}

#[test]
fn a_campaign_under_a_sure_name_is_not_in_doubt() {
    let store = TestStore::new();
    let rows = [
        row("20V001000", "NISSAN", "NV", 2020),
        row("20V001000", "NISSAN", "NV 1500", 2020),
        row("20V002000", "NISSAN", "NV 1500", 2020),
    ];
    store.import(Part::Whole, 1, &rows);
    let told = store.filed("NISSAN", "NV", 2020);
    assert_eq!(store.numbers(&told), ["20V001000", "20V002000?series"]);
}

#[test]
fn a_ram_is_a_dodge_too_in_some_years() {
    let store = TestStore::new();
    let rows = [
        row("11V001000", "RAM", "2500", 2011),
        row("11V002000", "DODGE", "RAM 2500", 2011),
        row("11V003000", "DODGE", "RAM 3500", 2011),
        row("15V004000", "DODGE", "RAM 2500", 2015),
    ];
    store.import(Part::Whole, 1, &rows);
    assert_eq!(store.numbers(&store.filed("RAM", "2500", 2011)), ["11V001000", "11V002000"]);
    let dodge = version("2500", "");
    let told = store.filed_as(&dodge, &Vehicle::new("DODGE", "Ram", 2011));
    assert_eq!(store.numbers(&told), ["11V001000", "11V002000"]);
    assert_eq!(store.filed("RAM", "2500", 2015), RecallMatch::Zero);
}

#[test]
fn what_the_file_alone_tells_is_kept() {
    let store = TestStore::new();
    let mut rows = vec![row("16V001000", "FORD", "EDGE", 2016); 2];
    let details = |from, units| {
        Arc::new(Details {
            maker_number: Some("16S09".into()),
            units_affected: Some(units),
            built_from: Some(from),
            built_to: Some(from + 30),
            owners_notified_on: Some(16_900),
            entered_on: Some(16_801),
            notes: Some("Call the maker.".into()),
        })
    };
    rows[0].details = details(16_500, 300);
    rows[1].details = details(16_400, 500);
    rows[1].year = Some(2015);
    store.import(Part::Whole, 1, &rows);
    let db = rusqlite::Connection::open(store.path()).expect("a store");
    let kept = db
        .query_row(concat!("SELECT ", detail_columns!(), " FROM recall_details"), [], |row| {
            read_details(row, 0)
        })
        .expect("one campaign");
    let wanted = Details { built_to: Some(16_530), ..Details::clone(&details(16_400, 500)) };
    assert_eq!(kept, wanted);
}

#[test]
fn what_an_older_build_imported_is_imported_again() {
    let store = TestStore::new();
    store.import(Part::Whole, 1, &fleet());
    let lacks =
        || store.view(|snapshot| snapshot.recall_files().map(|files| files[0].warnings.concat()));
    assert_eq!(lacks(), "");
    let db = rusqlite::Connection::open(store.path()).expect("a store");
    db.execute_batch("DROP TABLE recall_details").expect("as before");
    assert!(lacks().contains("import it again"), "{}", lacks());
    assert_eq!(store.numbers(&store.filed("MAZDA", "CX-5", 2017)), ["17V004000"], "still read");
    assert!(!store.import(Part::Whole, 1, &fleet()).unchanged);
    assert!(store.import(Part::Whole, 1, &fleet()).unchanged);
    assert_eq!(lacks(), "");
}
