//! Vehicle identification numbers: ISO 3779 and 49 CFR 565.
//!
//! [`read`] turns a cell into a [`Vin`] or says why it is none. Nothing after
//! it takes text for a VIN.

use std::fmt;

mod clean;
mod label;
mod typos;

pub use typos::{candidates, difference};

pub(crate) use clean::{is_blank_text, means_empty, unwrapped};

use clean::Cleaned;

/// A well-formed VIN: 17 characters, digits and capitals without I, O and Q.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vin([u8; Self::LENGTH]);

impl Vin {
    /// Characters in a VIN.
    pub const LENGTH: usize = 17;

    /// The VIN in `text`, which must already be normalised.
    pub fn new(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// The VIN in `text`, as others write it: in any case, with blanks around it.
    /// Text of another length is not copied, however long it is.
    pub fn in_any_case(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = text.trim().as_bytes().try_into().ok()?;
        Self::from_bytes(&bytes.to_ascii_uppercase())
    }

    fn from_bytes(text: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = text.try_into().ok()?;
        bytes.iter().all(|&byte| is_vin_character(byte)).then_some(Self(bytes))
    }

    /// The 17 characters.
    #[expect(clippy::missing_panics_doc, reason = "a VIN is ASCII")]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a VIN is ASCII")
    }

    /// The world manufacturer identifier: the first three characters.
    pub fn wmi(&self) -> &str {
        &self.as_str()[..3]
    }

    /// The identifier of a maker of few vehicles, whose third character is 9: those
    /// three characters and the 12th to 14th (ISO 3780).
    pub fn wmi_extended(&self) -> Option<String> {
        let text = self.as_str();
        (self.0[2] == b'9').then(|| [&text[..3], &text[11..14]].concat())
    }

    /// The VIN as it may stand in a log line: `1HG**********9186`.
    pub fn masked(&self) -> String {
        format!("{}**********{}", &self.as_str()[..3], &self.as_str()[13..])
    }

    /// Whether position 9 is the check digit of the other 16 characters.
    pub fn check_digit_fits(&self) -> bool {
        self.0[CHECK_DIGIT] == check_digit(&self.0)
    }

    /// Whether a law requires a check digit: made in North America, by a WMI from 1 to 5 or
    /// from 7F to 70.
    ///
    /// 49 CFR 565.15(c) and Canada's MVSR 115 are law where those WMIs are issued. SAE, which
    /// issues them for ISO 3780, gives 1, 4, 5 and 7F to 70 to the United States, 2 to Canada
    /// and 3 to Mexico and its neighbours; 7A to 7E are New Zealand's. The digits come after
    /// the letters, and 0 is the last.
    ///
    /// Vehicles made elsewhere carry one when built for that market, which the
    /// VIN alone does not tell.
    pub fn check_digit_required(&self) -> bool {
        match self.0[0] {
            b'1'..=b'5' => true,
            b'7' => !matches!(self.0[1], b'A'..=b'E'),
            _ => false,
        }
    }

    /// The two model years that position 10 may mean, the earlier first: `A` is 1980 and
    /// 2010 (49 CFR 565.15, table VII, and its first cycle). `None` for 0, U and Z.
    pub fn model_years(&self) -> Option<[i32; 2]> {
        const FIRST: i32 = 1980;
        const CYCLE: i32 = 30;
        const CODES: &[u8] = b"ABCDEFGHJKLMNPRSTVWXY123456789";
        let place = CODES.iter().position(|&code| code == self.0[MODEL_YEAR])?;
        let first = FIRST + i32::try_from(place).ok()?;
        Some([first, first + CYCLE])
    }

    /// The one of these years that position 7 tells for cars, multipurpose passenger
    /// vehicles and trucks of up to 10,000 lb: it is a letter since 2010 (49 CFR 565.15(b)(3)).
    pub fn light_model_year(&self) -> Option<i32> {
        let [earlier, later] = self.model_years()?;
        Some(if self.0[LIGHT_CYCLE].is_ascii_digit() { earlier } else { later })
    }

    /// Whether it ends in three digits: the part of the serial number that is one
    /// for every maker, the small ones with a longer identifier too.
    fn ends_in_digits(&self) -> bool {
        self.0[14..].iter().all(u8::is_ascii_digit)
    }

