//! Vehicle identification numbers: ISO 3779 and 49 CFR 565.
//!
//! [`read`] turns a cell into a [`Vin`] or says why it is none. Nothing after
//! it takes text for a VIN.

use std::fmt;

/// A well-formed VIN: 17 characters, digits and capitals without I, O and Q.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vin([u8; 17]);

impl Vin {
    /// The VIN in `text`, which must already be normalised.
    pub fn new(text: &str) -> Option<Self> {
        let bytes: [u8; 17] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|&byte| is_vin_character(byte)).then_some(Self(bytes))
    }

    /// The 17 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a VIN is ASCII")
    }

    /// The world manufacturer identifier: the first three characters.
    pub fn wmi(&self) -> &str {
        &self.as_str()[..3]
    }

    /// The VIN as it may stand in a log line: `1HG**********9186`.
    pub fn masked(&self) -> String {
        format!("{}**********{}", &self.as_str()[..3], &self.as_str()[13..])
    }
}

impl fmt::Display for Vin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Masked, so that no log line holds a VIN by accident.
impl fmt::Debug for Vin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vin({})", self.masked())
    }
}

fn is_vin_character(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J'..=b'N' | b'P' | b'R'..=b'Z')
}

/// Why a row has no VIN, or why its VIN is doubtful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the column `vin_error`")]
pub enum VinError {
    Empty,
    Length,
    IllegalCharacter,
    Placeholder,
    ExcelNumberDamage,
    CheckDigit,
    RaggedRow,
    FieldTooLong,
    NotAVin,
}

/// How strictly VINs are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// A failed check digit rejects the row.
    pub strict: bool,
    /// The one repair that passes the check digit is applied.
    pub repair: bool,
}

/// What [`read`] made of a cell.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The VIN, unless the row is rejected.
    pub vin: Option<Vin>,
    /// Why it is rejected, or doubtful (`CheckDigit` beside a VIN).
    pub error: Option<VinError>,
    /// More words about the error for a person, such as the code point seen.
    pub detail: Option<String>,
    /// The one repair that passes the check digit.
    pub suggestion: Option<Vin>,
    /// Whether the cell differed from the VIN (case, spaces, dashes, quotes).
    pub normalized: bool,
    /// Whether `vin` is the suggestion, applied.
    pub repaired: bool,
    /// Whether the check digit fits; `None` where no law requires one (WMI not 1-5).
    pub check_digit_ok: Option<bool>,
}
