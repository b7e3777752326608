//! Output: blocks of records into files that are whole or absent.
//!
//! A block becomes an Arrow record batch on one thread (`columns`) and bytes on
//! another (`worker`). Every file is written beside
//! its place, synced, read back and renamed (`commit`); dropped before
//! [`Output::commit`], an [`Output`] leaves nothing behind. What the columns are
//! is said once, in [`schema`].

pub mod schema;

mod arrow;
mod cells;
mod choice;
mod columns;
mod csv;
mod decode_table;
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
mod values;
pub mod workbook;
mod worker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

pub use self::choice::Choice;
pub use self::format::Format;
pub use self::sheet::Sheet;
pub(crate) use crate::files::draft::{COMPANIONS, Draft};
pub use crate::files::draft::{write_atomically, write_error};
pub use crate::files::{Named, OutputLocks, Protected, Wait};

use self::columns::Layout;
use self::csv::CellStyle;
use self::file::{Blank, Finished, Started};
use self::names::Naming;
use self::schema::{REJECT_COLUMNS, SCHEMA_VERSION};
use self::sink::{Sink, Target};
use self::worker::{Files, Worker};
use crate::domain::{Error, Exit};
use crate::files::place::Place;
use crate::output::record::{Block, Record};

/// What `path` is shown as when it is stdout.
const STDOUT: &str = "-";

/// What the command line says about the output.
#[derive(Clone, Debug)]
pub struct OutputSpec {
    /// Where it goes; `None` is stdout. Text is compressed where its name ends in `.gz`
    /// or `.zst`.
    pub path: Option<PathBuf>,
    /// In which format.
    pub format: Format,
    /// Where rejected rows go instead, in the format of its name, else as CSV; `-` is stdout.
    pub rejects: Option<PathBuf>,
    /// Where the rows go, in the same format, when the old output is kept.
    pub partial: Option<PathBuf>,
    /// What separates the cells of text, where it is not what the format has.
    pub delimiter: Option<u8>,
    /// Text begins with a byte order mark, and cells that a spreadsheet would run are
    /// guarded.
    pub for_excel: bool,
    /// Parquet and Arrow call the input's columns as the input does.
    pub keep_names: bool,
    /// Which of our columns it has.
    pub columns: Choice,
}

impl OutputSpec {
    /// An output at `path`, or on stdout, in `format`, or in that of its name: CSV where
    /// nothing says. An Arrow output is a stream on stdout, where nobody can seek.
    ///
    /// # Errors
    /// 64 where the name tells no format, or a compression that the format does not take.
    pub fn new(path: Option<PathBuf>, format: Option<Format>) -> Result<Self, Error> {
        let format = match (format, &path) {
            (Some(Format::Arrow), None) => Format::Arrows,
            (Some(format), _) => format,
            (None, Some(path)) => Format::from_path(path)?,
            (None, None) => Format::Csv,
        };
        if let Some(path) = &path {
            format.refuse_packed(path)?;
        }
        let (delimiter, for_excel, keep_names) = (None, false, false);
        let (rejects, partial) = (None, None);
        let columns = Choice::default();
        Ok(Self { path, format, rejects, partial, delimiter, for_excel, keep_names, columns })
    }

    /// How the cells of a text file in `format` are written.
    fn cells_of(&self, format: Format) -> CellStyle {
        let delimiter = self.delimiter.or(format.delimiter()).unwrap_or(b',');
        CellStyle { delimiter, for_excel: self.for_excel }
    }

    /// Diverts rejected rows to `path`.
    ///
    /// # Errors
    /// 64 where the name tells a compression that the format does not take.
    pub fn divert(&mut self, path: PathBuf) -> Result<(), Error> {
        format_of_rejects(&path).refuse_packed(&path)?;
        self.rejects = Some(path);
        Ok(())
    }

    /// Whether rejected rows go to a workbook.
    pub(crate) fn lists_rejects_in_workbook(&self) -> bool {
        let diverted = self.rejects.as_deref().map(format_of_rejects);
        [Some(self.format), diverted].contains(&Some(Format::Xlsx))
    }
}

