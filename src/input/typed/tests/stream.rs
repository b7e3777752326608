//! Streams that are read as they come.

use std::io::{Cursor, Read};

use super::*;
use crate::input::FileDigest;

/// The rows of a stream that is read as it comes.
fn passed(bytes: &[u8]) -> Result<(Vec<crate::input::tests::Seen>, Vec<FileDigest>), Error> {
    let from: Box<dyn Read + Send> = Box::new(Cursor::new(bytes.to_vec()));
    pass(&Inputs::stream(&InputSpec::default(), from)?)
}

#[test]
fn a_passing_stream_reads_as_a_file_of_it_does() {
    for table in tables() {
        let parts = [table.slice(0, 0), table.slice(0, 20), table.slice(20, ROWS - 20)];
        for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
            let bytes = stream(&parts, ipc(compression));
            let (_folder, inputs) = opened(&bytes);
            let (seen, digests) = passed(&bytes).expect("a pass");
            let (expected, of_file) = pass(&inputs).expect("a pass");
            assert!(seen == expected && digests == of_file, "{seen:?}");
            let trailing = [&bytes[..], b"what comes behind the mark of the end"].concat();
            assert!(passed(&trailing).expect("a pass").0 == expected, "it is not read");
        }
    }
}

#[test]
fn each_batch_of_a_passing_stream_is_handed_on() {
    let table = &tables()[0];
    let parts = [table.slice(0, 1), table.slice(1, 0), table.slice(1, 30), table.slice(31, 19)];
    let from = Box::new(Cursor::new(stream(&parts, ipc(None))));
    let inputs = Inputs::stream(&InputSpec::default(), from).expect("a stream");
    let mut batches = inputs.batches().expect("a pass");
    let mut lengths = Vec::new();
    while let Some(batch) = batches.read().expect("rows") {
        lengths.push(batch.len());
    }
    assert_eq!(lengths, [1, 30, 19, 0], "the last may be empty");
    assert!(inputs.batches().expect("a pass").read().expect("none").is_none_or(|b| b.is_empty()));
}

#[test]
fn a_passing_stream_is_refused_wherever_it_was_cut() {
    let table = &tables()[0];
    let whole = stream(&[table.slice(0, 25), table.slice(25, 25)], ipc(None));
    for length in (0..whole.len()).step_by(7).chain(whole.len() - 8..whole.len()) {
        let error = passed(&whole[..length]).expect_err("it was cut");
        assert_eq!(error.exit(), Exit::BadInput, "{length}: {error}");
        assert!(error.hint_text().is_some() && error.to_string().contains("cut off"), "{error}");
    }
}

#[test]
fn a_message_of_absurd_length_is_refused_unread() {
    let mut bytes = stream(&[tables()[0].clone()], ipc(None));
    bytes[4..8].copy_from_slice(&u32::to_le_bytes(1 << 30));
    let error = passed(&bytes).expect_err("a message of a GiB");
    assert!(error.to_string().contains("longer than any is"), "{error}");
}
