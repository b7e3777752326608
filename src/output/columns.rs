//! Blocks of records into Arrow record batches, a column at a time. The input's own
//! columns are passed on as they came.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::InputInfo;
use super::decode_table::DecodeTable;
use super::hash::{RowHashes, Seed};
use super::names::{Naming, input_names};
use super::schema::{COLUMNS, Column, Take};
use super::take::{has_recalls, listing};
use super::values::{hex_array, text_array};
use crate::domain::Error;
use crate::output::record::{Block, Record};

/// Field metadata: what an input column was called in the input.
pub(super) const ORIGINAL_NAME: &str = "original_name";
/// Field metadata: what a column says, in one line.
pub(super) const DESCRIPTION: &str = "description";
/// Field metadata: what is in a column of text that is more than text.
pub(super) const CONTENT_TYPE: &str = "content_type";
/// A [`CONTENT_TYPE`].
pub(super) const JSON: &str = "application/json";
/// Another: cells of several kinds, as the text that tells them apart.
pub(super) const SHEET_CELLS: &str = "sheet cells";

/// The columns of one file: the input's own, then ours.
pub(super) struct Layout {
    /// What the hashes of the input's columns begin with.
    input_seeds: Vec<Seed>,
    ours: Vec<Ours>,
    decodes: DecodeTable,
    schema: SchemaRef,
    /// The names of the input's files, by their place in the input.
    files: Arc<[String]>,
    run_id: String,
}

/// A column of ours that the file has, or that its rows' hashes are made of.
#[derive(Debug)]
struct Ours {
    column: &'static Column,
    /// Where it counts for the hash.
    seed: Option<Seed>,
    is_written: bool,
}

impl Layout {
    /// The layout of a file whose input columns are called as `naming` says, with
    /// `metadata` for the whole file.
    pub(super) fn new(
        naming: Naming,
        input: InputInfo<'_>,
        ours: &[&'static Column],
        metadata: &[(String, String)],
    ) -> Self {
        let types = input.types.iter().cloned().chain(iter::repeat(DataType::Utf8));
        let theirs = input_names(naming, input.columns, ours).into_iter().zip(input.headers);
        let theirs = theirs
            .zip(types)
            .map(|((name, header), data_type)| input_field(name, header, data_type));
        let tell_kinds = input.tell_kinds.iter().copied().chain(iter::repeat(false));
        let theirs = theirs.zip(tell_kinds).map(|(field, tells)| of_sheet(field, tells));
        let fields: Vec<Field> =
            theirs.chain(ours.iter().map(|column| our_field(column))).collect();
        let ours = with_hashed(ours);
        let decoded = |ours: &Ours| match &ours.column.take {
            Take::Decode(values) => Some((values, ours.seed)),
            _ => None,
        };
        Self {
            input_seeds: input.columns.iter().map(|name| Seed::of_input(name)).collect(),
            decodes: DecodeTable::new(ours.iter().filter_map(decoded).collect()),
            ours,
            schema: Arc::new(Schema::new_with_metadata(fields, metadata.iter().cloned().collect())),
            files: input.files.into(),
            run_id: String::new(),
        }
    }

    /// The same in the file of that run.
    pub(super) fn of_run(self, run_id: &str) -> Self {
        Self { run_id: run_id.into(), ..self }
    }

    /// The same for an encoder that takes dictionaries of the text that rows share.
    pub(super) fn with_dictionaries(self) -> Self {
        Self { decodes: self.decodes.with_dictionaries(), ..self }
    }

    /// Names and types of all columns.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What the input's columns are called in its files, and here.
    pub(super) fn input_columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.schema.fields().iter().filter_map(|field| {
            Some((field.metadata().get(ORIGINAL_NAME)?.as_str(), field.name().as_str()))
        })
    }

    /// All rows of `block`.
    pub(super) fn batch(&mut self, block: &Block) -> Result<RecordBatch, Error> {
        let arrays = self.arrays(block).map_err(misfit)?;
        RecordBatch::try_new(self.schema_of(&arrays), arrays).map_err(misfit)
    }

    /// The schema, its text a dictionary where it came so.
    fn schema_of(&self, arrays: &[ArrayRef]) -> SchemaRef {
        let is_dictionary =
            |array: &ArrayRef| matches!(array.data_type(), DataType::Dictionary(..));
        if !arrays.iter().any(is_dictionary) {
            return Arc::clone(&self.schema);
        }
        let typed = |(field, array): (&FieldRef, &ArrayRef)| {
            if is_dictionary(array) {
                Arc::new(field.as_ref().clone().with_data_type(array.data_type().clone()))
            } else {
                Arc::clone(field)
            }
        };
        let fields: Fields = self.schema.fields().iter().zip(arrays).map(typed).collect();
        Arc::new(Schema::new_with_metadata(fields, self.schema.metadata().clone()))
    }

