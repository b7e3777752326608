//! Settings that are still being put together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::{Entry, PREFIX, Place};
use super::file::project_dirs;
use super::keys::{DATASET, GENERAL, NHTSA_FILE, VENDOR, VPIC, Value, names_a_secret};
use super::sources::find;
use super::{
    DatasetSettings, Durability, Local, RecallFileSettings, RecallKey, Settings, VendorSettings,
};
use crate::domain::vendor::VendorSpec;
use crate::domain::{Dataset, Error};

/// The offline decoder's data in the user's data folder.
const VPIC_FILE: &str = "vpic.rkyv";

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The defaults, and what has been set so far.
pub(super) struct Draft {
    general: General,
    datasets: BTreeMap<Dataset, DatasetDraft>,
    vendors: BTreeMap<&'static str, VendorSettings>,
    specs: Vec<&'static VendorSpec>,
}

/// The settings outside of any table, as far as they are given.
#[derive(Default)]
pub(super) struct General {
    pub(super) store: Option<PathBuf>,
    pub(super) max_wait: Option<Duration>,
    pub(super) durability: Option<Durability>,
    pub(super) vpic_data: Option<PathBuf>,
    pub(super) recall_file: RecallFileSettings,
}

/// A dataset's settings so far; `max_stale` may depend on a later `ttl`.
pub(super) struct DatasetDraft {
    pub(super) dataset: Dataset,
    pub(super) settings: DatasetSettings,
    pub(super) max_stale: Option<Duration>,
    /// The vendors this build has.
    pub(super) vendors: Vec<&'static VendorSpec>,
}

