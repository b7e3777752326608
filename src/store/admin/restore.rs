//! Restoring: a backup is put in the place of the store.
//!
//! A restored store knows what the replaced one knew beyond it ([`merge`]): a
//! backup that is put back refills no quota and forgets no answer paid for.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::backup::{Backup, check_copy, damage, refuse_same};
use super::merge::{Merged, merge};
use crate::domain::{Error, Exit, Timestamp};
use crate::files::place::folder_of;
use crate::files::{beside, os};
use crate::output::{COMPANIONS, Draft};
use crate::store::run_locks::{self, InUse};
use crate::store::{failed, is_about_file, migration, open};

/// How long a command that only reads may hold up a restore.
const READERS: Duration = Duration::from_secs(5);

/// What became of the store that a backup replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// There was none.
    Nothing,
    /// What it knew beyond the backup is known to the restored one.
    Merged(Merged),
    /// It was of another installation: its ledger is not the restored one's.
    Foreign,
    /// It is damaged, in these words: what it knew beyond the backup is lost.
    Damaged(String),
}

/// What a restore did.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What the store holds now.
    pub holds: Backup,
    /// What it knows from the replaced one.
    pub merge: MergeOutcome,
    /// Where the replaced one is.
    pub kept: Option<PathBuf>,
}

/// Puts the backup `file` in the place of `store`. Fails with 66 or 78 where it
/// is not a sound store, with 79 while a run lives; the store is then as it was.
pub fn restore(store: &Path, file: &Path, now: Timestamp) -> Result<Restored, Error> {
    let file_length = length_of(file)?;
    refuse_same(store, file)?;
    let folder = folder_of(store);
    os::create_private_folder(folder)
        .map_err(|source| open::unusable("cannot create the folder of", store, source))?;
    undo_half(store)?;
    let _alone = InUse::alone(store)?;
    let mut draft = Draft::private_beside(store)?;
    copy_in(file, file_length, &mut draft)?;
    let copy = open_backup(draft.path(), file)?;
    let replaced = Replaced::find(store)?;
    let merge = replaced.merge_into(&copy, draft.path(), store)?;
    open::share_log(&copy, draft.path())?;
    copy.close().map_err(|(_, error)| failed("cannot finish the copy beside", store)(error))?;
    let cannot_write = |error| Error::io("cannot write the copy beside", store, error);
    if store.exists() {
        os::keep_owner(draft.path(), store).map_err(cannot_write)?;
    }
    drop(draft.sync().map_err(cannot_write)?);
    let holds = check_copy(&draft, file)?;
    let kept = replaced.set_aside(store, now)?;
    draft.publish()?;
    Ok(Restored { holds, merge, kept })
}

fn length_of(file: &Path) -> Result<u64, Error> {
    match fs::metadata(file) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(Error::config(format!("`{}` is not a file", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::new(Exit::NoInput, format!("`{}` does not exist", file.display())))
        }
        Err(error) => Err(Error::io("cannot look at", file, error)),
    }
}

/// Takes the bytes of the backup, and of the log beside it if it has one.
fn copy_in(file: &Path, length: u64, draft: &mut Draft) -> Result<(), Error> {
    let unread = |error| Error::io("cannot copy", file, error);
    let mut from = File::open(file).map_err(unread)?;
    let copied = io::copy(&mut from, draft).map_err(unread)?;
    if copied != length {
        return Err(Error::new(
            Exit::Io,
            format!("`{}` changed while it was read", file.display()),
        ));
    }
    let log = beside(file, "-wal");
    if log.exists() {
        let copy = beside(draft.path(), "-wal");
        drop(os::open_private_file(&copy).map_err(unread)?);
        fs::copy(&log, &copy).map_err(unread)?;
        os::make_private(&copy).map_err(unread)?;
    }
    Ok(())
}

/// Opens the copy of a backup, once it has proved to be a sound store, and
/// brings it up to date.
fn open_backup(path: &Path, file: &Path) -> Result<Connection, Error> {
    let not_one = |error: &dyn std::fmt::Display| {
        Error::config(format!("`{}` is not a sound vinrich store: {error}", file.display()))
            .hint("name a file that `vinrich store backup` wrote; the store is as it was")
    };
    let unsound = |error: rusqlite::Error| {
        if is_about_file(&error) {
            failed("cannot copy into", path)(error)
        } else {
            not_one(&error)
        }
    };
    let db = Connection::open(path).map_err(unsound)?;
    open::require_store(&db, file, unsound)?;
    if let Some(damage) = damage(&db).map_err(unsound)? {
        return Err(not_one(&damage));
    }
    migration::update_copy(&db, path)?;
    migration::require_tables(&db).map_err(unsound)?;
    Ok(db)
}

/// The store that a backup is about to replace.
enum Replaced {
    Missing,
    Sound(Connection),
    Damaged(String),
}

impl Replaced {
    /// Looks at the store; 78 where the file is another program's, or of a newer vinrich.
    fn find(store: &Path) -> Result<Self, Error> {
        match store.metadata() {
            Err(_) => return Ok(Self::Missing),
            Ok(found) if !found.is_file() => {
                return Err(Error::config(format!("`{}` is not a file", store.display())));
            }
            // SQLite would take it for a new database, and remove the log beside
            // it, which may hold answers.
            Ok(_) if open::refuse_stub(store).is_err_and(|_| run_locks::had_store(store)) => {
                return Ok(Self::Damaged("it was emptied".into()));
            }
            Ok(found) if found.len() == 0 => return Ok(Self::Missing),
            Ok(_) => {}
        }
        match Self::open(store) {
            Ok(replaced) => Ok(replaced),
            Err(Unread::Damaged(why)) => Ok(Self::Damaged(why)),
            Err(Unread::Refused(error)) => Err(error),
        }
    }

