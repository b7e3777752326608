//! How a file of text is written, found by its content.

use vinrich::input::{InputFormat, InputSpec};

use super::rows::read;

/// What was found and is then named reads the same rows, and so does the same text in
/// UTF-16.
pub(crate) fn dialect(bytes: &[u8]) {
    let text =
        |delimiter| InputSpec { format: Some(InputFormat::Csv), delimiter, ..InputSpec::default() };
    let found = read(bytes, text(None));
    if let Ok((inputs, rows)) = &found {
        let (_, named) = read(bytes, text(inputs.files()[0].delimiter)).expect("as it was found");
        assert!(*rows == named, "{rows:?} without a flag, {named:?} with one");
    }
    let is_plain = |byte: &u8| byte.is_ascii_graphic() || b" \t\r\n".contains(byte);
    if !bytes.is_empty() && bytes.iter().all(is_plain) {
        let units = std::iter::once(0xFEFF).chain(bytes.iter().map(|&byte| u16::from(byte)));
        let wide: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
        match (found, read(&wide, text(None))) {
            (Ok((_, rows)), Ok((_, wide))) => {
                assert!(rows == wide, "{rows:?} in ASCII, {wide:?} in UTF-16");
            }
            (Err(error), Err(wide)) => assert_eq!(error.exit(), wide.exit()),
            (one, other) => {
                panic!("{:?} in ASCII, {:?} in UTF-16", one.err(), other.err());
            }
        }
    }
}
