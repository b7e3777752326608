//! Files that are packed: gzip, zstd, a zip archive with one member.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use vinrich::input::InputSpec;

use super::rows::read;

/// Begins of what is packed already.
const PACKED: [&[u8]; 3] = [b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"PK\x03\x04"];

/// What is packed is read, or refused; anything else reads the same when it is packed.
pub(crate) fn packed(bytes: &[u8]) {
    let bare = read(bytes, InputSpec::default());
    if PACKED.iter().any(|magic| bytes.starts_with(magic)) {
        return;
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("memory takes all");
    let gzip = gzip.finish().expect("memory takes all");
    match (bare, read(&gzip, InputSpec::default())) {
        (Ok((_, bare)), Ok((inputs, packed))) => {
            assert_eq!(inputs.files()[0].packing, Some("gzip"));
            assert!(bare == packed, "{bare:?} as it is, {packed:?} when packed");
        }
        (Err(bare), Err(packed)) => assert_eq!(bare.exit(), packed.exit(), "{bare}, {packed}"),
        (bare, packed) => panic!("{:?} as it is, {:?} when packed", bare.err(), packed.err()),
    }
}