    /// The VIN in 11 bytes.
    pub fn pack(&self) -> PackedVin {
        let (high, low) = self.0.split_at(HIGH_DIGITS);
        let packed = u128::from(number(high)) << LOW_BITS | u128::from(number(low));
        let mut bytes = [0; PackedVin::LENGTH];
        bytes.copy_from_slice(&packed.to_be_bytes()[16 - PackedVin::LENGTH..]);
        PackedVin(bytes)
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

/// A VIN as two numbers in base 33, big-endian: it sorts as the VIN does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackedVin([u8; Self::LENGTH]);

impl PackedVin {
    /// Bytes in a packed VIN: 8 characters in 42 bits, 9 in 46.
    pub const LENGTH: usize = 11;

    /// The VIN that was packed.
    pub fn unpack(&self) -> Vin {
        let packed = self.number();
        let mut bytes = [0; Vin::LENGTH];
        let (high, low) = bytes.split_at_mut(HIGH_DIGITS);
        spell(packed >> LOW_BITS, high);
        spell(packed & LOW_MASK, low);
        Vin(bytes)
    }

    /// The bytes as a number, of 88 bits: it sorts as the VIN does.
    pub(crate) fn number(self) -> u128 {
        let mut wide = [0; 16];
        wide[16 - Self::LENGTH..].copy_from_slice(&self.0);
        u128::from_be_bytes(wide)
    }

    /// The VIN whose number that is; `None` for one of more than 88 bits.
    pub(crate) fn from_number(number: u128) -> Option<Self> {
        let bytes = number.to_be_bytes();
        let (above, own) = bytes.split_at(bytes.len() - Self::LENGTH);
        above.iter().all(|byte| *byte == 0).then_some(Self(own.try_into().ok()?))
    }
}

/// Masked as a [`Vin`] is.
impl fmt::Debug for PackedVin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(f)
    }
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

impl VinError {
    /// Every error, in the order in which reports list them.
    pub const ALL: [Self; 9] = [
        Self::Empty,
        Self::Length,
        Self::IllegalCharacter,
        Self::Placeholder,
        Self::ExcelNumberDamage,
        Self::CheckDigit,
        Self::RaggedRow,
        Self::FieldTooLong,
        Self::NotAVin,
    ];

    /// The word written to the column `vin_error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Length => "length",
            Self::IllegalCharacter => "illegal_character",
            Self::Placeholder => "placeholder",
            Self::ExcelNumberDamage => "excel_number_damage",
            Self::CheckDigit => "check_digit",
            Self::RaggedRow => "ragged_row",
            Self::FieldTooLong => "field_too_long",
            Self::NotAVin => "not_a_vin",
        }
    }
}

impl fmt::Display for VinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Whether the check digit fits; `None` where no law requires one
    /// ([`Vin::check_digit_required`]).
    pub check_digit_ok: Option<bool>,
}

