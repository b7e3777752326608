//! vinrich: files of VINs in, one enriched row out for each row in.
//!
//! ```
//! use vinrich::config::Settings;
//! use vinrich::sandbox::{Quotas, Sandbox, SandboxSpec};
//! use vinrich::{Cancel, Context, Plan, Silent, SystemClock, vendors};
//!
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let file = folder.path().join("vinrich.toml");
//! # std::fs::write(&file, "").expect("a file");
//! let mut settings = Settings::load(Some(&file), std::iter::empty(), &vendors::specs())?;
//! settings.store = folder.path().join("vinrich.db");
//! // A sandbox takes the vendors' place: it needs no key and costs nothing.
//! let quotas = Quotas::roomy();
//! let sandbox = Sandbox::start(SandboxSpec { quotas, ..SandboxSpec::default() })?;
//! sandbox.redirect(&mut settings)?;
//!
//! let plan = Plan::new("sample-data/fleet.csv", folder.path().join("fleet.parquet"), settings)?;
//! let (clock, cancel) = (SystemClock::new(), Cancel::new());
//! let context = Context { events: &Silent, clock: &clock, cancel: &cancel };
//! let report = vinrich::enrich(&plan, context)?;
//! assert_eq!((report.exit_code, report.rows.written), (0, report.rows.read));
//! # Ok::<(), vinrich::Error>(())
//! ```
//!
//! The verbs: [`enrich()`] does the whole job, [`plan()`] says what it would take,
//! [`explain()`] what the store knows of one VIN, [`validate()`] what is in the input.
//! [`check()`] says who can be asked, [`quota()`] what is left of each limit,
//! [`reconcile()`] whether the vendors counted as we did, [`changes()`] what is
//! different from the night before. [`photos`] and [`tool()`]
//! act: they make photo requests and run paid tools.
//!
//! # The way of a VIN, from file to row
//!
//! 1. `enrich/mod.rs` holds the whole way in one screen. Pass 1, `enrich/survey.rs`,
//!    reads the input (`input/`) and keeps each distinct VIN, packed into 11 bytes;
//!    rows are never kept.
//! 2. `enrich/chain.rs` says for each dataset who answers, in which order: vendors,
//!    and data on this machine (`reference/`: the offline decoder, NHTSA's recall
//!    file). `enrich/board` says what the sources have answered about a key so far,
//!    and so who is asked next; `enrich/ask` asks. Decode and listings are asked by
//!    VIN, recalls by the vehicles that decode made known.
//! 3. Pass 2, `enrich/write.rs`, reads the input again, joins each row with its
//!    answers (`enrich/join`) and writes it (`output/`): a file is whole or absent.
//!
//! The store is the join, the cache and the resume point at once: duplicates, a
//! second run and a restart after a kill need no other mechanism.
//!
//! # The way of a call, from key to ledger to answer
//!
//! 1. A command opens one session (`enrich/session.rs`): the store with the run
//!    registered in it, and one door (`gate/mod.rs`) for each vendor.
//! 2. The door puts keys into full batches (`gate/queue.rs`), waits for the pace and
//!    the quota windows, and reserves the call in the ledger (`store/ledger/`) in one
//!    transaction, before it is sent (`gate/send.rs`). The vendor says what the
//!    request is (`vendors/`, one folder for each).
//! 3. The vendor reads the reply; the call is closed in the ledger, and its answers
//!    are stored (`store/answers/`) in the same transaction. What failed is retried,
//!    halved, waited for or given up (`gate/retry.rs`).
//!
//! A command that acts (`ops/photos`, `ops/tool`) takes the same way; what its call
//! does is frozen in the store before it is sent, so that a retry and a restart send
//! the same bytes under the same key, or nothing at all.
//!
//! # The way of a configuration key
//!
//! `config/keys.rs` lists every key with its meaning. `config/file.rs` reads the file,
//! then the environment, over the defaults, of which those of a vendor stand in its
//! folder under `vendors/`. What comes out is [`Settings`](config::Settings), checked;
//! nothing after it reads the file or the environment, but for API keys
//! (`config/secret.rs`).
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
//! - What goes wrong with a call is a [`Fault`](domain::outcome::Fault), with a key an
//!   [`Outcome`](domain::outcome::Outcome); an [`Error`] ends the run.
//! - `rusqlite` is imported under [`store`] alone; a secret is applied in `gate` alone.
//! - The library prints nothing, never exits, and has no global state.
//!
//! The rooms import one way, in the order below; a test holds that.

pub mod domain;
mod matching;
pub mod config;
mod files;
pub mod input;
pub mod output;
mod reference;
pub mod store;
pub mod vendors;
mod gate;
mod enrich;
mod ops;
pub mod sandbox;

// The verbs, and what all of them take.
pub use domain::cancel::Cancel;
pub use domain::error::Error;
pub use domain::events::Silent;
pub use enrich::enrich;
pub use enrich::explain::explain;
pub use enrich::plan::Plan;
pub use enrich::plan::forecast::plan;
pub use enrich::session::Context;
pub use files::{SystemClock, real_path};
pub use gate::quotas as quota;
pub use ops::changes::changes;
pub use ops::check::check;
pub use ops::client::{Confirm, Intent};
pub use ops::reconcile::reconcile;
pub use ops::tool::tool;
pub use ops::validate::validate;

// What else a verb takes or returns, in a module by its name.
pub use enrich::{explain, plan, report};
pub use gate::{AskedWait, PingUrl, VendorQuota};
pub use ops::{changes, check, photos, recalls, reconcile, tool, validate};

// What the command, the tests and the fuzz targets need besides.
pub use enrich::chain;
pub use gate::Windows;
pub use matching::{
    repair, row_vehicle, same_body, same_fuel, same_make, same_model, same_model_of, variants,
};
pub use reference::{nhtsa_file, vpic};
