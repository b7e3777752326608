//! Output: blocks of records into files that are whole or absent.
//!
//! A block becomes an Arrow record batch on the caller's thread (`columns`)
//! and bytes on a thread of its own (`worker`). Every file is written beside
//! its place, synced, read back and renamed (`commit`); dropped before
//! [`Output::commit`], an [`Output`] leaves nothing behind. What the columns are
//! is said once, in [`schema`].

pub mod schema;

mod arrow;
mod cells;
mod choice;
mod columns;
mod csv;
mod file;
mod format;
mod hash;
mod jsonl;
mod names;
mod parquet;
pub mod record;
mod sheet;
mod sink;
mod take;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::arrow::datatypes::DataType;

pub use self::choice::Choice;
pub use self::format::Format;
pub use self::sheet::Sheet;
pub use crate::files::OutputLock;
pub(crate) use crate::files::draft::{COMPANIONS, Draft};
pub use crate::files::draft::{write_atomically, write_error};

use self::columns::Layout;
use self::file::{Blank, Finished, Started};
use self::schema::{REJECT_COLUMNS, SCHEMA_VERSION};
use self::sink::{Sink, Target};
use self::worker::{Files, Worker};
use crate::domain::{Error, Exit};
use crate::files::place::Place;
use crate::output::record::Block;

/// What `path` is shown as when it is stdout.
const STDOUT: &str = "-";

/// What the command line says about the output.
#[derive(Clone, Debug)]
pub struct OutputSpec {
    /// Where it goes; `None` is stdout.
    pub path: Option<PathBuf>,
    /// In which format.
    pub format: Format,
    /// Where rejected rows go instead, as CSV.
    pub rejects: Option<PathBuf>,
    /// Cells that a spreadsheet would run are guarded.
    pub for_excel: bool,
    /// Which of our columns it has.
    pub columns: Choice,
}

/// What an output must know of the input.
#[derive(Clone, Copy, Debug, Default)]
pub struct InputInfo<'a> {
    /// The names of [`Block::input`].
    pub columns: &'a [String],
    /// Its types; all text where there are none.
    pub types: &'a [DataType],
    /// What `source_file` says for each [`Record::file`](crate::output::record::Record::file).
    pub files: &'a [String],
    /// The paths of the files, which no output may overwrite.
    pub paths: &'a [PathBuf],
}

/// What was written to one file.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where it is, as typed; `-` is stdout.
    pub path: String,
    /// Rows, without a header.
    pub rows: u64,
    /// Length.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Checks, before anything is spent, that the run report can be written as the
/// file `path`, and that it is neither an input nor an output. Fails with 73 or 64.
pub fn check_report(
    path: &Path,
    spec: &OutputSpec,
    run_id: &str,
    inputs: &[PathBuf],
) -> Result<(), Error> {
    let place = Place::apart_from(path, inputs)?;
    for other in [&spec.path, &spec.rejects].into_iter().flatten() {
        place.refuse_same(&Place::find(other)?)?;
    }
    // Whether its folder takes files is known once one was there.
    Draft::create(place, run_id).map(drop)
}

/// Where a file that is not an output of a run goes: links are followed, and devices,
/// folders and stores refused with 73.
pub fn place_of(path: &Path) -> Result<PathBuf, Error> {
    Place::apart_from(path, &[]).map(|place| place.path)
}

/// An output that is being written beside its final place.
pub struct Output {
    state: State,
    diverts: bool,
    rows: u64,
    diverted: u64,
}

enum State {
    /// No byte is written until the first row, or the commit.
    Blank(Box<(Files<Blank>, Files<Layout>)>),
    Writing(Worker),
    /// An error was returned.
    Failed,
}

impl Output {
    /// Creates the temporary files beside the final ones. Fails before anything
    /// is spent: with 73 when a file cannot be created or is one of the input's.
    pub fn create(spec: &OutputSpec, input: InputInfo<'_>, run_id: &str) -> Result<Self, Error> {
        let find = |path: &PathBuf| Place::apart_from(path, input.paths);
        let out = spec.path.as_ref().map(find).transpose()?;
        let rejects = spec.rejects.as_ref().map(find).transpose()?;
        if let (Some(out), Some(rejects)) = (&out, &rejects) {
            rejects.refuse_same(out)?;
        }

        let out = match out {
            Some(place) => Target::Draft(Draft::create(place, run_id)?),
            None => stdout(spec.format)?,
        };
        let rejects = rejects.map(|place| Draft::create(place, run_id)).transpose()?;
        let targets = Files { out, rejects: rejects.map(Target::Draft) };
        Ok(Self::assemble(spec, input, run_id, targets))
    }

    /// Creates the rejects file alone: accepted rows are counted and go nowhere.
    pub fn create_rejects_only(
        spec: &OutputSpec,
        input: InputInfo<'_>,
        run_id: &str,
    ) -> Result<Self, Error> {
        let find = |path: &PathBuf| Place::apart_from(path, input.paths);
        let rejects = spec.rejects.as_ref().map(find).transpose()?;
        let rejects = rejects.map(|place| Draft::create(place, run_id)).transpose()?;
        let nowhere = Target::Stream(Box::new(io::sink()));
        let targets = Files { out: nowhere, rejects: rejects.map(Target::Draft) };
        Ok(Self::assemble(spec, input, run_id, targets))
    }

