//! The bytes of a source as its rows are made of: unpacked where it is packed.
//!
//! They are unpacked anew in each pass, in bounded memory: a window of at most 128 MiB
//! for zstd, of 32 KiB for the others. What grows too much is taken for a bomb.

use std::io::{self, BufReader, Read, Take};
use std::{error, fmt};

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};

use super::content::Packing;
use super::source::Raw;
use super::zip_member::Member;

/// Unpacked data may be so many times as long as packed. Tables come to 5 to 50; a bomb
/// of gzip to 1,000.
const MAX_RATIO: u64 = 200;

/// Below this the ratio does not count: a small file may hold one value over and over.
const ALWAYS_ALLOWED: u64 = 64 << 20;

/// More than that is unpacked by its owner.
const MAX_UNPACKED: u64 = 256 << 30;

/// Whether data that unpack to so many bytes are taken for a bomb.
pub(super) fn is_bomb(unpacked: u64, packed: u64) -> bool {
    unpacked > ALWAYS_ALLOWED && unpacked / MAX_RATIO > packed
}

/// How a source is packed.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    Gzip,
    Zstd,
    Zip(Member),
}

impl Packed {
    pub(super) fn packing(&self) -> Packing {
        match self {
            Self::Gzip => Packing::Gzip,
            Self::Zstd => Packing::Zstd,
            Self::Zip(_) => Packing::Zip,
        }
    }
}

/// What is wrong with packed data, as the cause of an I/O error.
#[derive(Debug)]
pub(super) struct Damaged {
    pub(super) what: String,
    pub(super) hint: &'static str,
}

impl Damaged {
    /// An I/O error with that cause.
    pub(super) fn error(what: String, hint: &'static str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Self { what, hint })
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl error::Error for Damaged {}

/// A source that is being read.
pub(super) struct Bytes<'a> {
    decoder: Decoder<'a>,
    /// What the data are packed as; `None` where they are not.
    packing: Option<Packing>,
    /// Bytes before the data.
    skip: u64,
    unpacked: u64,
    ended: bool,
}

enum Decoder<'a> {
    Plain(Raw<'a>),
    Gzip(Box<MultiGzDecoder<Raw<'a>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Raw<'a>>>>),
    Stored(Take<Raw<'a>>, Check),
    Deflated(Box<DeflateDecoder<Take<Raw<'a>>>>, Check),
}

/// What a zip archive says of its member, and what was read.
struct Check {
    crc: Crc,
    expected: u32,
}

impl<'a> Bytes<'a> {
    pub(super) fn of(raw: Raw<'a>, packed: Option<&Packed>) -> io::Result<Self> {
        let mut skip = 0;
        let decoder = match packed {
            None => Decoder::Plain(raw),
            Some(Packed::Gzip) => Decoder::Gzip(Box::new(MultiGzDecoder::new(raw))),
            Some(Packed::Zstd) => Decoder::Zstd(Box::new(zstd::Decoder::new(raw)?)),
            Some(Packed::Zip(member)) => {
                skip = member.start;
                let check = Check { crc: Crc::new(), expected: member.crc };
                let data = raw.take(member.packed);
                if member.is_deflated {
                    Decoder::Deflated(Box::new(DeflateDecoder::new(data)), check)
                } else {
                    Decoder::Stored(data, check)
                }
            }
        };
        let packing = packed.map(Packed::packing);
        Ok(Self { decoder, packing, skip, unpacked: 0, ended: false })
    }

    /// SHA-256 in hex of the file as it lies there; it must be read to its end.
    pub(super) fn sha256(self) -> String {
        match self.decoder {
            Decoder::Plain(raw) => raw,
            Decoder::Gzip(decoder) => decoder.into_inner(),
            Decoder::Zstd(decoder) => decoder.finish().into_inner(),
            Decoder::Stored(data, _) => data.into_inner(),
            Decoder::Deflated(decoder, _) => decoder.into_inner().into_inner(),
        }
        .sha256()
    }

    fn raw(&mut self) -> &mut Raw<'a> {
        match &mut self.decoder {
            Decoder::Plain(raw) => raw,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.get_mut().get_mut(),
            Decoder::Stored(data, _) => data.get_mut(),
            Decoder::Deflated(decoder, _) => decoder.get_mut().get_mut(),
        }
    }

    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            Decoder::Plain(raw) => raw.read(out),
            Decoder::Gzip(decoder) => decoder.read(out),
            Decoder::Zstd(decoder) => decoder.read(out),
            Decoder::Stored(data, check) => check.read(data, out),
            Decoder::Deflated(decoder, check) => check.read(decoder, out),
        }
    }

    /// What an error of a decoder means for the owner of the file.
    fn explain(&mut self, error: io::Error) -> io::Error {
        let Some(packing) = self.packing.map(Packing::name) else { return error };
        if self.raw().failed || matches!(error.get_ref(), Some(cause) if cause.is::<Damaged>()) {
            return error;
        }
        let what = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("its {packing} data end early: it was cut off")
        } else {
            format!("its {packing} data are damaged ({})", error.to_string().escape_debug())
        };
        Damaged::error(what, "get it again; `gzip -t`, `zstd -t` or `unzip -t` check a file")
    }

    fn check_growth(&mut self) -> io::Result<()> {
        let grown = is_bomb(self.unpacked, self.raw().position());
        if !grown && self.unpacked <= MAX_UNPACKED {
            return Ok(());
        }
        let what = if grown {
            format!("it unpacks to more than {MAX_RATIO} times its length, as a bomb does")
        } else {
            format!("it unpacks to more than {} GiB", MAX_UNPACKED >> 30)
        };
        Err(Damaged::error(what, "if it is your own, unpack it and name what was in it"))
    }
}

impl Read for Bytes<'_> {
    /// A file that became shorter is an error, not an end.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.ended {
            return Ok(0);
        }
        let skip = std::mem::take(&mut self.skip);
        self.raw().skip(skip)?;
        let count = self.decode(out).map_err(|error| self.explain(error))?;
        self.unpacked += count as u64;
        if self.packing.is_some() {
            self.check_growth()?;
        }
        if count == 0 {
            self.ended = true;
            self.raw().skip(u64::MAX)?;
        }
        Ok(count)
    }
}

impl Check {
    fn read(&mut self, mut data: impl Read, out: &mut [u8]) -> io::Result<usize> {
        let count = data.read(out)?;
        self.crc.update(&out[..count]);
        if count == 0 && self.crc.sum() != self.expected {
            let what = "what is in the zip archive is not what was put in it (checksum)".to_owned();
            return Err(Damaged::error(what, "get it again; `unzip -t` checks an archive"));
        }
        Ok(count)
    }
}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bytes").field("unpacked", &self.unpacked).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tests/unpack.rs"]
mod tests;
