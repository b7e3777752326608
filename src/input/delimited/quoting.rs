//! How quotes and backslashes of a text are meant.

use crate::input::{Escape, InputSpec, Quote};

/// The quotes, escapes and line ends of a file of delimited text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) struct Quoting {
    /// What a field may stand in; ASCII.
    pub(super) quote: Option<u8>,
    /// A backslash takes its meaning from the quote, delimiter, line end or backslash
    /// behind it; else a quote inside quotes is doubled.
    pub(super) backslash: bool,
    /// Spaces may stand before an opening quote.
    pub(super) after_spaces: bool,
    /// A quote that does not close in its line, at the end of its field, is a character.
    pub(super) in_line: bool,
    /// A lone CR is a character, and not a line end.
    pub(super) lf_only: bool,
}

impl Quoting {
    /// That of RFC 4180.
    pub(super) const DOUBLED: Self = Self {
        quote: Some(b'"'),
        backslash: false,
        after_spaces: false,
        in_line: false,
        lf_only: false,
    };

    /// What the command line says, where it says all.
    pub(super) fn given(spec: &InputSpec) -> Option<Self> {
        let backslash = spec.escape == Some(Escape::Backslash);
        let quote = match spec.quote? {
            Quote::None => None,
            Quote::Character(quote) => Some(quote),
        };
        Some(Self { quote, backslash, ..Self::DOUBLED })
    }

    /// `"`, `none` and the like, for a person.
    pub(in crate::input) fn quote_name(self) -> String {
        self.quote.map_or_else(|| "none".into(), |quote| char::from(quote).to_string())
    }

    /// How a quote stands inside quotes: the word for it in `--escape`.
    pub(in crate::input) const fn escape_name(self) -> &'static str {
        if self.backslash { "backslash" } else { "double" }
    }
}
