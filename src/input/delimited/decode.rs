//! Bytes into UTF-8 text, as a stream.
//!
//! Text that is not UTF-16 is read as UTF-8, and each byte that is not part of a
//! UTF-8 character as Windows-1252. So a file in either encoding, or one glued
//! together from both, keeps every VIN, wherever the first odd byte is.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the characters of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) form: Form,
    /// Length of the byte order mark.
    bom: usize,
}

/// A family of encodings that are decoded alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Utf8,
    /// UTF-8 is what it was tried as.
    Windows1252,
    Utf16Le,
    Utf16Be,
}

impl Form {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Windows1252 => "windows-1252",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }
}

/// What a file is when it is not text, and what its owner can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotText {
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

impl Encoding {
    /// Tells the encoding by the first bytes of a file.
    pub(super) fn of(head: &[u8]) -> Result<Self, NotText> {
        if let Some(&(_, not_text)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(not_text);
        }
        let encoding = |form, bom| Ok(Self { form, bom });
        match head {
            [0xEF, 0xBB, 0xBF, rest @ ..] => encoding(utf8_or_1252(rest), 3),
            [0xFF, 0xFE, ..] => encoding(Form::Utf16Le, 2),
            [0xFE, 0xFF, ..] => encoding(Form::Utf16Be, 2),
            _ if head.contains(&0) => match utf16_by_nuls(head) {
                Some(form) => encoding(form, 0),
                None if is_padded_text(head) => encoding(utf8_or_1252(head), 0),
                None => Err(NotText { what: "is not text: it holds NUL bytes", hint: SAVE_AS_CSV }),
            },
            _ => encoding(utf8_or_1252(head), 0),
        }
    }
}

/// A cut character at the end of the head does not speak against UTF-8.
fn utf8_or_1252(head: &[u8]) -> Form {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_some() => Form::Windows1252,
        _ => Form::Utf8,
    }
}

/// Lists of VINs are mostly ASCII: in UTF-16 every second byte is then a NUL.
fn utf16_by_nuls(head: &[u8]) -> Option<Form> {
    let pairs = head.chunks_exact(2);
    let count = pairs.len();
    let high_first = pairs.clone().filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    let low_first = pairs.filter(|pair| pair[0] != 0 && pair[1] == 0).count();
    if low_first * 2 > count && high_first == 0 {
        Some(Form::Utf16Le)
    } else if high_first * 2 > count && low_first == 0 {
        Some(Form::Utf16Be)
    } else {
        None
    }
}

/// Whether NUL only fills cells up, as exports of fixed width do: then there is text, and
/// no other control character but those of text and the DOS end of file.
fn is_padded_text(head: &[u8]) -> bool {
    const DOS_END: u8 = 0x1A;
    let is_odd = |byte: &u8| byte.is_ascii_control() && !b"\0\t\n\r".contains(byte);
    let begins_with_text = head.first().is_some_and(|byte| *byte != 0);
    begins_with_text
        && utf8_or_1252(head) == Form::Utf8
        && !head.iter().any(|byte| is_odd(byte) && *byte != DOS_END)
}

const SAVE_AS_CSV: &str = "save it as CSV (UTF-8)";

/// First bytes of what is handed over as CSV and is none.
const MAGIC: [(&[u8], NotText); 10] = [
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (
        b"\xD0\xCF\x11\xE0",
        NotText {
            what: "is an old Excel workbook (or a password-protected one)",
            hint: SAVE_AS_CSV,
        },
    ),
    (b"PAR1", NotText { what: "is a Parquet file", hint: "export its VIN column as CSV" }),
    (b"ARROW1", NotText { what: "is an Arrow file", hint: "export its VIN column as CSV" }),
    (
        b"\x1F\x8B",
        NotText { what: "is gzip data", hint: "unpack it first: `gzip -dc FILE`, then `-`" },
    ),
    (
        b"\x28\xB5\x2F\xFD",
        NotText { what: "is zstd data", hint: "unpack it first: `zstd -dc FILE`, then `-`" },
    ),
    (b"%PDF-", NotText { what: "is a PDF document", hint: "copy its table into a CSV file" }),
    (
        b"SQLite format 3\0",
        NotText { what: "is a SQLite database", hint: "export its VIN column as CSV" },
    ),
    (b"\xFF\xFE\0\0", NotText { what: "is UTF-32 text", hint: SAVE_AS_CSV }),
];

const ZIP: NotText = NotText {
    what: "is an Excel workbook or another zip archive",
    hint: "save the sheet as CSV (UTF-8), or unpack the archive",
};

