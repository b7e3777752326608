//! Files on this machine: where an output may be, drafts that become whole files
//! or nothing, locks, private permissions, and what differs between operating
//! systems.

mod clock;
pub(crate) mod draft;
mod lock;
pub(crate) mod os;
pub(crate) mod place;
pub(crate) mod processes;
mod protected;

pub use clock::SystemClock;

pub use lock::{Named, OutputLocks, Wait};
pub(crate) use os::identity_of;
pub use os::real_path;
pub(crate) use place::refuse_address;
pub use protected::Protected;
pub(crate) use protected::{DOWNLOADS, RUNS, beside};
