//! How the process reports what went wrong: once, with causes and a way out.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io::{self, Write};
use std::panic::PanicHookInfo;

use serde::Serialize;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::{Fields, Level};
use vinrich::domain::panic_is_caught;

use crate::cli::LogFormat;
use crate::console::wants_colour;
use crate::format::{Paint, now, text, visible};
use crate::log_line::LogLine;

/// Prints `error` to stderr; gives the exit code. A reader who closed our
/// stdout has had enough: that is not an error, and nothing is printed.
pub(crate) fn print(error: &Error, format: LogFormat) -> u8 {
    if error.exit() == Exit::Success {
        return Exit::Success.code();
    }
    let text = match format {
        LogFormat::Text => as_text(error, wants_colour()),
        LogFormat::Json => as_json(error, &now()),
    };
    // Without a stderr the exit code alone says it.
    let _unread = io::stderr().lock().write_all(text.as_bytes());
    error.exit().code()
}

/// Makes every panic that is not caught a line on stderr and exit code 70.
///
/// The process ends at once: the store is made for that, and a half-dead run is not.
pub(crate) fn on_panic() {
    std::panic::set_hook(Box::new(|info| {
        if panic_is_caught() {
            return;
        }
        // Without a stderr the exit code alone says it.
        let _unread = writeln!(io::stderr().lock(), "{}", panic_line(info));
        signal_hook::low_level::exit(i32::from(Exit::Internal.code()));
    }));
}

/// Where it happened, and the message if it is a literal: a formatted one may
/// hold data.
fn panic_line(info: &PanicHookInfo<'_>) -> String {
    let place =
        info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let message = info
        .payload()
        .downcast_ref::<&'static str>()
        .map_or_else(String::new, |text| format!(": {text}"));
    format!(
        "error: internal fault{place}{message}; please report it, then run again: what was paid for is kept"
    )
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

pub(crate) fn as_text(error: &Error, colour: bool) -> String {
    let heading = Paint::Red.on("error:", colour);
    let mut lines = vec![format!("{heading} {}", visible(&error.to_string()))];
    lines
        .extend(causes(error).map(|cause| format!("  caused by: {}", visible(&cause.to_string()))));
    let heading = Paint::Green.on("hint:", colour);
    lines.extend(error.hint_text().map(|hint| format!("{heading} {}", visible(hint))));
    text(&lines)
}

fn as_json(error: &Error, time: &str) -> String {
    #[derive(Serialize)]
    struct More<'a> {
        causes: Vec<String>,
        hint: Option<Cow<'a, str>>,
        exit_code: u8,
    }
    let causes: Vec<String> =
        causes(error).map(|cause| visible(&cause.to_string()).into_owned()).collect();
    let (exit, hint) = (error.exit(), error.hint_text().map(visible));
    let line = LogLine::new(time, (Level::Error, exit.name()), &error.to_string());
    let line = line.about(Fields::because(exit.name()));
    format!("{}\n", line.with(More { causes, hint, exit_code: exit.code() }).to_json())
}

#[cfg(test)]
#[path = "tests/report_error.rs"]
mod tests;
