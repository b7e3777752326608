//! A pass over the input: file after file, batch after batch.

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use arrow::datatypes::DataType;

use super::Inputs;
use super::batch::{Batch, Roles};
use super::file::{InputFile, Reader};
use super::filling::Filling;
use crate::domain::{Error, Exit};

/// Batches that wait, beside the one being read and the one being taken.
const AHEAD: usize = 1;

/// One pass over the input.
#[derive(Debug)]
pub struct Batches<'a> {
    inputs: &'a Inputs,
    selection: &'a Selection,
    /// Of the file being read; its place is the number of digests.
    reader: Option<Reader<'a>>,
    filling: Filling,
    digests: Vec<FileDigest>,
}

/// What a whole pass read of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// SHA-256 of the bytes read, in hex.
    pub sha256: String,
    /// Rows: records, without the header and what else is not a vehicle.
    pub rows: u64,
}

impl<'a> Batches<'a> {
    pub(super) fn start(inputs: &'a Inputs, selection: &'a Selection) -> Result<Self, Error> {
        let filling = Filling::new(&selection.types, selection.carried);
        let mut batches = Self { inputs, selection, reader: None, filling, digests: Vec::new() };
        batches.start_file()?;
        Ok(batches)
    }

    /// Reads the next batch; `None` behind the last, which may be empty.
    ///
    /// Fails with 65 where quotes are never closed or a file became shorter.
    pub fn read(&mut self) -> Result<Option<Batch>, Error> {
        if self.reader.is_none() {
            return Ok(None);
        }
        while let Some(reader) = &mut self.reader {
            reader.fill(&mut self.filling)?;
            if self.filling.is_full() {
                break;
            }
            self.digests.extend(self.reader.take().map(Reader::finish));
            self.start_file()?;
        }
        let batch = self.filling.take()?;
        Ok(Some(batch.corrected_by(self.inputs.corrections.as_ref())))
    }

    /// Gives each batch to `take`, and reads the next one meanwhile, on a thread of its own.
    /// The digests of the files then; `None` once `take` says `false`.
    ///
    /// # Errors
    /// Those of [`Batches::read`], once `take` has had what was read before; those of
    /// [`Batches::finish`], and of `take`.
    pub fn for_each(
        self,
        mut take: impl FnMut(Batch) -> Result<bool, Error>,
    ) -> Result<Option<Vec<FileDigest>>, Error> {
        thread::scope(|scope| {
            let (ahead, batches) = sync_channel(AHEAD);
            let reading = thread::Builder::new()
                .name("input".into())
                .spawn_scoped(scope, move || self.read_into(&ahead))
                .map_err(|e| Error::new(Exit::Io, "cannot start the reading thread").because(e))?;
            for batch in batches {
                if !take(batch)? {
                    return Ok(None);
                }
            }
            match reading.join() {
                Ok(pass) => pass?.finish().map(Some),
                Err(panic) => resume_unwind(panic),
            }
        })
    }

    /// Reads until nothing is left, or the batches are not wanted any more.
    fn read_into(mut self, ahead: &SyncSender<Batch>) -> Result<Self, Error> {
        while let Some(batch) = self.read()? {
            if ahead.send(batch).is_err() {
                break;
            }
        }
        Ok(self)
    }

    /// The digests of the files; what was not read yet is read now.
    ///
    /// Fails with 65 when an earlier pass read other bytes.
    pub fn finish(mut self) -> Result<Vec<FileDigest>, Error> {
        while self.read()?.is_some() {}
        self.inputs.check_same(&self.digests)?;
        Ok(self.digests)
    }

    fn start_file(&mut self) -> Result<(), Error> {
        let place = self.digests.len();
        if let Some(file) = self.inputs.files.get(place) {
            let projection = &self.selection.files[place];
            self.filling.start_file(place, 1, projection.roles);
            self.reader = Some(file.start(&projection.fields)?);
        }
        Ok(())
    }
}

/// Which columns a pass reads.
#[derive(Debug)]
pub(super) struct Selection {
    /// Their names.
    columns: Vec<String>,
    /// Their types; those that are only read are text.
    types: Vec<DataType>,
    /// How many of them, from the first, are carried through.
    carried: usize,
    /// Where each file has them.
    files: Vec<Projection>,
}

/// Where one file has the columns of a batch.
#[derive(Debug)]
struct Projection {
    /// For each column, its field in the file.
    fields: Vec<Option<usize>>,
    roles: Roles,
}

impl Selection {
    /// All that pass 2 reads: the columns `carried` through, and where those are not
    /// among them, those of the row key, of the VIN and of the row's own vehicle.
    pub(super) fn whole(
        files: &[InputFile],
        carried: &[String],
        types: &[DataType],
        keys: &[String],
    ) -> Self {
        Self::of(files, carried, types, |file| {
            let keys =
                file.table.columns.iter().enumerate().filter(|(_, name)| keys.contains(name));
            let others =
                [Some(file.table.vin_index)].into_iter().chain(file.table.row_vehicle).flatten();
            keys.map(|(field, _)| field).chain(others).collect()
        })
    }

    /// The VINs, and the model years that rows state.
    pub(super) fn vins(files: &[InputFile]) -> Self {
        Self::of(files, &[], &[], |file| {
            let [.., year] = file.table.row_vehicle;
            [Some(file.table.vin_index), year].into_iter().flatten().collect()
        })
    }

    /// The place of the column `name` in a batch.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn of(
        files: &[InputFile],
        carried: &[String],
        types: &[DataType],
        needed: impl Fn(&InputFile) -> Vec<usize>,
    ) -> Self {
        let mut columns: Vec<&str> = carried.iter().map(String::as_str).collect();
        let mut seen: HashSet<&str> = columns.iter().copied().collect();
        for file in files {
            let names = needed(file).into_iter().filter_map(|field| file.table.columns.get(field));
            columns.extend(names.map(String::as_str).filter(|name| seen.insert(name)));
        }
        let mut types = types.to_vec();
        types.resize(columns.len(), DataType::Utf8);
        Self {
            types,
            files: files.iter().map(|file| Projection::of(file, &columns)).collect(),
            carried: carried.len(),
            columns: columns.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Projection {
    fn of(file: &InputFile, columns: &[&str]) -> Self {
        let fields: HashMap<&str, usize> = file
            .table
            .columns
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        let fields: Vec<Option<usize>> =
            columns.iter().map(|name| fields.get(name).copied()).collect();
        let place_of = |field| fields.iter().position(|&other| other == Some(field));
        let roles = Roles {
            vin: place_of(file.table.vin_index),
            row_vehicle: file.table.row_vehicle.map(|field| place_of(field?)),
        };
        Self { fields, roles }
    }
}
