//! Data on this machine that answer without a call: the offline decoder's, and
//! NHTSA's recall file.

pub mod nhtsa_file;
pub mod vpic;