    /// A column for each field of the schema.
    pub(super) fn arrays(&mut self, block: &Block) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut arrays = block.input.clone();
        let mut hashes = RowHashes::of_rows(block.records.len());
        let mut place_of_hash = None;
        let numbers = self.decodes.numbers(&block.records)?;
        if let Some(numbers) = &numbers {
            self.decodes.add_to(&mut hashes, numbers);
        }
        let present = Present::among(&block.records);
        let mut decoded = 0..;
        for ours in &self.ours {
            let array = match (&ours.column.take, &numbers) {
                (Take::Hash, _) => {
                    place_of_hash = Some(arrays.len());
                    continue;
                }
                (Take::Decode(_), Some(numbers)) => match decoded.next() {
                    Some(place) if ours.is_written => self.decodes.column(place, numbers)?,
                    _ => continue,
                },
                _ => {
                    let array = self.array(ours.column, &block.records, present)?;
                    if let Some(seed) = ours.seed {
                        hashes.add(seed, &array)?;
                    }
                    array
                }
            };
            if ours.is_written {
                arrays.push(array);
            }
        }
        if let Some(place) = place_of_hash {
            for (seed, column) in self.input_seeds.iter().zip(&block.input) {
                hashes.add_as_text(*seed, column)?;
            }
            arrays.insert(place, hex_array(hashes.each())?);
        }
        Ok(arrays)
    }

    /// The rows of `block` that `keep` marks.
    pub(super) fn batch_of(
        &mut self,
        block: &Block,
        keep: &BooleanArray,
    ) -> Result<RecordBatch, Error> {
        filter_record_batch(&self.batch(block)?, keep).map_err(misfit)
    }

    fn array(
        &self,
        column: &Column,
        records: &[Record],
        present: Present,
    ) -> Result<ArrayRef, ArrowError> {
        let rows = records.iter();
        match &column.take {
            Take::Row(values) => values.array(rows.map(Some)),
            Take::Decode(values) => values.array(rows.map(|row| row.decode.facts.as_deref())),
            Take::Recalls(values) if present.recalls => values.array(rows.map(Some)),
            Take::Listing(values) if present.listings => values.array(rows.map(listing)),
            Take::Comparables(values) if present.comparables => {
                values.array(rows.map(|row| row.comparables.as_deref()))
            }
            Take::File => text_array(rows.map(|row| self.files.get(row.file).map(String::as_str))),
            Take::Run => text_array(rows.map(|_| Some(self.run_id.as_str()))),
            // What no row has; the hash is made of the other columns.
            Take::Recalls(_) | Take::Listing(_) | Take::Comparables(_) | Take::Hash => {
                Ok(new_null_array(&column.data_type(), records.len()))
            }
        }
    }
}

/// What any row of a block has: columns of what none has cost nothing.
#[derive(Clone, Copy)]
struct Present {
    recalls: bool,
    listings: bool,
    comparables: bool,
}

impl Present {
    fn among(records: &[Record]) -> Self {
        Self {
            recalls: records.iter().any(has_recalls),
            listings: records.iter().any(|row| listing(row).is_some()),
            comparables: records.iter().any(|row| row.comparables.is_some()),
        }
    }
}

/// A column of the input.
fn input_field(name: String, original: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true).with_metadata(HashMap::from([
        (ORIGINAL_NAME.to_owned(), original.to_owned()),
        (DESCRIPTION.to_owned(), format!("column `{original}` of the input")),
    ]))
}

/// The same, whose text tells the kinds of its cells.
fn of_sheet(mut field: Field, tells_kinds: bool) -> Field {
    if tells_kinds && *field.data_type() == DataType::Utf8 {
        field.metadata_mut().insert(CONTENT_TYPE.to_owned(), SHEET_CELLS.to_owned());
    }
    field
}

/// A column of ours.
fn our_field(column: &Column) -> Field {
    let content = column.is_json.then_some((CONTENT_TYPE, JSON));
    let about = [(DESCRIPTION, column.description)].into_iter().chain(content);
    let about = about.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Field::new(column.name, column.data_type(), true).with_metadata(about.collect())
}

/// The columns `ours` of a file, and where one of them is the hash, those that it does
/// not have and that count for the hash.
fn with_hashed(ours: &[&'static Column]) -> Vec<Ours> {
    let has_hash = ours.iter().any(|column| matches!(column.take, Take::Hash));
    let counts = |column: &Column| has_hash && column.is_hashed;
    let entry = |column: &'static Column, is_written| Ours {
        column,
        seed: counts(column).then(|| Seed::of_ours(column.name)),
        is_written,
    };
    let is_left_out = |column: &&'static Column| ours.iter().all(|our| our.name != column.name);
    let hashed_only = COLUMNS.iter().filter(|column| counts(column)).filter(is_left_out);
    let written = ours.iter().map(|column| entry(column, true));
    written.chain(hashed_only.map(|column| entry(column, false))).collect()
}

/// A block whose shape is not that of the layout.
pub(super) fn misfit(cause: ArrowError) -> Error {
    Error::internal("a block of rows does not fit the output's columns").because(cause)
}
