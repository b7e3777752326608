//! Where tests find the real data; also part of `tests/it`.

use std::path::{Path, PathBuf};

/// The decoder's data: the file `VINRICH_TEST_VPIC` names, else what
/// `make vpic-data` made. Without them it says so, and the test passes by.
#[expect(clippy::print_stderr, reason = "a test that passes by says so")]
pub(crate) fn data() -> Option<PathBuf> {
    let path = std::env::var_os("VINRICH_TEST_VPIC").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target-data/vpic.rkyv"),
        PathBuf::from,
    );
    let found = path.is_file();
    if !found {
        eprintln!("skipped: no decoder data at `{}`; `make vpic-data` makes them", path.display());
    }
    found.then_some(path)
}
