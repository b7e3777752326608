//! Where settings come from: the file, then the environment, over the defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::ProjectDirs;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{
    DATASET, DatasetDraft, GENERAL, General, Key, VENDOR, VPIC, Value, names_a_secret, quoted,
};
use super::{DatasetSettings, Local, RecallKey, Settings, VendorDefaults, VendorSettings};
use crate::domain::error::Error;
use crate::domain::outcome::Dataset;

/// The file's name, in the working folder and in the user's configuration folder.
const FILE_NAME: &str = "vinrich.toml";
/// The prefix of environment variables that are settings.
const PREFIX: &str = "VINRICH_";
/// The environment variable that names the file, as `--config` does.
const FILE_VARIABLE: &str = "VINRICH_CONFIG";

/// The offline decoder's data in the user's data folder.
const VPIC_FILE: &str = "vpic.rkyv";

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Settings {
    /// The settings of `file` (else of `VINRICH_CONFIG`, `./vinrich.toml` or the
    /// user's configuration folder), changed by `VINRICH_` variables in `env`.
    ///
    /// Every error is 78 and names the file and line, or the variable.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        vendors: &[&'static VendorDefaults],
    ) -> Result<Self, Error> {
        let mut variables: BTreeMap<String, String> =
            env.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        let named = variables.remove(FILE_VARIABLE).map(PathBuf::from);
        let source = find_file(file.or(named.as_deref()))?;
        let mut draft = Draft::new(vendors)?;
        if let Some((path, text)) = &source {
            draft.apply_file(path, text)?;
        }
        draft.apply_environment(&variables)?;
        draft.finish()
    }
}

/// The configuration file's path and text; `None` when nobody named one and none is there.
fn find_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, Error> {
    if let Some(path) = named {
        let text = read(path).map_err(|source| unreadable(path, source))?;
        return Ok(Some((path.to_owned(), text)));
    }
    let users = project_dirs().map(|dirs| dirs.config_dir().join(FILE_NAME));
    for path in std::iter::once(PathBuf::from(FILE_NAME)).chain(users) {
        match read(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(unreadable(&path, source)),
        }
    }
    Ok(None)
}

fn read(path: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(path)?;
    // Editors on Windows begin a file with a byte order mark; TOML does not know it.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::config(format!("cannot read configuration file `{}`", path.display())).because(source)
}

fn project_dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "vinrich")
}

/// Settings that are still being put together.
struct Draft {
    general: General,
    datasets: BTreeMap<Dataset, DatasetDraft>,
    vendors: BTreeMap<&'static str, VendorSettings>,
    defaults: Vec<&'static VendorDefaults>,
}

/// One setting: where it was found, which it is, and its value.
struct Entry {
    place: Place,
    path: Vec<String>,
    value: Value,
}

/// Where a setting was found.
enum Place {
    Line { file: String, line: usize },
    Variable(String),
}

