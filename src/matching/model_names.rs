//! The models of a make, by their names.

use hashbrown::HashSet;

use super::models::{Model, all_canonical};

/// The names of a make's models, in one spelling.
#[derive(Debug, Default)]
pub(crate) struct ModelNames(HashSet<String>);

impl ModelNames {
    /// Adds a model of `make`.
    pub(crate) fn add(&mut self, make: &str, name: &str) {
        if let Some(model) = Model::read(&all_canonical(&[make]), name) {
            self.0.insert(model.name());
        }
    }

    /// Whether `text`, perhaps behind one of `makes`, begins with one of them.
    pub(crate) fn has_one_in(&self, makes: &[&str], text: &str) -> bool {
        self.longest_in(makes, text).is_some()
    }

    /// Whether `text` begins with one of them that says more than `model`, with which it
    /// begins too.
    pub(crate) fn has_longer(&self, makes: &[&str], model: &str, text: &str) -> bool {
        let own = Model::read(&all_canonical(makes), model).map(|model| model.name());
        own.zip(self.longest_in(makes, text))
            .is_some_and(|(own, found)| found.len() > own.len() && found.starts_with(&own))
    }

    fn longest_in(&self, makes: &[&str], text: &str) -> Option<String> {
        let model = Model::read(&all_canonical(makes), text)?;
        model.beginnings().filter(|name| self.0.contains(name)).last()
    }
}
