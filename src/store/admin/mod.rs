//! What a person does with a store: back it up, put it back, write what it knows to a
//! file, prune it, forget a VIN, verify it, audit its calls and list its runs.

pub(in crate::store) mod audit;
pub(in crate::store) mod backup;
pub(in crate::store) mod fingerprint;
pub(in crate::store) mod forget;
pub(in crate::store) mod maintain;
pub(in crate::store) mod merge;
pub(in crate::store) mod prune;
pub(in crate::store) mod records;
pub(in crate::store) mod restore;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod verify;
