use std::io::Write as _;

use flate2::write::GzEncoder;
use sha2::Digest as _;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::Exit;
use crate::domain::numbers::hex;
use crate::input::tests::{failure, opened, pass, rows};

const LIST: &str = "VIN,Unit\n1HGCM82633A004352,7\n5YJ3E1EA7KF317000,8\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory")
}

fn zip(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        archive.start_file(*name, options).expect("memory");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip(members, zip::CompressionMethod::Deflated)
}

/// The list, packed in every way.
fn packed() -> Vec<(&'static str, Vec<u8>)> {
    let (first, second) = LIST.as_bytes().split_at(20);
    let junk: [(&str, &[u8]); 3] =
        [("__MACOSX/._fleet.csv", b"x"), ("fleet/fleet.csv", LIST.as_bytes()), (".DS_Store", b"x")];
    vec![
        ("gzip", gzip(LIST.as_bytes())),
        ("gzip", [gzip(first), gzip(second)].concat()),
        ("zstd", zstd(LIST.as_bytes())),
        ("zstd", [zstd(first), zstd(second)].concat()),
        ("zip", deflated(&junk)),
        ("zip", zip(&[("fleet.csv", LIST.as_bytes())], zip::CompressionMethod::Stored)),
    ]
}

#[test]
fn packed_files_hold_the_same_rows_in_every_pass() {
    let expected = rows(&opened(LIST.as_bytes()).1);
    for (packing, bytes) in packed() {
        let (_folder, inputs) = opened(&bytes);
        assert_eq!(inputs.files()[0].packing, Some(packing));
        assert_eq!(rows(&inputs), expected, "{packing}");
        let (again, digests) = pass(&inputs).expect("a second pass");
        assert_eq!(again, expected);
        let of_file = hex(&sha2::Sha256::digest(&bytes));
        assert_eq!(digests[0].sha256, of_file, "the digest is that of the file as it lies there");
    }
}

#[test]
fn packed_files_that_are_cut_are_refused() {
    for (packing, bytes) in packed() {
        for length in [bytes.len() - 1, bytes.len() / 2, 30] {
            let (exit, message, hint) = failure(&bytes[..length]);
            assert_eq!(exit, Exit::BadInput, "{packing} of {length}: {message}");
            assert!(message.contains(packing) && !hint.is_empty(), "{message}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    for bytes in [gzip(LIST.as_bytes()), deflated(&[("a.csv", LIST.as_bytes())])] {
        // The checksum of gzip is before the length at its end; that of zip is in the
        // index, 16 bytes behind its mark.
        let index = bytes.windows(4).position(|four| four == b"PK\x01\x02");
        let place = index.map_or(bytes.len() - 8, |index| index + 16);
        let mut bytes = bytes;
        bytes[place] ^= 1;
        assert_eq!(failure(&bytes).0, Exit::BadInput);
    }
}

#[test]
fn an_archive_holds_one_file_of_data() {
    let list = LIST.as_bytes();
    let (exit, message, hint) = failure(&deflated(&[("a.csv", list), ("b/c.csv", list)]));
    assert_eq!(exit, Exit::BadInput);
    assert!(
        message.contains("2 files: `a.csv`, `b/c.csv`") && hint.contains("unpack"),
        "{message}"
    );
    assert!(failure(&deflated(&[])).1.contains("holds no file"));
    for (name, what) in
        [("xl/workbook.xml", "the workbook is damaged"), ("word/document.xml", "Word document")]
    {
        let (_, message, _) = failure(&deflated(&[("[Content_Types].xml", b"x"), (name, b"x")]));
        assert!(message.contains(what), "{message}");
    }
    let twice = failure(&gzip(&gzip(list))).1;
    assert!(twice.contains("gzip data in packed data"), "{twice}");
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_disk() {
    let mut header = b"VIN,Note\n".to_vec();
    header.extend(std::iter::repeat_n(b'0', 80 << 20));
    for bytes in [gzip(&header), zstd(&header), deflated(&[("a.csv", &header)])] {
        assert!(bytes.len() < 400_000);
        let (exit, message, hint) = failure(&bytes);
        assert_eq!(exit, Exit::BadInput);
        assert!(message.contains("200 times") && hint.contains("unpack"), "{message}");
    }
}

#[test]
fn a_short_file_of_one_value_is_no_bomb() {
    let line = "1HGCM82633A004352\n";
    let list = line.repeat(200_000);
    let (_folder, inputs) = opened(&gzip(list.as_bytes()));
    assert_eq!(pass(&inputs).expect("a pass").1[0].rows, 200_000);
}
