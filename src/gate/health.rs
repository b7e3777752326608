//! Whether a vendor may be asked now, after a wait, or not again in this run.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::pacing::Waits;
use super::queue::Job;
use super::retry::{Breaker, RetryBudget, back_off};
use super::seen::Seen;
use super::{AFTER_OUTAGE, Shared};
use crate::domain::{Denied, Fault, Fields, Level, NotAsked, Note, Outcome, Timestamp};
use crate::store::{RunLimit, WaitWord};

/// Refused requests without a single answered one that mean the request itself
/// is wrong. One bad VIN among 20 is refused at most five times before a half
/// without it is answered.
const REFUSED_IN_A_ROW: u32 = 6;

/// 429s in a row that do not say how long, and mean that a long window is used up.
const LIMITED_IN_A_ROW: u32 = 3;

/// 403s in a row that do not say how long, and mean that more calls bring nothing.
const WALLED_IN_A_ROW: u32 = 2;

/// A wait so short for room in a quota window is the window's pace: it never parks.
const PACE: Duration = Duration::from_secs(2);

/// What one vendor's replies say about asking it.
pub(super) struct Health<'a> {
    shared: &'a Shared<'a>,
    /// The vendor's name in messages.
    label: String,
    breaker: RefCell<Breaker>,
    /// One budget for all questions of a run: many small ones cost no more than one.
    budget: RefCell<RetryBudget>,
    waits: Waits,
    limited_in_a_row: Cell<u32>,
    limited_at: Cell<Option<Instant>>,
    refused_in_a_row: Cell<u32>,
    closed: RefCell<Option<Closed>>,
    /// What a person is shown of that.
    because: RefCell<Option<String>>,
    seen: RefCell<Seen>,
}

/// Why nothing more is sent to a vendor in this run.
#[derive(Clone, Debug)]
enum Closed {
    Denied(Denied),
    /// It refuses whatever it is asked: the request is wrong, not the keys.
    Refusing(String),
    Parked(NotAsked, Option<Timestamp>),
}

