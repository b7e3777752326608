//! The tasks of an input: what the tool is run for.

use std::collections::HashMap;

use super::{Per, ToolPlan};
use crate::domain::vin::Rules;
use crate::domain::{Error, Key, Vin};
use crate::input::{Inputs, Row};
use crate::ops::template::JsonTemplate;
use crate::vendors::visa;

/// The distinct tasks of an input.
pub(super) struct Tasks<'a> {
    plan: &'a ToolPlan,
    template: &'a JsonTemplate,
    pub(super) keys: Vec<Key>,
    /// The places of the vehicles' tasks.
    of_vehicle: HashMap<Vin, usize>,
    places: HashMap<Key, usize>,
}

impl<'a> Tasks<'a> {
    pub(super) fn of(
        plan: &'a ToolPlan,
        template: &'a JsonTemplate,
        inputs: &Inputs,
    ) -> Result<Self, Error> {
        let (of_vehicle, places) = (HashMap::new(), HashMap::new());
        let mut tasks = Self { plan, template, keys: Vec::new(), of_vehicle, places };
        let mut batches = inputs.batches()?;
        while let Some(batch) = batches.read()? {
            for row in batch.rows() {
                let Some(vin) = row.reading(Rules::default()).vin else { continue };
                let Some(task) = tasks.task(row, &vin) else { continue };
                match plan.per {
                    Per::Row => drop(tasks.add(task)),
                    Per::Vehicle => tasks.add_of_vehicle(vin, task),
                }
            }
        }
        batches.finish()?;
        Ok(tasks)
    }

    fn add_of_vehicle(&mut self, vin: Vin, key: Key) {
        if let Some(&place) = self.of_vehicle.get(&vin) {
            let smallest = &mut self.keys[place];
            if key < *smallest {
                *smallest = key;
            }
        } else {
            self.of_vehicle.insert(vin, self.keys.len());
            self.keys.push(key);
        }
    }

    fn add(&mut self, key: Key) -> usize {
        let next = self.keys.len();
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            self.keys.push(key);
        }
        place
    }

    /// The task of a row; `None` where it has none.
    pub(super) fn of_row(&self, row: Row<'_>, vin: &Vin) -> Option<usize> {
        match self.plan.per {
            Per::Row => self.places.get(&self.task(row, vin)?).copied(),
            Per::Vehicle => self.of_vehicle.get(vin).copied(),
        }
    }

    /// `None` where the row's cells leave the tool's input empty: nobody pays for that.
    fn task(&self, row: Row<'_>, vin: &Vin) -> Option<Key> {
        if self.template.is_empty_for(row) {
            return None;
        }
        let vehicle = match self.plan.per {
            Per::Row => None,
            Per::Vehicle => Some(vin.as_str()),
        };
        Some(visa::run_of(&self.plan.tool, vehicle, &self.template.fill(row, vin)))
    }
}
