use std::sync::Arc;

use super::*;
use crate::domain::facts::{Doubt, Doubts, RecallDoubt};
use crate::domain::vin::Reading;
use crate::output::record::DatasetAnswer;

fn row(campaigns: Vec<Campaign>) -> Record {
    let facts = Some(Arc::new(RecallFacts { campaigns }));
    Record {
        recalls: DatasetAnswer {
            status: Status::Found,
            facts,
            ..DatasetAnswer::not_requested(None)
        },
        ..Record::unasked(0, 2, Reading::default(), 0)
    }
}

fn campaign(number: &str, park_it: bool, park_outside: bool, reported_on: i32) -> Campaign {
    Campaign {
        number: number.into(),
        park_it: Some(park_it),
        park_outside: Some(park_outside),
        reported_on: Some(reported_on),
        ..Campaign::default()
    }
}

#[test]
fn what_forbids_driving_matters_more_than_what_is_new() {
    let mut campaigns = vec![
        Campaign { number: "1".into(), ..Campaign::default() },
        campaign("2", false, false, 100),
        campaign("3", false, false, 200),
        campaign("4", false, false, 200),
        campaign("5", false, true, 50),
        campaign("6", true, false, 10),
    ];
    let mut order = Vec::new();
    while let Some(top) = top_campaign(&row(campaigns.clone())) {
        order.push(top.number.clone());
        campaigns.retain(|campaign| campaign.number != top.number);
    }
    assert_eq!(order, ["6", "5", "3", "4", "2", "1"]);
}

#[test]
fn a_campaign_that_says_nothing_is_no_no() {
    let says = |answers: &[Option<bool>]| {
        let campaign = |&park_it| Campaign { park_it, ..Campaign::default() };
        surely_any(&row(answers.iter().map(campaign).collect()), |campaign| campaign.park_it)
    };
    assert_eq!(says(&[]), None);
    assert_eq!(says(&[None]), None);
    assert_eq!(says(&[None, Some(false)]), Some(false));
    assert_eq!(says(&[Some(false), Some(true), None]), Some(true));
}

/// A row whose campaigns of these numbers are in doubt.
fn in_doubt(campaigns: Vec<Campaign>, numbers: &[&str]) -> Record {
    let reasons = Doubts::NONE.with(Doubt::Series);
    let doubt = RecallDoubt::of(numbers.iter().map(|number| (*number, reasons)));
    Record { recall_doubt: doubt.map(Arc::new), ..row(campaigns) }
}

#[test]
fn only_sure_campaigns_order_parking() {
    let parks = |row: &Record| surely_any(row, |campaign| campaign.park_it);
    let campaigns = || vec![campaign("1", false, false, 1), campaign("2", true, false, 2)];
    assert_eq!(parks(&in_doubt(campaigns(), &[])), Some(true));
    assert_eq!(parks(&in_doubt(campaigns(), &["1"])), Some(true));
    assert_eq!(parks(&in_doubt(campaigns(), &["2"])), None, "it may have to be parked");
    assert_eq!(parks(&in_doubt(vec![campaign("1", false, false, 1)], &["1"])), Some(false));
    assert_eq!(parks(&in_doubt(Vec::new(), &[])), None);
    let over_the_air = |row: &Record| surely_any(row, |campaign| campaign.over_the_air);
    let update = Campaign { over_the_air: Some(true), ..campaign("3", false, false, 3) };
    assert_eq!(over_the_air(&in_doubt(vec![update.clone()], &[])), Some(true));
    assert_eq!(over_the_air(&in_doubt(vec![update], &["3"])), None);
    let row = in_doubt(campaigns(), &["2"]);
    assert_eq!(top_campaign(&row).map(|campaign| &*campaign.number), Some("1"));
    assert_eq!(doubt_reasons(&row).as_deref(), Some("series"));
    assert_eq!(doubtful_campaigns(&row).as_deref(), Some(r#"["2"]"#));
    assert_eq!(doubtful_campaigns(&in_doubt(campaigns(), &[])), None);
}

#[test]
fn equipment_matters_less_than_the_vehicle() {
    let campaigns =
        vec![campaign("20E090000", true, true, 300), campaign("16V246000", false, false, 1)];
    let row = row(campaigns);
    assert_eq!(top_campaign(&row).map(|campaign| &*campaign.number), Some("16V246000"));
    assert_eq!(equipment_count(&row), Some(1));
    let absent = DatasetAnswer { status: Status::Absent, facts: None, ..row.recalls.clone() };
    assert_eq!(equipment_count(&Record { recalls: absent, ..row.clone() }), Some(0));
    let unknown = DatasetAnswer { status: Status::Failed, facts: None, ..row.recalls.clone() };
    assert_eq!(equipment_count(&Record { recalls: unknown, ..row }), None);
}