/// A reader that turns the bytes of `bytes` into UTF-8.
#[derive(Debug)]
pub(super) struct Text<R> {
    bytes: R,
    buffer: Box<[u8]>,
    position: usize,
    filled: usize,
    /// Bytes of the BOM that are still to be skipped.
    bom: usize,
    ended: bool,
    utf16: Option<Utf16>,
    /// Some bytes were not text in its encoding.
    lossy: bool,
}

struct Utf16 {
    decoder: Decoder,
    /// The decoder has handed out everything.
    finished: bool,
}

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.decoder.encoding().name())
    }
}

/// A reader must offer room for the longest character.
const LONGEST_CHARACTER: usize = 4;
const BUFFER: usize = 64 << 10;

impl<R: Read> Text<R> {
    pub(super) fn new(bytes: R, encoding: Encoding) -> Self {
        let utf16 = match encoding.form {
            Form::Utf8 | Form::Windows1252 => None,
            Form::Utf16Le => Some(UTF_16LE),
            Form::Utf16Be => Some(UTF_16BE),
        };
        Self {
            bytes,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            position: 0,
            filled: 0,
            bom: encoding.bom,
            ended: false,
            utf16: utf16.map(|encoding| Utf16 {
                decoder: encoding.new_decoder_without_bom_handling(),
                finished: false,
            }),
            lossy: false,
        }
    }

    /// Whether some bytes read so far were not text in its encoding.
    pub(super) fn is_lossy(&self) -> bool {
        self.lossy
    }

    pub(super) fn into_bytes(self) -> R {
        self.bytes
    }

    /// Reads more bytes behind those not yet decoded.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.position..self.filled, 0);
        self.filled -= self.position;
        self.position = 0;
        while !self.ended {
            let count = self.bytes.read(&mut self.buffer[self.filled..])?;
            self.ended = count == 0;
            self.filled += count;
            if self.bom == 0 {
                break;
            }
            if self.filled >= self.bom {
                self.position = self.bom;
                self.bom = 0;
                break;
            }
        }
        Ok(())
    }

    /// Copies what is UTF-8 and respells one byte that is not; 0 when more bytes are needed.
    fn decode_utf8(&mut self, out: &mut [u8]) -> usize {
        let available = &self.buffer[self.position..self.filled];
        let window = &available[..available.len().min(out.len())];
        let error = std::str::from_utf8(window).err();
        let valid = error.map_or(window.len(), |error| error.valid_up_to());
        if valid > 0 {
            out[..valid].copy_from_slice(&window[..valid]);
            self.position += valid;
            return valid;
        }
        let cut = error.is_none_or(|error| error.error_len().is_none());
        if window.is_empty() || (cut && !self.ended) {
            return 0;
        }
        self.lossy = true;
        self.position += 1;
        let (character, _) = WINDOWS_1252.decode_without_bom_handling(&window[..1]);
        out[..character.len()].copy_from_slice(character.as_bytes());
        character.len()
    }
}

impl Utf16 {
    /// Decodes some of `bytes`: bytes read, bytes written, whether some were no text.
    fn decode(&mut self, bytes: &[u8], last: bool, out: &mut [u8]) -> (usize, usize, bool) {
        let (result, read, written, lossy) = self.decoder.decode_to_utf8(bytes, out, last);
        self.finished = last && result == CoderResult::InputEmpty;
        (read, written, lossy)
    }
}

impl<R: Read> Read for Text<R> {
    /// `out` must hold at least one character. NUL is left out: it fills cells up.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.decode(out)?;
            let kept = without_nuls(&mut out[..read]);
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// Moves the bytes that are not NUL to the front; how many they are.
fn without_nuls(bytes: &mut [u8]) -> usize {
    let Some(mut kept) = memchr::memchr(0, bytes) else { return bytes.len() };
    for at in kept..bytes.len() {
        bytes[kept] = bytes[at];
        kept += usize::from(bytes[at] != 0);
    }
    kept
}

impl<R: Read> Text<R> {
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.len() < LONGEST_CHARACTER {
            return Err(io::Error::other("no room for one character"));
        }
        loop {
            let written = match &mut self.utf16 {
                None => self.decode_utf8(out),
                Some(utf16) if utf16.finished => return Ok(0),
                Some(utf16) => {
                    let bytes = &self.buffer[self.position..self.filled];
                    let (read, written, lossy) = utf16.decode(bytes, self.ended, out);
                    self.position += read;
                    self.lossy |= lossy;
                    written
                }
            };
            if written > 0 {
                return Ok(written);
            }
            if self.ended && self.utf16.as_ref().is_none_or(|utf16| utf16.finished) {
                return Ok(0);
            }
            self.fill()?;
        }
    }
}

#[cfg(test)]
#[path = "tests/decode.rs"]
mod tests;
