//! Where settings come from: the file, then the environment, over the defaults.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::draft::Draft;
use super::entry::{Entry, PREFIX, Place};
use super::keys::Value;
use super::{Settings, trust};
use crate::domain::vendor::VendorSpec;
use crate::domain::{Error, is_absent};

/// The file's name, in the working folder and in the user's configuration folder.
const FILE_NAME: &str = "vinrich.toml";
/// The environment variable that names the file, as `--config` does.
const FILE_VARIABLE: &str = "VINRICH_CONFIG";
/// The environment variable that names the store, as `store` in the file does.
const STORE_VARIABLE: &str = "VINRICH_STORE";

impl Settings {
    /// The settings of `file` (else of `VINRICH_CONFIG`, `./vinrich.toml` or the
    /// user's configuration folder), changed by `VINRICH_` variables in `env`
    /// ([`std::env::vars_os`]), over what `vendors`
    /// ([`vendors::specs`](crate::vendors::specs)) start from.
    ///
    /// # Errors
    ///
    /// 78 for a setting that is unknown or cannot be as it is, with the file and
    /// line, the variable or the key; and for a file that cannot be read.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (OsString, OsString)>,
        vendors: &[&'static VendorSpec],
    ) -> Result<Self, Error> {
        let mut variables = variables(env)?;
        let named = variables.remove(FILE_VARIABLE).map(PathBuf::from);
        let mut draft = Draft::new(vendors)?;
        let file = find(file.or(named.as_deref()))?;
        if let Some(file) = &file {
            draft.apply_file(&file.path, &file.entries()?)?;
        }
        draft.apply_environment(variables)?;
        let settings = Self { file: file.map(|file| file.path), ..draft.finish()? };
        settings.check(vendors)?;
        Ok(settings)
    }

    /// The store that is named by a configuration which [`Settings::load`] refuses,
    /// whatever else is wrong with it; `None` where that cannot be known.
    pub fn store_of(
        file: Option<&Path>,
        env: impl Iterator<Item = (OsString, OsString)>,
    ) -> Option<PathBuf> {
        let mut variables = variables(env).ok()?;
        let named = variables.remove(FILE_VARIABLE).map(PathBuf::from);
        variables.retain(|name, _| name == STORE_VARIABLE);
        let mut draft = Draft::new(&[]).ok()?;
        if variables.is_empty()
            && let Some(file) = find(file.or(named.as_deref())).ok()?
        {
            let mut entries = file.entries().ok()?;
            entries.retain(|entry| entry.path == ["store"]);
            draft.apply_file(&file.path, &entries).ok()?;
        }
        draft.apply_environment(variables).ok()?;
        draft.finish().ok().map(|settings| settings.store)
    }
}

/// The variables that are settings; the others may hold what they like.
fn variables(
    env: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut variables = BTreeMap::new();
    for (name, value) in env {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let value = value
            .into_string()
            .map_err(|_| Error::config(format!("environment variable `{name}` is not UTF-8")))?;
        variables.insert(name.to_owned(), value);
    }
    Ok(variables)
}

/// The configuration file as it was read.
struct ConfigFile {
    path: PathBuf,
    text: String,
    /// Of the file that was read, whatever is at its path by now.
    metadata: Metadata,
}

impl ConfigFile {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // Editors on Windows begin a file with a byte order mark; TOML does not know it.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { path: path.to_owned(), text, metadata })
    }

    /// Every setting in it, where it may be believed.
    fn entries(&self) -> Result<Vec<Entry>, Error> {
        trust::refuse_writable(&self.path, &self.metadata)?;
        let entries = entries(&self.path, &self.text)?;
        trust::refuse_foreign(&self.metadata, &entries)?;
        Ok(entries)
    }
}

/// The configuration file; `None` where none is named and there is none.
fn find(named: Option<&Path>) -> Result<Option<ConfigFile>, Error> {
    if let Some(path) = named {
        return ConfigFile::read(path).map(Some).map_err(|source| unreadable(path, source));
    }
    let users = project_dirs().map(|dirs| dirs.config_dir().join(FILE_NAME));
    for path in std::iter::once(PathBuf::from(FILE_NAME)).chain(users) {
        match ConfigFile::read(&path) {
            Ok(file) => return Ok(Some(file)),
            Err(source) if is_absent(&source) => {}
            Err(source) => return Err(unreadable(&path, source)),
        }
    }
    Ok(None)
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::config(format!("cannot read configuration file `{}`", path.display())).because(source)
}

/// The user's folders.
pub(super) fn project_dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "vinrich")
}

/// Every setting in the file, in the text's order, so that an error is about the
/// first mistake.
fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Error> {
    let file = path.display().to_string();
    let line =
        |at: usize| 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count();
    // Only the parser's message is shown: its own excerpt could repeat a key.
    let table = DeTable::parse(text).map_err(|error| {
        let line = line(error.span().map_or(0, |span| span.start));
        Error::config(format!("`{file}` line {line}: {}", lower_first(error.message())))
            .hint("values are numbers, `true`, or text in quotes; see https://toml.io")
    })?;
    let mut entries = Vec::new();
    flatten(table.get_ref(), &mut Vec::new(), &mut |path, value, at| {
        let place = Place::Line { file: file.clone(), line: line(at) };
        entries.push(Entry { place, path: path.to_vec(), value });
    });
    Ok(entries)
}

/// Finds every value below `table`, with its path and its place in the text. An
/// empty table counts as a value.
fn flatten(
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    found: &mut impl FnMut(&[String], Value, usize),
) {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in entries {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => flatten(inner, path, found),
            other => found(path, value_of(other), key.span().start),
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
