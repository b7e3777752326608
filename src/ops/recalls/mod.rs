//! NHTSA's recall file, fetched and imported where its text has changed; and the
//! [register](Register) of what was done about recalls.
//!
//! The archive's bytes and its date change daily, so that only the text inside says
//! whether there is news. What was imported stays until the next edition is whole.

mod open;
mod register;
mod status_file;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::Settings;
use crate::domain::{Error, Exit, Timestamp};
use crate::files::{DOWNLOADS, OutputLocks, beside, os};
use crate::gate::{Download, Downloaded};
use crate::reference::nhtsa_file;
use crate::store::{
    Imported, RecallCheck, Store, StoreSpec, import_recall_file, keep_recall_check,
};

pub use self::open::{OpenRecall, OpenRecalls, open_recalls};
pub use self::register::{Done, Register, StatusImport};
pub use self::status_file::{Refusal, Refused, StatusFile};

/// Ten times what NHTSA's larger archive has.
const LARGEST: u64 = 256 << 20;

/// Of what came in place of an archive, as much is read as is shown.
const EXCERPT: u64 = 2048;

/// What was found at NHTSA about one of its archives.
#[derive(Debug)]
pub enum Updated {
    /// The server says that it is the archive that was checked last.
    NotModified,
    /// The archive is another one, and the text inside is the imported one.
    SameText,
    /// The text is imported.
    Imported(Imported),
}

/// How far an update has come.
#[derive(Clone, Copy, Debug)]
pub enum UpdateProgress {
    /// Bytes so far, and all of them.
    Received(u64, u64),
    /// Rows read.
    Read(u64),
}

/// How an archive is updated.
#[derive(Debug)]
pub struct Update<'a> {
    /// Where the file is, and the store.
    pub settings: &'a Settings,
    /// Import even an older or much smaller edition.
    pub replace: bool,
    /// The time.
    pub now: Timestamp,
}

/// When every archive was checked last, if within `age`, and the store holds all of them.
pub fn checked_within(
    settings: &Settings,
    age: Duration,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let mut oldest = None;
    for name in &settings.recall_file.files {
        match last_check(settings, name)?.map(|check| check.checked_at()) {
            // A check in the future was made by a clock that was wrong.
            Some(at) if at <= now && now.since(at) < age => {
                oldest = Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at)));
            }
            _ => return Ok(None),
        }
    }
    Ok(oldest)
}

impl Update<'_> {
    /// Fetches the archive called `name`, and imports it where its text is news.
    ///
    /// # Errors
    /// 68 and 76 as the server is to blame; 65 where the edition is older or much smaller
    /// than the imported one; 79 while another process updates. The store is as it was.
    pub fn run(&self, name: &str, progress: &dyn Fn(UpdateProgress)) -> Result<Updated, Error> {
        let folder = beside(&self.settings.store, DOWNLOADS);
        os::create_private_folder(&folder)
            .map_err(|error| Error::io("cannot create", &folder, error))?;
        let into = folder.join(name);
        let updated = {
            let _alone = OutputLocks::alone(&into)?;
            self.run_alone(name, &into, progress)
        };
        // It stays as long as something is in it.
        let _in_use = std::fs::remove_dir(&folder);
        updated
    }

    fn run_alone(
        &self,
        name: &str,
        into: &Path,
        progress: &dyn Fn(UpdateProgress),
    ) -> Result<Updated, Error> {
        let Settings { recall_file, .. } = self.settings;
        let last = last_check(self.settings, name)?;
        let known = last.as_ref().map(|check| check.validators.clone()).unwrap_or_default();
        let download = Download {
            base_url: &recall_file.base_url,
            name,
            known,
            into,
            timeout: recall_file.timeout,
            largest: LARGEST,
            progress: &|so_far, all| progress(UpdateProgress::Received(so_far, all)),
        };
        let (updated, check) = match (download.fetch()?, last) {
            (Downloaded::Unchanged, Some(last)) => (Updated::NotModified, last.again(self.now)),
            (Downloaded::Unchanged, None) => {
                return Err(download.protocol("answers HTTP 304 to a plain request"));
            }
            (Downloaded::Whole(validators), _) => {
                let taken = self.take(&download, progress);
                // Good or bad, it was all there: the next try begins anew.
                download.discard();
                let (updated, text) = taken?;
                let address = recall_file.base_url.clone();
                (updated, RecallCheck::new(address, text, validators, self.now))
            }
        };
        keep_recall_check(&self.spec(), name, &check)?;
        Ok(updated)
    }

    /// Checks what was received, and imports its text unless the store holds that.
    fn take(
        &self,
        download: &Download<'_>,
        progress: &dyn Fn(UpdateProgress),
    ) -> Result<(Updated, [u8; 32]), Error> {
        let path = download.into;
        refuse_other_than_zip(download)?;
        let text = nhtsa_file::text_hash(path).map_err(|error| match error.exit() {
            Exit::BadInput => download.protocol("it is not one whole archive").because(error),
            _ => error,
        })?;
        let held = match Store::peek(&self.settings.store)? {
            Some(store) => store.snapshot()?.holds_recall_text(&text)?,
            None => false,
        };
        if held {
            return Ok((Updated::SameText, text));
        }
        let rows = |rows| progress(UpdateProgress::Read(rows));
        let imported = import_recall_file(&self.spec(), path, self.replace, self.now, rows)?;
        Ok((Updated::Imported(imported), text))
    }

    fn spec(&self) -> StoreSpec<'_> {
        StoreSpec::of(self.settings)
    }
}

fn last_check(settings: &Settings, name: &str) -> Result<Option<RecallCheck>, Error> {
    match Store::peek(&settings.store)? {
        Some(store) => store.snapshot()?.recall_check(name, &settings.recall_file.base_url),
        None => Ok(None),
    }
}

/// 76, with its first words, where a page came in place of the archive.
fn refuse_other_than_zip(download: &Download<'_>) -> Result<(), Error> {
    let path: PathBuf = download.into.to_owned();
    let unread = |error| Error::io("cannot read", &path, error);
    let mut head = Vec::new();
    let mut file = File::open(&path).map_err(unread)?.take(EXCERPT);
    file.read_to_end(&mut head).map_err(unread)?;
    if head.starts_with(b"PK") {
        return Ok(());
    }
    let what = match first_words(&String::from_utf8_lossy(&head)) {
        words if words.is_empty() => "it is not a zip archive".to_owned(),
        words => format!("it is not a zip archive, but says: {words}"),
    };
    Err(download.protocol(&what))
}

/// The words of a page without its tags, at most 80 characters.
fn first_words(page: &str) -> String {
    const LONGEST: usize = 80;
    let text = page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text = text.collect::<Vec<_>>().join(" ");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let readable = words.chars().filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER);
    readable.take(LONGEST).collect()
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
