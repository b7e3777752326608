//! The gate: the one door to each vendor.
//!
//! For every call: pacing, a reservation in the ledger, the send, the reading
//! of the reply, and what follows from it: an answer kept, a retry, a half
//! batch, a wait, a park, or the vendor off for this run. Every way to a vendor
//! leads through [`Door::ask`], or [`Door::probe`] for a single unbilled call.

mod breaker;
mod account;
mod call_log;
mod redact;
mod retry;
mod send;
mod transport_error;
mod probe;
mod queue;
mod quotas;
pub(crate) mod report;
mod reservations;
mod resolver;
mod round;
mod stats;
mod pacing;
mod windows;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use secrecy::{ExposeSecret, SecretString};

use crate::config::VendorSettings;
use crate::domain::cancel::Cancel;
use crate::domain::error::Error;
use crate::domain::events::{Events, Level, Progress};
use crate::domain::freshness::Freshness;
use crate::domain::key::Key;
use crate::domain::outcome::{Denied, Fault, Held, Outcome};
use crate::domain::time::Clock;
use crate::store::{AccountId, RoomWish, SourceId, WaitWord, Writer};
use crate::vendors::{Auth, Endpoint, Vendor};

use breaker::{Breaker, RetryBudget};
use stats::Tally;

pub(crate) use account::{account_name, origin};
pub use probe::Probed;
pub use quotas::{AskedWait, VendorQuota, quotas};
pub use report::{QuotaReport, VendorReport};
pub use send::LargeBodies;
pub use windows::{Windows, later, rfc3339, seconds_for};

/// Refused requests without a single answered one that mean the request itself
/// is wrong. One bad VIN among 20 is refused five times at the most before a
/// half without it is answered.
const REFUSED_IN_A_ROW: u32 = 6;

/// When to come back after an outage.
pub const AFTER_OUTAGE: Duration = Duration::from_mins(15);

/// What every door of a run shares.
pub struct Shared<'a> {
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
}

impl Shared<'_> {
    /// Changes the progress and tells it.
    pub fn tell(&self, change: impl FnOnce(&mut Progress)) {
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
pub struct Asking {
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
pub struct Asked {
    /// The keys that have no answer, and why.
    pub unanswered: HashMap<Key, Outcome>,
    /// The vendor refuses this kind of request as such, whatever the keys.
    pub shape_refused: bool,
}

type Pacer = governor::RateLimiter<NotKeyed, InMemoryState, DefaultClock, NoOpMiddleware>;

/// One vendor's door.
pub struct Door<'a> {
    shared: &'a Shared<'a>,
    vendor: &'static dyn Vendor,
    settings: &'a VendorSettings,
    label: String,
    account: AccountId,
    client: reqwest::Client,
    key: RefCell<Option<SecretString>>,
    /// Counts the keys read from a changed key file.
    key_edition: Cell<u32>,
    pacer: Option<Pacer>,
    windows: RefCell<Windows>,
    breaker: RefCell<Breaker>,
    /// Retries are few over all questions of a run: many small ones cost no more than one.
    budget: RefCell<RetryBudget>,
    tally: RefCell<Tally>,
    in_flight: Cell<usize>,
    limited_in_a_row: Cell<u32>,
    limited_at: Cell<Option<Instant>>,
    /// A wait the vendor asked for that the store does not know yet.
    heard_wait: Cell<Option<(Duration, WaitWord)>>,
    refused_in_a_row: Cell<u32>,
    cool_until: Cell<Option<Instant>>,
    closed: RefCell<Option<Closed>>,
}

/// Why nothing more is sent to a vendor in this run.
#[derive(Clone, Debug)]
enum Closed {
    Denied(Denied),
    /// It refuses everything it is asked: the request is wrong, not the keys.
    Refusing(String),
    Parked(Held, Option<i64>),
}

impl std::fmt::Debug for Door<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("vendor", &self.label).finish_non_exhaustive()
    }
}

