//! The other verbs: photo requests, paid tools, the state of keys and quotas,
//! and the vendors' own counts.

pub mod changes;
pub mod check;
pub(crate) mod client;
pub mod photos;
mod probe;
pub mod recalls;
pub mod reconcile;
mod template;
pub mod tool;
pub mod validate;
