//! The data file while it arrives: checked from its first bytes on, put in
//! place only once all of it is there.

use std::io::{self, Read, Write};
use std::path::Path;

use super::artifact::{Artifact, HEAD, NotIt};
use super::install::Done;
use super::{Place, Provenance};
use crate::domain::Error;
use crate::output::Draft;

/// Data on their way to a file.
pub(super) struct Incoming<'a> {
    expected: &'a Artifact,
    file: Draft,
    /// What came first, until it is enough to tell what it is.
    head: Vec<u8>,
    written: u64,
    progress: &'a dyn Fn(Done),
}

/// Why data did not arrive.
#[derive(Debug)]
pub(super) enum Failed {
    /// They are other data.
    NotIt(NotIt),
    /// They cannot be read on.
    Reading(io::Error),
    /// The disk does not take them.
    Writing(io::Error),
    /// They do not get to their place.
    Placing(Error),
}

impl From<NotIt> for Failed {
    fn from(what: NotIt) -> Self {
        Self::NotIt(what)
    }
}

impl<'a> Incoming<'a> {
    /// Begins a draft beside `to`. Fails with 73.
    pub(super) fn new(
        expected: &'a Artifact,
        to: &Path,
        progress: &'a dyn Fn(Done),
    ) -> Result<Self, Error> {
        let file = Draft::beside(to)?;
        Ok(Self { expected, file, head: Vec::with_capacity(HEAD), written: 0, progress })
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut rest = bytes;
        if self.head.len() < HEAD {
            let (first, others) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
            self.head.extend_from_slice(first);
            if self.head.len() < HEAD {
                return Ok(());
            }
            self.check_head()?;
            let head = std::mem::take(&mut self.head);
            self.write(&head)?;
            self.head = head;
            rest = others;
        }
        self.write(rest)?;
        (self.progress)(Done { bytes: self.written, of: self.expected.length });
        Ok(())
    }

    /// Takes what `reader` gives, to the end of the data or its own.
    pub(super) fn take_all(&mut self, reader: &mut dyn Read) -> Result<(), Failed> {
        let mut reader = reader.take(self.expected.length);
        let mut buffer = vec![0; 1 << 18];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => self.take(&buffer[..length])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failed::Reading(error)),
            }
        }
    }

    /// Puts the file in its place, once it is whole and what it must be.
    pub(super) fn publish(mut self, to: &Path) -> Result<Provenance, Failed> {
        if self.head.len() < HEAD {
            self.check_head()?;
        }
        if self.written < self.expected.length {
            let of = self.expected.length;
            return Err(NotIt::Truncated { length: self.written, of }.into());
        }
        self.file.sync().map_err(Failed::Writing)?;
        let db = self.expected.open(self.file.path())?;
        let provenance = Provenance::of(&db, Place::File(to.to_owned()));
        // Some systems do not rename a file that is still mapped.
        drop(db);
        self.file.publish().map_err(Failed::Placing)?;
        Ok(provenance)
    }

    fn check_head(&self) -> Result<(), NotIt> {
        self.expected.check_head(&self.head).map_err(|what| match what {
            NotIt::Foreign if is_web_page(&self.head) => NotIt::WebPage,
            what => what,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        self.written += bytes.len() as u64;
        if self.written > self.expected.length {
            return Err(NotIt::OtherRelease.into());
        }
        self.file.write_all(bytes).map_err(Failed::Writing)
    }
}

/// Whether a file that begins so is HTML, as proxies and log-in pages send.
fn is_web_page(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    text.starts_with(b"<!") || text.to_ascii_lowercase().starts_with(b"<html")
}
