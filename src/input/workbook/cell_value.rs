//! Cells back from their text, for those who write a sheet again.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::values::{INEXACT, of_number};

/// A cell that is not text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CellValue {
    Number(f64),
    /// A day or a moment in microseconds since 1970, in no time zone.
    Moment(i64),
    Truth(bool),
}

impl CellValue {
    /// What a sheet had, where its cell became `text`; `None` for text, and for what is
    /// carried as text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        match text {
            "true" => Some(Self::Truth(true)),
            "false" => Some(Self::Truth(false)),
            _ if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => None,
            _ => number(text).map(Self::Number).or_else(|| micros(text).map(Self::Moment)),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.abs() < INEXACT && of_number(number).1 == text).then_some(number)
}

/// Of `2026-11-30`, `2026-11-30T08:15:00` and `2026-11-30T08:15:00.250`.
fn micros(text: &str) -> Option<i64> {
    let is_moment = text.len() == 10 || text.len() >= 19 && text.as_bytes()[10] == b'T';
    let moment: DateTime = text.parse().ok().filter(|_| is_moment)?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

#[cfg(test)]
#[path = "tests/cell_value.rs"]
mod tests;
