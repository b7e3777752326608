//! What a command reads and keeps: none of its outputs may be written over that.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::files::draft::COMPANIONS;
use crate::files::os::is_same_file;
use crate::files::place::{Place, files_in, follow};

/// What ends the name of the folder that holds the locks of a store's runs.
pub(crate) const RUNS: &str = ".runs";

/// What ends the name of the folder that holds files on their way into a store.
pub(crate) const DOWNLOADS: &str = ".downloads";

/// The files and folders of one command that no output may replace, whether they
/// exist already or not, each with what it is.
#[derive(Clone, Debug, Default)]
pub struct Protected {
    all: Vec<(String, PathBuf)>,
}

impl Protected {
    /// The store, the configuration, the key files and the decoder's data.
    pub fn of(settings: &Settings) -> Self {
        let key_files = settings.vendors.iter().filter_map(|(id, vendor)| {
            Some((format!("the key file of `{id}`"), vendor.api_key_file.clone()?))
        });
        let mut protected = Self::of_store(&settings.store)
            .and("the configuration file", settings.file.clone())
            .and("the data of the offline decoder", [settings.vpic_data.clone()]);
        protected.all.extend(key_files);
        protected
    }

    /// A store and the files beside it.
    pub fn of_store(store: &Path) -> Self {
        let mut protected = Self::default();
        // SQLite keeps its files beside what a link leads to.
        let led_to = follow(store).ok().filter(|led_to| led_to != store);
        for store in [store.to_owned()].into_iter().chain(led_to) {
            protected = protected
                .and("the store", [store.clone()])
                .and("a file of the store's", COMPANIONS.map(|end| beside(&store, end)))
                .and("the folder of the store's downloads", [beside(&store, DOWNLOADS)])
                .and("the folder of the store's runs", [beside(&store, RUNS)])
                // By their names they are in that folder, but not by their other names.
                .and("the lock of a run", files_in(&beside(&store, RUNS)));
        }
        protected
    }

    /// With these `paths` too, each of which is `what`, such as "an input file".
    #[must_use]
    pub fn and(mut self, what: &str, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.all.extend(paths.into_iter().map(|path| (what.to_owned(), path)));
        self
    }

    /// What `place` is among them, or is in.
    pub(crate) fn find(&self, place: &Place) -> Option<&str> {
        let holds = |path: &Path| place.is_at(path) || is_same_file(path, place.folder());
        self.all.iter().find(|(_, path)| holds(path)).map(|(what, _)| what.as_str())
    }
}

/// The file whose name is that of `path` and then `end`.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

#[cfg(test)]
#[path = "tests/protected.rs"]
mod tests;
