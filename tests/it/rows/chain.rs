//! Several sources for one dataset: who is asked, who answers, and what a second
//! opinion is good for.

use vinrich::config::{Durability, RecallKey};
use vinrich::domain::Timestamp;
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;
use vinrich::store::{RunLimits, StoreSpec, import_recall_file};

use crate::support::Work;
use crate::support::library::{Enriched, Tweak, vin, vins};
use crate::support::vpic::data;

const DECODE: [Dataset; 1] = [Dataset::Decode];
const DECODE_AND_RECALLS: [Dataset; 2] = [Dataset::Decode, Dataset::Recalls];

/// Decodes by `vendors`, with the offline decoder's data at hand.
fn decoding(mut plan: Plan, vendors: &[&'static str]) -> Option<Plan> {
    plan.settings.vpic_data = data()?;
    plan.dataset(Dataset::Decode).vendors = vendors.to_vec();
    Some(plan)
}

/// VINs of a maker that nobody registered.
fn unknown(count: usize) -> Vec<String> {
    (0..count).map(|n| vin(&format!("ZZ9{n:03}4A"), 'G', "EA00000")).collect()
}

#[test]
fn without_key_or_call_every_row_is_decoded() {
    let work = Work::with_faults(&[]);
    let plan = work.fleet().only(&DECODE);
    let Some(plan) = decoding(plan, &["vpic"]) else { return };
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    assert_eq!(enriched.report.vendors.len(), 0, "nobody is called");
    for row in enriched.rows.iter().filter(|row| row["vin_status"] != "rejected") {
        assert_eq!((&*row["decode_status"], &*row["decode_vendor"]), ("found", "vpic"));
        assert_eq!(row["decode_fetched_at"], "2026-10-01T00:00:00.000000Z");
        assert!(!row["make"].is_empty() || !row["model_year"].is_empty(), "{}", row["vin"]);
    }
    assert!(work.sandbox.log().is_empty());
}

#[test]
fn a_decoder_that_comes_first_saves_calls() {
    let work = Work::with_faults(&[]);
    let all = [vins(20), unknown(3)].concat();
    let Some(plan) = decoding(work.listing(&all).only(&DECODE), &["vpic", "carvin"]) else {
        return;
    };
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.count("decode_vendor")["vpic"], 20);
    let asked: usize = work.sandbox.log().iter().map(|call| call.keys.len()).sum();
    assert_eq!(asked, 3, "only what the decoder does not know");
}

#[test]
fn the_decoder_that_comes_second_stands_in() {
    let work = Work::with_faults(&["carvin/401"]);
    let Some(plan) = decoding(work.listing(&vins(20)).only(&DECODE), &["carvin", "vpic"]) else {
        return;
    };
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 77, "the key is wrong all the same");
    enriched.all("decode_status", "found");
    enriched.all("decode_vendor", "vpic");
}

#[test]
fn a_second_opinion_fills_gaps_and_names_differences() {
    let work = Work::with_faults(&[]);
    let plan = work.fleet().only(&DECODE);
    let Some(plan) = decoding(plan, &["carvin", "vpic"]) else { return };
    let both = Enriched::by(&plan);
    let calls = work.sandbox.log().len();
    let mut alone = plan.clone();
    alone.dataset(Dataset::Decode).vendors = vec!["carvin"];
    let alone = Enriched::by(&alone);
    assert_eq!(work.sandbox.log().len(), calls, "a second opinion costs no call");

    let mut filled = 0;
    for (row, paid) in both.rows.iter().zip(&alone.rows) {
        if paid["decode_status"] != "found" {
            continue;
        }
        assert_eq!(row["decode_vendor"], "carvin");
        for column in ["make", "model", "model_year", "body_class", "trim", "gvwr", "plant_city"] {
            assert!(paid[column].is_empty() || row[column] == paid[column], "{column}");
            filled += usize::from(paid[column].is_empty() && !row[column].is_empty());
        }
    }
    assert!(filled > 0, "the decoder knows what the vendor left empty");
    let differing = both.rows.iter().filter(|row| !row["decode_conflicts"].is_empty());
    for row in differing.clone() {
        let found: serde_json::Value =
            serde_json::from_str(&row["decode_conflicts"]).expect("JSON");
        for values in found.as_object().expect("fields").values() {
            let by: Vec<&String> = values.as_object().expect("sources").keys().collect();
            assert_eq!(by, ["carvin", "vpic"]);
        }
    }
    let counted: u64 = both.report.decode_conflicts.values().sum();
    assert!(counted >= differing.count() as u64);
}

