//! The ledger: every call before it is sent, what accounts have left of their
//! windows and limits, and which other processes share them.

pub(in crate::store) mod accounts;
mod budget;
pub(in crate::store) mod calls;
mod charges;
pub(in crate::store) mod in_flight;
pub(in crate::store) mod operations;
pub(in crate::store) mod processes;
pub(in crate::store) mod requests;
pub(in crate::store) mod waits;
pub mod windows;
