use std::sync::Arc;

use super::*;
use crate::domain::vin::Reading;
use crate::output::record::DatasetAnswer;

fn row(campaigns: Vec<Campaign>) -> Record {
    let facts = Some(Arc::new(RecallFacts { campaigns }));
    Record {
        row_id: 0,
        file: 0,
        source_row: 2,
        vin_cell: None,
        reading: Reading::default(),
        decode: DatasetAnswer::not_requested(None),
        recalls: DatasetAnswer {
            status: Status::Found,
            facts,
            ..DatasetAnswer::not_requested(None)
        },
        recall_match_basis: None,
        listings: DatasetAnswer::not_requested(None),
        comparables: None,
        decode_conflicts: None,
        input_conflicts: None,
        vin_occurrences: None,
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
        any_campaign(&row(answers.iter().map(campaign).collect()), |campaign| campaign.park_it)
    };
    assert_eq!(says(&[]), None);
    assert_eq!(says(&[None]), None);
    assert_eq!(says(&[None, Some(false)]), Some(false));
    assert_eq!(says(&[Some(false), Some(true), None]), Some(true));
}
