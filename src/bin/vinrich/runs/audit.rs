//! `vinrich runs audit`: every call of the ledger, in a table or for a program,
//! one at a time: a ledger may be longer than the memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use vinrich::config::Settings;
use vinrich::domain::Timestamp;
use vinrich::domain::error::{Error, Exit};
use vinrich::output::{Named, OutputLocks, Protected, place_of, write_error};
use vinrich::store::{AuditEntry, AuditFilter, Store};
use vinrich::vendors;

use crate::cli::{AuditFormat, RunsAuditArgs};
use crate::format::{at, count, rfc3339, shown, visible, visible_json};
use crate::{args_to_plan, stdout};

pub(super) fn run(args: &RunsAuditArgs, settings: &Settings) -> Result<(), Error> {
    let (store, filter) = (&*settings.store, filter(args)?);
    if let Some(path) = &args.export {
        let calls = Calls { store, filter, format: format_of(args, path) };
        return calls.export(path, &Protected::of(settings));
    }
    Calls { store, filter, format: args.format.unwrap_or(AuditFormat::Text) }.print()
}

/// The calls asked for, and how they are written.
struct Calls<'a> {
    store: &'a Path,
    filter: AuditFilter,
    format: AuditFormat,
}

fn filter(args: &RunsAuditArgs) -> Result<AuditFilter, Error> {
    let time = |flag: &str, typed: &Option<String>| {
        typed.as_deref().map(|typed| time(flag, typed, Timestamp::now())).transpose()
    };
    if let Some(id) = &args.vendor
        && !vendors::registry().iter().any(|vendor| vendor.spec().id() == id)
    {
        return Err(Error::usage(format!("`--vendor` names no vendor: `{}`", visible(id)))
            .hint("`vinrich check` shows them"));
    }
    Ok(AuditFilter {
        since: time("--since", &args.since)?,
        until: time("--until", &args.until)?,
        run: args.run.clone(),
        vendor: args.vendor.clone(),
        vin: args.vin.as_deref().map(args_to_plan::vin).transpose()?,
    })
}

fn time(flag: &str, typed: &str, now: Timestamp) -> Result<Timestamp, Error> {
    args_to_plan::time(typed, now).ok_or_else(|| not_a_time(flag, typed))
}

fn not_a_time(flag: &str, typed: &str) -> Error {
    Error::usage(format!(
        "`{flag}` must be a day such as `2026-11-22`, a time such as `2026-11-22T02:10:00Z`, \
         or how long ago, such as `7d`, not `{typed}`"
    ))
}

fn format_of(args: &RunsAuditArgs, path: &Path) -> AuditFormat {
    let by_name = match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl" | "json" | "ndjson") => AuditFormat::Jsonl,
        _ => AuditFormat::Csv,
    };
    args.format.unwrap_or(by_name)
}

impl Calls<'_> {
    /// Calls go to stdout as they are read.
    fn print(&self) -> Result<(), Error> {
        let cannot = |source| write_error(Path::new("stdout"), source);
        let mut out = BufWriter::new(io::stdout().lock());
        self.write(&mut out, cannot)?;
        out.flush().map_err(cannot)
    }

    /// Calls go to a file of the user's alone, which is there once it is whole.
    fn export(&self, path: &Path, protected: &Protected) -> Result<(), Error> {
        args_to_plan::refuse_folder("--export", path)?;
        let written = [Named { flag: "--export", path }];
        let _locks = OutputLocks::take(&written, protected, None)?;
        let place = place_of(path)?;
        let folder = place.parent().unwrap_or(Path::new("."));
        let cannot = |source| Error::io("cannot write", path, source);
        let draft = tempfile::Builder::new().prefix(".vinrich-audit-").tempfile_in(folder);
        let draft = draft.map_err(|source| {
            Error::new(Exit::CannotCreate, format!("cannot create `{}`", path.display()))
                .because(source)
                .hint("its folder must exist, and be one that this user may write to")
        })?;
        let mut out = BufWriter::new(draft.as_file());
        let calls = self.write(&mut out, cannot)?;
        out.flush().map_err(cannot)?;
        drop(out);
        draft.as_file().sync_all().map_err(cannot)?;
        draft.persist(&place).map_err(|error| cannot(error.error))?;
        if cfg!(unix) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
        }
        stdout::write(&format!("wrote {} ({})\n", shown(path), count(calls, "call")))
    }

    /// Writes the calls; gives their number.
    fn write(
        &self,
        out: &mut impl Write,
        cannot: impl Fn(io::Error) -> Error,
    ) -> Result<u64, Error> {
        let mut calls = 0;
        let format = self.format;
        if format != AuditFormat::Jsonl {
            let heading = COLUMNS.map(str::to_owned);
            out.write_all(line(format, &heading).as_bytes()).map_err(&cannot)?;
        }
        let Some(store) = Store::peek(self.store)? else { return Ok(0) };
        store.snapshot()?.audit(&self.filter, |entry| {
            calls += 1;
            let line = match format {
                AuditFormat::Jsonl => format!("{}\n", visible_json(&object(&entry).to_string())),
                AuditFormat::Csv => {
                    line(format, &cells(&entry, |at| rfc3339(at).unwrap_or_default(), "|"))
                }
                AuditFormat::Text => line(format, &cells_of_text(&entry)),
            };
            out.write_all(line.as_bytes()).map_err(&cannot)
        })?;
        Ok(calls)
    }
}

