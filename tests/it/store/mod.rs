//! The store: what it keeps, what it refuses, and what it survives.

mod audit;
mod cache;
mod changes;
mod disk;
mod file;
mod old_stores;
mod snapshot;