/// What an output must know of the input.
#[derive(Clone, Copy, Debug, Default)]
pub struct InputInfo<'a> {
    /// The names of [`Block::input`], each once.
    pub columns: &'a [String],
    /// Its types; all text where there are none.
    pub types: &'a [DataType],
    /// Whether their text shows which cells of a sheet are text; no column's where there
    /// are none.
    pub tell_kinds: &'a [bool],
    /// What the files call them.
    pub headers: &'a [String],
    /// What `source_file` says for each [`Record::file`](crate::output::record::Record::file).
    pub files: &'a [String],
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
    /// What of the rows it could not hold, one line for each kind.
    pub warnings: Vec<String>,
}

/// A column of the input that has another name in the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// What the input calls it.
    pub header: String,
    /// What the output calls it.
    pub column: String,
}

impl Renamed {
    fn new(header: &str, column: &str) -> Self {
        Self { header: header.to_owned(), column: column.to_owned() }
    }
}

/// Where the file `path` is, or would be: links are followed, and devices and folders
/// refused with 73.
pub fn place_of(path: &Path) -> Result<PathBuf, Error> {
    Place::find(path).map(|place| place.path)
}

/// An output that is being written beside its final place.
pub struct Output {
    state: State,
    partial: Option<Draft>,
    diverts: bool,
    rows: u64,
    diverted: u64,
    renamed: Vec<Renamed>,
}

enum State {
    /// No byte is written until the first row, or the commit.
    Blank(Box<(Files<Blank>, Files<Layout>)>),
    Writing(Worker),
    /// An error was returned.
    Failed,
}

impl Output {
    /// Creates the temporary files beside the final ones; the caller holds
    /// [their locks](OutputLocks::take). Fails with 73.
    pub fn create(spec: &OutputSpec, input: InputInfo<'_>, run_id: &str) -> Result<Self, Error> {
        let out = match &spec.path {
            Some(path) => draft(path, run_id)?,
            None => stdout(spec.format)?,
        };
        let partial = spec
            .partial
            .as_deref()
            .map(|path| Place::find(path).and_then(|place| Draft::create(place, run_id)));
        Ok(Self { partial: partial.transpose()?, ..Self::beside(out, spec, input, run_id)? })
    }

    /// Creates the rejects file alone: accepted rows are counted and go nowhere.
    pub fn create_rejects_only(
        spec: &OutputSpec,
        input: InputInfo<'_>,
        run_id: &str,
    ) -> Result<Self, Error> {
        Self::beside(Target::Stream(Box::new(io::sink())), spec, input, run_id)
    }

    /// With a rejects file, where there is to be one.
    fn beside(
        out: Target,
        spec: &OutputSpec,
        input: InputInfo<'_>,
        run_id: &str,
    ) -> Result<Self, Error> {
        let rejects = match &spec.rejects {
            Some(path) if path.as_os_str() == STDOUT => Some(stdout(Format::Csv)?),
            Some(path) => Some(draft(path, run_id)?),
            None => None,
        };
        Ok(Self::assemble(spec, input, run_id, Files { out, rejects }))
    }

    fn assemble(
        spec: &OutputSpec,
        input: InputInfo<'_>,
        run_id: &str,
        targets: Files<Target>,
    ) -> Self {
        let mut about = about(run_id);
        // Parquet has key-values of its own; Arrow has them in the schema.
        let has_none = matches!(spec.format, Format::Arrow | Format::Arrows);
        let in_schema = if has_none { about.as_slice() } else { &[] };
        let naming = Naming::of(spec.format, spec.keep_names);
        let input_of = |is_workbook: bool| {
            if is_workbook { input } else { InputInfo { tell_kinds: &[], ..input } }
        };
        let of_rows = input_of(spec.format == Format::Xlsx);
        let rows_layout =
            Layout::new(naming, of_rows, spec.columns.columns(), in_schema).of_run(run_id);
        let rows_layout = match spec.format {
            Format::Parquet => rows_layout.with_dictionaries(),
            _ => rows_layout,
        };
        let of_rejects: Vec<_> = REJECT_COLUMNS.iter().collect();
        let diverts = targets.rejects.is_some();
        let lists = spec.lists_rejects_in_workbook();
        let rejects_layout = (diverts || lists)
            .then(|| Layout::new(Naming::Kept, input_of(lists), &of_rejects, &[]));
        if lists {
            about.extend(input.files.iter().map(|name| ("input".to_owned(), name.clone())));
        }
        let blank = |target, typed: &Option<PathBuf>, format, layout: &Layout| Blank {
            sink: Sink::new(target),
            typed: typed.clone().unwrap_or_else(|| STDOUT.into()),
            format,
            style: spec.cells_of(format),
            schema: Arc::clone(layout.schema()),
            rejects: None,
            about: about.clone(),
        };
        let schema_of_rejects = rejects_layout.as_ref().map(|layout| Arc::clone(layout.schema()));
        let blanks = Files {
            out: Blank {
                rejects: schema_of_rejects.filter(|_| spec.format == Format::Xlsx),
                ..blank(targets.out, &spec.path, spec.format, &rows_layout)
            },
            rejects: targets.rejects.zip(rejects_layout.as_ref()).map(|(target, layout)| {
                let format = spec.rejects.as_deref().map_or(Format::Csv, format_of_rejects);
                blank(target, &spec.rejects, format, layout)
            }),
        };
        let names = rows_layout.input_columns();
        let renamed = names.filter(|(header, name)| header != name);
        let renamed = renamed.map(|(header, column)| Renamed::new(header, column)).collect();
        let layouts = Files { out: rows_layout, rejects: rejects_layout };
        Self {
            diverts,
            partial: None,
            state: State::Blank(Box::new((blanks, layouts))),
            rows: 0,
            diverted: 0,
            renamed,
        }
    }

