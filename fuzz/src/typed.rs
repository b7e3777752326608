//! Files whose columns have types: Parquet, Arrow files and streams.

use vinrich::input::InputSpec;

use super::rows::read;

/// How they begin; an Arrow stream by its first message.
const TYPED: [&[u8]; 3] = [b"PAR1", b"ARROW1", b"\xFF\xFF\xFF\xFF"];

/// The file, whatever it says of itself.
pub(crate) fn typed(bytes: &[u8]) {
    if !TYPED.iter().any(|magic| bytes.starts_with(magic)) {
        return;
    }
    if let Ok((inputs, rows)) = read(bytes, InputSpec::default()) {
        assert_eq!(inputs.types().len(), inputs.columns().len());
        assert!(rows.len() < 1 << 20, "{} rows of {} bytes", rows.len(), bytes.len());
    }
}
