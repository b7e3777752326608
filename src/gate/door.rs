//! The door to one vendor.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::health::Health;
use super::in_flight::{Received, Slot};
use super::pacing::Pacer;
use super::probe::{Probed, send_once};
use super::report::VendorReport;
use super::round::Round;
use super::send::Client;
use super::stats::Stats;
use super::windows::Windows;
use super::{Asked, Asking, Shared, label};
use crate::config::VendorSettings;
use crate::domain::{Denied, Error, Freshness, Key, Micros, Moment, NotAsked, Timestamp};
use crate::store::ledger::windows::{Limits, Span, Window};
use crate::store::{AccountId, Granted, HeardWait, RoomWish, SourceId};
use crate::vendors::{Auth, Endpoint, Probe, Reply, ServerLimit, Vendor, retry_after_header};

/// One vendor's door.
pub(crate) struct Door<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) vendor: &'static dyn Vendor,
    pub(super) settings: &'a VendorSettings,
    pub(super) account: AccountId,
    pub(super) client: Client<'a>,
    pub(super) windows: RefCell<Windows>,
    pub(super) pacer: Pacer,
    pub(super) health: Health<'a>,
    pub(super) stats: RefCell<Stats>,
    /// The dearest charge so far, by what was asked; whoever asks the same pays as much.
    pub(super) dearest: RefCell<HashMap<SourceId, Micros>>,
    /// One clone for each call that is on its way.
    pub(super) slots: Slot,
}

impl std::fmt::Debug for Door<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("vendor", &self.vendor.spec().id()).finish_non_exhaustive()
    }
}

impl<'a> Door<'a> {
    /// Opens the door to `vendor`. Nothing is sent.
    pub(crate) fn open(
        shared: &'a Shared<'a>,
        vendor: &'static dyn Vendor,
        settings: &'a VendorSettings,
        account: AccountId,
        key: Option<SecretString>,
    ) -> Result<Self, Error> {
        let windows = Windows::new(settings);
        Ok(Self {
            shared,
            vendor,
            settings,
            account,
            client: Client::new(settings, vendor.spec().auth, key)?,
            pacer: Pacer::new(&windows),
            windows: RefCell::new(windows),
            health: Health::new(shared, label(vendor, settings)),
            stats: RefCell::default(),
            dearest: RefCell::default(),
            slots: Slot::default(),
        })
    }

    /// Asks about every key and keeps every answer. Each key comes back once:
    /// in the store, or in [`Asked::unanswered`].
    pub(crate) async fn ask(&self, asking: Asking) -> Result<Asked, Error> {
        let endpoint = self.endpoint(asking.endpoint)?;
        let calls = asking.keys.len().div_ceil(endpoint.spec().batch) as u64;
        self.stats.borrow_mut().planned(endpoint.spec().id, calls);
        self.health.plan(calls);
        self.shared.update_progress(|progress| progress.calls_planned += calls);
        Round::new(self, endpoint, asking).run().await
    }

    /// Sends `probe` once, if the quotas have room for a call soon.
    pub(crate) async fn probe(&self, source: SourceId, probe: &Probe) -> Result<Probed, Error> {
        send_once(self, source, probe, None).await
    }

    /// The same for a call that a run makes beside its questions: its reply is kept as
    /// the answer about `key`, and whatever comes of it the vendor is asked on.
    pub(crate) async fn probe_and_keep(
        &self,
        source: SourceId,
        probe: &Probe,
        (key, freshness): (Key, Freshness),
    ) -> Result<Probed, Error> {
        if self.health.is_closed() {
            return Ok(Probed::Held { why: NotAsked::Breaker, wait: None });
        }
        self.stats.borrow_mut().planned(probe.endpoint, 1);
        self.shared.update_progress(|progress| progress.calls_planned += 1);
        send_once(self, source, probe, Some((key, freshness))).await
    }

    /// How many of `want` calls to `endpoint` fit into those limits that no run
    /// would wait for.
    pub(crate) async fn room(&self, endpoint: &str, want: u64) -> Result<u64, Error> {
        if self.health.is_closed() {
            return Ok(0);
        }
        let now = self.shared.clock.now();
        let wish = RoomWish {
            account: self.account,
            limits: self.limits(now),
            patience: self.shared.max_wait,
            price: self.settings.price_of(endpoint),
            want,
            now,
        };
        self.shared.writer.room(wish).await
    }

