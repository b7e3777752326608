//! When a published file was last compared with what is imported, and how its server
//! names that state of it. A row of `meta` for each file: stores of every age have that.

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};

use crate::domain::{Error, Timestamp};
use crate::store::admin::maintain;
use crate::store::{Snapshot, StoreSpec, failed, open};

/// What a file was when it was last checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallCheck {
    /// Where it was fetched from.
    pub address: String,
    /// SHA-256 of the text inside.
    pub text: [u8; 32],
    /// How its server names that edition of it.
    #[serde(flatten)]
    pub validators: Validators,
    /// When, in microseconds.
    checked_at: i64,
}

/// How a server names an edition of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
}

impl RecallCheck {
    /// A check of the file at `address`, which holds `text`.
    pub fn new(address: String, text: [u8; 32], validators: Validators, at: Timestamp) -> Self {
        Self { address, text, validators, checked_at: at.micros() }
    }

    /// The same file, checked again.
    #[must_use]
    pub fn again(self, at: Timestamp) -> Self {
        Self { checked_at: at.micros(), ..self }
    }

    /// When.
    pub fn checked_at(&self) -> Timestamp {
        Timestamp::from_micros(self.checked_at)
    }
}

impl Snapshot<'_> {
    /// The last check of the file called `name` at `address`, while the store holds the
    /// text that was found there.
    pub fn recall_check(&self, name: &str, address: &str) -> Result<Option<RecallCheck>, Error> {
        let found: Option<Vec<u8>> = self
            .db
            .query_row("SELECT value FROM meta WHERE name = ?1", [row_name(name)], |row| row.get(0))
            .optional()
            .map_err(failed("cannot look up the recall file", &self.path))?;
        // What another version of the program wrote is checked anew.
        let check = found.and_then(|json| serde_json::from_slice::<RecallCheck>(&json).ok());
        match check.filter(|check| check.address == address) {
            Some(check) if self.holds_recall_text(&check.text)? => Ok(Some(check)),
            _ => Ok(None),
        }
    }
}

/// Remembers a check of the file called `name`.
pub fn keep_recall_check(
    spec: &StoreSpec<'_>,
    name: &str,
    check: &RecallCheck,
) -> Result<(), Error> {
    let _in_use = open::ensure(spec)?;
    let db = open::connect_writer(spec.path, spec.durability)?;
    let json = serde_json::to_vec(check)
        .map_err(|error| Error::internal("cannot write a check down").because(error))?;
    maintain::remember(&db, &row_name(name), &json)
        .map_err(failed("cannot keep that the recall file was checked", spec.path))
}

fn row_name(name: &str) -> String {
    format!("recall_check:{name}")
}
