//! What is wrong with a command line, in the form of every other error: what, and the
//! way out. A tip is right or absent, so clap's own are not shown.

mod tips;

use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use vinrich::domain::error::{Error, Exit};

use self::tips::Place;
use crate::cli::LogFormat;
use crate::report_error;

/// Prints the help that was asked for, or what is wrong; gives the exit code.
pub(crate) fn refuse(refused: &clap::Error) -> u8 {
    let is_help = refused.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if exit(refused) == Exit::Usage && !is_help {
        let words = std::env::args_os().skip(1);
        let typed: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        return report_error::print(&error(refused, &typed), LogFormat::Text);
    }
    match (refused.print(), exit(refused)) {
        // A reader that has had enough is not a failure; a full disk is.
        (Err(failed), Exit::Success) if failed.kind() != io::ErrorKind::BrokenPipe => Exit::Io,
        (_, exit) => exit,
    }
    .code()
}

/// Help and version are what was asked for; for all else clap alone would say 2.
pub(crate) fn exit(refused: &clap::Error) -> Exit {
    match refused.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Usage,
    }
}

/// What is wrong with the words that were `typed` after the program's name.
pub(crate) fn error(refused: &clap::Error, typed: &[String]) -> Error {
    let place = Place::of(typed);
    let hint = tips::tip(refused, &place)
        .or_else(|| possible_values(refused))
        .or_else(|| usage(refused, &place))
        .unwrap_or_else(|| format!("`{} --help` lists what may be typed", place.name));
    Error::usage(message(refused)).hint(hint)
}

fn message(refused: &clap::Error) -> String {
    let argument = quoted(refused, ContextKind::InvalidArg);
    let value = quoted(refused, ContextKind::InvalidValue);
    match refused.kind() {
        ErrorKind::UnknownArgument if argument.starts_with("`-") => {
            format!("unknown flag {argument}")
        }
        ErrorKind::UnknownArgument => format!("unexpected argument {argument}"),
        ErrorKind::InvalidSubcommand => {
            format!("unknown command {}", quoted(refused, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => "a command is missing".into(),
        ErrorKind::MissingRequiredArgument => format!("missing: {argument}"),
        ErrorKind::InvalidValue if value == "``" => format!("{argument} needs a value"),
        ErrorKind::InvalidValue => format!("{value} is not a value of {argument}"),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(refused).map(ToString::to_string);
            format!("{value} is not a value of {argument}: {}", why.unwrap_or_default())
        }
        ErrorKind::ArgumentConflict => {
            let other = quoted(refused, ContextKind::PriorArg);
            if other == argument {
                format!("{argument} is given twice")
            } else {
                format!("{argument} cannot be used with {other}")
            }
        }
        other => other.as_str().unwrap_or("the command line is not understood").into(),
    }
}

/// What clap names of that kind, each in backticks.
fn quoted(refused: &clap::Error, kind: ContextKind) -> String {
    named(refused, kind).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn named(refused: &clap::Error, kind: ContextKind) -> Vec<String> {
    match refused.get(kind) {
        Some(ContextValue::String(name)) => vec![name.clone()],
        Some(ContextValue::Strings(names)) => names.clone(),
        _ => Vec::new(),
    }
}

fn possible_values(refused: &clap::Error) -> Option<String> {
    let values = quoted(refused, ContextKind::ValidValue);
    (!values.is_empty()).then(|| format!("it takes {values}"))
}

/// Where something is missing, or one thing too many, how the command is written.
fn usage(refused: &clap::Error, place: &Place) -> Option<String> {
    let is_flag = named(refused, ContextKind::InvalidArg).iter().any(|name| name.starts_with('-'));
    match refused.kind() {
        ErrorKind::MissingRequiredArgument => {}
        ErrorKind::UnknownArgument if !is_flag => {}
        _ => return None,
    }
    Some(format!("write `{}`", place.usage()))
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