    /// The columns of the input that have another name in the output.
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// Says more about the run in a workbook. Call before the first row.
    pub fn describe(&mut self, facts: &[(String, String)]) {
        if let State::Blank(blank) = &mut self.state {
            let Files { out, rejects } = &mut blank.0;
            for file in std::iter::once(out).chain(rejects) {
                if file.format == Format::Xlsx {
                    file.about.extend_from_slice(facts);
                }
            }
        }
    }

    /// Room for the records of a block, as earlier ones have left it.
    pub fn room(&self) -> Vec<Record> {
        match &self.state {
            State::Writing(worker) => worker.room(),
            State::Blank(_) | State::Failed => Vec::new(),
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
    pub fn commit(mut self) -> Result<Vec<Written>, Error> {
        let (rejects, out) = self.finish()?;
        rejects.into_iter().chain([out]).map(Finished::publish).collect()
    }

    /// Leaves the old output as it is: the rows go to [`OutputSpec::partial`], beside
    /// a rejects file in its place. Without one nothing is written.
    pub fn set_aside(mut self) -> Result<Vec<Written>, Error> {
        let (rejects, out) = self.finish()?;
        let Some(partial) = self.partial else { return Ok(Vec::new()) };
        let rejects = rejects.map(Finished::publish).transpose()?;
        Ok(rejects.into_iter().chain([out.copy_into(partial)?]).collect())
    }

    /// Leaves the old output as it is, and puts the rejects file in its place, where
    /// there is to be one.
    pub fn commit_rejects(mut self) -> Result<Option<Written>, Error> {
        let (rejects, _) = self.finish()?;
        rejects.map(Finished::publish).transpose()
    }

    fn finish(&mut self) -> Result<(Option<Finished>, Finished), Error> {
        let files = self.worker()?.join()?.try_map(Started::finish)?;
        let diverted = files.rejects.as_ref().map_or(0, |file| file.rows);
        if (files.out.rows, diverted) != (self.rows, self.diverted) {
            return Err(Error::internal("rows were lost on their way to the output"));
        }
        Ok((files.rejects, files.out))
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

/// The format that the name of a rejects file tells; CSV where it tells none, and on stdout.
fn format_of_rejects(path: &Path) -> Format {
    Format::from_path(path).unwrap_or(Format::Csv)
}

fn draft(path: &Path, run_id: &str) -> Result<Target, Error> {
    Draft::create(Place::find(path)?, run_id).map(Target::Draft)
}

/// Text and Arrow's stream go out as they come, a workbook at the end; what ends with its
/// table of contents is spooled and checked before the first byte leaves.
fn stdout(format: Format) -> Result<Target, Error> {
    let stdout = Box::new(io::stdout());
    match format {
        Format::Csv | Format::Tsv | Format::Jsonl | Format::Arrows | Format::Xlsx => {
            Ok(Target::Stream(stdout))
        }
        Format::Parquet | Format::Arrow => match tempfile::tempfile() {
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
