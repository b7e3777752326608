//! The user's yes, before something is done that cannot be undone by itself.

use std::io::{self, BufRead, IsTerminal, Write};

use vinrich::domain::error::Error;

use crate::format::visible;

/// Asks on the terminal whether to do `what`. Fails with 64 where the answer is
/// no, or where there is no terminal to ask on.
pub(crate) fn ask(what: &str) -> Result<(), Error> {
    if !can_be_asked() {
        return Err(Error::usage(format!(
            "this would {what}, and there is no terminal to agree on"
        ))
        .hint("nothing was done; add `--yes` to agree beforehand"));
    }
    let answer = question(what)
        .map_err(|source| Error::internal("cannot ask on the terminal").because(source))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::usage(format!("not agreed to {what}")).hint("nothing was done")),
    }
}

/// Whether a person reads the question and can type an answer.
pub(crate) fn can_be_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn question(what: &str) -> io::Result<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "this will {}; go on? [y/N] ", visible(what))?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}
