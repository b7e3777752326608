//! Panics that are caught, since a crate makes them of what is wrong with a file.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is caught and becomes an error. A panic hook that ends
/// the process asks this first.
pub fn panic_is_caught() -> bool {
    CAUGHT.get()
}

/// What `work` gives, or what it panicked with.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result
}
