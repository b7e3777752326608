//! The names of each make's models, as vPIC lists them.

use std::sync::OnceLock;

use hashbrown::HashMap;
use ultravin::Db;
use ultravin::tables::tag_of_table;

use crate::matching::{ModelNames, one_make};

/// vPIC numbers its models from 1, and had some 36,000 numbers in use in 2026.
const MODEL_NUMBERS: std::ops::Range<i32> = 1..200_000;

/// Makes, in one spelling, with their models; made when first asked for.
#[derive(Default)]
pub(super) struct Models(OnceLock<HashMap<String, ModelNames>>);

impl Models {
    /// The models of `make`, however it is spelled.
    pub(super) fn of<'a>(&'a self, db: &Db, make: &str) -> Option<&'a ModelNames> {
        self.0.get_or_init(|| listed(db)).get(&one_make(make))
    }
}

fn listed(db: &Db) -> HashMap<String, ModelNames> {
    let mut all: HashMap<String, ModelNames> = HashMap::new();
    let (Some(makes), Some(models)) = (tag_of_table("make"), tag_of_table("model")) else {
        return all;
    };
    for number in MODEL_NUMBERS {
        let Some(model) = db.lookup(models, number) else { continue };
        for make in db.makes_for_model(number) {
            if let Some(make) = db.lookup(makes, make.makeid.to_native()) {
                all.entry(one_make(make)).or_default().add(make, model);
            }
        }
    }
    all
}