impl<'a> Door<'a> {
    /// Opens the door to `vendor`. Nothing is sent.
    pub fn open(
        shared: &'a Shared<'a>,
        vendor: &'static dyn Vendor,
        settings: &'a VendorSettings,
        account: AccountId,
        key: Option<SecretString>,
    ) -> Result<Self, Error> {
        let windows = Windows::new(settings);
        let pacer = windows.pace().map(|quota| {
            let pace = governor::Quota::with_period(quota.window / quota.calls.get())
                .map(|pace| pace.allow_burst(quota.calls));
            governor::RateLimiter::direct(pace.unwrap_or(governor::Quota::per_second(quota.calls)))
        });
        Ok(Self {
            shared,
            vendor,
            settings,
            label: label(vendor, settings),
            account,
            client: send::client(settings)?,
            key: RefCell::new(key),
            key_edition: Cell::new(0),
            pacer,
            windows: RefCell::new(windows),
            breaker: RefCell::default(),
            budget: RefCell::default(),
            tally: RefCell::default(),
            in_flight: Cell::new(0),
            limited_in_a_row: Cell::new(0),
            limited_at: Cell::new(None),
            heard_wait: Cell::new(None),
            refused_in_a_row: Cell::new(0),
            cool_until: Cell::new(None),
            closed: RefCell::new(None),
        })
    }

    /// Asks about every key and keeps every answer. Each key comes back once:
    /// in the store, or in [`Asked::unanswered`].
    pub async fn ask(&self, asking: Asking) -> Result<Asked, Error> {
        let endpoint = self.endpoint(asking.endpoint)?;
        let calls = asking.keys.len().div_ceil(endpoint.spec().batch) as u64;
        *self.tally.borrow_mut().planned.entry(endpoint.spec().id).or_default() += calls;
        self.budget.borrow_mut().add(calls);
        self.shared.tell(|progress| progress.calls_planned += calls);
        round::Round::new(self, endpoint, asking).run().await
    }

    /// How many of `want` calls to `endpoint` fit into those limits that no run
    /// would wait for.
    pub async fn room(&self, endpoint: &str, want: u64) -> Result<u64, Error> {
        if self.is_closed() {
            return Ok(0);
        }
        let now = self.shared.clock.now();
        let wish = RoomWish {
            account: self.account,
            limits: self.windows.borrow().at(now),
            patience: self.shared.max_wait,
            price: self.settings.price_of(endpoint),
            want,
            now,
        };
        self.shared.writer.room(wish).await
    }

