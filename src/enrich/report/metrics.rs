//! The metrics of a run, for the textfile collector of Prometheus' node exporter.

use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::Report;
use crate::domain::{Error, Exit, Timestamp};
use crate::output::{Draft, write_atomically};

/// What every metrics file begins with. A file that does not is another's.
const FIRST_WORDS: &str = "# HELP vinrich_";

/// When a run last ended with 0. It outlives the runs that fail.
const LAST_SUCCESS: &str = "vinrich_last_success_timestamp_seconds";

/// More than a metrics file has.
const LARGEST: u64 = 1 << 20;

/// Puts the metrics of a run in the place of those of the run before.
///
/// # Errors
/// 73 where the file there is not a metrics file, or cannot be created.
pub(crate) fn save(path: &Path, report: &Report, output: &str) -> Result<(), Error> {
    let before = earlier(path)?;
    write_atomically(path, text(report, output, &before).as_bytes())
}

/// Whether the metrics can be written, as far as is known before.
pub(crate) fn check(path: &Path) -> Result<(), Error> {
    earlier(path)?;
    Draft::beside(path).map(drop)
}

/// The metrics of the run before; nothing where there was none.
fn earlier(path: &Path) -> Result<String, Error> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(Error::io("cannot read", path, error)),
        Ok(_) => {}
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| "not text".into());
    if text.is_empty() || text.starts_with(FIRST_WORDS) {
        return Ok(text);
    }
    let what = format!("`{}` is not a metrics file of vinrich, and is left alone", path.display());
    Err(Error::new(Exit::CannotCreate, what))
}

fn text(report: &Report, output: &str, before: &str) -> String {
    let mut page = Page { text: String::new(), output: escaped(output) };
    let rows = &report.rows;
    let ended = seconds(&report.ended_at);
    let has_succeeded = report.exit_code == Exit::Success.code();
    let last_success = if has_succeeded { ended } else { page.last_success(before) };
    page.metric("exit_code", "The exit code of the latest run.", [("", report.exit_code)]);
    page.metric("run_end_timestamp_seconds", "When the latest run ended.", [("", ended)]);
    page.metric(
        "last_success_timestamp_seconds",
        "When a run last ended with exit code 0; 0 if none has.",
        [("", last_success)],
    );
    page.metric(
        "resume_at_timestamp_seconds",
        "When running again makes sense; 0 if nothing waits.",
        [("", report.resume_at.as_deref().map_or(0, seconds))],
    );
    page.metric("duration_seconds", "How long the latest run took.", [("", report.seconds)]);
    page.metric(
        "rows",
        "Rows of the latest run.",
        [
            (r#"state="read""#, rows.read),
            (r#"state="written""#, rows.written),
            (r#"state="diverted""#, rows.diverted),
            (r#"state="rejected""#, rows.rejected.values().sum()),
        ],
    );
    let by_status = report.datasets.iter().flat_map(|(dataset, of)| {
        let label = move |status| format!("dataset=\"{}\",status=\"{status}\"", escaped(dataset));
        of.rows.iter().map(move |(status, rows)| (label(escaped(status)), *rows))
    });
    page.metric("rows_by_status", "Rows of the latest run, by dataset and status.", by_status);
    let vendor = |name: &str| format!("vendor=\"{}\"", escaped(name));
    let calls = report.vendors.iter().map(|(name, of)| (vendor(name), of.attempted));
    page.metric("calls", "Calls of the latest run, retries included.", calls);
    let spent = report.vendors.iter().map(|(name, of)| (vendor(name), of.spent.0 as f64 / 1e6));
    page.metric("spent_usd", "What the calls of the latest run cost.", spent);
    page.text
}

/// The text so far. Two files of one folder must not hold the same series: each
/// names its output.
struct Page {
    text: String,
    output: String,
}

impl Page {
    fn metric<L: AsRef<str>, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        let _ = writeln!(self.text, "# HELP vinrich_{name} {help}\n# TYPE vinrich_{name} gauge");
        for (labels, value) in samples {
            let series = self.series(&format!("vinrich_{name}"), labels.as_ref());
            let _ = writeln!(self.text, "{series} {value}");
        }
    }

    fn series(&self, name: &str, labels: &str) -> String {
        let comma = if labels.is_empty() { "" } else { "," };
        format!("{name}{{output=\"{}\"{comma}{labels}}}", self.output)
    }

    /// Of this output: another one's success is not this one's.
    fn last_success(&self, before: &str) -> i64 {
        let series = self.series(LAST_SUCCESS, "");
        let value = before.lines().find_map(|line| line.strip_prefix(&series)?.trim().parse().ok());
        value.unwrap_or(0)
    }
}

/// As the format wants the value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

/// Seconds since the epoch.
fn seconds(rfc3339: &str) -> i64 {
    rfc3339.parse::<Timestamp>().map_or(0, |time| time.micros().div_euclid(1_000_000))
}

#[cfg(test)]
#[path = "tests/metrics.rs"]
mod tests;
