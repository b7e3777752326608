//! What becomes of a panic.

use std::panic::catch_unwind;

use super::*;

#[test]
fn a_full_temporary_folder_is_an_error() {
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let failed: io::Result<()> = caught(|| {
        assert!(crate::domain::panic_is_caught());
        panic!("{CANNOT_WRITE}: {full:?}")
    });
    let error = failed.expect_err("nothing was written");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let folder = std::env::temp_dir().display().to_string();
    assert!(error.to_string().contains(&folder) && error.to_string().contains("TMPDIR"), "{error}");
    assert!(!crate::domain::panic_is_caught());
}

#[test]
fn other_panics_pass_on() {
    let passed = catch_unwind(|| caught::<()>(|| panic!("a fault of ours")));
    assert_eq!(passed.expect_err("a panic").downcast_ref(), Some(&"a fault of ours"));
    assert!(!crate::domain::panic_is_caught());
}
