use super::*;
use crate::config::Durability;
use crate::domain::Timestamp;
use crate::store::{RunLimits, Store, StoreSpec, import_recall_file};

fn decode(model: &str, year: i32) -> DecodeFacts {
    let (make, model) = (Some("FORD".into()), Some(model.into()));
    DecodeFacts { make, model, model_year: Some(year), ..DecodeFacts::default() }
}

#[test]
fn vehicles_with_the_same_campaigns_share_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, text) = (folder.path().join("s.db"), folder.path().join("recalls.txt"));
    let rows = ["2016", "2017", "9999"].map(|year| {
        format!(
            "1\t16V001000\tFORD\tF-150\t{year}\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t\
                 20240105\t20240106\t\t\tIt fails.\tCrash.\tReplace.\t\t1\t\t\t\tNo\tYes\n"
        )
    });
    std::fs::write(&text, rows.concat()).expect("written");
    let (durability, limits) = (Durability::Normal, RunLimits::default());
    let spec = StoreSpec { path: &path, durability, must_exist: false, limits };
    let now = Timestamp::from_micros(1_800_000_000_000_000);
    import_recall_file(&spec, &text, false, now, |_| ()).expect("imported");
    let store = Store::peek(&path).expect("readable").expect("there");
    let snapshot = store.snapshot().expect("a view");
    let mut file = File::open(&snapshot).expect("readable").expect("imported");
    let mut known = FiledAnswers::default();
    let mut answer = |model, year, hash| {
        let answer = file.answer(&decode(model, year), hash, &mut known).expect("readable");
        answer.expect("a vehicle").answer
    };

    let first = answer("F-150", 2016, 1).facts.expect("found");
    for (model, year, hash) in [("F-150", 2016, 2), ("F-150", 2017, 3), ("F150", 2016, 4)] {
        let other = answer(model, year, hash).facts.expect("found");
        assert!(Arc::ptr_eq(&first, &other), "{model} {year}");
    }
    let unknown = answer("F-150", 2018, 5);
    assert!(!unknown.has_answer(), "a campaign without a year may be about it");
}