    /// Whose door it is.
    pub fn vendor(&self) -> &'static dyn Vendor {
        self.vendor
    }

    /// When asking again makes sense, if the vendor was given up for now.
    pub fn resume_at(&self) -> Option<i64> {
        match *self.closed.borrow() {
            Some(Closed::Parked(_, at)) => at,
            _ => None,
        }
    }

    /// What this door has seen.
    pub async fn report(&self) -> Result<VendorReport, Error> {
        let mut report = self.tally.borrow().report();
        let now = self.shared.clock.now();
        let limits = self.windows.borrow().at(now);
        let usage = self.shared.writer.usage(self.account, limits, now).await?;
        report.quotas = self.windows.borrow().report(usage, now);
        report.stopped = self.closed.borrow().as_ref().map(|closed| match closed {
            Closed::Denied(Denied::Key) => "the API key is missing, wrong or revoked".into(),
            Closed::Denied(Denied::Scope) => "the API key may not do this".into(),
            Closed::Denied(Denied::Billing) => "the account is blocked or over its cap".into(),
            Closed::Refusing(code) => format!("it refuses every request: {code}"),
            Closed::Parked(held, _) => held.code().into(),
        });
        Ok(report)
    }

    fn endpoint(&self, id: &str) -> Result<&'static dyn Endpoint, Error> {
        self.vendor
            .endpoint(id)
            .ok_or_else(|| Error::internal(format!("`{}` has no endpoint `{id}`", self.label)))
    }

    /// How many more calls may be on their way: one at a time while the vendor
    /// fails or asks to wait, until it answers.
    fn free_slots(&self) -> usize {
        let most = if self.breaker.borrow().is_open() || self.limited_in_a_row.get() > 0 {
            1
        } else {
            self.settings.concurrency.get() as usize
        };
        most.saturating_sub(self.in_flight.get())
    }

    /// How long the pacer wants the next call to wait; `None`: it may go now.
    fn pace(&self) -> Option<Duration> {
        let early = self.pacer.as_ref()?.check().err()?;
        Some(early.wait_time_from(DefaultClock::default().now()))
    }

    fn close_for(&self, held: Held) {
        self.closed.borrow_mut().get_or_insert(Closed::Parked(held, None));
    }

    fn is_closed(&self) -> bool {
        if self.shared.cancel.asked().is_some() {
            self.close_for(Held::Stopped);
        }
        self.closed.borrow().is_some()
    }

    /// What to say of a key that was not sent, now that the door is closed.
    fn unsent(&self) -> Outcome {
        match &*self.closed.borrow() {
            Some(Closed::Denied(denied)) => Outcome::Failed(Fault::Denied(*denied)),
            Some(Closed::Refusing(code)) => {
                Outcome::Failed(Fault::Garbled { excerpt: code.clone() })
            }
            Some(Closed::Parked(held, _)) => Outcome::Pending(*held),
            None => Outcome::Pending(Held::Stopped),
        }
    }

    /// The account was turned away. A key file that has changed since the call
    /// was sent is read again, and the call is worth another try.
    fn deny(&self, denied: Denied, sent_with: u32) {
        if denied == Denied::Key && (sent_with != self.key_edition.get() || self.key_changed()) {
            return;
        }
        let mut closed = self.closed.borrow_mut();
        if !matches!(*closed, Some(Closed::Denied(_))) {
            let words = format!("{}: denied, not asked again in this run", self.label);
            self.shared.events.note(Level::Error, "denied", &words);
        }
        *closed = Some(Closed::Denied(denied));
    }

    /// Reads the key file again; `true` when it holds another key.
    fn key_changed(&self) -> bool {
        if self.settings.api_key_file.is_none() {
            return false;
        }
        let Ok(Some(key)) = self.settings.resolve_key() else { return false };
        let mut known = self.key.borrow_mut();
        if known.as_ref().is_some_and(|known| known.expose_secret() == key.expose_secret()) {
            return false;
        }
        *known = Some(key);
        self.key_edition.set(self.key_edition.get() + 1);
        true
    }

    /// Whatever it is asked, the vendor refuses: more halves would only cost calls.
    fn refuses_everything(&self, code: String) {
        let words = format!("{}: refuses every request ({code}), given up", self.label);
        self.shared.events.note(Level::Error, "protocol", &words);
        *self.closed.borrow_mut() = Some(Closed::Refusing(code));
    }

    /// The vendor failed to answer a call sent at `sent`. Returns whether that is
    /// news, and so costs a retry.
    fn failed(&self, sent: Instant) -> bool {
        if !self.breaker.borrow().is_news(sent) {
            return false;
        }
        let now = Instant::now();
        let wait = self.breaker.borrow_mut().failure(now);
        if let Some(wait) = wait {
            let too_long = self.breaker.borrow().down_for(now) + wait > self.shared.max_wait;
            if too_long || self.was_never_there() {
                self.park(Held::Breaker, AFTER_OUTAGE);
            } else {
                self.hold(wait, Held::Breaker);
            }
        }
        true
    }

    /// Whether a vendor that anybody may ask has not once replied in this run: a
    /// machine without a way to it should not wait for it.
    pub fn was_never_there(&self) -> bool {
        self.vendor.spec().auth == Auth::None && self.tally.borrow().was_never_there()
    }

    /// Nobody is to wait for this vendor: it is left out of the run.
    pub fn leave_out(&self) {
        *self.closed.borrow_mut() = Some(Closed::Parked(Held::Breaker, None));
    }

    /// A call was tried as often as it may be. If nothing else gets through
    /// either, that is an outage.
    fn exhausted(&self) {
        if self.breaker.borrow().is_open() && !self.is_closed() {
            self.park(Held::Breaker, AFTER_OUTAGE);
        }
    }

    fn succeeded(&self) {
        self.breaker.borrow_mut().success();
        self.limited_in_a_row.set(0);
        self.refused_in_a_row.set(0);
    }

    /// The vendor said what may be a zero: it is up, and asks for no wait.
    fn answered_unsure(&self) {
        self.breaker.borrow_mut().success();
        self.limited_in_a_row.set(0);
    }

    /// Whether the vendor has answered anything in this run, so that its "wrong"
    /// about one key can be taken for its word.
    fn has_answered(&self) -> bool {
        self.tally.borrow().ok > 0
    }

    /// A batch was refused. The vendor is up, but it may refuse everything.
    fn refused(&self, code: &str) {
        self.breaker.borrow_mut().success();
        let in_a_row = self.refused_in_a_row.get() + 1;
        self.refused_in_a_row.set(in_a_row);
        if in_a_row >= REFUSED_IN_A_ROW && !self.has_answered() {
            self.refuses_everything(code.to_owned());
        }
    }
}

/// The name written to the `<dataset>_vendor` columns.
pub fn label(vendor: &dyn Vendor, settings: &VendorSettings) -> String {
    let id = vendor.spec().id();
    if settings.sandbox { format!("sandbox:{id}") } else { id.to_owned() }
}
