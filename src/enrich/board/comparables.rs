//! What comparable vehicles cost: vendors' answers by make and model year, looked up
//! by model.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Beside, View};
use crate::domain::Error;
use crate::domain::facts::{Comparables, ModelPrice, PricePoint, PriceQuestion, PriceRange};
use crate::enrich::inventory::{Named, folded};
use crate::matching::one_make;
use crate::vendors::Role;

/// What the store holds about comparable vehicles. Of two vendors the later counts.
#[derive(Debug, Default)]
pub(crate) struct ComparablePrices {
    by_vehicle: HashMap<Named, Arc<Comparables>>,
    /// Makes and years of which nothing is for sale.
    none: HashSet<(String, i32)>,
}

/// What is known of one model.
#[derive(Debug, Default)]
struct Known {
    count: i32,
    median: Option<i64>,
    p25: Option<i64>,
    p75: Option<i64>,
}

impl ComparablePrices {
    /// Reads what is known of the makes and years asked about.
    pub(crate) fn load(asked: &mut [Beside], view: View<'_>) -> Result<Self, Error> {
        let mut prices = Self::default();
        let Some(snapshot) = view.snapshot else { return Ok(prices) };
        for Beside { keys: questions, column, .. } in asked {
            let mut known: HashMap<Named, Known> = HashMap::new();
            column.read(questions, view)?;
            let Role::Prices(read) = column.source.endpoint.role() else { continue };
            for id in questions.ids() {
                let (word, key) = (column.word(id), questions.key(id));
                let question = key.name().and_then(PriceQuestion::read);
                let (true, Some(question)) = (word.is_answer(), question) else { continue };
                if word.is_absent() {
                    prices.none.insert((one_make(&question.make), question.year));
                } else if let Some(body) = word.body {
                    let models = read(&snapshot.body(body, &key)?).unwrap_or_default();
                    add(&mut known, &question, models);
                }
            }
            let each = known.into_iter().map(|(named, known)| (named, Arc::new(known.into())));
            prices.by_vehicle.extend(each);
        }
        Ok(prices)
    }

    /// The vehicles of this make, model and year; nothing where it is not known how
    /// many there are, since the vendor may call the model by another name.
    pub(crate) fn of(&self, make: &str, model: &str, year: i32) -> Option<Arc<Comparables>> {
        let known =
            folded(make, model, year).and_then(|named| self.by_vehicle.get(&named).cloned());
        let none = || self.none.contains(&(one_make(make), year)).then(Arc::default);
        known.or_else(none)
    }
}

/// Adds the models of an answer. Of two that are one model by different spellings the
/// number is known, and not what they cost together.
fn add(known: &mut HashMap<Named, Known>, question: &PriceQuestion, models: Vec<ModelPrice>) {
    let mut said: HashMap<Named, (i32, Option<i64>)> = HashMap::new();
    for ModelPrice { model, count, cents } in models {
        let Some(named) = folded(&question.make, &model, question.year) else { continue };
        let once = |(other, _): &mut (i32, Option<i64>)| (other.saturating_add(count), None);
        let both = said.get_mut(&named).map(once);
        said.insert(named, both.unwrap_or((count, cents)));
    }
    for (named, (count, cents)) in said {
        let known = known.entry(named).or_default();
        known.count = count;
        *match question.point {
            PricePoint::Median => &mut known.median,
            PricePoint::P25 => &mut known.p25,
            PricePoint::P75 => &mut known.p75,
        } = cents;
    }
}

impl From<Known> for Comparables {
    fn from(known: Known) -> Self {
        let Known { count, median, p25, p75 } = known;
        let range = |median| PriceRange { median, min: None, max: None, p25, p75 };
        Self { count, prices: median.map(range) }
    }
}

#[cfg(test)]
#[path = "tests/comparables.rs"]
mod tests;
