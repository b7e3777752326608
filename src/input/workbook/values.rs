//! What a cell of a sheet says, as text, and what kind of value that is.

use std::borrow::Cow;

use calamine::{CellErrorType, DataRef, ExcelDateTime};
use jiff::{SignedDuration, civil};

/// From here on a number of a sheet, which is a double, may have lost digits. Typed into
/// a sheet, a number has 15 of them; programs write 16.
pub(super) const INEXACT: f64 = 9_007_199_254_740_992.0;

/// The day after the last one of a spreadsheet, 9999-12-31, as it counts days.
const PAST_LAST_DAY: f64 = 2_958_466.0;

const SECONDS_A_DAY: f64 = 86_400.0;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    WholeNumber,
    Fraction,
    Day,
    Moment,
    Truth,
}

/// A cell as the sheet means it: `12`, `0.5`, `2026-11-30`, `2026-11-30T08:15:00`,
/// `1:30:00`, `true`, `#N/A`.
pub(super) fn read<'a>(value: &'a DataRef<'_>) -> (Kind, Cow<'a, str>) {
    let (kind, text) = match value {
        DataRef::Empty => return (Kind::Text, Cow::Borrowed("")),
        DataRef::String(text) => return (Kind::Text, Cow::Borrowed(text)),
        DataRef::SharedString(text) => return (Kind::Text, Cow::Borrowed(text)),
        DataRef::Error(error) => return (Kind::Text, Cow::Borrowed(error_text(error))),
        DataRef::Int(number) => (Kind::WholeNumber, number.to_string()),
        DataRef::Float(number) => of_number(*number),
        DataRef::Bool(value) => (Kind::Truth, value.to_string()),
        DataRef::DateTime(moment) => of_serial(*moment),
        DataRef::DateTimeIso(text) => of_iso_moment(text.trim()),
        DataRef::DurationIso(text) => (Kind::Text, of_iso_duration(text.trim())),
    };
    (kind, Cow::Owned(text))
}

/// A number that has lost digits is written so that it can be seen.
pub(super) fn of_number(number: f64) -> (Kind, String) {
    if number.abs() < INEXACT {
        let kind = if number.fract() == 0.0 { Kind::WholeNumber } else { Kind::Fraction };
        return (kind, number.to_string());
    }
    let text = format!("{number:E}");
    let text = match text.split_once('E') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            format!("{mantissa}E+{exponent}")
        }
        _ => text,
    };
    (Kind::Text, text)
}

/// A moment as days since the first one; below 1 it is a time of day.
fn of_serial(moment: ExcelDateTime) -> (Kind, String) {
    let days = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&days) {
        return (Kind::Text, clock(days * SECONDS_A_DAY));
    }
    if !(0.0..PAST_LAST_DAY).contains(&days) {
        return (Kind::Text, days.to_string());
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    // To a spreadsheet 1900 is a leap year.
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let is_real = matches!(parts, (Ok(year), Ok(month), Ok(day)) if civil::Date::new(year, month, day).is_ok());
    match (is_real, days.fract() == 0.0, milli) {
        (false, ..) => (Kind::Text, date),
        (true, true, _) => (Kind::Day, date),
        (true, false, 0) => (Kind::Moment, format!("{date}T{hour:02}:{minute:02}:{second:02}")),
        (true, false, _) => {
            (Kind::Moment, format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"))
        }
    }
}

/// `2026-11-30`, `2026-11-30T08:15:00` or `08:15:00`; a moment at midnight is a day.
fn of_iso_moment(text: &str) -> (Kind, String) {
    let bare = text.strip_suffix('Z').unwrap_or(text);
    let moment = match bare.split_once('T') {
        Some(_) => bare.parse::<civil::DateTime>(),
        None if bare.contains(':') => {
            let time = bare.parse::<civil::Time>();
            return (Kind::Text, time.map_or(text.to_owned(), |time| clock(seconds_of(time))));
        }
        None => bare.parse::<civil::Date>().map(|date| date.at(0, 0, 0, 0)),
    };
    match moment {
        Ok(moment) if moment.year() > 0 => {
            let is_day = moment.time() == civil::Time::midnight();
            let kind = if is_day { Kind::Day } else { Kind::Moment };
            (kind, if is_day { moment.date().to_string() } else { moment.to_string() })
        }
        _ => (Kind::Text, text.to_owned()),
    }
}

/// `PT08H15M00S` as `8:15:00`.
fn of_iso_duration(text: &str) -> String {
    let duration = text.parse::<SignedDuration>();
    duration.map_or(text.to_owned(), |duration| clock(duration.as_secs_f64()))
}

fn seconds_of(time: civil::Time) -> f64 {
    f64::from(time.hour()) * 3600.0 + f64::from(time.minute()) * 60.0 + f64::from(time.second())
}

/// A duration, or a time without a day: `1:30:00`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round();
    let (sign, seconds) = if seconds < 0.0 { ("-", -seconds) } else { ("", seconds) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let seconds = seconds as u64;
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn error_text(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

#[cfg(test)]
#[path = "tests/values.rs"]
mod tests;
