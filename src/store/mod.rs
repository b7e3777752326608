//! The store: one SQLite file that remembers every answer and every call.
//!
//! It is the join, the cache, the resume point and the ledger at once. This
//! folder is the only place that imports `rusqlite`.
//!
//! - [`Store`] opens it and reads; `run_locks` tells live runs from dead ones.
//! - [`Writer`] is the handle to the one thread that writes: each of its methods
//!   is a piece of work inside a `transaction`, which groups the owners of what
//!   is kept in memory.
//! - `ledger` holds the calls and what they use up, operations that act, waits,
//!   and what other processes have in flight.
//! - `answers` holds what vendors answered, inventories and NHTSA's recall file.
//! - `output_snapshots` holds what each complete run said of every vehicle.
//! - `admin` is what a person does with a store.

mod admin;
mod answers;
mod identity;
pub mod ledger;
mod migration;
mod open;
mod output_snapshots;
mod patience;
mod read_only;
mod rescue;
mod run_locks;
mod timestamp;
mod transaction;
mod work;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};

use crate::config::{Durability, Settings};
use crate::domain::{Dataset, Error, Events, Exit, Key, Moment, Silent, Vin};

use crate::store::patience::{LockWait, TRY, noting};
use crate::store::read_only::Unchanged;
use crate::store::run_locks::InUse;

pub use crate::store::admin::audit::{AuditEntry, AuditFilter};
pub use crate::store::admin::backup::{Backup, backup};
pub use crate::store::admin::forget::{Forgotten, forget};
pub use crate::store::admin::merge::Merged;
pub use crate::store::admin::prune::{PruneSpec, Pruned, prune};
pub use crate::store::admin::records::{DayCalls, RunFilter, RunRecord, RunState, SourceRecord};
pub use crate::store::admin::restore::{MergeOutcome, Restored, restore};
pub use crate::store::admin::snapshot::{SnapshotFile, SnapshotSpec, snapshot};
pub use crate::store::admin::verify::{Verified, verify};
pub use crate::store::answers::index::{Body, NewAnswer};
pub use crate::store::answers::inventories::{CompleteList, KeptPage, WholeList};
pub use crate::store::answers::lookup::{AnswerKind, BodyId, KeptAnswer, Snapshot};
pub use crate::store::answers::provenance::{AnswerRecord, EarlierAnswer};
pub use crate::store::answers::recalls::{
    CampaignId, Imported, KeptRecallFile, RecallCheck, RecallFileInfo, RecallLookup, RecallMatch,
    RecallStatus, RecallsFound, StatusesKept, Validators, import_recall_file, keep_recall_check,
    keep_recall_statuses, take_back_recall_status,
};
pub use crate::store::ledger::operations::Operation;
pub use crate::store::ledger::requests::{
    Call, Close, Elsewhere, Granted, NOT_SENT, OperationEnd, RELEASED, RESERVED_FOR, Reconcile,
    Reserve, RoomWish, RunLimit, RunLimits, Shortage,
};
pub use crate::store::ledger::waits::{HeardWait, KeptWait, LONGEST_WAIT, WaitWord, forget_waits};
pub use output_snapshots::{
    DecodeState, KeptSnapshot, ListingState, PackedSnapshot, RecallState, Said, VehicleState,
};
pub use patience::{Patience, STORE_LOCKED};
pub use transaction::Present;
use writer::RunEnd;
pub use writer::Writer;

/// How to open a store.
#[derive(Debug)]
pub struct StoreSpec<'a> {
    /// The SQLite file; its folder is created.
    pub path: &'a Path,
    /// How hard it holds on to what it wrote.
    pub durability: Durability,
    /// A missing store is an error instead of a new one.
    pub must_exist: bool,
    /// What this run may use up, over all vendors.
    pub limits: RunLimits,
}

impl<'a> StoreSpec<'a> {
    /// For a command that writes to the store of `settings`, or to a new one, and sends no
    /// calls.
    pub fn of(settings: &'a Settings) -> Self {
        Self {
            path: &settings.store,
            durability: settings.durability,
            must_exist: false,
            limits: RunLimits::default(),
        }
    }
}

/// Who is running.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// Unique; sorts by start time.
    pub run_id: String,
    /// Names this boot.
    pub boot_id: String,
    /// The command line, without secrets.
    pub command: String,
    /// When it started.
    pub started: Moment,
    /// Where its output goes, as [`real_path`](crate::files::real_path) says it;
    /// `None` for stdout, and where it writes none.
    pub output: Option<String>,
}

/// The row of `sources` that answers are kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) i64);

impl SourceId {
    /// No row has it: nothing is kept there.
    pub(crate) const NONE: Self = Self(0);
}

/// The row of `accounts` that quotas and spend count under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub(crate) i64);

/// An open store.
pub struct Store<'e> {
    path: PathBuf,
    reader: Connection,
    writer: Writer,
    access: Access,
    patience: Patience,
    events: &'e dyn Events,
}