    /// Whose door it is.
    pub(crate) fn vendor(&self) -> &'static dyn Vendor {
        self.vendor
    }

    /// When asking again makes sense, if the vendor was given up for now.
    pub(crate) fn resume_at(&self) -> Option<Timestamp> {
        self.health.resume_at()
    }

    /// What the vendor did, where its `base_url` is wrong.
    pub(crate) fn misdirected(&self) -> Option<String> {
        self.health.misdirected()
    }

    /// What this door has seen.
    pub(crate) async fn report(&self) -> Result<VendorReport, Error> {
        let mut report = self.stats.borrow().report();
        let now = self.shared.clock.now();
        let usage = self.shared.writer.usage(self.account, self.limits(now), now).await?;
        report.quotas = self.windows.borrow().report(usage, now);
        let waited = self.health.waits().total();
        report.waited_seconds = (waited.as_secs_f64() * 10.0).round() / 10.0;
        report.stopped = self.health.stopped();
        report.stopped_because = self.health.stopped_because();
        Ok(report)
    }

    /// Whether a vendor that takes no key has not once replied in this run: a
    /// machine without a way to it should not wait for it.
    pub(crate) fn was_never_there(&self) -> bool {
        self.vendor.spec().auth == Auth::None && self.stats.borrow().was_never_there()
    }

    /// Leaves the vendor out of the rest of the run.
    pub(crate) fn leave_out(&self) {
        self.health.leave_out();
    }

    fn endpoint(&self, id: &str) -> Result<&'static dyn Endpoint, Error> {
        let unknown = || format!("`{}` has no endpoint `{id}`", self.vendor.spec().id());
        self.vendor.endpoint(id).ok_or_else(|| Error::internal(unknown()))
    }

    /// Whether one more call may be on its way.
    pub(super) fn has_free_slot(&self) -> bool {
        let most =
            if self.health.one_at_a_time() { 1 } else { self.settings.concurrency.get() as usize };
        // One count is the door's own.
        Slot::strong_count(&self.slots) <= most
    }

    /// The limits of the account at this moment.
    pub(super) fn limits(&self, now: Moment) -> Limits {
        self.windows.borrow().at(now)
    }

    /// Counts a call that has ended.
    pub(super) fn note_received(&self, received: &Received) {
        let status = received.reply().map(|reply| reply.status);
        self.stats.borrow_mut().received(status, received.latency);
    }

    /// Obeys what the headers of any reply say about quotas. Of the calls in the
    /// ledger, `unsent` are reserved and have not left.
    pub(super) async fn obey(&self, reply: &Reply, unsent: usize) -> Result<(), Error> {
        for limit in self.vendor.limits(reply) {
            self.windows.borrow_mut().tighten(&limit);
            let wait = match (limit.remaining, limit.reset) {
                (Some(0), Some(wait)) => Some(wait),
                // A refusal says itself how long to wait.
                (Some(0), None) if reply.status < 300 => {
                    self.used_by_others(&limit, unsent).await?
                }
                _ => None,
            };
            if let Some(wait) = wait {
                self.health.asked_to_wait(wait);
            }
        }
        // A server that fails may say for how long; a 503 that does is a limit.
        if reply.status >= 500
            && let Some(wait) = retry_after_header(reply)
        {
            self.health.asked_to_wait(wait);
        }
        Ok(())
    }

    /// How long a window that the server says is used up, and that our own calls do
    /// not fill, may stay full: other clients of the account use it too, and nobody
    /// says when. Where ours fill it, the ledger knows better when it has room.
    async fn used_by_others(
        &self,
        limit: &ServerLimit,
        unsent: usize,
    ) -> Result<Option<Duration>, Error> {
        let Some(window) = limit.window else { return Ok(None) };
        let calls = limit.limit.map(u64::from).or_else(|| self.windows.borrow().calls_in(window));
        let now = self.shared.clock.now();
        let sliding = Window { calls: calls.unwrap_or(u64::MAX), span: Span::Sliding(window) };
        let limits = Limits { windows: vec![sliding], spend: Vec::new() };
        let ours = self.shared.writer.usage(self.account, limits, now).await?;
        let sent = ours.iter().map(|usage| usage.used).sum::<u64>().saturating_sub(unsent as u64);
        Ok((sent < sliding.calls).then_some(window))
    }

    /// The vendor asked a call sent at `sent` to wait.
    pub(super) fn limited(&self, wait: Option<Duration>, sent: Instant) {
        let longest = self.windows.borrow().longest(self.shared.clock.now());
        self.health.limited(wait, sent, longest);
    }

    /// The vendor failed to answer a call sent at `sent`. Returns whether that is
    /// news, and so costs a retry.
    pub(super) fn failed(&self, sent: Instant) -> bool {
        self.health.failed(sent, self.was_never_there())
    }

    /// The vendor refused the account of a call sent with this edition of the API
    /// key. A key file that has changed since then is read again, and the call is
    /// worth another try.
    pub(super) fn denied(&self, denied: Denied, sent_with: u32) {
        if denied != Denied::Key || !self.client.has_other_key(sent_with) {
            let key = self.settings.key_name();
            let what = match denied {
                Denied::Key => format!("refused the key in {key}"),
                Denied::Scope => format!("refused a call that the key in {key} may not make"),
                Denied::Billing => "refused the account".to_owned(),
                Denied::Address => {
                    format!("has no such route at `base_url` {}", self.settings.base_url)
                }
            };
            self.health.deny(denied, &what);
        }
    }

    /// The limit that keeps calls waiting: the tightest quota, or the spend limit that
    /// is reached.
    pub(super) fn limit_name(&self, why: NotAsked, granted: &Granted) -> Option<String> {
        let windows = self.windows.borrow();
        match why {
            NotAsked::Quota => windows.tightest(&granted.left).map(|(_, name)| name),
            NotAsked::OwnLimit => windows.spend_names().nth(granted.reached?),
            _ => None,
        }
    }

    /// Keeps in the store the wait that the last reply asked for.
    pub(super) async fn keep_wait(&self) -> Result<(), Error> {
        let Some((wait, word)) = self.health.waits().take_asked() else { return Ok(()) };
        let (account, now) = (self.account, self.shared.clock.now());
        self.shared.writer.keep_wait(HeardWait { account, now, wait, word }).await
    }
}
