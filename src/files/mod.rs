//! Files on this machine: where an output may be, drafts that become whole files
//! or nothing, locks, private permissions, and what differs between operating
//! systems.

mod clock;
pub(crate) mod draft;
mod lock;
pub(crate) mod os;
pub(crate) mod place;

pub use clock::SystemClock;

pub use lock::OutputLock;
pub use os::real_path;
