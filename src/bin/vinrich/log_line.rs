//! A log line as one JSON object: of news, of the summary, of an error.

use std::sync::OnceLock;

use serde::Serialize;
use vinrich::domain::events::{Fields, Level};

use crate::format::{visible, visible_json};

/// The run of this process, once it has begun.
static RUN_ID: OnceLock<String> = OnceLock::new();

/// From here on, every line says which run it is of.
pub(crate) fn set_run_id(run_id: &str) {
    // A process makes one run; a second would go on under the first one's id.
    let _first = RUN_ID.set(run_id.to_owned());
}

/// What every line has; `more` is what its kind has besides.
#[derive(Serialize)]
pub(crate) struct LogLine<'a, T> {
    time: &'a str,
    level: &'static str,
    code: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'static str>,
    #[serde(flatten)]
    fields: Fields,
    #[serde(flatten)]
    more: T,
}

/// A line with nothing besides.
#[derive(Serialize)]
pub(crate) struct NoMore {}

impl<'a> LogLine<'a, NoMore> {
    /// A line of this process's run.
    pub(crate) fn new(time: &'a str, (level, code): (Level, &'a str), message: &str) -> Self {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        Self {
            time,
            level,
            code,
            message: visible(message).into_owned(),
            run_id: RUN_ID.get().map(String::as_str),
            fields: Fields::default(),
            more: NoMore {},
        }
    }
}

impl<'a, T: Serialize> LogLine<'a, T> {
    /// The line with what it is about.
    pub(crate) fn about(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// The line with what its kind has besides.
    pub(crate) fn with<M>(self, more: M) -> LogLine<'a, M> {
        let Self { time, level, code, message, run_id, fields, more: _ } = self;
        LogLine { time, level, code, message, run_id, fields, more }
    }

    /// The line, without its end.
    pub(crate) fn to_json(&self) -> String {
        // Strings and numbers under names that are strings: there is nothing to refuse.
        let json = serde_json::to_string(self).unwrap_or_default();
        visible_json(&json).into_owned()
    }
}
