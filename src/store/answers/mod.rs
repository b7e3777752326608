//! Answers: the index of what was said about each key, the bodies it was said
//! in, lists that are read page by page, and NHTSA's recall file.

mod history;
pub(in crate::store) mod index;
pub(in crate::store) mod inventories;
pub(in crate::store) mod lookup;
pub(in crate::store) mod recalls;
pub(in crate::store) mod provenance;