#[test]
fn a_row_that_contradicts_its_vin_is_reported() {
    let work = Work::with_faults(&[]);
    let sheet = work.write(
        "sheet.csv",
        "VIN,Make,Model,Year\n\
         1FBSS31L86HA12343,Ford,Transit,2018\n\
         1FBSS31L86HA12343,FORD,Ford E350 Super Duty,'06\n",
    );
    let Some(plan) = decoding(work.plan(&sheet, "out.csv").only(&DECODE), &["vpic"]) else {
        return;
    };
    let enriched = Enriched::by(&plan);
    assert_eq!(
        enriched.rows[0]["input_conflicts"],
        r#"{"model":{"input":"Transit","vin":"E-350"},"model_year":{"input":2018,"vin":2006}}"#
    );
    assert_eq!(enriched.rows[1]["input_conflicts"], "");
    let expected = [("model", 1), ("model_year", 1)].map(|(field, rows)| (field.to_owned(), rows));
    assert_eq!(enriched.report.input_conflicts, expected.into());
}

#[test]
fn typo_repairs_are_suggested_and_never_applied() {
    let work = Work::with_faults(&[]);
    let sheet = work.write(
        "sheet.csv",
        "VIN,Make,Year\n\
         1HGCM82633A004325,Honda,2003\n\
         1HGCM82633A004325,Ford,2003\n",
    );
    let Some(plan) = decoding(work.plan(&sheet, "out.csv").only(&DECODE), &["vpic"]) else {
        return;
    };
    let enriched = Enriched::by(&plan);
    let [swapped, other] = &enriched.rows[..] else { panic!("two rows") };
    assert_eq!(swapped["vin"], "1HGCM82633A004325");
    assert_eq!(swapped["vin_error"], "check_digit");
    assert_eq!(swapped["vin_suggestion"], "1HGCM82633A004352");
    assert_eq!(other["vin_suggestion"], "", "no Ford is one slip away");
}

#[test]
fn a_confirmed_zero_settles_the_chain() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet().only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Recalls).vendors = vec!["carvin", "nhtsa"];
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0);
    assert!(enriched.count("recalls_status")["absent"] > 0);
    assert!(!enriched.report.vendors.contains_key("nhtsa") || enriched.attempted("nhtsa") == 0);
}

#[test]
fn what_one_source_cannot_say_another_may() {
    let work = Work::with_faults(&["carvin/recalls/503"]);
    let mut plan = work.fleet().only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Recalls).vendors = vec!["carvin", "nhtsa"];
    plan.settings.max_wait = std::time::Duration::ZERO;
    let enriched = Enriched::by(&plan);
    let by = enriched.count("recalls_vendor");
    assert!(by["nhtsa"] > 0 && !by.contains_key("carvin"), "{by:?}");
}

#[test]
fn a_zero_is_checked_against_the_catalogue() {
    let work = Work::with_faults(&[]);
    let trucks: Vec<String> =
        (0..100).map(|n| vin(&format!("1FT{n:03}BT"), 'G', "EA00000")).collect();
    let mut plan = work.listing(&trucks).only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa"];
    plan.dataset(Dataset::Recalls).key = RecallKey::Vin;
    let enriched = Enriched::by(&plan);
    let trapped: Vec<_> = enriched.rows.iter().filter(|row| row["model"] == "F-250").collect();
    assert!(trapped.len() > 1, "the sandbox has such trucks");
    for row in &trapped {
        assert_eq!(
            (&*row["recalls_status"], &*row["recall_match_basis"]),
            ("found", "model_variant")
        );
        assert_ne!(row["recall_campaign_count"], "0");
    }
    // The list of models is asked for once a make and year, each name once.
    assert!(work.calls("models") <= 2, "{}", work.calls("models"));
    let calls = work.sandbox.log().len();
    let again = Enriched::by(&plan);
    assert_eq!(again.count("recalls_status"), enriched.count("recalls_status"));
    // What is known is kept, and a name that is not listed is not tried again.
    assert_eq!(work.sandbox.log().len(), calls);
}

#[test]
fn an_unreachable_free_source_is_left_out() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&["1HGCM82633A004352".to_owned()]);
    // No server listens on the discard port.
    "http://127.0.0.1:9".clone_into(&mut plan.vendor("nhtsa").base_url);
    for id in ["carvin", "visor"] {
        let vendor = plan.vendor(id);
        (vendor.api_key, vendor.api_key_env) = (None, Some("VINRICH_TEST_NO_SUCH_KEY".into()));
    }
    let Some(mut plan) = decoding(plan, &["carvin", "vpic"]) else { return };
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file", "carvin", "nhtsa"];
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 0, "{:#?}", enriched.report);
    enriched.all("decode_status", "found");
    enriched.all("recalls_status", "not_requested");
    let said = |words: &str| enriched.report.warnings.iter().any(|warning| warning.contains(words));
    assert!(said("nhtsa cannot be reached"), "{:#?}", enriched.report);

    plan.dataset(Dataset::Recalls).named = true;
    let named = Enriched::by(&plan);
    assert_eq!(named.report.exit_code, 68);
    named.all("recalls_error", "unreachable");
}

