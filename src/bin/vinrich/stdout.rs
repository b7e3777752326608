//! What a command is asked for goes to stdout, whole.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use vinrich::domain::error::Error;

use crate::format::visible_json;

/// Whether what goes to stdout is read on the terminal that stderr is on.
pub(crate) fn is_seen_with_stderr() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Writes `text` to stdout.
pub(crate) fn write(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| vinrich::output::write_error(Path::new("stdout"), source))
}

/// Writes `value` to stdout as indented JSON.
pub(crate) fn write_json(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| Error::internal("cannot print the result as JSON").because(source))?;
    write(&format!("{}\n", visible_json(&text)))
}
