//! `photos download`: the photos that customers sent, each a file in a folder.
//!
//! A file is whole or absent, and known by the VIN, the photo request and the photo, so
//! that what is there is not fetched again. Links are valid for a day: older ones, and
//! those that a host refuses, are asked for anew with the photo request.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::book::{Book, Made};
use super::rows::vehicles;
use super::{PhotoPlan, Photos, action, open_book, refused, warn_of_unknown};
use crate::domain::{Error, Exit, Fault, Key, Outcome, Timestamp, Vin};
use crate::enrich::report::ReportBuilder;
use crate::enrich::session::Context;
use crate::files::draft::write_atomically;
use crate::files::place::{Place, cannot_create};
use crate::files::{Protected, refuse_address};
use crate::gate::Unfetched;
use crate::input::Inputs;
use crate::ops::client::VendorClient;
use crate::store::SourceId;
use crate::vendors::visio::{self, LINKS_LAST, Photo, SHOW, photos, safe};

/// What photo requests are called whose customer has sent all there is.
const SUBMITTED: [&str; 3] = ["submitted", "completed", "complete"];

/// After so many failures in a row no other photo is tried in this run.
const MOST_FAILURES: usize = 5;

/// Downloads the photos of submitted photo requests into `folder`, those of the
/// vehicles of the input where there is one.
///
/// # Errors
/// 64 and 66 where the input cannot be used, 73 where the folder cannot, 77 where there
/// is no API key; else a failure of the store or of a file.
pub fn download(plan: &PhotoPlan, folder: &Path, context: Context<'_>) -> Result<Photos, Error> {
    let action = action(plan)?;
    let report = ReportBuilder::start(&plan.command, context);
    let (only, protected) = action.prepare(&report, || {
        let inputs = plan.input.as_ref().map(Inputs::open).transpose()?;
        let only = inputs.as_ref().map(|inputs| vehicles(inputs, |_, vin| vin)).transpose()?;
        let paths = inputs.as_ref().map(Inputs::paths).unwrap_or_default();
        make_folder(folder)?;
        let only = only.map(|(vins, _)| vins);
        Ok((only, Protected::of(&plan.settings).and("an input file", paths)))
    })?;
    let mut counts = Photos::default();
    let report = action.run(&report, async |client| {
        let (mut book, _) = open_book(client, only.as_deref()).await?;
        counts.unknown = warn_of_unknown(client, &book, book.vins().iter());
        counts.vehicles = only.as_ref().map_or_else(|| book.vins().len(), Vec::len);
        let shown = client.source(SHOW).await?;
        book.take_shown(client, shown)?;
        let folder = Folder { path: folder, protected: &protected, files: names_in(folder)? };
        let mut download = Download { client, shown, folder, counts: &mut counts, failures: 0 };
        download.run(&book).await
    })?;
    Ok(Photos { report, ..counts })
}

/// Where photos go.
struct Folder<'a> {
    path: &'a Path,
    protected: &'a Protected,
    /// The names of its files, without what follows the dot.
    files: HashSet<String>,
}

/// A download under way.
struct Download<'a, 'c> {
    client: &'a VendorClient<'c>,
    /// Where the replies about photo requests are kept.
    shown: SourceId,
    folder: Folder<'a>,
    counts: &'a mut Photos,
    /// In a row.
    failures: usize,
}

impl Download<'_, '_> {
    async fn run(&mut self, book: &Book) -> Result<(), Error> {
        let each = |vin: Vin| book.of(&vin).map(move |made| (vin, made));
        let made = book.vins().into_iter().flat_map(each).filter(|(_, made)| !made.cancelled);
        let made: Vec<(Vin, &Made)> = made.collect();
        self.renew_links(&made).await?;
        for (vin, made) in made {
            let Some((_, photos)) = self.photos_of(made)? else { continue };
            for photo in photos {
                if self.client.is_stopped() || self.failures >= MOST_FAILURES {
                    self.note_left_out();
                    return Ok(());
                }
                self.download(&vin, made, &photo).await?;
            }
        }
        Ok(())
    }

