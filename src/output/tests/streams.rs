//! Standard output, played by a reader that can go away.

use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ::arrow::ipc::reader::{FileReader, StreamReader};

use super::{Folder, INPUT, RUN, blank, block, full, input_info, spec, write};
use crate::domain::{Error, Exit};
use crate::output::record::Block;
use crate::output::sink::Target;
use crate::output::worker::Files;
use crate::output::{Format, Output, OutputSpec};

/// Keeps what it is given, up to a limit; then fails as it is set to.
#[derive(Clone)]
struct Reader {
    read: Arc<Mutex<Vec<u8>>>,
    limit: usize,
    then: io::ErrorKind,
}

impl Reader {
    fn new(limit: usize, then: io::ErrorKind) -> Self {
        Self { read: Arc::default(), limit, then }
    }

    fn read(&self) -> Vec<u8> {
        self.read.lock().expect("not poisoned").clone()
    }

    /// An output of `format` that this reads, spooled or not.
    fn output(&self, format: Format) -> Output {
        let target = match format {
            Format::Parquet | Format::Arrow => {
                Target::Spool(tempfile::tempfile().expect("a file"), Box::new(self.clone()))
            }
            Format::Csv | Format::Tsv | Format::Jsonl | Format::Arrows | Format::Xlsx => {
                Target::Stream(Box::new(self.clone()))
            }
        };
        let spec = OutputSpec { format, ..OutputSpec::new(None, None).expect("stdout") };
        let files = ["a.csv".into(), "b.csv".into()];
        let columns = INPUT.map(str::to_owned);
        let targets = Files { out: target, rejects: None };
        Output::assemble(&spec, input_info(&columns, &files), RUN, targets)
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut read = self.read.lock().expect("not poisoned");
        if read.len() + bytes.len() > self.limit {
            return Err(self.then.into());
        }
        read.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of `block` in `format`.
pub(super) fn streamed(format: Format, block: &Block) -> Vec<u8> {
    let reader = Reader::new(usize::MAX, io::ErrorKind::Other);
    let mut output = reader.output(format);
    output.write(block.clone()).expect("written");
    output.commit().expect("committed");
    reader.read()
}

#[test]
fn a_stream_gets_the_bytes_a_file_would() {
    for format in Format::ALL {
        let folder = Folder::new();
        let out = folder.path("out");
        let spec = OutputSpec { format, ..spec(&out) };
        write(&spec, &[block()]);
        let file = fs::read(&out).expect("the file is there");
        assert!(file == streamed(format, &block()), "{format:?}");
    }
}

#[test]
fn a_stream_hears_nothing_of_an_output_that_is_given_up_unwritten() {
    for format in Format::ALL {
        let reader = Reader::new(usize::MAX, io::ErrorKind::Other);
        drop(reader.output(format));
        assert!(reader.read().is_empty());
    }
}

/// Writes until the error shows, on a later write or on the commit.
fn first_error(mut output: Output) -> Error {
    let block = Block { records: vec![full(); 500], input: blank(500) };
    for _ in 0..20 {
        if let Err(error) = output.write(block.clone()) {
            assert!(output.write(block).is_err(), "an error is not forgotten");
            return error;
        }
    }
    output.commit().expect_err("the reader fails")
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for format in Format::ALL {
        let error = first_error(Reader::new(1000, io::ErrorKind::BrokenPipe).output(format));
        assert_eq!(error.exit(), Exit::Success, "{error}");
    }
}

#[test]
fn a_full_disk_is_told_as_such() {
    for format in Format::ALL {
        let error = first_error(Reader::new(1000, io::ErrorKind::StorageFull).output(format));
        assert_eq!(error.exit(), Exit::Io);
        assert!(error.to_string().starts_with("no space left"), "{error}");
    }
}

#[test]
fn arrow_streams_have_an_end_marker() {
    let folder = Folder::new();
    let out = folder.path("out.arrows");
    write(&spec(&out), &[block(), block()]);
    let bytes = fs::read(&out).expect("the file is there");
    assert_eq!(bytes[bytes.len() - 8..], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let reader = StreamReader::try_new(bytes.as_slice(), None).expect("a stream");
    let metadata = reader.schema().metadata().clone();
    assert_eq!(metadata.get("vinrich.schema_version").map(String::as_str), Some("2"));
    let rows: usize = reader.map(|batch| batch.expect("readable").num_rows()).sum();
    assert_eq!(rows, 6);
}

#[test]
fn arrow_files_are_read_from_their_end() {
    let folder = Folder::new();
    let out = folder.path("out.arrow");
    write(&spec(&out), &[block(), block()]);
    let reader = FileReader::try_new(File::open(&out).expect("a file"), None).expect("a file");
    assert_eq!(reader.num_batches(), 2);
    assert_eq!(reader.schema().metadata()["vinrich.run_id"], RUN);
    let rows: usize = reader.map(|batch| batch.expect("readable").num_rows()).sum();
    assert_eq!(rows, 6);
}
