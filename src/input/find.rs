//! The files that the command line means: named, matched by a pattern, or in a folder.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::content::Named;
use super::source_name::{SourceName, fixed_part, name_below};
use crate::domain::{Error, Exit};
use crate::files::refuse_address;

/// The name of standard input.
pub(super) const STDIN: &str = "-";

/// Folders in folders are looked into down to here.
const MAX_DEPTH: usize = 16;

/// A file that the command line means.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) id_name: SourceName,
}

/// What was found by one word of the command line.
#[derive(Default)]
struct Search {
    paths: Vec<PathBuf>,
    /// What is not a regular file, and would be read but for that.
    special: Vec<PathBuf>,
}

/// The files meant by the command line; 66 where one is missing. None is opened.
pub(super) fn expand_all(
    named: &[String],
    warnings: &mut Vec<String>,
) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for name in named {
        if name == STDIN {
            found.push(Found { path: STDIN.into(), id_name: STDIN.into() });
        } else {
            found.extend(expand(name, warnings)?);
        }
    }
    Ok(found)
}

/// The files meant by one word of the command line.
fn expand(name: &str, warnings: &mut Vec<String>) -> Result<Vec<Found>, Error> {
    let path = Path::new(name);
    let mut search = Search::default();
    let folder = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            search.folder(path)?;
            Some(path.to_owned())
        }
        Ok(_) => {
            search.paths.push(path.to_owned());
            None
        }
        Err(error) => {
            refuse_address(path)?;
            if !name.contains(['*', '?', '[']) {
                return Err(unopened(path, error));
            }
            search.pattern(name)?;
            Some(fixed_part(name))
        }
    };
    for path in &search.special {
        warnings.push(format!("`{}` is not a regular file and is left out", shown_path(path)));
    }
    let found = |path: PathBuf| Found { id_name: name_below(folder.as_deref(), &path), path };
    Ok(search.paths.into_iter().map(found).collect())
}

impl Search {
    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        self.files_below(folder)?;
        if self.paths.is_empty() {
            let what = format!("`{}` holds no input files", shown_path(folder));
            return Err(nothing_found(what).hint(format!(
                "a folder is searched for {}, compressed or not, and for such files in folders such as `dt=2026-11-30`",
                Named::listed()
            )));
        }
        Ok(())
    }

    /// Adds the files of a folder, by name; there may be none.
    fn files_below(&mut self, folder: &Path) -> Result<(), Error> {
        let before = self.paths.len();
        self.files_in(folder, 0)?;
        self.paths[before..].sort();
        Ok(())
    }

    fn files_in(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        let unreadable =
            |error| Error::bad_input(folder, "the folder cannot be read").because(error);
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if entry.file_type().map_err(unreadable)?.is_dir() {
                if is_partition(name) && depth < MAX_DEPTH {
                    self.files_in(&path, depth + 1)?;
                }
            } else if !name.starts_with(b".") && !is_lock(name) && Named::of(&path).is_listed() {
                self.add(path);
            }
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), Error> {
        let options =
            glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        let found = glob::glob_with(pattern, options).map_err(|error| {
            Error::usage(format!("`{pattern}` is neither a file nor a pattern")).because(error)
        })?;
        for path in found {
            let path = path.map_err(|error| {
                Error::bad_input(error.path(), "the folder cannot be searched")
                    .because(io::Error::from(error))
            })?;
            let name = path.file_name().map(OsStr::as_encoded_bytes).unwrap_or_default();
            if !path.is_dir() {
                if !is_lock(name) {
                    self.add(path);
                }
            } else if is_partition(name) {
                self.files_below(&path)?;
            }
        }
        if self.paths.is_empty() {
            return Err(nothing_found(format!("no file matches `{pattern}`")));
        }
        Ok(())
    }

    fn add(&mut self, path: PathBuf) {
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if !found.is_file() => self.special.push(path),
            // What cannot be looked at says why when it is opened.
            Ok(_) | Err(_) => self.paths.push(path),
        }
    }
}

/// What Excel keeps beside a workbook while that is open.
fn is_lock(name: &[u8]) -> bool {
    name.starts_with(b"~$")
}

/// A folder such as `dt=2026-11-30`, as Hive and Spark lay them out.
fn is_partition(name: &[u8]) -> bool {
    !name.starts_with(b".") && name.contains(&b'=')
}

fn nothing_found(message: String) -> Error {
    Error::new(Exit::NoInput, message)
}

pub(super) fn unopened(path: &Path, error: io::Error) -> Error {
    let shown = shown_path(path);
    if error.kind() == io::ErrorKind::NotFound {
        nothing_found(format!("`{shown}` does not exist"))
    } else {
        Error::bad_input(Path::new(&shown), "the file cannot be opened").because(error)
    }
}

/// A path as text: bytes that are not UTF-8 as `\xE9`, so that no two paths are one.
pub(super) fn shown_path(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        shown.push_str(&chunk.valid().replace('\\', "\\\\"));
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    shown
}

#[cfg(test)]
#[path = "tests/find.rs"]
mod tests;