    /// Asks about those photo requests whose photos may not be known, and those whose
    /// links are too old for photos that are not in the folder.
    async fn renew_links(&self, made: &[(Vin, &Made)]) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (vin, made) in made {
            let is_known = match self.photos_of(made)? {
                Some((shown_at, photos)) if is_submitted(made) && !photos.is_empty() => {
                    let lacks_one =
                        photos.iter().any(|photo| !self.folder.has(&stem(vin, made, photo)));
                    !lacks_one || self.client.now().since(shown_at) < LINKS_LAST
                }
                _ => false,
            };
            if !is_known {
                asked.push(visio::about(&made.request.id));
            }
        }
        let mut outcomes = self.client.ask(SHOW, asked.clone()).await?;
        outcomes.extend(refused(self.client, self.shown, &asked)?);
        self.client.report.note_unanswered(outcomes.values());
        Ok(())
    }

    /// The photos of a photo request by the last reply about it, and when that came.
    fn photos_of(&self, made: &Made) -> Result<Option<(Timestamp, Vec<Photo>)>, Error> {
        let known = self.client.answer(self.shown, &visio::about(&made.request.id))?;
        Ok(known.map(|(held, body)| (held.fetched_at, photos(&body))))
    }

    /// Fetches a photo that is not there, with another link if the host refuses this one.
    async fn download(&mut self, vin: &Vin, made: &Made, photo: &Photo) -> Result<(), Error> {
        let stem = stem(vin, made, photo);
        if self.folder.has(&stem) {
            self.counts.there += 1;
            return Ok(());
        }
        self.client.update_progress(|progress| progress.calls_planned += 1);
        let mut fetched = self.client.fetch(SHOW, &photo.url).await?;
        if matches!(fetched, Err(Unfetched::Refused(_)))
            && let Some(link) = self.another_link(made, photo).await?
        {
            fetched = self.client.fetch(SHOW, &link).await?;
        }
        let outcome = match fetched {
            Ok(bytes) => match kind(&bytes) {
                Ok(ending) => {
                    self.folder.write(&format!("{stem}.{ending}"), &bytes)?;
                    self.folder.files.insert(stem);
                    self.counts.done += 1;
                    self.failures = 0;
                    return Ok(());
                }
                Err(what) => Outcome::Failed(Fault::Garbled { excerpt: what.into() }),
            },
            Err(unfetched) => unfetched.outcome(),
        };
        self.failures += 1;
        self.client.report.note_unanswered([&outcome]);
        let why = match &outcome {
            Outcome::Failed(Fault::Garbled { excerpt }) => excerpt.clone(),
            outcome => outcome.verdict().1.unwrap_or_default(),
        };
        self.client
            .report
            .warn("not_downloaded", format!("photo `{stem}` was not downloaded: {why}"));
        Ok(())
    }

    /// The link to a photo by a new reply about its photo request, where it is another.
    async fn another_link(&self, made: &Made, photo: &Photo) -> Result<Option<String>, Error> {
        let key: Key = visio::about(&made.request.id);
        let asked_at = self.client.now();
        if !self.client.ask(SHOW, vec![key]).await?.is_empty() {
            return Ok(None);
        }
        let Some((shown_at, photos)) = self.photos_of(made)? else { return Ok(None) };
        let renewed = photos.into_iter().find(|renewed| renewed.name == photo.name);
        Ok(renewed.filter(|_| shown_at >= asked_at).map(|renewed| renewed.url))
    }

    /// Says that photos were left out, once their hosts failed too often.
    fn note_left_out(&self) {
        if self.failures >= MOST_FAILURES {
            let why = format!(
                "{MOST_FAILURES} photos in a row failed: the rest was left for another run"
            );
            self.client.report.note_undone(Exit::SomeFailed, "not_downloaded");
            self.client.report.warn("not_downloaded", why);
        }
    }
}

fn is_submitted(made: &Made) -> bool {
    let state = made.request.state.as_deref().unwrap_or_default();
    SUBMITTED.iter().any(|known| state.eq_ignore_ascii_case(known))
}

/// The name of a photo's file, without its ending.
fn stem(vin: &Vin, made: &Made, photo: &Photo) -> String {
    format!("{vin}_{}_{}", safe(&made.request.id), photo.name)
}

impl Folder<'_> {
    fn has(&self, stem: &str) -> bool {
        self.files.contains(stem)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path: PathBuf = self.path.join(name);
        Place::find(&path)?.refuse(self.protected)?;
        write_atomically(&path, bytes)
    }
}

/// Makes the folder where it is not there. Fails with 73.
fn make_folder(folder: &Path) -> Result<(), Error> {
    refuse_address(folder)?;
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir(folder).map_err(|error| {
        cannot_create(folder, "it is not a folder that photos can go to")
            .because(error)
            .hint("name a folder, or one that can be made in a folder that is there")
    })
}

/// What is in the folder: files that are whole have a name and an ending.
fn names_in(folder: &Path) -> Result<HashSet<String>, Error> {
    let unreadable = |error| cannot_create(folder, "its files cannot be listed").because(error);
    let mut names = HashSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_whole = entry.metadata().is_ok_and(|of| of.is_file() && of.len() > 0);
        let name = entry.file_name();
        let parts = name.to_str().and_then(|name| name.split_once('.'));
        if let Some((stem, ending)) = parts.filter(|_| is_whole)
            && ENDINGS.contains(&ending)
        {
            names.insert(stem.to_owned());
        }
    }
    Ok(names)
}

/// How the names of photos end.
const ENDINGS: [&str; 8] = ["jpg", "png", "gif", "tif", "pdf", "webp", "heic", "mp4"];

/// The ending for a file's name, or what it is instead of a photo. The bytes decide,
/// whatever the host says of them.
fn kind(bytes: &[u8]) -> Result<&'static str, &'static str> {
    /// Where a mark stands, what it is, and the ending.
    const MARKS: [(usize, &[u8], &str); 13] = [
        (0, b"\xff\xd8\xff", "jpg"),
        (0, b"\x89PNG\r\n\x1a\n", "png"),
        (0, b"GIF8", "gif"),
        (0, b"II*\0", "tif"),
        (0, b"MM\0*", "tif"),
        (0, b"%PDF-", "pdf"),
        (8, b"WEBP", "webp"),
        (4, b"ftyphei", "heic"),
        (4, b"ftyphev", "heic"),
        (4, b"ftypmif1", "heic"),
        (4, b"ftypmsf1", "heic"),
        (4, b"ftypavif", "heic"),
        (4, b"ftyp", "mp4"),
    ];
    let is_at = |(place, mark, _): &&(usize, &[u8], &str)| {
        bytes.get(*place..).is_some_and(|rest| rest.starts_with(mark))
    };
    if let Some((_, _, ending)) = MARKS.iter().find(is_at) {
        return Ok(ending);
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err("an empty file in place of a photo"),
        Some(b'<') => Err("a web page in place of a photo"),
        Some(_) => Err("a file that is not a photo"),
    }
}

#[cfg(test)]
#[path = "tests/download.rs"]
mod tests;
