//! Tables for people. On a terminal they are as wide as it is: the widest columns of
//! text give way, and their cells go on in the next line.

use std::sync::OnceLock;

use ::console::{Term, measure_text_width};

/// The width of the terminal that stdout is; none where it goes elsewhere.
static WIDTH: OnceLock<usize> = OnceLock::new();

/// Between two columns.
const GAP: &str = "  ";

/// A column of text is not made narrower than this, …
const NARROWEST: usize = 12;

/// … but where a name would break otherwise.
const NARROWEST_BESIDE_NAMES: usize = 4;

/// A terminal narrower than this has no room for what can be left out.
const ROOMY: usize = 100;

/// Makes tables fit the terminal from now on, where stdout is one.
pub(crate) fn fit_terminal() {
    let stdout = Term::stdout();
    if let Some((_, columns)) = stdout.size_checked().filter(|_| stdout.is_term()) {
        WIDTH.get_or_init(|| columns.into());
    }
}

/// Whether tables go to a terminal that is narrow.
pub(crate) fn is_narrow() -> bool {
    WIDTH.get().is_some_and(|width| *width < ROOMY)
}

/// The lines of a table with a heading: columns of numbers to the right,
/// others to the left, two spaces between.
pub(crate) fn table(rows: &[Vec<String>]) -> Vec<String> {
    within(rows, WIDTH.get().copied().unwrap_or(usize::MAX))
}

fn within(rows: &[Vec<String>], most: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut columns: Vec<Column> = (0..columns).map(|column| Column::of(rows, column)).collect();
    shrink(&mut columns, most);
    rows.iter().flat_map(|row| lines(row, &columns)).collect()
}

/// Takes from the widest columns of text until the table is at most so wide: first what
/// breaks no word, then more. Columns of single words, such as ids, give way last.
fn shrink(columns: &mut [Column], most: usize) {
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    let leasts: [fn(&Column) -> usize; 4] = [
        |column| column.longest_word,
        |column| if column.is_text { NARROWEST } else { column.longest_word },
        |column| if column.is_text { NARROWEST_BESIDE_NAMES } else { column.longest_word },
        |_| NARROWEST,
    ];
    for least in leasts {
        loop {
            let width = columns.iter().map(|column| column.width).sum::<usize>() + gaps;
            let can_give = |column: &&mut Column| !column.numbers && column.width > least(column);
            let text = columns.iter_mut().filter(can_give);
            match text.max_by_key(|column| column.width) {
                Some(widest) if width > most => widest.width -= 1,
                _ => break,
            }
        }
    }
}

/// One row, in as many lines as its highest cell has.
fn lines(row: &[String], columns: &[Column]) -> Vec<String> {
    let cells: Vec<Vec<String>> =
        row.iter().zip(columns).map(|(cell, column)| wrapped(cell, column.width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |place: usize| {
        let pieces = cells
            .iter()
            .zip(columns)
            .map(|(cell, column)| column.pad(cell.get(place).map_or("", String::as_str)));
        pieces.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// `cell` in lines of at most `width`, broken at spaces, or within a word that is longer.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (place, word) in cell.split(' ').enumerate() {
        let length = measure_text_width(word);
        if place > 0 && used + 1 + length <= width {
            lines.last_mut().expect("there is a line").push(' ');
            used += 1;
        } else if place > 0 {
            lines.push(String::new());
            used = 0;
        }
        for letter in word.chars() {
            let wide = measure_text_width(letter.encode_utf8(&mut [0; 4]));
            if used + wide > width {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("there is a line").push(letter);
            used += wide;
        }
    }
    lines
}

struct Column {
    width: usize,
    longest_word: usize,
    /// Some cell has several words.
    is_text: bool,
    numbers: bool,
}

impl Column {
    fn of(rows: &[Vec<String>], column: usize) -> Self {
        let cells = || rows.iter().filter_map(|row| row.get(column));
        let is_number =
            |cell: &String| cell.chars().all(|c| c.is_ascii_digit() || "$,.".contains(c));
        let words = cells().flat_map(|cell| cell.split(' '));
        Self {
            longest_word: words.map(measure_text_width).max().unwrap_or(0),
            is_text: cells().any(|cell| cell.contains(' ')),
            width: cells().map(|cell| measure_text_width(cell)).max().unwrap_or(0),
            numbers: cells().skip(1).all(is_number) && cells().skip(1).any(|cell| !cell.is_empty()),
        }
    }

    fn pad(&self, piece: &str) -> String {
        let pad = " ".repeat(self.width.saturating_sub(measure_text_width(piece)));
        if self.numbers { format!("{pad}{piece}") } else { format!("{piece}{pad}") }
    }
}

#[cfg(test)]
#[path = "tests/table.rs"]
mod tests;