impl Reading {
    /// A row without a VIN.
    pub fn rejected(error: VinError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// Suggests `meant`, and says how it differs from `cell`.
    pub fn suggest(&mut self, cell: &str, meant: Option<Vin>) {
        self.suggestion = meant;
        if let Some(how) = meant.and_then(|meant| difference(cell, &meant)) {
            let before = self.detail.take().map(|detail| detail + "; ").unwrap_or_default();
            self.detail = Some(format!("{before}the suggestion has {how}"));
        }
    }

    /// Adds words for a person.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Reads a cell that should hold a VIN.
///
/// Case, spaces, dashes, invisible, control and full-width characters, quotes, a
/// leading `'`, a `="…"` wrapping, the stars and the leading `I` of a scanned label
/// (AIAG B-4 marks a VIN by it) and words such as `VIN:` are normalised away; nothing
/// else is guessed. A failed check digit is a warning unless [`Rules::strict`], since cars built
/// for other markets need not have one and vendors' own samples fail it.
///
/// A cell that already is a clean VIN costs no allocation.
pub fn read(raw: &str, rules: Rules) -> Reading {
    match Vin::new(raw) {
        Some(vin) => judge(vin, rules),
        None => read_untidy(raw, rules),
    }
}

/// Whether the cell is a VIN, or one damaged in a known way, or several VINs.
pub(crate) fn is_like(raw: &str) -> bool {
    if Vin::new(raw).is_some() {
        return true;
    }
    let reading = read_untidy(raw, Rules::default());
    reading.vin.is_some()
        || reading.suggestion.is_some()
        || reading.error == Some(VinError::ExcelNumberDamage)
        || label::count_vins(raw) > 1
}

/// Whether the cell may be meant for a VIN, or hold one among other text. It is
/// answered generously: what may be one is never left out without a word.
pub(crate) fn may_be_meant(raw: &str) -> bool {
    const SHORTEST: usize = 11;
    const DIGITS: usize = 3;
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let has_code = |text: &str| {
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        letters > 0 && digits(text) >= DIGITS && letters + digits(text) >= SHORTEST
    };
    let characters = raw.bytes().filter(u8::is_ascii_alphanumeric).count();
    let is_nearly_one = (Vin::LENGTH - 3..=Vin::LENGTH + 3).contains(&characters);
    is_like(raw) || (is_nearly_one && digits(raw) > DIGITS) || raw.split_whitespace().any(has_code)
}

/// The first problem in this order: empty, placeholder, number, text, length, characters.
fn read_untidy(raw: &str, rules: Rules) -> Reading {
    let text = label::without_label(clean::unwrapped(raw));
    let cleaned = Cleaned::of(text);
    if cleaned.is_empty() || clean::means_empty(text) {
        return Reading::rejected(VinError::Empty);
    }
    if cleaned.is_uniform() || is_filler(cleaned.as_bytes()) {
        return Reading::rejected(VinError::Placeholder);
    }
    if clean::is_number_damage(text) {
        return Reading::rejected(VinError::ExcelNumberDamage)
            .detail("a spreadsheet kept it as a number; format the column as text");
    }
    if cleaned.is_overlong() || !cleaned.has_digit() {
        let rejected = Reading::rejected(VinError::NotAVin);
        return match label::count_vins(text) {
            0 | 1 => rejected,
            several => rejected
                .detail(format!("the cell holds {several} VINs; give each of them its own row")),
        };
    }
    if let Some(vin) = cleaned.marked_vin() {
        return Reading { normalized: true, ..judge(vin, rules) };
    }
    if cleaned.count() != Vin::LENGTH {
        return Reading::rejected(VinError::Length)
            .detail(format!("{} characters", cleaned.count()));
    }
    let reading = match Vin::from_bytes(cleaned.as_bytes()) {
        Some(vin) => judge(vin, rules),
        None => read_illegal(&cleaned, rules),
    };
    Reading { normalized: reading.vin.is_some() && !cleaned.spells(raw), ..reading }
}

/// Seventeen characters, of which at least one never stands in a VIN.
fn read_illegal(cleaned: &Cleaned, rules: Rules) -> Reading {
    let Some(repair) = repaired(cleaned) else {
        return Reading::rejected(VinError::IllegalCharacter).detail(cleaned.illegal_detail());
    };
    if rules.repair {
        Reading { suggestion: Some(repair), repaired: true, ..judge(repair, rules) }
    } else {
        Reading {
            suggestion: Some(repair),
            ..Reading::rejected(VinError::IllegalCharacter).detail(cleaned.illegal_detail())
        }
    }
}

/// I read as 1, O and Q as 0, when that passes the check digit.
///
/// The check digit counts here whatever the WMI: those letters stand in no VIN
/// of any market, so a fit is evidence and a misfit only withholds the repair.
fn repaired(cleaned: &Cleaned) -> Option<Vin> {
    let mut bytes: [u8; Vin::LENGTH] = cleaned.as_bytes().try_into().ok()?;
    for byte in &mut bytes {
        *byte = match *byte {
            b'I' => b'1',
            b'O' | b'Q' => b'0',
            other => other,
        };
    }
    Vin::from_bytes(&bytes).filter(|vin| vin.check_digit_fits() && impostor(vin).is_none())
}

/// What a well-formed VIN is worth.
fn judge(vin: Vin, rules: Rules) -> Reading {
    if let Some(error) = impostor(&vin) {
        return Reading::rejected(error);
    }
    let check_digit_ok = vin.check_digit_required().then(|| vin.check_digit_fits());
    if check_digit_ok != Some(false) {
        return Reading { vin: Some(vin), check_digit_ok, ..Reading::default() };
    }
    let (has, computed) = (char::from(vin.0[CHECK_DIGIT]), char::from(check_digit(&vin.0)));
    Reading {
        vin: (!rules.strict).then_some(vin),
        error: Some(VinError::CheckDigit),
        detail: Some(format!("position 9 is `{has}`, computed `{computed}`")),
        check_digit_ok,
        ..Reading::default()
    }
}

/// Why something with the form of a VIN is none.
fn impostor(Vin(bytes): &Vin) -> Option<VinError> {
    if bytes.iter().all(|byte| *byte == bytes[0]) || is_filler(bytes) {
        Some(VinError::Placeholder)
    } else if bytes.ends_with(b"00") && bytes.iter().all(u8::is_ascii_digit) {
        // A double holds 15 digits; the last two of 17 become zeros.
        Some(VinError::ExcelNumberDamage)
    } else if !bytes.iter().any(u8::is_ascii_digit) {
        // ISO 3779 ends every VIN in digits.
        Some(VinError::NotAVin)
    } else {
        None
    }
}

/// What people type where a VIN must stand and none is known.
fn is_filler(text: &[u8]) -> bool {
    text.starts_with(b"TEST") || text.starts_with(b"XXXXX")
}

/// Index of the character that tells the cycle of a light vehicle's model year: position 7.
const LIGHT_CYCLE: usize = 6;

/// Index of the model year: position 10.
const MODEL_YEAR: usize = 9;

/// Index of the check digit: position 9.
const CHECK_DIGIT: usize = 8;

/// 49 CFR 565.15(c), table IV; position 9 itself weighs nothing.
const WEIGHTS: [u16; Vin::LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

fn check_digit(vin: &[u8; Vin::LENGTH]) -> u8 {
    let sum: u16 =
        vin.iter().zip(WEIGHTS).map(|(&byte, weight)| assigned_value(byte) * weight).sum();
    b"0123456789X"[usize::from(sum % 11)]
}

/// 49 CFR 565.15(c), table III.
const fn assigned_value(byte: u8) -> u16 {
    (match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 1,
        b'J'..=b'R' => byte - b'J' + 1,
        b'S'..=b'Z' => byte - b'S' + 2,
        _ => 0,
    }) as u16
}

fn is_vin_character(byte: u8) -> bool {
    INDICES[usize::from(byte)] != NO_INDEX
}

/// The characters of a VIN in ASCII order, so that packed VINs sort as VINs.
const ALPHABET: &[u8; 33] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
const BASE: u64 = ALPHABET.len() as u64;
const HIGH_DIGITS: usize = 8;
/// 33^9 < 2^46.
const LOW_BITS: u32 = 46;
const LOW_MASK: u128 = (1 << LOW_BITS) - 1;

/// The place of each byte in the alphabet.
const INDICES: [u8; 256] = {
    let mut all = [NO_INDEX; 256];
    let mut index: u8 = 0;
    while (index as usize) < ALPHABET.len() {
        all[ALPHABET[index as usize] as usize] = index;
        index += 1;
    }
    all
};
/// Of a byte that stands in no VIN.
const NO_INDEX: u8 = u8::MAX;

/// Up to 12 characters as a number.
fn number(characters: &[u8]) -> u64 {
    let indices = characters.iter().map(|&byte| u64::from(INDICES[usize::from(byte)]));
    indices.fold(0, |number, index| number * BASE + index)
}

/// Writes `number`, which fits 64 bits, in base 33 over the whole of `characters`.
fn spell(number: u128, characters: &mut [u8]) {
    let mut number = u64::try_from(number).unwrap_or_default();
    for character in characters.iter_mut().rev() {
        *character = ALPHABET[usize::try_from(number % BASE).unwrap_or_default()];
        number /= BASE;
    }
}

#[cfg(test)]
mod tests;
