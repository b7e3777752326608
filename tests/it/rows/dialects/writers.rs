//! The ways in which programs write tables as text.

/// Which cells stand in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    Never,
    /// Those that could not be told from their neighbours otherwise.
    Needed,
    /// All but numbers and nulls.
    Text,
    Always,
}

/// What becomes of characters that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaped {
    /// A quote is doubled.
    Doubled,
    /// A backslash stands before a quote, and before backslashes in front of it.
    Quotes,
    /// A backslash stands before a quote and a backslash.
    Backslashes,
    /// A backslash stands before a backslash, a delimiter and a line end.
    Bare,
    /// Delimiters and line ends become spaces.
    Replaced,
}

/// How a program writes a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) name: &'static str,
    delimiter: char,
    quoted: Quoted,
    escaped: Escaped,
    end: &'static str,
    null: &'static str,
    /// Written behind a delimiter.
    space: &'static str,
    /// People save what they see on the screen: titles, totals, rows cut at the right.
    pub(super) by_hand: bool,
}

const PLAIN: Writer = Writer {
    name: "",
    delimiter: ',',
    quoted: Quoted::Needed,
    escaped: Escaped::Doubled,
    end: "\n",
    null: "",
    space: "",
    by_hand: false,
};

const EXCEL: Writer = Writer { end: "\r\n", by_hand: true, ..PLAIN };
const PYTHON: Writer = Writer { end: "\r\n", ..PLAIN };
const MYSQL: Writer = Writer { null: "\\N", ..PLAIN };

pub(super) const WRITERS: [Writer; 27] = [
    Writer { name: "Excel CSV", ..EXCEL },
    Writer { name: "Excel CSV, German", delimiter: ';', ..EXCEL },
    Writer { name: "Excel text", delimiter: '\t', ..EXCEL },
    Writer { name: "Google Sheets CSV", ..EXCEL },
    Writer {
        name: "Google Sheets TSV",
        delimiter: '\t',
        quoted: Quoted::Never,
        escaped: Escaped::Replaced,
        ..EXCEL
    },
    Writer { name: "Python csv", ..PYTHON },
    Writer { name: "Python csv, QUOTE_ALL", quoted: Quoted::Always, ..PYTHON },
    Writer { name: "Python csv, QUOTE_NONNUMERIC", quoted: Quoted::Text, ..PYTHON },
    Writer { name: "Python csv, excel-tab", delimiter: '\t', ..PYTHON },
    Writer { name: "Python csv, doublequote=False", escaped: Escaped::Backslashes, ..PYTHON },
    Writer {
        name: "Python csv, QUOTE_NONE",
        quoted: Quoted::Never,
        escaped: Escaped::Bare,
        ..PYTHON
    },
    Writer { name: "Python, joined by comma and space", quoted: Quoted::Text, space: " ", ..PLAIN },
    Writer { name: "Spark CSV", escaped: Escaped::Quotes, ..PLAIN },
    Writer { name: "Spark CSV, tabs", delimiter: '\t', escaped: Escaped::Quotes, ..PLAIN },
    Writer {
        name: "Spark CSV, quoteAll",
        quoted: Quoted::Always,
        escaped: Escaped::Quotes,
        ..PLAIN
    },
    Writer {
        name: "MySQL",
        delimiter: '\t',
        quoted: Quoted::Never,
        escaped: Escaped::Bare,
        ..MYSQL
    },
    Writer {
        name: "MySQL, OPTIONALLY ENCLOSED BY",
        quoted: Quoted::Text,
        escaped: Escaped::Backslashes,
        ..MYSQL
    },
    Writer {
        name: "Redshift, ESCAPE",
        delimiter: '|',
        quoted: Quoted::Never,
        escaped: Escaped::Bare,
        ..PLAIN
    },
    Writer {
        name: "Redshift, ADDQUOTES ESCAPE",
        delimiter: '|',
        quoted: Quoted::Always,
        escaped: Escaped::Backslashes,
        ..PLAIN
    },
    Writer { name: "Redshift CSV", ..PLAIN },
    Writer { name: "DuckDB", ..PLAIN },
    Writer { name: "DuckDB, pipes", delimiter: '|', ..PLAIN },
    Writer { name: "pandas", ..PLAIN },
    Writer { name: "pandas, tabs", delimiter: '\t', null: "NULL", ..PLAIN },
    Writer { name: "pandas, QUOTE_ALL", quoted: Quoted::Always, ..PLAIN },
    Writer { name: "qsv", ..PLAIN },
    Writer { name: "qsv, tabs", delimiter: '\t', quoted: Quoted::Always, ..PLAIN },
];

impl Writer {
    /// Whether each cell comes back as it was, and not only each VIN.
    pub(super) fn is_exact(&self) -> bool {
        self.escaped == Escaped::Doubled && self.space.is_empty() && self.null.is_empty()
    }

    /// A line of the file; `is_trimmed` leaves out the empty cells at its end.
    pub(super) fn line(&self, cells: &[Option<String>], is_trimmed: bool) -> String {
        let empty = |cell: &Option<String>| cell.as_ref().is_none_or(String::is_empty);
        let kept = match cells.iter().rposition(|cell| !empty(cell)) {
            Some(last) if is_trimmed => &cells[..=last],
            _ => cells,
        };
        let cells: Vec<String> = kept.iter().map(|cell| self.cell(cell.as_deref())).collect();
        cells.join(&format!("{}{}", self.delimiter, self.space)) + self.end
    }

    fn cell(&self, cell: Option<&str>) -> String {
        let Some(text) = cell else { return self.null.to_owned() };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let needs = |text: &str| text.contains([self.delimiter, '"', '\n', '\r']);
        let is_quoted = match self.quoted {
            Quoted::Never => false,
            Quoted::Needed => needs(text) || (self.escaped == Escaped::Quotes && text.is_empty()),
            Quoted::Text => !is_number,
            Quoted::Always => true,
        };
        let text = self.escape(text);
        if is_quoted { format!("\"{text}\"") } else { text }
    }

    fn escape(&self, text: &str) -> String {
        let before = |marks: &[char]| {
            let escape = |c: char| if marks.contains(&c) { format!("\\{c}") } else { c.into() };
            text.chars().map(escape).collect::<String>()
        };
        match self.escaped {
            Escaped::Doubled => text.replace('"', "\"\""),
            Escaped::Quotes => {
                // Backslashes before a quote, also before the closing one, are doubled.
                let mut pieces: Vec<String> = text.split('"').map(str::to_owned).collect();
                for piece in &mut pieces {
                    let bare = piece.trim_end_matches('\\').len();
                    piece.push_str(&"\\".repeat(piece.len() - bare));
                }
                pieces.join("\\\"")
            }
            Escaped::Backslashes => before(&['\\', '"']),
            // MySQL leaves alone what is not its own line end.
            Escaped::Bare if self.null == MYSQL.null => before(&['\\', self.delimiter, '\n']),
            Escaped::Bare => before(&['\\', self.delimiter, '\n', '\r', '"']),
            Escaped::Replaced => text.replace([self.delimiter, '\n', '\r'], " "),
        }
    }
}
