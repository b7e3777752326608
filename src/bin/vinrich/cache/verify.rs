//! `vinrich cache verify`: whether the store is whole.

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::store::{self, Verified};

use crate::cli::{CacheVerifyArgs, CommonArgs, ReportFormat};
use crate::console::Console;
use crate::format::{count, shown, text, thousands, visible};
use crate::stdout;

/// Bytes of bodies below which it is done before a bar could be read.
const WORTH_A_BAR: u64 = 64 << 20;

pub(super) fn run(args: &CacheVerifyArgs, store: &Path, common: &CommonArgs) -> Result<u8, Error> {
    let console = Console::new(common);
    let verified = store::verify(store, &mut |done, all| {
        if all >= WORTH_A_BAR {
            console.arrived(done, all);
        }
    });
    console.finish();
    let Some(verified) = verified.map_err(hinted)? else {
        return Err(Error::config(format!("there is no store at `{}`", store.display()))
            .hint("the first run creates it; `vinrich store restore` puts a backup there"));
    };
    match args.format {
        ReportFormat::Json => stdout::write_json(&verified)?,
        ReportFormat::Text => stdout::write(&as_text(store, &verified))?,
    }
    if verified.faults_total == 0 {
        return Ok(Exit::Success.code());
    }
    let faults = count(verified.faults_total, "fault");
    Err(hinted(Error::config(format!("the store `{}` has {faults}", store.display()))))
}

/// A store that cannot even be opened is as damaged as one that can be looked into.
fn hinted(error: Error) -> Error {
    if error.exit() != Exit::Config || error.hint_text().is_some() {
        return error;
    }
    error.hint(
        "`vinrich store restore` puts a backup in its place; keep the damaged file until then",
    )
}

fn as_text(store: &Path, verified: &Verified) -> String {
    let Verified { answers, history, bodies, orphans, calls, runs, faults, faults_total } =
        verified;
    let whole = if *faults_total == 0 { "whole" } else { "damaged" };
    let mut lines = vec![format!(
        "{}: {whole}; {}, {}, {} held against their hashes, {}, {}",
        shown(store),
        count(*answers, "answer"),
        count(*history, "earlier answer"),
        super::bodies(*bodies),
        count(*calls, "call"),
        count(*runs, "run"),
    )];
    if *orphans > 0 {
        lines.push(format!(
            "{} of them used by no answer; `vinrich cache prune` removes them",
            thousands(*orphans)
        ));
    }
    lines.extend(faults.iter().map(|fault| format!("fault: {}", visible(fault))));
    let more = faults_total.saturating_sub(faults.len() as u64);
    if more > 0 {
        lines.push(format!("and {}", count(more, "more fault")));
    }
    text(&lines)
}
