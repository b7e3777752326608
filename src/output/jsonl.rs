//! JSON Lines: one object a row with every column, nulls kept. Columns that
//! hold JSON stay strings, as in every other format.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cells::{self, Cell};
use super::sink::{CHUNK, Encode, Sink, TextSink};

/// Writes record batches as JSON Lines.
pub(super) struct JsonlEncoder {
    sink: TextSink,
    line: Vec<u8>,
    /// What comes before each value: `{"row_id":`, `,"vin":`, …
    keys: Vec<Vec<u8>>,
}

impl JsonlEncoder {
    /// Writes nothing yet: a file without rows is empty.
    pub(super) fn new(sink: TextSink, schema: &Schema) -> io::Result<Self> {
        let keys = schema.fields().iter().enumerate().map(|(place, field)| {
            let mut key = vec![if place == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut key, field.name())?;
            key.push(b':');
            Ok(key)
        });
        let keys = keys.collect::<io::Result<_>>()?;
        Ok(Self { sink, line: Vec::with_capacity(2 * CHUNK), keys })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

impl Encode for JsonlEncoder {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let columns = cells::columns(batch)?;
        for row in 0..batch.num_rows() {
            for (key, column) in self.keys.iter().zip(&columns) {
                self.line.extend_from_slice(key);
                let start = self.line.len();
                match column.cell(row, &mut self.line)? {
                    Cell::Null => self.line.extend_from_slice(b"null"),
                    Cell::Text(text) => serde_json::to_writer(&mut self.line, text)?,
                    Cell::Bare => {}
                    Cell::Time => {
                        self.line.insert(start, b'"');
                        self.line.push(b'"');
                    }
                }
            }
            self.line.extend_from_slice(b"}\n");
            if self.line.len() >= CHUNK {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        self.flush()?;
        self.sink.finish()
    }
}
