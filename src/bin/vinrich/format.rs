//! Numbers, times and text as people read them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use vinrich::domain::Timestamp;
pub(crate) use vinrich::domain::numbers::thousands;
use vinrich::report::OutputReport;

/// `1 row`, `1,234 rows`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

/// The two largest units: `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn span(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(first) = UNITS.iter().position(|(length, _)| seconds >= *length) else {
        return "0 s".into();
    };
    let (length, unit) = UNITS[first];
    let mut text = format!("{} {unit}", seconds / length);
    if let Some((smaller, name)) = UNITS.get(first + 1)
        && seconds % length / smaller > 0
        && *name != "s"
    {
        let _infallible = write!(text, " {} {name}", seconds % length / smaller);
    }
    text
}

/// How long something took: `0.3 s` while tenths matter, then as [`span`].
pub(crate) fn took(seconds: f64) -> String {
    const TENTHS_MATTER: f64 = 9.95;
    if (0.0..TENTHS_MATTER).contains(&seconds) {
        return format!("{seconds:.1} s");
    }
    span(std::time::Duration::try_from_secs_f64(seconds + 0.5).map_or(0, |time| time.as_secs()))
}

/// `512 B`, `312 kB`, `1.5 GB`: powers of a thousand, as disks are sold.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut amount = number as f64 / 1000.0;
    let mut unit = 0;
    while amount >= 999.5 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    let decimals = usize::from(amount < 9.95);
    format!("{amount:.decimals$} {}", UNITS[unit])
}

/// `5 placeholder, 2 length`: the largest first, nothing for nothing.
pub(crate) fn by_reason<K: AsRef<str> + Ord>(counts: &BTreeMap<K, u64>) -> String {
    let mut counts: Vec<(&str, u64)> = counts
        .iter()
        .map(|(reason, number)| (reason.as_ref(), *number))
        .filter(|(_, number)| *number > 0)
        .collect();
    counts.sort_by_key(|(_, number)| Reverse(*number));
    let words =
        counts.iter().map(|(reason, number)| format!("{} {}", thousands(*number), visible(reason)));
    words.collect::<Vec<_>>().join(", ")
}

/// `2026-11-23T02:10:00.5Z` as `2026-11-23 02:10:00 UTC`; other text as it is.
pub(crate) fn moment(rfc3339: &str) -> String {
    rfc3339.parse().map_or_else(|_| rfc3339.to_owned(), at)
}

/// `2026-11-23 02:10:00 UTC`.
pub(crate) fn at(time: Timestamp) -> String {
    time.to_string()
}

/// `2026-11-23T02:10:00.000000Z`, as outputs have it.
pub(crate) fn rfc3339(time: Timestamp) -> Option<String> {
    let mut text = Vec::new();
    time.write_rfc3339(&mut text).ok()?;
    String::from_utf8(text).ok()
}

/// The time of a log line.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").unwrap_or_default()
}

/// `text` with control characters and those that reorder text written out, so
/// that data cannot draw on the terminal or forge a log line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, deceives, |shown, character| shown.extend(character.escape_unicode()))
}

/// A path as [`visible`] text.
pub(crate) fn shown(path: &Path) -> String {
    visible(&path.display().to_string()).into_owned()
}

/// `json` with the same characters as JSON escapes: it reads back the same, and
/// shows what it says.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    let hides = |character: char| character != '\n' && deceives(character);
    escaped(json, hides, |shown, character| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _infallible = write!(shown, "\\u{unit:04x}");
        }
    })
}

fn escaped(
    text: &str,
    hides: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.contains(&hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hides(character) { escape(&mut shown, character) } else { shown.push(character) }
    }
    Cow::Owned(shown)
}

/// Controls (C0, C1, DEL), line and paragraph separators, bidi marks and overrides,
/// what takes no room (zero-width spaces and joiners, soft hyphens, variation
/// selectors, fillers), and tags: text that is there and not seen, or seen elsewhere.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A colour of the terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    Red,
    Yellow,
    Green,
}

impl Paint {
    /// `text` in this colour, where colours are wanted.
    pub(crate) fn on(self, text: &str, colour: bool) -> String {
        let code = match self {
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
        };
        if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Lines as one text.
pub(crate) fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// The files that were written, a line for each.
pub(crate) fn wrote(outputs: &[OutputReport]) -> Vec<String> {
    let wrote = |output: &OutputReport| {
        format!("wrote {} ({})", visible(&output.path), count(output.rows, "row"))
    };
    outputs.iter().map(wrote).collect()
}

#[cfg(test)]
#[path = "tests/format.rs"]
mod tests;
