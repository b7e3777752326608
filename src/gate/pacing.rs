//! What a door does about waits: those a vendor asks for, those its quotas
//! impose, and when waiting becomes parking.

use std::time::{Duration, Instant};

use super::windows::{later, rfc3339, whole_second};
use super::{AFTER_OUTAGE, Closed, Door, breaker};
use crate::domain::error::Error;
use crate::domain::events::Level;
use crate::domain::outcome::Held;
use crate::store::{HeardWait, LONGEST_WAIT, WaitWord};
use crate::vendors::{Reply, retry_after_header};

/// 429s in a row, without a word about how long, that mean a long window is used up.
const LIMITED_IN_A_ROW: u32 = 3;

/// Waiting so long for room in a quota window is keeping its pace, and no park.
const PACED: Duration = Duration::from_secs(2);

impl Door<'_> {
    /// Heeds what the headers of any reply say about quotas.
    pub(super) fn heed(&self, reply: &Reply) {
        for limit in self.vendor.limits(reply) {
            self.windows.borrow_mut().tighten(&limit);
            // Without a reset the ledger knows better when a call leaves its window.
            if let (Some(0), Some(wait)) = (limit.remaining, limit.reset) {
                self.hold(self.hear_wait(wait, WaitWord::Asked), Held::RateLimited);
            }
        }
        // A server that fails may say for how long; a 503 that does is a limit.
        if reply.status >= 500
            && let Some(wait) = retry_after_header(reply)
        {
            self.hold(self.hear_wait(wait, WaitWord::Asked), Held::RateLimited);
        }
    }

    /// The server asked a call sent at `sent` to wait. Calls that were on their
    /// way together count once; a server that says so again and again is parked.
    pub(super) fn limited(&self, wait: Option<Duration>, sent: Instant) {
        let wait = wait.map(|wait| self.hear_wait(wait, WaitWord::Asked));
        if self.limited_at.get().is_none_or(|limited| sent > limited) {
            self.limited_at.set(Some(Instant::now()));
            self.limited_in_a_row.set(self.limited_in_a_row.get() + 1);
        }
        let in_a_row = self.limited_in_a_row.get();
        let now = self.shared.clock.now();
        let used_up =
            || self.windows.borrow().longest(now).filter(|long| *long > self.shared.max_wait);
        match (wait, used_up()) {
            (None, Some(window)) if in_a_row >= LIMITED_IN_A_ROW => {
                self.park(Held::RateLimited, self.hear_wait(window, WaitWord::Supposed));
            }
            _ if in_a_row > LIMITED_IN_A_ROW * 3 => {
                self.park(Held::RateLimited, wait.unwrap_or_default().max(AFTER_OUTAGE));
            }
            (Some(wait), _) if in_a_row == 1 => self.hold(wait, Held::RateLimited),
            (wait, _) => {
                let back_off = breaker::back_off(in_a_row + 2);
                self.hold(wait.unwrap_or_default().max(back_off), Held::RateLimited);
            }
        }
    }

    /// Takes a vendor's word for a wait, as far as vendors are believed. It is to
    /// be kept in the store, since it holds for other processes too.
    pub(super) fn hear_wait(&self, wait: Duration, word: WaitWord) -> Duration {
        let wait = wait.min(LONGEST_WAIT);
        if self.heard_wait.get().is_none_or(|(heard, _)| heard < wait) {
            self.heard_wait.set(Some((wait, word)));
        }
        wait
    }

    /// Keeps the wait that the last reply asked for.
    pub(super) async fn keep_wait(&self) -> Result<(), Error> {
        let Some((wait, word)) = self.heard_wait.take() else { return Ok(()) };
        let (account, now) = (self.account, self.shared.clock.now());
        self.shared.writer.keep_wait(HeardWait { account, now, wait, word }).await
    }

    /// The end of the wait that every call must sit out.
    pub(super) fn cooling(&self) -> Option<Instant> {
        self.cool_until.get().filter(|until| *until > Instant::now())
    }

    /// Waits for `wait`, or parks the vendor when that is longer than allowed.
    pub(super) fn hold(&self, wait: Duration, why: Held) {
        let paced = why == Held::Quota && wait <= PACED;
        if wait > self.shared.max_wait && !paced {
            self.park(why, wait);
            return;
        }
        let until = Instant::now() + wait;
        if self.cool_until.get().is_none_or(|cooling| cooling < until) {
            self.cool_until.set(Some(until));
            self.tally.borrow_mut().waited += wait;
        }
        let words = format!("{}: {}, {} s", self.label, why.code(), wait.as_secs() + 1);
        self.shared.tell(|progress| progress.waiting = Some(words));
    }

    /// Gives the vendor up for this run. One that has turned us away stays off,
    /// and of two times to come back the later holds.
    pub(super) fn park(&self, why: Held, wait: Duration) {
        let at = whole_second(later(self.shared.clock.now().wall, wait));
        let is_known = match *self.closed.borrow() {
            Some(Closed::Denied(_) | Closed::Refusing(_)) => true,
            Some(Closed::Parked(_, known)) => known.is_some_and(|known| known >= at),
            None => false,
        };
        if is_known {
            return;
        }
        let words = format!("{}: parked ({}), resume at {}", self.label, why.code(), rfc3339(at));
        self.shared.events.note(Level::Warn, "parked", &words);
        *self.closed.borrow_mut() = Some(Closed::Parked(why, Some(at)));
    }
}
