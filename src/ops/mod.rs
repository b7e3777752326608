//! The other verbs: photo requests, paid tools, the state of keys and quotas,
//! and the vendors' own counts.

pub mod acting;
pub mod check;
pub mod photos;
mod probing;
pub mod reconcile;
pub mod tool;
