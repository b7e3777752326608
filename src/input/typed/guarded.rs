//! What reads a file and may panic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::error::ArrowError;

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is caught, and is an error of an input file. A panic
/// hook that ends the process asks this first.
pub fn panic_is_caught() -> bool {
    CAUGHT.get()
}

/// What `read` reads. Arrow's readers trust some of what a file says of itself and panic
/// where it is wrong.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    CAUGHT.set(outer);
    result.unwrap_or_else(|_| {
        Err(ArrowError::ParseError("what it says of itself is not what it holds".into()))
    })
}
