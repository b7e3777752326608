//! What a kept body says, as columns.

use vinrich::config::VendorSettings;
use vinrich::domain::facts::{Campaign, DecodeFacts, Facts, Listing};
use vinrich::domain::key::Key;
use vinrich::domain::outcome::Answer;
use vinrich::domain::vin::Vin;
use vinrich::vendors::Role;

/// The columns agree with what the reply was taken to say.
pub(super) fn assert_said(role: Role, said: &Answer, key: &Key, body: &[u8]) {
    let (Role::Answers(answers), Some(_)) = (role, key.vin()) else { return };
    // Read for another VIN: a column that holds the VIN asked about is left out.
    let nobodys = Key::Vin(Vin::new("2T1BURHE0JC000000").expect("a VIN"));
    let is_something = match answers.facts(&nobodys, body) {
        Facts::Decode(facts) => {
            facts.make.is_some() || facts.model.is_some() || facts.model_year.is_some()
        }
        Facts::Recalls(facts) => !facts.campaigns.is_empty(),
        Facts::Listings(facts) => !facts.listings.is_empty(),
    };
    match said {
        Answer::Found => assert!(is_something, "found, and null in every column"),
        Answer::Absent => assert!(!is_something, "absent, and told of"),
        Answer::Refused(_) => {}
    }
}

/// Any body is read without harm, by whichever way it is read.
pub(super) fn assert_kept(role: Role, key: &Key, body: &[u8], settings: &VendorSettings) {
    match role {
        Role::Answers(answers) => {
            let facts = answers.facts(key, body);
            assert!(facts == answers.facts(key, body), "read twice");
            match &facts {
                Facts::Decode(facts) => assert_decode(facts),
                Facts::Recalls(facts) => assert_campaigns(&facts.campaigns),
                Facts::Listings(facts) => facts.listings.iter().for_each(assert_listing),
            }
        }
        Role::Catalogue(names) => {
            for name in names(body) {
                assert!(!name.is_empty() && name.to_uppercase() == name, "{name:?}");
            }
        }
        Role::Dealers(dealer) => {
            let dealer = dealer(body).unwrap_or_default();
            let columns = [dealer.name, dealer.city, dealer.region];
            assert!(columns.into_iter().flatten().all(|column| !column.is_empty()));
        }
        Role::Prices(models) => {
            let models = models(body).unwrap_or_default();
            assert!(models.iter().all(|model| !model.model.is_empty()));
        }
        Role::Pages(pages) => {
            assert!(pages.page(2, body).is_none_or(|page| page.entries <= body.len()));
            for vehicle in pages.vehicles(body, settings) {
                assert_listing(&vehicle.listing);
            }
        }
        Role::Acts => {}
    }
}

fn assert_decode(facts: &DecodeFacts) {
    assert!(facts.model_year.is_none_or(|year| (1886..2200).contains(&year)));
    assert!(facts.gvwr_class.is_none_or(|class| (1..=8).contains(&class)));
    assert!(facts.base_price_usd.is_none_or(|cents| cents >= 0));
    let numbers = [facts.displacement_l, facts.engine_hp, facts.bed_length_in, facts.wheelbase_in];
    assert!(numbers.into_iter().flatten().all(f64::is_finite));
    for words in [&facts.make, &facts.model, &facts.trim, &facts.manufacturer] {
        assert!(words.as_ref().is_none_or(|words| !words.is_empty() && words.trim() == words));
    }
    assert!(facts.make.as_ref().is_none_or(|make| make.to_uppercase() == *make));
    if let Some(extra) = &facts.decode_extra {
        let extra: serde_json::Value = serde_json::from_str(extra).expect("one JSON object");
        assert!(extra.as_object().is_some_and(|extra| !extra.is_empty()));
    }
}

fn assert_campaigns(campaigns: &[Campaign]) {
    assert!(campaigns.is_sorted_by(|one, next| one.number < next.number), "ascending, distinct");
    assert!(campaigns.iter().all(|campaign| !campaign.number.is_empty()));
}

fn assert_listing(listing: &Listing) {
    if let Some(price) = listing.price {
        assert!((0..=999_999_999_999).contains(&price.cents), "beyond decimal(12,2)");
        assert!(price.currency.iter().all(u8::is_ascii_uppercase));
    }
    assert!(listing.odometer.is_none_or(|odometer| odometer >= 0));
    assert!(listing.odometer_unit.is_none_or(|unit| ["mi", "km"].contains(&unit)));
    assert!(listing.offer.is_none_or(|offer| ["sale", "rental", "auction"].contains(&offer)));
    let conditions = ["new", "used", "certified"];
    assert!(listing.condition.is_none_or(|condition| conditions.contains(&condition)));
}
