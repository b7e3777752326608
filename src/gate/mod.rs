//! The gate: the one door to each vendor.
//!
//! The way of a call: its keys wait in the queue; it is reserved in the ledger
//! under every quota window of its account; it is sent when the vendor's pace and
//! waits allow; its reply is read whole, and the call is closed in the ledger
//! together with its answers. What follows from a call without an answer is one
//! table in `retry`: sent again, halved, given up, or the vendor off for this run.
//! [`Download`] fetches a published file: no account, no quota and no price are
//! there to be counted, so no call is entered, but the client and its rules are the same.
//! There is no second way to a vendor: [`Door::ask`] asks about many keys, and
//! [`Door::probe`] sends a single call that is not billed.

mod account;
mod awake;
mod call_log;
mod door;
mod download;
mod health;
mod in_flight;
mod linked_file;
mod other_runs;
mod pacing;
mod ping;
mod probe;
mod queue;
mod quotas;
mod redact;
pub(crate) mod report;
mod reservations;
mod resolver;
mod retry;
mod round;
mod seen;
mod send;
mod settle;
mod stats;
mod transport_error;
mod windows;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use crate::config::VendorSettings;
use crate::domain::{Cancel, Clock, Events, Freshness, Key, Level, Outcome, Progress};
use crate::store::{STORE_LOCKED, SourceId, Writer};
use crate::vendors::Vendor;

pub(crate) use account::VendorAccount;
pub(crate) use door::Door;
pub(crate) use download::{Download, Downloaded};
pub(crate) use linked_file::Unfetched;
pub(crate) use ping::Ping;
pub use ping::PingUrl;
pub(crate) use probe::Probed;
pub use quotas::{AskedWait, VendorQuota, quotas};
pub use report::{QuotaReport, VendorReport};
pub(crate) use send::LargeBodies;
pub use windows::Windows;
pub(crate) use windows::seconds_for;

/// When to come back after an outage.
pub(crate) const AFTER_OUTAGE: Duration = Duration::from_mins(15);

/// How soon to look again whether calls that fill a window have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What every door of a run shares.
pub(crate) struct Shared<'a> {
    /// The ledger and the answers.
    pub writer: &'a Writer,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The stop button.
    pub cancel: &'a Cancel,
    /// Where news go.
    pub events: &'a dyn Events,
    /// How far the run has come.
    pub progress: RefCell<Progress>,
    /// A longer wait parks the vendor.
    pub max_wait: Duration,
    /// Keeps many large replies at once from filling the memory.
    pub large_bodies: LargeBodies,
    /// Whether it was said that another process holds the store's write lock.
    pub lock_noted: Cell<bool>,
}

impl Shared<'_> {
    /// Whether another process keeps this run from writing: what cannot be entered in the
    /// ledger must not be sent, and replies wait in memory.
    pub(crate) fn is_locked_out(&self) -> bool {
        let Some(who) = self.writer.waits_for() else {
            self.lock_noted.set(false);
            return false;
        };
        if !self.lock_noted.replace(true) {
            let message = format!("{who}: nothing is sent before it lets go");
            self.events.note(Level::Warn, STORE_LOCKED, &message);
        }
        true
    }

    /// Changes the progress and reports it.
    pub(crate) fn update_progress(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.borrow_mut();
        change(&mut progress);
        self.events.progress(&progress);
    }
}

impl std::fmt::Debug for Shared<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("max_wait", &self.max_wait).finish_non_exhaustive()
    }
}

/// A question for one endpoint about many keys.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Its id at the door's vendor.
    pub endpoint: &'static str,
    /// Where the answers are kept.
    pub source: SourceId,
    /// What to ask about, the most urgent first.
    pub keys: Vec<Key>,
    /// How long the answers will be fresh.
    pub freshness: Freshness,
}

/// What came of an [`Asking`]. The answers are in the store.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The keys that have no answer, and why.
    pub unanswered: HashMap<Key, Outcome>,
    /// The keys whose answer would not take the place of a find, and why: where the
    /// store holds a find about one, that stays.
    pub unrenewed: HashMap<Key, Outcome>,
    /// The vendor refuses this kind of request as such, whatever the keys.
    pub shape_refused: bool,
}

/// The name written to the `<dataset>_vendor` columns.
pub(crate) fn label(vendor: &dyn Vendor, settings: &VendorSettings) -> String {
    let id = vendor.spec().id();
    if settings.sandbox { format!("sandbox:{id}") } else { id.to_owned() }
}
