use std::collections::BTreeSet;

use super::*;

#[test]
fn every_maker_is_found_by_its_prefix() {
    for known in MAKERS.iter() {
        assert!(known.prefix.len() >= 3, "{}", known.prefix);
        let found = maker(&known.prefix).map(|maker| &maker.prefix);
        assert_eq!(found, Some(&known.prefix));
    }
    let makes: BTreeSet<_> = MAKERS.iter().map(|maker| &maker.make).collect();
    assert!(makes.len() >= 40, "{makes:?}");
}

#[test]
fn every_familiar_prefix_names_a_model_of_its_maker() {
    for (prefix, name) in FAMILIAR.iter() {
        let model = maker(prefix).and_then(|maker| maker.familiar(prefix));
        assert_eq!(model.map(|model| &model.name), Some(name), "{prefix}");
    }
}