impl fmt::Debug for Store<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Whether a store may be written.
#[derive(Debug)]
enum Access {
    /// It may, and is not replaced meanwhile.
    Write(InUse),
    /// It is only read; `None` where others may write to it meanwhile, and without a file.
    Read(Option<Unchanged>),
}

impl Store<'static> {
    /// Opens or creates the store, closes what dead runs left open, and registers this run.
    pub fn open(spec: &StoreSpec<'_>, run: &RunInfo) -> Result<Self, Error> {
        Self::open_waiting(spec, run, Patience::default(), &Silent)
    }

    /// Opens an existing store to look only; `None` where there is none yet.
    pub fn peek(path: &Path) -> Result<Option<Snapshots>, Error> {
        if !open::check(path)? {
            return Ok(None);
        }
        let reader = open::waiting(path, || open::connect_waiting(TRY, path))?;
        Ok(Some(Snapshots { path: path.to_owned(), reader }))
    }
}

impl<'e> Store<'e> {
    /// As [`Store::open`], where another process may hold the store's write lock for long:
    /// it is waited for with `patience`, here and later, and named to `events`.
    pub fn open_waiting(
        spec: &StoreSpec<'_>,
        run: &RunInfo,
        patience: Patience,
        events: &'e dyn Events,
    ) -> Result<Self, Error> {
        let path = spec.path;
        let mut wait = LockWait::new(&patience, path, false);
        let opened = wait.until_free(&noting(events), || {
            let in_use = open::try_ensure(spec)?;
            let reader = open::connect_waiting(TRY, path)?;
            Ok((in_use, reader, open::connect_writer(path, spec.durability)?))
        });
        let (in_use, reader, db) = opened?;
        let writer = Writer::start(db, spec, run, patience.clone(), &noting(events))?;
        let access = Access::Write(in_use);
        Ok(Self { path: path.to_owned(), reader, writer, access, patience, events })
    }

    /// Opens a store that may be read and not written, and an empty one where there is
    /// none and none can be made; `None` where this user may write. It keeps nothing.
    pub fn open_read_only(path: &Path, events: &'e dyn Events) -> Result<Option<Self>, Error> {
        if read_only::is_read_only(path) && open::check(path)? {
            let unchanged = Unchanged::of(path);
            let reader = open::connect(path)?;
            Ok(Some(Self::reading(path, (reader, Some(unchanged)), events)))
        } else if read_only::cannot_be_made(path) {
            Self::empty(path, events).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Opens a store to read it, whether or not this user may write: it keeps nothing, and
    /// other runs may go on. An empty one where there is none, which is not made; 78 there
    /// with `must_exist`.
    pub fn open_to_read(
        path: &Path,
        must_exist: bool,
        events: &'e dyn Events,
    ) -> Result<Self, Error> {
        // Nothing is made, not even to see whether it can be.
        if path.exists()
            && let Some(store) = Self::open_read_only(path, events)?
        {
            return Ok(store);
        }
        if let Some(Snapshots { reader, .. }) = Store::peek(path)? {
            return Ok(Self::reading(path, (reader, None), events));
        }
        if must_exist {
            return Err(Error::config(format!("there is no store at `{}`", path.display())).hint(
                "name one that is there, such as a file that `vinrich store snapshot` wrote",
            ));
        }
        Self::empty(path, events)
    }

    /// No store at all.
    fn empty(path: &Path, events: &'e dyn Events) -> Result<Self, Error> {
        let empty = migration::in_memory().map_err(failed("cannot make the tables", path))?;
        Ok(Self::reading(path, (empty, None), events))
    }

    fn reading(
        path: &Path,
        (reader, unchanged): (Connection, Option<Unchanged>),
        events: &'e dyn Events,
    ) -> Self {
        let (writer, access) = (Writer::refusing(path), Access::Read(unchanged));
        let (path, patience) = (path.to_owned(), Patience::default());
        Self { path, reader, writer, access, patience, events }
    }

    /// Whether it is only read.
    pub fn is_read_only(&self) -> bool {
        matches!(self.access, Access::Read(_))
    }

    /// Fails where a store that is only read was written by somebody else meanwhile.
    pub fn check_unchanged(&self) -> Result<(), Error> {
        match &self.access {
            Access::Read(Some(unchanged)) => unchanged.check(&self.path),
            Access::Read(None) | Access::Write(_) => Ok(()),
        }
    }

    /// The writing side.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// A consistent view of the answers, for as long as it lives.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, Error> {
        LockWait::new(&self.patience, &self.path, false)
            .until_free(&noting(self.events), || Snapshot::begin(&self.reader, &self.path))
    }

    /// Closes the run: its last answers are indexed, its report and the `snapshot` of its
    /// output are kept, unless the store is only read.
    pub fn finish(
        self,
        ended: Moment,
        exit: u8,
        report: &str,
        snapshot: Option<PackedSnapshot>,
    ) -> Result<(), Error> {
        let Self { reader, writer, access, events, .. } = self;
        drop(reader);
        match access {
            Access::Write(_in_use) => {
                let end = RunEnd { ended, exit, report: report.to_owned(), snapshot };
                writer.finish(end, &noting(events))
            }
            Access::Read(_) => Ok(()),
        }
    }
}

/// A store opened to look only.
#[derive(Debug)]
pub struct Snapshots {
    path: PathBuf,
    reader: Connection,
}

impl Snapshots {
    /// A consistent view of the answers, for as long as it lives.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, Error> {
        open::waiting(&self.path, || Snapshot::begin(&self.reader, &self.path))
    }
}