    fn open(store: &Path) -> Result<Self, Unread> {
        let unread = |error: rusqlite::Error| {
            if is_about_file(&error) {
                Unread::Refused(failed("cannot read", store)(error))
            } else {
                Unread::Damaged(error.to_string())
            }
        };
        let db = Connection::open(store).map_err(unread)?;
        db.busy_timeout(READERS).map_err(unread)?;
        db.pragma_query_value(None, "schema_version", |_| Ok(())).map_err(unread)?;
        open::require_store(&db, store, |error| failed("cannot read the header", store)(error))
            .map_err(Unread::Refused)?;
        if let Some(damage) = damage(&db).map_err(unread)? {
            return Ok(Self::Damaged(damage));
        }
        migration::create(&db, store).map_err(Unread::Refused)?;
        migration::require_tables(&db).map_err(unread)?;
        Ok(Self::Sound(db))
    }

    /// Makes what this store knows beyond the copy known to it, then closes its log.
    fn merge_into(
        &self,
        copy: &Connection,
        path: &Path,
        store: &Path,
    ) -> Result<MergeOutcome, Error> {
        let db = match self {
            Self::Missing => return Ok(MergeOutcome::Nothing),
            Self::Damaged(why) => return Ok(MergeOutcome::Damaged(why.clone())),
            Self::Sound(db) => db,
        };
        if open::install_key(db, store)? != open::install_key(copy, path)? {
            fold_log(db, store)?;
            return Ok(MergeOutcome::Foreign);
        }
        let merged = merge(copy, store)?;
        fold_log(db, store)?;
        Ok(MergeOutcome::Merged(merged))
    }

    /// Keeps the file, and what is beside it, under another name.
    fn set_aside(self, store: &Path, now: Timestamp) -> Result<Option<PathBuf>, Error> {
        let (is_missing, has_log) = match self {
            Self::Missing => (true, true),
            Self::Damaged(_) => (false, true),
            Self::Sound(db) => {
                drop(db);
                (false, false)
            }
        };
        // Beside the file itself, where it is named by a link.
        let real = store.is_symlink().then(|| store.canonicalize()).transpose();
        let real = real.map_err(|error| Error::io("cannot look at", store, error))?;
        let store = real.as_deref().unwrap_or(store);
        let kept = name_aside(store, now);
        let cannot = |error| Error::io("cannot keep the replaced store as", &kept, error);
        // Linked, not renamed: there is a store at every moment. Linked first: by its two
        // names a restore that was killed after that is undone.
        if !is_missing {
            fs::hard_link(store, &kept)
                .or_else(|_| fs::copy(store, &kept).map(drop))
                .map_err(cannot)?;
        }
        if has_log {
            // Its log must not be taken for the restored one's, though the file
            // itself be gone.
            for companion in COMPANIONS {
                match fs::rename(beside(store, companion), beside(&kept, companion)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(cannot(error));
                    }
                    _ => {}
                }
            }
        }
        Ok((!is_missing).then_some(kept))
    }
}

/// Why a store cannot be read.
enum Unread {
    Damaged(String),
    Refused(Error),
}

/// Moves the log into the file: what is left beside it would be taken for the
/// restored store's. 79 while a process reads.
fn fold_log(db: &Connection, store: &Path) -> Result<(), Error> {
    let mode = db.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode == "delete" => Ok(()),
        Err(error) if error.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Err(failed("cannot fold the log", store)(error))
        }
        _ => {
            let message = format!("another command is reading the store `{}`", store.display());
            Err(Error::new(Exit::Locked, message).hint("try again when it has ended"))
        }
    }
}

/// What a store is called that another one replaced, before the time.
const ASIDE: &str = ".before-restore-";

/// Undoes a restore that was killed before the backup was in place: the store has two
/// names by then, and its log may lie beside the second one.
pub(in crate::store) fn undo_half(store: &Path) -> Result<(), Error> {
    let store = os::real_path(store);
    if !store.metadata().is_ok_and(|found| os::links(&found) > 1) {
        return Ok(());
    }
    // One that is under way holds the lock.
    let Ok(_alone) = InUse::alone(&store) else { return Ok(()) };
    let begins = beside(&store, ASIDE);
    let begins = begins.as_os_str().as_encoded_bytes();
    let folder = fs::read_dir(folder_of(&store)).into_iter().flatten().flatten();
    let names = folder.map(|entry| entry.path());
    let is_second = |name: &PathBuf| {
        name.as_os_str().as_encoded_bytes().starts_with(begins) && os::is_same_file(name, &store)
    };
    for name in names.filter(is_second) {
        let cannot = |error| Error::io("cannot undo the restore that left", &name, error);
        for companion in COMPANIONS {
            let (from, to) = (beside(&name, companion), beside(&store, companion));
            if from.exists() && !to.exists() {
                fs::rename(from, to).map_err(cannot)?;
            }
        }
        fs::remove_file(&name).map_err(cannot)?;
    }
    Ok(())
}

/// `<store>.before-restore-<time>`, a name that is not taken.
fn name_aside(store: &Path, now: Timestamp) -> PathBuf {
    let time = now.strftime("%Y%m%dT%H%M%SZ").unwrap_or_default();
    let first = beside(store, &format!("{ASIDE}{time}"));
    let others = (2..).map(|n| beside(&first, &format!(".{n}")));
    std::iter::once(first.clone())
        .chain(others)
        .find(|name| name.symlink_metadata().is_err())
        .unwrap_or(first.clone())
}
