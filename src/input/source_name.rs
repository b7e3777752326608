//! What a source is called in the ids of its rows: the same wherever it lies and
//! however its path is typed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::{InputFile, InputSpec};
use crate::domain::Error;

/// The name of a source, as bytes: a path need not be text.
pub(super) type SourceName = Vec<u8>;

/// The part of a typed pattern that names a folder: all before its first `*`, `?` or `[`.
pub(super) fn fixed_part(pattern: &str) -> PathBuf {
    let is_fixed =
        |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    Path::new(pattern).components().take_while(is_fixed).collect()
}

/// The path of a file below `folder`, its parts joined by `/` on every system; the
/// file's base name where there is no folder.
pub(super) fn name_below(folder: Option<&Path>, path: &Path) -> SourceName {
    let plain = |path: &Path| -> PathBuf {
        path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
    };
    let path = plain(path);
    let below = folder.and_then(|folder| path.strip_prefix(plain(folder)).ok());
    let last = || Path::new(path.file_name().unwrap_or(path.as_os_str()));
    let parts: Vec<&[u8]> =
        below.unwrap_or_else(last).iter().map(OsStr::as_encoded_bytes).collect();
    parts.join(&b'/')
}

/// Fails with 64 where two sources have one name, and the ids of their rows are made of it.
pub(super) fn check_distinct(files: &[InputFile], spec: &InputSpec) -> Result<(), Error> {
    if !spec.row_key.is_empty() {
        return Ok(());
    }
    if let (Some(name), [first, second, ..]) = (&spec.source_name, files) {
        return Err(Error::usage(format!(
            "`--source-name {name}` would name both `{}` and `{}`",
            first.name, second.name
        ))
        .hint("name one source at a time, or let `--row-key` make the ids of the rows"));
    }
    let mut known: HashMap<&[u8], &str> = HashMap::new();
    for file in files {
        if let Some(other) = known.insert(&file.source_name, &file.name) {
            let name = String::from_utf8_lossy(&file.source_name);
            return Err(Error::usage(format!(
                "`{other}` and `{}` are both called `{name}`, so their rows would have the same `row_id`",
                file.name
            ))
            .hint("rename one, name both by one quoted pattern such as `'*/fleet.csv'`, or let `--row-key` make the ids of the rows"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/source_name.rs"]
mod tests;
