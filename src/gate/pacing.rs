//! When the next call may go: the pace of the shortest quota, and the waits
//! that a vendor asks for or its quotas impose.

use std::cell::Cell;
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};

use super::windows::Windows;
use crate::store::{LONGEST_WAIT, WaitWord};

type Limiter = governor::RateLimiter<NotKeyed, InMemoryState, DefaultClock, NoOpMiddleware>;

/// Lets calls go at the pace of the shortest quota, if there is one.
#[derive(Debug)]
pub(super) struct Pacer(Option<Limiter>);

impl Pacer {
    pub(super) fn new(windows: &Windows) -> Self {
        Self(windows.pace().map(|quota| {
            let pace = governor::Quota::with_period(quota.window / quota.calls.get())
                .map(|pace| pace.allow_burst(quota.calls));
            Limiter::direct(pace.unwrap_or(governor::Quota::per_second(quota.calls)))
        }))
    }

    /// How long the next call must wait; `None`: it goes now.
    pub(super) fn check(&self) -> Option<Duration> {
        let early = self.0.as_ref()?.check().err()?;
        Some(early.wait_time_from(DefaultClock::default().now()))
    }
}

/// The waits that every call to one vendor must sit out.
#[derive(Debug, Default)]
pub(super) struct Waits {
    until: Cell<Option<Instant>>,
    /// What the vendor asked for, until the store knows it.
    asked: Cell<Option<(Duration, WaitWord)>>,
    total: Cell<Duration>,
}

impl Waits {
    /// The end of the wait under way.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until.get().filter(|until| *until > Instant::now())
    }

    /// Nothing is sent for `wait` from now on.
    pub(super) fn begin(&self, wait: Duration) {
        let until = Instant::now() + wait;
        if self.until.get().is_none_or(|known| known < until) {
            self.until.set(Some(until));
            self.total.set(self.total.get() + wait);
        }
    }

    /// Notes a wait that the vendor asked for, cut to the longest that is believed.
    /// The store must keep it, since it holds for other processes too.
    pub(super) fn note_asked(&self, wait: Duration, word: WaitWord) -> Duration {
        let wait = wait.min(LONGEST_WAIT);
        if self.asked.get().is_none_or(|(asked, _)| asked < wait) {
            self.asked.set(Some((wait, word)));
        }
        wait
    }

    /// The wait that the store must keep.
    pub(super) fn take_asked(&self) -> Option<(Duration, WaitWord)> {
        self.asked.take()
    }

    /// Time spent waiting in this run.
    pub(super) fn total(&self) -> Duration {
        self.total.get()
    }
}