/// What identifies an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountName {
    /// The vendor's id.
    pub vendor: &'static str,
    /// `base_url` in its one spelling, plus `live`, `test` or `sandbox`.
    pub origin: String,
    /// The user's name for it; empty where all keys of the origin are one account.
    pub account: String,
}

/// What identifies a source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceName {
    /// What it answers; `None` for catalogues and for calls that act.
    pub dataset: Option<Dataset>,
    /// The vendor's id.
    pub vendor: &'static str,
    /// The endpoint's id.
    pub endpoint: &'static str,
    /// As an account's; behind it the account's own name, where the answers are of its
    /// inventory.
    pub origin: String,
}

/// Replaces the VIN asked about, so that equal answers about different VINs are equal bytes.
fn without_vin(body: &[u8], vin: &Vin) -> Vec<u8> {
    let needle = vin.as_str().as_bytes();
    let mut shared = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memmem::find(rest, needle) {
        shared.extend_from_slice(&rest[..at]);
        shared.push(0);
        rest = &rest[at + needle.len()..];
    }
    shared.extend_from_slice(rest);
    shared
}

/// Puts the VIN back; a body without the placeholder comes back as it is.
fn with_vin(body: &[u8], key: &Key) -> Vec<u8> {
    let Some(vin) = key.vin() else { return body.to_vec() };
    let mut whole = Vec::with_capacity(body.len() + vin.as_str().len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(0, rest) {
        whole.extend_from_slice(&rest[..at]);
        whole.extend_from_slice(vin.as_str().as_bytes());
        rest = &rest[at + 1..];
    }
    whole.extend_from_slice(rest);
    whole
}

/// What to do about a store that cannot be written.
const WRITABLE: &str =
    "`store` in the configuration must name a file in a folder where this user may write";

/// What to do about a store that is damaged.
const RESTORE: &str = "`vinrich store restore FILE` puts a backup in its place, and keeps what can be read of this one";

/// What to do about a disk that is full or broken.
const MEND: &str = "make room or mend the disk, then run the same command again: it resumes";

/// What to do where another process did not let go.
const AGAIN: &str = "another process holds its lock: run the same command again when that has ended, or let it go on where it was stopped";

/// A path of the store's as SQL takes it.
fn as_text<'a>(path: &'a Path, store: &Path) -> Result<&'a str, Error> {
    path.to_str().ok_or_else(|| {
        Error::config(format!("the path of the store `{}` is not valid UTF-8", store.display()))
    })
}

/// Says which store failed, and with which exit code.
fn failed(what: &'static str, path: &Path) -> impl Fn(rusqlite::Error) -> Error + use<> {
    let path = path.to_owned();
    move |error| {
        let (exit, hint) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (Exit::Config, RESTORE),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => (Exit::Config, WRITABLE),
            _ if open::is_busy(&error) => (Exit::Locked, AGAIN),
            _ if is_about_shared_memory(&error) => (Exit::Config, "put `store` on a local disk"),
            // What is not as this program writes it was not written by it.
            None if is_misread(&error) => (Exit::Config, RESTORE),
            _ if is_about_schema(&error) => (Exit::Config, RESTORE),
            _ => (Exit::Io, MEND),
        };
        let mut message = format!("{what} in the store `{}`", path.display());
        if exit == Exit::Locked
            && let Some(who) = patience::holder(&path)
        {
            message = format!("{message}: {who} holds its write lock");
        }
        Error::new(exit, message).hint(hint).because(error)
    }
}

/// Whether the file could not be read or written, whatever is in it.
fn is_about_file(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    code.is_some_and(|code| {
        !matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
    })
}

/// The memory that a write-ahead log is shared by: some filesystems have none.
fn is_about_shared_memory(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP};
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| [SQLITE_IOERR_SHMLOCK, SQLITE_IOERR_SHMMAP].contains(&code))
}

/// A table or column that every store of this version has, and this one has not.
fn is_about_schema(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_ERROR)
}

/// A value of another type than the schema says, or a row that must be there and is not.
fn is_misread(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, QueryReturnedNoRows,
        Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | QueryReturnedNoRows
            | Utf8Error(..)
    )
}

#[cfg(test)]
mod tests;
