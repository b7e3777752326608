//! What reads a file and may panic.

use arrow::error::ArrowError;

use crate::domain::caught;

/// What `read` reads. Arrow's readers trust some of what a file says of itself and panic
/// where it is wrong.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T, ArrowError> {
    caught(read).unwrap_or_else(|_| {
        Err(ArrowError::ParseError("what it says of itself is not what it holds".into()))
    })
}