    fn assemble(
        spec: &OutputSpec,
        input: InputInfo<'_>,
        run_id: &str,
        targets: Files<Target>,
    ) -> Self {
        let about = about(run_id);
        // Parquet has key-values of its own; Arrow has them in the schema.
        let in_schema = if spec.format == Format::Arrow { about.as_slice() } else { &[] };
        let rows_layout =
            Layout::new(spec.format, input, spec.columns.columns(), in_schema).of_run(run_id);
        let of_rejects: Vec<_> = REJECT_COLUMNS.iter().collect();
        let rejects_layout =
            targets.rejects.is_some().then(|| Layout::new(Format::Csv, input, &of_rejects, &[]));
        let blank = |target, typed: &Option<PathBuf>, format, layout: &Layout| Blank {
            sink: Sink::new(target),
            typed: typed.clone().unwrap_or_else(|| STDOUT.into()),
            format,
            for_excel: spec.for_excel,
            schema: Arc::clone(layout.schema()),
            about: about.clone(),
        };
        let blanks = Files {
            out: blank(targets.out, &spec.path, spec.format, &rows_layout),
            rejects: targets
                .rejects
                .zip(rejects_layout.as_ref())
                .map(|(target, layout)| blank(target, &spec.rejects, Format::Csv, layout)),
        };
        let layouts = Files { out: rows_layout, rejects: rejects_layout };
        Self {
            diverts: layouts.rejects.is_some(),
            state: State::Blank(Box::new((blanks, layouts))),
            rows: 0,
            diverted: 0,
        }
    }

    /// Appends a block; its rejected rows go to the rejects file, where there is
    /// one. An error may be that of an earlier block.
    pub fn write(&mut self, block: Block) -> Result<(), Error> {
        let rows = block.records.len() as u64;
        let diverted = if self.diverts { rejected_in(&block) } else { 0 };
        self.worker()?.send(block)?;
        self.rows += rows - diverted;
        self.diverted += diverted;
        Ok(())
    }

    /// Rows written so far, those diverted not counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows diverted to the rejects file so far.
    pub fn diverted(&self) -> u64 {
        self.diverted
    }

    /// Flushes, syncs, reads back what can be read back, and renames into place:
    /// rejects first, then the output. The caller has checked that
    /// [`Output::rows`] and [`Output::diverted`] add up to the rows read.
    pub fn commit(self) -> Result<Vec<Written>, Error> {
        self.finish(false)
    }

    /// As [`Output::commit`], but leaves older files as they are and writes
    /// `<name>.partial` beside them.
    pub fn commit_partial(self) -> Result<Vec<Written>, Error> {
        self.finish(true)
    }

    fn finish(mut self, partial: bool) -> Result<Vec<Written>, Error> {
        let files = self.worker()?.join()?.try_map(Started::finish)?;
        let diverted = files.rejects.as_ref().map_or(0, |file| file.rows);
        if (files.out.rows, diverted) != (self.rows, self.diverted) {
            return Err(Error::internal("rows were lost on their way to the output"));
        }
        let in_order: Vec<Finished> = files.rejects.into_iter().chain([files.out]).collect();
        in_order.into_iter().map(|file| file.publish(partial)).collect()
    }

    fn worker(&mut self) -> Result<&mut Worker, Error> {
        if let State::Blank(_) = self.state
            && let State::Blank(blank) = mem::replace(&mut self.state, State::Failed)
        {
            let (files, layouts) = *blank;
            self.state = State::Writing(Worker::start(files.try_map(Blank::start)?, layouts)?);
        }
        match &mut self.state {
            State::Writing(worker) => Ok(worker),
            State::Blank(_) | State::Failed => {
                Err(Error::internal("the output was used after an error"))
            }
        }
    }
}

fn rejected_in(block: &Block) -> u64 {
    block.records.iter().filter(|record| record.reading.vin.is_none()).count() as u64
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("rows", &self.rows)
            .field("diverted", &self.diverted)
            .finish_non_exhaustive()
    }
}

/// Text and Arrow stream; Parquet ends with its table of contents, so it is
/// spooled and checked before the first byte leaves.
fn stdout(format: Format) -> Result<Target, Error> {
    let stdout = Box::new(io::stdout());
    match format {
        Format::Csv | Format::Jsonl | Format::Arrow => Ok(Target::Stream(stdout)),
        Format::Parquet => match tempfile::tempfile() {
            Ok(file) => Ok(Target::Spool(file, stdout)),
            Err(e) => {
                let folder = std::env::temp_dir();
                let message = format!("cannot create a temporary file in `{}`", folder.display());
                Err(Error::new(Exit::CannotCreate, message)
                    .because(e)
                    .hint("name an output file, or set `TMPDIR`"))
            }
        },
    }
}

/// What a file says about itself; never a key.
fn about(run_id: &str) -> Vec<(String, String)> {
    vec![
        ("vinrich.schema_version".into(), SCHEMA_VERSION.to_string()),
        ("vinrich.version".into(), env!("CARGO_PKG_VERSION").into()),
        ("vinrich.run_id".into(), run_id.into()),
    ]
}