#[test]
fn data_that_are_not_there_are_named_until_they_are_left_out() {
    let work = Work::with_faults(&[]);
    let mut plan = work.listing(&vins(3)).only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Decode).vendors = vec!["carvin", "vpic"];
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file", "carvin", "nhtsa"];
    for dataset in DECODE_AND_RECALLS {
        plan.dataset(dataset).named = false;
    }
    plan.settings.vpic_data = work.path("no-data");
    let warned = Enriched::by(&plan);
    assert_eq!(warned.report.exit_code, 0);
    let expected = [
        "decode: no data for vpic (`vinrich vpic install`); \
         to do without, list others under [datasets.decode] vendors",
        "recalls: no recall file (`vinrich recalls update`); \
         to do without, list others under [datasets.recalls] vendors",
    ];
    for words in expected {
        assert!(warned.report.warnings.iter().any(|warning| warning == words), "{words}");
    }

    plan.dataset(Dataset::Decode).vendors = vec!["carvin"];
    plan.dataset(Dataset::Recalls).vendors = vec!["carvin", "nhtsa"];
    let without = Enriched::by(&plan);
    assert_eq!(without.report.exit_code, 0);
    let about = |warning: &&String| warning.contains("vpic") || warning.contains("recall file");
    assert_eq!(without.report.warnings.iter().find(about), None);
}

#[test]
fn paid_answers_are_read_without_a_limit() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet();
    let paid = Enriched::by(&plan);
    let calls = work.calls("listings");
    assert!(calls > 0 && paid.count("listings_status")["found"] > 0);

    plan.vendor("visor").spend.clear();
    let read = Enriched::by(&plan);
    assert_eq!(read.report.exit_code, 0);
    assert_eq!(read.count("listing_price"), paid.count("listing_price"));
    assert_eq!(work.calls("listings"), calls);
    let said = |words: &str| read.report.warnings.iter().any(|warning| warning.contains(words));
    assert!(said("visor costs money and has no spend limit"), "{:?}", read.report.warnings);

    // Asked for by name it must be allowed to cost what it costs.
    plan.datasets.named = [Dataset::Listings].into();
    let listings = plan.dataset(Dataset::Listings);
    (listings.vendors, listings.named) = (vec!["visor", "carstrel"], true);
    let error = crate::support::library::run(&plan).expect_err("64");
    assert_eq!(error.exit().code(), 64);
    assert!(error.to_string().contains("`visor` costs $0.002 a call and has no spend limit"));
}

#[test]
fn a_kept_find_beats_the_files_zero() {
    let work = Work::with_faults(&[]);
    let mut plan = work.fleet().only(&DECODE_AND_RECALLS);
    plan.dataset(Dataset::Recalls).vendors = vec!["nhtsa-file", "carvin"];
    let before = Enriched::by(&plan);
    let row = before.rows.iter().find(|row| row["recall_match_basis"] == "model_exact");
    let row = row.expect("a vehicle with recalls");
    // The file knows the model from another year alone.
    let year: i32 = row["model_year"].parse().expect("a year");
    let line = |year: i32| {
        let mut fields = vec![String::new(); 29];
        for (place, value) in [
            (0, "1".to_owned()),
            (1, "20V001000".into()),
            (2, row["make"].to_uppercase()),
            (3, row["model"].to_uppercase()),
            (4, year.to_string()),
            (10, "V".into()),
            (15, "20200102".into()),
            (16, "20200103".into()),
        ] {
            fields[place] = value;
        }
        fields.join("\t") + "\r\n"
    };
    let file = work.write("FLAT_RCL_POST_2010.txt", &line(year.max(2012) + 1));
    let spec = StoreSpec {
        path: &plan.settings.store,
        durability: Durability::Normal,
        must_exist: true,
        limits: RunLimits::default(),
    };
    let now = Timestamp::from_micros(1_795_305_600_000_000);
    import_recall_file(&spec, &file, false, now, |_| {}).expect("imported");
    let after = Enriched::by(&plan);
    let now = after.row(&row["vin"]);
    assert_eq!(now["recall_campaigns"], row["recall_campaigns"]);
    assert_eq!(now["recalls_vendor"], "carvin");
}