impl Draft {
    pub(super) fn new(specs: &[&'static VendorSpec]) -> Result<Self, Error> {
        let mut vendors = BTreeMap::new();
        for spec in specs {
            vendors.insert(spec.id(), VendorSettings::new(&spec.defaults)?);
        }
        let datasets = Dataset::ALL.map(|dataset| (dataset, DatasetDraft::new(dataset, specs)));
        let general = General::default();
        Ok(Self { general, datasets: datasets.into(), vendors, specs: specs.to_vec() })
    }

    /// What the file at `path` sets.
    pub(super) fn apply_file(&mut self, path: &Path, entries: &[Entry]) -> Result<(), Error> {
        entries.iter().try_for_each(|entry| self.apply(entry))?;
        self.resolve_paths(path);
        Ok(())
    }

    /// What variables set.
    pub(super) fn apply_environment(
        &mut self,
        variables: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        for (name, value) in variables {
            let path = self.path_of_variable(&name);
            let value = Value::Variable(value);
            self.apply(&Entry { place: Place::Variable(name), path, value })?;
        }
        Ok(())
    }

    /// `VINRICH_VENDORS__VPIC_API__TIMEOUT` is `vendors.vpic-api.timeout`.
    fn path_of_variable(&self, name: &str) -> Vec<String> {
        let name = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
        let mut path: Vec<String> = name.split("__").map(str::to_owned).collect();
        if let [vendors, vendor, rest @ ..] = path.as_mut_slice()
            && vendors == "vendors"
        {
            if let Some(id) = self.ids().find(|id| id.replace('-', "_") == *vendor) {
                id.clone_into(vendor);
            }
            if let [_, endpoint] = rest {
                *endpoint = endpoint.replace('_', "-");
            }
        }
        path
    }

    /// All that `[vendors.X]` may be about.
    fn ids(&self) -> impl Iterator<Item = &'static str> {
        self.vendors.keys().copied().chain(Local::ALL.map(Local::id))
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Error> {
        let path: Vec<&str> = entry.path.iter().map(String::as_str).collect();
        if path.last().is_some_and(|key| names_a_secret(key)) {
            return Err(entry.holds_a_secret());
        }
        match path.as_slice() {
            ["datasets" | "vendors"] => entry.only_opens_a_table(),
            ["datasets", name, ..] => match self.dataset(name) {
                Some(draft) => entry.set(2, DATASET, draft),
                None => Err(entry.unknown(1, &Dataset::ALL.map(Dataset::name))),
            },
            ["vendors", id, keys @ ..] => self.apply_to_vendor(id, keys, entry),
            _ => entry.set(0, GENERAL, &mut self.general),
        }
    }

    fn apply_to_vendor(&mut self, id: &str, keys: &[&str], entry: &Entry) -> Result<(), Error> {
        if id == Local::Vpic.id() {
            return entry.set(2, VPIC, &mut self.general);
        }
        if id == Local::NhtsaFile.id() {
            return entry.set(2, NHTSA_FILE, &mut self.general.recall_file);
        }
        let known: Vec<&str> = self.vendors.keys().copied().collect();
        let Some((_, settings)) = self.vendors.iter_mut().find(|(known, _)| **known == id) else {
            return Err(entry.unknown_vendor(&known));
        };
        let spec = self.specs.iter().find(|spec| spec.id() == id);
        let options = spec.map_or(&[][..], |spec| spec.defaults.options);
        let own = |name: &str| options.iter().find(|option| option.name == name);
        match keys {
            ["price_micros", endpoint] => {
                let price = entry.value.price().map_err(|what| entry.wrong(&what))?;
                settings.price.insert((*endpoint).to_owned(), price);
                Ok(())
            }
            [name] if let Some(option) = own(name) => {
                let values = entry.value.option(option).map_err(|what| entry.wrong(&what))?;
                settings.options.insert(option.name, values);
                Ok(())
            }
            [name, ..] if VENDOR.iter().all(|key| key.name != *name) => {
                let common = VENDOR.iter().map(|key| key.name);
                let known = common.chain(options.iter().map(|option| option.name));
                Err(entry.unknown(2, &known.collect::<Vec<_>>()))
            }
            _ => entry.set(2, VENDOR, settings),
        }
    }

    fn dataset(&mut self, name: &str) -> Option<&mut DatasetDraft> {
        Dataset::from_name(name).and_then(|dataset| self.datasets.get_mut(&dataset))
    }

    /// Relative paths in a file start at its folder, so that the same file means
    /// the same store wherever a run is started.
    fn resolve_paths(&mut self, file: &Path) {
        let Some(folder) = file.parent() else { return };
        let key_files = self.vendors.values_mut().filter_map(|vendor| vendor.api_key_file.as_mut());
        let general = self.general.store.iter_mut().chain(self.general.vpic_data.as_mut());
        for path in general.chain(key_files) {
            *path = folder.join(&*path);
        }
    }

    pub(super) fn finish(self) -> Result<Settings, Error> {
        let store_is_named = self.general.store.is_some();
        let store = match self.general.store {
            Some(path) => path,
            None => in_data_folder("vinrich.db").ok_or_else(|| {
                Error::config("there is no home folder to keep the store in")
                    .hint("set `store` to a path")
            })?,
        };
        let beside_the_store = || store.with_file_name(VPIC_FILE);
        let vpic_data = self.general.vpic_data.or_else(|| in_data_folder(VPIC_FILE));
        let vpic_data = vpic_data.unwrap_or_else(beside_the_store);
        Ok(Settings {
            file: None,
            store,
            store_is_named,
            max_wait: self.general.max_wait.unwrap_or(Duration::from_mins(10)),
            durability: self.general.durability.unwrap_or_default(),
            vpic_data,
            recall_file: self.general.recall_file,
            datasets: self
                .datasets
                .into_iter()
                .map(|(dataset, draft)| (dataset, draft.finish()))
                .collect(),
            vendors: self.vendors,
        })
    }
}

impl DatasetDraft {
    fn new(dataset: Dataset, specs: &[&'static VendorSpec]) -> Self {
        let (vendors, ttl, keep): (&[&str], Duration, Duration) = match dataset {
            Dataset::Decode => (&["carvin", "vpic"], 365 * DAY, 400 * DAY),
            Dataset::Recalls => (&["nhtsa-file", "carvin", "nhtsa"], 20 * HOUR, 400 * DAY),
            Dataset::Listings => (&["visor"], 20 * HOUR, 90 * DAY),
        };
        Self {
            dataset,
            settings: DatasetSettings {
                vendors: vendors.iter().filter_map(|id| find(id, specs).ok()).collect(),
                named: false,
                ttl,
                max_stale: Duration::ZERO,
                keep,
                key: RecallKey::default(),
            },
            max_stale: None,
            vendors: specs.to_vec(),
        }
    }

    /// `max_stale` follows from `ttl` unless it was given: 30 times as long, or
    /// three days for listings, whose prices age faster than anything else.
    fn finish(self) -> DatasetSettings {
        let ttl = self.settings.ttl;
        let default = match self.dataset {
            Dataset::Decode | Dataset::Recalls => ttl.saturating_mul(30),
            Dataset::Listings => ttl.max(3 * DAY),
        };
        DatasetSettings { max_stale: self.max_stale.unwrap_or(default), ..self.settings }
    }
}

/// A file in the user's data folder.
fn in_data_folder(name: &str) -> Option<PathBuf> {
    project_dirs().map(|dirs| dirs.data_dir().join(name))
}
