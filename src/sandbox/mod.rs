//! The sandbox: a local stand-in for the vendors.
