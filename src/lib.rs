//! vinrich: files of VINs in, one enriched row out for each row in.
//!
//! # The data path
//!
//! The input is read twice. Pass 1 ([`survey`]) validates every VIN and keeps
//! the distinct ones, packed into 11 bytes each; rows are never kept. Then the
//! run asks ([`asking`]): for each dataset it looks up which keys the store
//! ([`store`]) does not answer, and sends those, in full batches ([`batch`]),
//! through the one door of each vendor ([`gate`]). Every call is in the store's
//! ledger before it is sent; every reply is in the store before its answers are
//! used. Decode and listings are asked by VIN (wave 1), recalls by the vehicles
//! that decode made known (wave 2). An inventory cannot be asked about a VIN: it
//! is read whole, page by page ([`inventory`]). Pass 2 ([`writing`]) reads the
//! input again, joins each row with the answers ([`join`]) and writes it
//! ([`output`]).
//!
//! For each dataset there is a chain of sources ([`panel`]), each asked about what
//! no earlier one has settled. Two of them are data on this machine and no call:
//! the offline decoder ([`vpic`]), which is also the second opinion on what
//! vendors answer ([`conflicts`]), and NHTSA's recall file ([`recall_file`]). They
//! are looked up where the answer is needed, mostly in pass 2. A zero of recalls
//! is put to the test, by VIN or against the source's list of models, before the
//! next source is asked.
//!
//! Photo requests and paid tools ([`acting`]) go through the same gate and
//! ledger. What they do is frozen in the store before it is sent, so that a retry
//! and a restart send the same bytes under the same key, or nothing at all.
//!
//! The store is the join, the cache and the resume point at once: duplicates, a
//! second run and a restart after a kill need no other mechanism. [`plan()`]
//! is pass 1 without the gate.
//!
//! # The words
//!
//! A *row* is one input record. A *key* is what an endpoint is asked about: a
//! VIN, or a vehicle (make, model, year). An *answer* is what it said about one
//! key, raw. A *call* is one HTTP request, the unit that quotas and money
//! count. To *park* is to stop asking a vendor until a known time.
//!
//! # What holds everywhere
//!
//! - Rows in = rows out + rows diverted, checked before anything is renamed into place.
//! - A call is reserved in one transaction, under every quota window, before it is sent.
//! - What goes wrong with a call is a [`Fault`](outcome::Fault), with a key an
//!   [`Outcome`](outcome::Outcome); an [`Error`](error::Error) stops the run.
//! - `rusqlite` is imported under [`store`] alone; a secret is applied in [`gate`] alone.
//! - The library prints nothing, never exits, and has no global state.
//!
//! Modules import one way, in the order below; a test holds that.

pub mod domain;
pub mod matching;
pub mod config;
pub mod files;
pub mod input;
pub mod output;
pub mod reference;
pub mod store;
pub mod vendors;
pub mod gate;
pub mod enrich;
pub mod ops;
pub mod sandbox;

pub use enrich::explain::explain;
pub use enrich::plan::forecast::plan;
pub use enrich::run;
pub use enrich::write::validate;
pub use files::SystemClock;
pub use gate::quotas;
pub use ops::check::check;
pub use ops::reconcile::reconcile;