impl Draft {
    fn new(defaults: &[&'static VendorDefaults]) -> Result<Self, Error> {
        let local = Local::ALL.map(Local::id);
        let known: Vec<&'static str> =
            defaults.iter().map(|vendor| vendor.id).chain(local).collect();
        let mut vendors = BTreeMap::new();
        for vendor in defaults {
            vendors.insert(vendor.id, VendorSettings::new(vendor)?);
        }
        let datasets = Dataset::ALL.map(|dataset| (dataset, DatasetDraft::new(dataset, &known)));
        let general = General::default();
        Ok(Self { general, datasets: datasets.into(), vendors, defaults: defaults.to_vec() })
    }

    fn apply_file(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let file = path.display().to_string();
        let line = |at: usize| {
            1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count()
        };
        // Only the parser's words are shown: its own excerpt could repeat a key.
        let table = DeTable::parse(text).map_err(|error| {
            let line = line(error.span().map_or(0, |span| span.start));
            Error::config(format!("`{file}` line {line}: {}", lower_first(error.message())))
                .hint("values are numbers, `true`, or text in quotes; see https://toml.io")
        })?;
        let mut found = Vec::new();
        flatten(table.get_ref(), &mut Vec::new(), &mut found);
        for (keys, value, at) in found {
            self.apply(&Entry {
                place: Place::Line { file: file.clone(), line: line(at) },
                path: keys,
                value,
            })?;
        }
        self.resolve_paths(path);
        Ok(())
    }

    fn apply_environment(&mut self, variables: &BTreeMap<String, String>) -> Result<(), Error> {
        for (name, value) in variables {
            let path = self.path_of_variable(name);
            let value = Value::Variable(value.clone());
            self.apply(&Entry { place: Place::Variable(name.clone()), path, value })?;
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
            if let Some(id) = self.vendors.keys().find(|id| id.replace('-', "_") == *vendor) {
                (*id).clone_into(vendor);
            }
            if let [_, endpoint] = rest {
                *endpoint = endpoint.replace('_', "-");
            }
        }
        path
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Error> {
        let path: Vec<&str> = entry.path.iter().map(String::as_str).collect();
        if path.last().is_some_and(|key| names_a_secret(key)) {
            return Err(entry.holds_a_secret());
        }
        match path.as_slice() {
            ["datasets" | "vendors"] => entry.only_opens_a_table(),
            ["datasets", dataset, keys @ ..] => match self.dataset(dataset) {
                Some(draft) => set(DATASET, draft, keys, entry),
                None => Err(entry.unknown(1, &Dataset::ALL.map(Dataset::name))),
            },
            ["vendors", vendor, keys @ ..] => self.apply_to_vendor(vendor, keys, entry),
            keys => set(GENERAL, &mut self.general, keys, entry),
        }
    }

    fn apply_to_vendor(&mut self, id: &str, keys: &[&str], entry: &Entry) -> Result<(), Error> {
        if id == Local::Vpic.id() {
            return set(VPIC, &mut self.general, keys, entry);
        }
        let known: Vec<&str> = self.vendors.keys().copied().collect();
        let Some((_, settings)) = self.vendors.iter_mut().find(|(known, _)| **known == id) else {
            return Err(entry.unknown_vendor(&known));
        };
        let defaults = self.defaults.iter().find(|vendor| vendor.id == id);
        let options = defaults.map_or(&[][..], |vendor| vendor.options);
        if let [name] = keys
            && let Some(option) = options.iter().find(|option| option.name == *name)
        {
            let values = entry.value.option(option).map_err(|what| entry.wrong(&what))?;
            settings.options.insert(option.name, values);
            return Ok(());
        }
        let ["price_micros", endpoint] = keys else {
            let own = options.iter().map(|option| option.name);
            return set_or(VENDOR, settings, keys, entry, own);
        };
        let price = entry.value.price().map_err(|what| entry.wrong(&what))?;
        settings.price.insert((*endpoint).to_owned(), price);
        Ok(())
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

    fn finish(self) -> Result<Settings, Error> {
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
            store,
            max_wait: self.general.max_wait.unwrap_or(Duration::from_mins(10)),
            durability: self.general.durability.unwrap_or_default(),
            vpic_data,
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
    fn new(dataset: Dataset, known: &[&'static str]) -> Self {
        let (vendors, ttl, keep): (&[&str], Duration, Duration) = match dataset {
            Dataset::Decode => (&["carvin", "vpic"], 365 * DAY, 400 * DAY),
            Dataset::Recalls => (&["nhtsa-file", "carvin", "nhtsa"], 20 * HOUR, 400 * DAY),
            Dataset::Listings => (&["visor"], 20 * HOUR, 90 * DAY),
        };
        let usable = |id: &&str| known.iter().copied().find(|known| known == id);
        Self {
            dataset,
            settings: DatasetSettings {
                vendors: vendors.iter().filter_map(usable).collect(),
                named: false,
                ttl,
                max_stale: Duration::ZERO,
                keep,
                key: RecallKey::default(),
            },
            max_stale: None,
            known: known.to_vec(),
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

/// Lets the one of `keys` that `rest`, the end of the entry's path, names change `target`.
fn set<T>(keys: &[Key<T>], target: &mut T, rest: &[&str], entry: &Entry) -> Result<(), Error> {
    set_or(keys, target, rest, entry, std::iter::empty())
}

/// Like [`set`], where `others` are known too, to be named when `rest` is not.
fn set_or<T>(
    keys: &[Key<T>],
    target: &mut T,
    rest: &[&str],
    entry: &Entry,
    others: impl Iterator<Item = &'static str>,
) -> Result<(), Error> {
    let Some((name, below)) = rest.split_first() else {
        return entry.only_opens_a_table();
    };
    match keys.iter().find(|key| key.name == *name) {
        Some(key) if below.is_empty() => {
            (key.set)(target, &entry.value).map_err(|what| entry.wrong(&what))
        }
        Some(_) => Err(entry.wrong(&format!("makes a table of `{name}`, which is a single value"))),
        None => {
            let depth = entry.path.len() - rest.len();
            let tables: &[&str] = if depth == 0 { &["datasets", "vendors"] } else { &[] };
            let known = keys.iter().map(|key| key.name).chain(tables.iter().copied());
            let known = known.chain(others);
            Err(entry.unknown(depth, &known.collect::<Vec<_>>()))
        }
    }
}

/// Every value below `table` with its path and its place in the text, in the text's
/// order, so that the first mistake in the file is the one told. An empty table counts as a value.
fn flatten(
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, Value, usize)>,
) {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => flatten(inner, path, found),
            other => found.push((path.clone(), value_of(other), key.span().start)),
        }
        path.pop();
    }
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Integer),
        DeValue::Float(_) => Value::Other("a number with a decimal point"),
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => {
            texts(items).map_or(Value::Other("a list with other things than text"), Value::List)
        }
        DeValue::Table(_) => Value::Table,
    }
}

fn texts(items: &[Spanned<DeValue<'_>>]) -> Option<Vec<String>> {
    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

impl Entry {
    /// `what` fits behind the name of the key: "must be …".
    fn wrong(&self, what: &str) -> Error {
        Error::config(match &self.place {
            Place::Line { .. } => format!("{}: `{}` {what}", self.place, self.key()),
            Place::Variable(_) => format!("{} {what}", self.place),
        })
    }

    /// The path ends where a table begins: an empty table says nothing wrong, a value does.
    fn only_opens_a_table(&self) -> Result<(), Error> {
        match self.value {
            Value::Table => Ok(()),
            _ => Err(self.wrong("must be a table of settings, not a single value")),
        }
    }

    fn unknown(&self, depth: usize, known: &[&str]) -> Error {
        let wrong = self.path.get(depth).map_or("", String::as_str);
        let error = Error::config(match &self.place {
            Place::Line { .. } => {
                format!("{}: unknown key `{}`", self.place, self.path[..=depth].join("."))
            }
            Place::Variable(name) => format!("unknown variable `{name}`"),
        });
        let Some(nearest) = nearest(wrong, known) else {
            return error.hint(format!("known here are {}", quoted(known)));
        };
        match &self.place {
            Place::Line { .. } => error.hint(format!("the nearest known key is `{nearest}`")),
            Place::Variable(_) => {
                let mut path = self.path.clone();
                nearest.clone_into(&mut path[depth]);
                let name = path.join("__").replace('-', "_").to_ascii_uppercase();
                error.hint(format!("the nearest known variable is `{PREFIX}{name}`"))
            }
        }
    }

    fn unknown_vendor(&self, known: &[&str]) -> Error {
        let error = self.unknown(1, known);
        if error.hint_text().is_some_and(|hint| hint.starts_with("the nearest")) {
            return error;
        }
        Error::config(format!("{}: unknown vendor `{}`", self.place, self.path[1]))
            .hint(format!("this build knows {}", quoted(known)))
    }

    fn holds_a_secret(&self) -> Error {
        self.wrong("would be an API key in the configuration, where it is read by too many")
            .hint("put the key into an environment variable and name that with `api_key_env`, or into a file named by `api_key_file`")
    }

    fn key(&self) -> String {
        self.path.join(".")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file, line } => write!(f, "`{file}` line {line}"),
            Self::Variable(name) => write!(f, "environment variable `{name}`"),
        }
    }
}

/// The known name that `wrong` is most likely a misspelling of.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &&str| strsim::damerau_levenshtein(wrong, name);
    let nearest = known.iter().copied().min_by_key(distance)?;
    (distance(&nearest) <= 1 + nearest.len() / 3).then_some(nearest)
}
