//! The makers whose vehicles the sandbox knows: genuine world manufacturer
//! identifiers (ISO 3780), who registered them, where they build, and models
//! under each.

mod engines;
mod familiar;
mod models;
mod table;

pub(super) use engines::Engine;
pub(super) use models::Model;

use familiar::FAMILIAR;
use table::MAKERS;

/// One make under one world manufacturer identifier.
#[derive(Debug)]
pub(super) struct Maker {
    /// How its VINs begin: the identifier, and more of them where makes share one.
    pub(super) prefix: &'static str,
    /// In upper case, as vPIC writes it.
    pub(super) make: &'static str,
    /// Who registered the identifier.
    pub(super) manufacturer: &'static str,
    pub(super) models: &'static [Model],
    pub(super) plant: Plant,
}

/// City, state and country of a plant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plant(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str);

/// The maker a VIN names.
pub(super) fn maker(vin: &str) -> Option<&'static Maker> {
    MAKERS.iter().find(|maker| vin.starts_with(maker.prefix))
}

/// Every model sold under `make`, compared without case.
pub(super) fn models_of(make: &str) -> impl Iterator<Item = &'static Model> {
    let makers = MAKERS.iter().filter(move |maker| maker.make.eq_ignore_ascii_case(make));
    makers.flat_map(|maker| maker.models)
}

impl Maker {
    /// The model that a well-known VIN prefix names.
    pub(super) fn familiar(&self, vin: &str) -> Option<&'static Model> {
        let (_, name) = FAMILIAR.iter().find(|(prefix, _)| vin.starts_with(prefix))?;
        self.models.iter().find(|model| model.name == *name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_maker_can_be_found() {
        for known in MAKERS {
            assert!(known.prefix.len() >= 3, "{}", known.prefix);
            let found = maker(known.prefix).map(|maker| maker.prefix);
            assert_eq!(found, Some(known.prefix), "{} hides it", found.unwrap_or_default());
        }
        let makes: BTreeSet<_> = MAKERS.iter().map(|maker| maker.make).collect();
        assert!(makes.len() >= 40, "{makes:?}");
    }

    #[test]
    fn every_maker_has_models_and_every_model_an_engine() {
        for maker in MAKERS {
            assert!(!maker.models.is_empty(), "{}", maker.prefix);
            let has_engine = |model: &Model| !model.engines.is_empty();
            assert!(maker.models.iter().all(has_engine), "{}", maker.prefix);
        }
    }
}
