//! The one data file this decoder is made for.

use std::path::Path;

/// What a data file must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Artifact {
    /// In bytes.
    pub(super) length: u64,
    /// BLAKE3, in hex, of the body and then of the builder's version in the header.
    pub(super) digest: &'static str,
}

/// The data of ultravin 3.0.2, as its manifest pins them.
pub(super) const ARTIFACT: Artifact = Artifact {
    length: 84_124_480,
    digest: "6630690d9e1a3158121382362936ed73442fcc401c5fc15326267dadbbc41ca6",
};

impl Artifact {
    /// Whether the file at `path` has this artifact's length; else what is wrong.
    pub(super) fn check_length(&self, path: &Path) -> Result<(), String> {
        let found = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
        if found == self.length {
            Ok(())
        } else {
            Err(format!("{found} bytes instead of {}", self.length))
        }
    }
}