/// The columns, in their order.
const COLUMNS: [&str; 14] = [
    "call",
    "reserved_at",
    "answered_at",
    "run_id",
    "os_user",
    "vendor",
    "endpoint",
    "origin",
    "account",
    "keys",
    "state",
    "http_status",
    "request_id",
    "charged_micros",
];

fn cells(
    entry: &AuditEntry,
    time: impl Fn(Timestamp) -> String,
    between_keys: &str,
) -> [String; 14] {
    [
        entry.call.to_string(),
        time(entry.reserved_at),
        entry.answered_at.map(time).unwrap_or_default(),
        entry.run_id.clone(),
        entry.os_user.clone(),
        entry.vendor.clone(),
        entry.endpoint.clone(),
        entry.origin.clone(),
        entry.account.clone(),
        entry.keys.join(between_keys),
        entry.state.clone(),
        entry.http_status.map(|status| status.to_string()).unwrap_or_default(),
        entry.request_id.clone().unwrap_or_default(),
        entry.charged.0.to_string(),
    ]
}

/// What a column takes on the terminal at least; calls are not held back until
/// all of them are known.
const WIDTHS: [usize; 14] = [4, 23, 23, 25, 8, 8, 13, 32, 16, 45, 8, 11, 10, 0];

/// Keys shown of a call on the terminal, and the digits of each hash.
const SHOWN: (usize, usize) = (2, 16);

/// What fits on a terminal: files have the keys whole.
fn cells_of_text(entry: &AuditEntry) -> [String; 14] {
    let (most, digits) = SHOWN;
    let mut keys: Vec<String> =
        entry.keys.iter().take(most).map(|key| short(key, digits)).collect();
    let more = entry.keys.len().saturating_sub(most);
    if more > 0 {
        keys.push(format!("and {more} more"));
    }
    let entry = AuditEntry { keys, ..entry.clone() };
    cells(&entry, at, ", ").map(|cell| if cell.is_empty() { "-".into() } else { cell })
}

/// `hmac:` and so many digits, wherever one occurs in `key`.
fn short(key: &str, digits: usize) -> String {
    let mut parts = key.split("hmac:");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        short.push_str("hmac:");
        short.push_str(&part[..end.min(digits)]);
        short.push_str(&part[end..]);
    }
    short
}

fn line(format: AuditFormat, cells: &[String]) -> String {
    match format {
        AuditFormat::Csv => {
            let cells: Vec<_> = cells.iter().map(|cell| quoted(cell)).collect();
            format!("{}\n", cells.join(","))
        }
        AuditFormat::Text | AuditFormat::Jsonl => {
            let padded =
                cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{:width$}", visible(cell)));
            format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
        }
    }
}

/// As RFC 4180 has it.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn object(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "call": entry.call,
        "reserved_at": rfc3339(entry.reserved_at),
        "answered_at": entry.answered_at.and_then(rfc3339),
        "run_id": entry.run_id,
        "os_user": entry.os_user,
        "vendor": entry.vendor,
        "endpoint": entry.endpoint,
        "origin": entry.origin,
        "account": entry.account,
        "keys": entry.keys,
        "state": entry.state,
        "http_status": entry.http_status,
        "request_id": entry.request_id,
        "charged_micros": entry.charged.0,
    })
}

#[cfg(test)]
#[path = "tests/audit.rs"]
mod tests;
