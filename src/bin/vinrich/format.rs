//! Numbers, times and text as people read them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use indicatif::HumanCount;
use jiff::Timestamp;

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    HumanCount(number).to_string()
}

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
    rfc3339.parse().map_or_else(|_| rfc3339.to_owned(), written)
}

/// Microseconds since 1970 as `2026-11-23 02:10:00 UTC`.
pub(crate) fn at(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| "?".into(), written)
}

fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Microseconds since 1970 as `2026-11-23T02:10:00.000000Z`, as outputs have it.
pub(crate) fn rfc3339(micros: i64) -> Option<String> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
}

/// The time of a log line.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
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

/// The lines of a table with a heading: columns of numbers to the right,
/// others to the left, two spaces between.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let columns: Vec<Column> = (0..columns).map(|column| Column::of(rows, column)).collect();
    let cell = |(cell, column): (&String, &Column)| {
        let pad = " ".repeat(column.width - cell.chars().count());
        if column.numbers { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
    };
    let line =
        |row: &Vec<String>| row.iter().zip(&columns).map(cell).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}

/// Lines as one text.
pub(crate) fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

struct Column {
    width: usize,
    numbers: bool,
}

impl Column {
    fn of(rows: &[Vec<String>], column: usize) -> Self {
        let cells = || rows.iter().filter_map(|row| row.get(column));
        let is_number =
            |cell: &String| cell.chars().all(|c| c.is_ascii_digit() || "$,.".contains(c));
        Self {
            width: cells().map(|cell| cell.chars().count()).max().unwrap_or(0),
            numbers: cells().skip(1).all(is_number),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown = [0, 999, 1000, 12_345, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(
            [count(1, "row"), count(0, "row"), count(2000, "call")],
            ["1 row", "0 rows", "2,000 calls"]
        );
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        let shown = [0, 45, 60, 61, 725, 7500, 86_400, 273_600].map(span);
        assert_eq!(
            shown,
            ["0 s", "45 s", "1 min", "1 min", "12 min", "2 h 5 min", "1 d", "3 d 4 h"]
        );
    }

    #[test]
    fn short_times_have_tenths() {
        let shown = [0.04, 0.276, 9.94, 9.96, 59.6, 7500.0, f64::NAN].map(took);
        assert_eq!(shown, ["0.0 s", "0.3 s", "9.9 s", "10 s", "1 min", "2 h 5 min", "0 s"]);
    }

    #[test]
    fn sizes_have_two_figures_at_least() {
        let shown = [0, 999, 1000, 9_949, 10_000, 999_499, 1_500_000_000].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.5 GB"]);
    }

    #[test]
    fn reasons_come_by_weight() {
        let counts = [("empty", 1), ("length", 2000), ("not_a_vin", 1), ("ragged_row", 0)].into();
        assert_eq!(by_reason(&counts), "2,000 length, 1 empty, 1 not_a_vin");
        assert_eq!(by_reason(&[("empty", 0)].into()), "");
    }

    #[test]
    fn data_cannot_draw_on_the_terminal() {
        let hostile = "a\u{1b}]0;title\u{7}\u{9b}31m\u{202e}b\nc\rd\u{7f}";
        assert_eq!(
            visible(hostile),
            "a\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{202e}b\\u{a}c\\u{d}d\\u{7f}"
        );
        for hidden in
            ['\u{200b}', '\u{feff}', '\u{ad}', '\u{2066}', '\u{61c}', '\u{e0041}', '\u{9c}']
        {
            let text = format!("a{hidden}b");
            assert!(visible(&text).is_ascii(), "{text:?}");
        }
        assert_eq!(visible("naïve – 車"), "naïve – 車");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_is_shown_in_characters_that_draw_nothing(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(!shown.contains(deceives));
            // Nothing is left out: what is harmless is there, in order.
            let harmless = text.chars().filter(|&character| !deceives(character));
            let mut rest = shown.chars();
            for character in harmless {
                prop_assert!(rest.any(|other| other == character));
            }
        }

        #[test]
        fn any_number_has_words(number: u64, seconds: f64, micros: i64) {
            let words = [thousands(number), span(number), bytes(number), took(seconds), at(micros)];
            prop_assert!(words.iter().all(|words| !words.is_empty()));
            prop_assert_eq!(thousands(number).replace(',', ""), number.to_string());
        }

        #[test]
        fn any_moment_is_shown(text in any::<String>()) {
            prop_assert_eq!(moment(&text).is_empty(), text.is_empty());
        }
    }

    #[test]
    fn visible_json_reads_back_the_same() {
        let hostile = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{7f}\u{e0041}";
        let json = serde_json::to_string_pretty(&[hostile, "naïve – 車"]).expect("JSON");
        let shown = visible_json(&json);
        assert!(!shown.contains(|c| c != '\n' && deceives(c)) && shown.contains("naïve – 車"));
        let read: Vec<String> = serde_json::from_str(&shown).expect("JSON still");
        assert_eq!(read[0], hostile);
    }

    #[test]
    fn tables_line_up() {
        let rows =
            [["vendor", "calls", "quota"], ["carvin", "1,200", "none"], ["é", "7", "60/minute"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        assert_eq!(
            text(&table(&rows)),
            "vendor  calls  quota\ncarvin  1,200  none\né           7  60/minute\n"
        );
    }
}
