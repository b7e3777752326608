//! Panics of the crate that writes workbooks: it says so where it cannot write to its
//! temporary files, and a full disk is an error like any other.

use std::any::Any;
use std::io;
use std::panic::resume_unwind;

use crate::domain;

/// What the crate says in that case, before the cause.
const CANNOT_WRITE: &str = "Couldn't write to xml file";

/// Does `work`; a panic about temporary files becomes an error.
pub(super) fn caught<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    domain::caught(work).unwrap_or_else(|panic| match message(panic.as_ref()) {
        Some(message) if message.starts_with(CANNOT_WRITE) => Err(unwritten(message)),
        _ => resume_unwind(panic),
    })
}

/// A temporary file that cannot be made, or written.
pub(super) fn unwritten(cause: impl std::fmt::Display) -> io::Error {
    let folder = std::env::temp_dir();
    let cause = cause.to_string();
    let is_full = cause.contains("StorageFull");
    let kind = if is_full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
    let cause = if is_full { "no space is left".to_owned() } else { cause };
    let text = format!(
        "a workbook is first written to temporary files, and those in `{}` cannot be written: {cause}; free some space, or point TMPDIR at a roomier folder",
        folder.display()
    );
    io::Error::new(kind, text)
}

fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    formatted.or_else(|| panic.downcast_ref::<&str>().copied())
}

#[cfg(test)]
#[path = "tests/caught.rs"]
mod tests;