impl<'a> Health<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, label: String) -> Self {
        Self {
            shared,
            label,
            breaker: RefCell::default(),
            budget: RefCell::default(),
            waits: Waits::default(),
            limited_in_a_row: Cell::new(0),
            limited_at: Cell::new(None),
            refused_in_a_row: Cell::new(0),
            closed: RefCell::new(None),
            because: RefCell::new(None),
            seen: RefCell::default(),
        }
    }

    pub(super) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// So many more calls are planned; retries are allowed in proportion.
    pub(super) fn plan(&self, calls: u64) {
        self.budget.borrow_mut().add(calls);
    }

    /// Whether only one call may be on its way: while the vendor fails or asks to
    /// wait, until it answers.
    pub(super) fn one_at_a_time(&self) -> bool {
        self.breaker.borrow().is_open() || self.limited_in_a_row.get() > 0
    }

    /// Whether nothing more is sent in this run.
    pub(super) fn is_closed(&self) -> bool {
        if self.shared.cancel.asked().is_some() {
            let stopped = Closed::Parked(NotAsked::Stopped, None);
            self.closed.borrow_mut().get_or_insert(stopped);
        }
        self.closed.borrow().is_some()
    }

    /// A limit of the run's own is reached.
    pub(super) fn reached(&self, limit: RunLimit) {
        self.park_for_this_run(NotAsked::OwnLimit, format!("{}: {limit} is reached", self.label));
    }

    /// Another run has been asking for the same for too long.
    pub(super) fn gave_up_waiting_for_others(&self) {
        let words = format!("{}: another run is asking it for the same", self.label);
        self.park_for_this_run(NotAsked::Elsewhere, words);
    }

    fn park_for_this_run(&self, why: NotAsked, words: String) {
        if self.closed.borrow().is_none() {
            self.give_up(Level::Warn, "parked", words, Closed::Parked(why, None));
        }
    }

    /// Whatever was decided before, the vendor counts as one that was never there.
    pub(super) fn leave_out(&self) {
        *self.closed.borrow_mut() = Some(Closed::Parked(NotAsked::Breaker, None));
        *self.because.borrow_mut() = None;
    }

    /// Sends nothing more in this run, and says why.
    fn give_up(&self, level: Level, code: &'static str, words: String, why: Closed) {
        let (reason, resume_at) = match &why {
            Closed::Denied(denied) => (denied.code(), None),
            Closed::Refusing(code) => (code.as_str(), None),
            Closed::Parked(held, at) => (held.code(), at.map(Timestamp::rfc3339)),
        };
        let fields = Fields {
            vendor: Some(self.label.clone()),
            http_status: self.seen.borrow().http_status(),
            resume_at,
            ..Fields::because(reason)
        };
        self.shared.events.publish(&Note { level, code, message: &words, fields });
        *self.because.borrow_mut() = Some(words);
        *self.closed.borrow_mut() = Some(why);
    }

    /// What was seen of the vendor last.
    pub(super) fn saw(&self, seen: Seen) {
        *self.seen.borrow_mut() = seen;
    }

    /// What the vendor did, the HTTP status and its own words: why nothing more is sent.
    pub(super) fn stopped_because(&self) -> Option<String> {
        self.because.borrow().clone()
    }

    /// What the vendor did, where its address is wrong.
    pub(super) fn misdirected(&self) -> Option<String> {
        let is_address = matches!(*self.closed.borrow(), Some(Closed::Denied(Denied::Address)));
        self.stopped_because().filter(|_| is_address)
    }

    /// When asking again makes sense, if the vendor was given up for now.
    pub(super) fn resume_at(&self) -> Option<Timestamp> {
        match *self.closed.borrow() {
            Some(Closed::Parked(_, at)) => at,
            _ => None,
        }
    }

    /// Why nothing more is sent, for the report.
    pub(super) fn stopped(&self) -> Option<String> {
        Some(match self.closed.borrow().as_ref()? {
            Closed::Denied(Denied::Key) => "the API key is missing, wrong or revoked".into(),
            Closed::Denied(Denied::Scope) => "the API key may not do this".into(),
            Closed::Denied(Denied::Billing) => "the account is blocked or over its cap".into(),
            Closed::Denied(Denied::Address) => "its `base_url` leads nowhere".into(),
            Closed::Refusing(code) => format!("it refuses every request: {code}"),
            Closed::Parked(held, _) => held.code().into(),
        })
    }

    /// The outcome of a key that is not sent, since nothing more is.
    pub(super) fn unsent(&self) -> Outcome {
        match &*self.closed.borrow() {
            Some(Closed::Denied(denied)) => Outcome::Failed(Fault::Denied(*denied)),
            Some(Closed::Refusing(code)) => {
                Outcome::Failed(Fault::Garbled { excerpt: code.clone() })
            }
            Some(Closed::Parked(held, _)) => Outcome::Pending(*held),
            None => Outcome::Pending(NotAsked::Stopped),
        }
    }

    /// A call was answered.
    pub(super) fn succeeded(&self) {
        self.is_up();
        self.refused_in_a_row.set(0);
    }

    /// The vendor replied, and asks for no wait.
    pub(super) fn is_up(&self) {
        self.breaker.borrow_mut().success();
        self.limited_in_a_row.set(0);
    }

    /// The vendor refused a batch with `code`. It is up, but may refuse everything
    /// if it `has_answered` nothing: then more halves would only cost calls.
    pub(super) fn refused(&self, code: &str, has_answered: bool) {
        self.breaker.borrow_mut().success();
        let in_a_row = self.refused_in_a_row.get() + 1;
        self.refused_in_a_row.set(in_a_row);
        if in_a_row >= REFUSED_IN_A_ROW && !has_answered {
            let (label, seen) = (&self.label, self.seen.borrow());
            let words = format!(
                "{label} refuses every request{seen}; {label} is skipped for the rest of this run"
            );
            self.give_up(Level::Error, "protocol", words, Closed::Refusing(code.to_owned()));
        }
    }

    /// Says `what` the vendor did; it is asked on.
    pub(super) fn warn(&self, what: &str) {
        let (label, seen) = (&self.label, self.seen.borrow());
        let message = format!("{label} {what}{seen}");
        let fields = Fields {
            vendor: Some(label.clone()),
            http_status: seen.http_status(),
            ..Fields::because("request")
        };
        self.shared.events.publish(&Note {
            level: Level::Warn,
            code: "protocol",
            message: &message,
            fields,
        });
    }

    /// The vendor refused the account: `what` it did.
    pub(super) fn deny(&self, denied: Denied, what: &str) {
        if matches!(*self.closed.borrow(), Some(Closed::Denied(_))) {
            *self.closed.borrow_mut() = Some(Closed::Denied(denied));
            return;
        }
        let (label, seen) = (&self.label, self.seen.borrow());
        let words = format!("{label} {what}{seen}; {label} is skipped for the rest of this run");
        self.give_up(Level::Error, "denied", words, Closed::Denied(denied));
    }

    /// The vendor failed to answer a call sent at `sent`. Returns whether that is
    /// news, and so costs a retry. One that `was_never_there` is not waited for.
    pub(super) fn failed(&self, sent: Instant, was_never_there: bool) -> bool {
        if !self.breaker.borrow().is_news(sent) {
            return false;
        }
        let now = Instant::now();
        let wait = self.breaker.borrow_mut().failure(now);
        if let Some(wait) = wait {
            let too_long = self.breaker.borrow().down_for(now) + wait > self.shared.max_wait;
            if too_long || was_never_there {
                self.park(NotAsked::Breaker, AFTER_OUTAGE, None);
            } else {
                self.hold(wait, NotAsked::Breaker, None);
            }
        }
        true
    }

    /// When a job that failed is sent again, within its tries and the budget.
    /// While the breaker is open it sets the pace, and only probes cost retries.
    pub(super) fn retry_at(&self, job: &mut Job, most: u32, is_news: bool) -> Option<Instant> {
        let open = self.breaker.borrow().is_open();
        job.tries = if open { job.tries.max(1) } else { job.tries + 1 };
        let may = job.tries < most && (!is_news || self.budget.borrow_mut().take());
        let wait = if open { Duration::ZERO } else { back_off(job.tries) };
        may.then(|| Instant::now() + wait)
    }

    /// A call was sent as often as it may be. If nothing else gets through
    /// either, that is an outage.
    pub(super) fn exhausted(&self) {
        if self.breaker.borrow().is_open() && !self.is_closed() {
            self.park(NotAsked::Breaker, AFTER_OUTAGE, None);
        }
    }

    /// The vendor asks every call to wait.
    pub(super) fn asked_to_wait(&self, wait: Duration) {
        self.hold(self.waits.note_asked(wait, WaitWord::Asked), NotAsked::RateLimited, None);
    }

    /// The vendor asked a call sent at `sent` to wait. Calls that were on their
    /// way together count once; a vendor that does so again and again is parked,
    /// for as long as its `longest` window when it does not say how long.
    pub(super) fn limited(&self, wait: Option<Duration>, sent: Instant, longest: Option<Duration>) {
        let wait = wait.map(|wait| self.waits.note_asked(wait, WaitWord::Asked));
        if self.limited_at.get().is_none_or(|limited| sent > limited) {
            self.limited_at.set(Some(Instant::now()));
            self.limited_in_a_row.set(self.limited_in_a_row.get() + 1);
        }
        let in_a_row = self.limited_in_a_row.get();
        // A wall that does not say how long it stands is not there to be waited out.
        let is_wall = wait.is_none() && self.seen.borrow().http_status() == Some(403);
        let used_up = longest.filter(|longest| *longest > self.shared.max_wait);
        match (wait, used_up) {
            (None, Some(window)) if in_a_row >= LIMITED_IN_A_ROW => {
                let wait = self.waits.note_asked(window, WaitWord::Supposed);
                self.park(NotAsked::RateLimited, wait, None);
            }
            _ if in_a_row > LIMITED_IN_A_ROW * 3 || is_wall && in_a_row >= WALLED_IN_A_ROW => {
                let wait = wait.unwrap_or_default().max(AFTER_OUTAGE);
                self.park(NotAsked::RateLimited, wait, None);
            }
            (Some(wait), _) if in_a_row == 1 => self.hold(wait, NotAsked::RateLimited, None),
            (wait, _) => {
                let wait = wait.unwrap_or_default().max(back_off(in_a_row + 2));
                self.hold(wait, NotAsked::RateLimited, None);
            }
        }
    }

    /// Waits for `wait`, or parks the vendor when that is longer than allowed.
    /// `limit`: the name of the quota or spend limit that is used up.
    pub(super) fn hold(&self, wait: Duration, why: NotAsked, limit: Option<&str>) {
        let paced = why == NotAsked::Quota && wait <= PACE;
        if wait > self.shared.max_wait && !paced {
            self.park(why, wait, limit);
            return;
        }
        self.waits.begin(wait);
        let words = format!("{}: {}, {} s", self.label, why.code(), wait.as_secs() + 1);
        self.shared.update_progress(|progress| progress.waiting = Some(words));
    }

    /// Gives the vendor up for this run. One that refused the account stays off,
    /// and of two times to come back the later holds.
    fn park(&self, why: NotAsked, wait: Duration, limit: Option<&str>) {
        let at = self.shared.clock.now().wall.later(wait).whole_second();
        let is_known = match *self.closed.borrow() {
            Some(Closed::Denied(_) | Closed::Refusing(_)) => true,
            Some(Closed::Parked(_, known)) => known.is_some_and(|known| known >= at),
            None => false,
        };
        if is_known {
            return;
        }
        let (label, limit) = (&self.label, limit.unwrap_or_default());
        let words = match why {
            NotAsked::Quota => format!("{label}: the quota {limit} is used up"),
            NotAsked::OwnLimit => format!("{label}: the spend limit {limit} is reached"),
            NotAsked::Breaker => match &*self.seen.borrow() {
                seen @ Seen::Reply(..) => format!("{label} fails{seen}"),
                seen => format!("{label} is out of reach{seen}"),
            },
            _ => format!("{label} asks to wait{}", self.seen.borrow()),
        };
        let words = format!("{words}; parked until {at}");
        self.give_up(Level::Warn, "parked", words, Closed::Parked(why, Some(at)));
    }
}
