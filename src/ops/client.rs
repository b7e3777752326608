//! What commands that act share: a session at one vendor, and what the store
//! holds of it.
//!
//! Such a command makes a task of each row or vehicle, asks about those that the
//! store does not answer, and writes what came of them. What a call does is frozen
//! in the store before it is sent, on a connection that survives a power cut; the
//! store and the gate see to that ([`Effect`](crate::domain::key::Effect)). Nothing
//! here sends, retries or counts by itself.

use std::collections::HashMap;

use bytes::Bytes;

use crate::config::{Durability, Settings, VendorSettings};
use crate::domain::{Error, Exit, Fault, Freshness, Key, Micros, Outcome, Progress, Timestamp};
use crate::enrich::plan::Limits;
use crate::enrich::report::{Report, ReportBuilder};
use crate::enrich::session::{Online, Session, SessionSpec, keep_failure};
use crate::enrich::survey::Survey;
use crate::gate::{Asking, Door, Unfetched, VendorAccount, label};
use crate::output::{Sheet, Written};
use crate::store::{Body, KeptAnswer, NewAnswer, Operation, Reconcile, Snapshot, SourceId};
use crate::vendors::{self, Answer, Endpoint};

/// What is about to be done, for the user to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Calls that act.
    pub calls: usize,
}

/// Asks the user; an error means that the user does not agree.
pub type Confirm<'a> = &'a dyn Fn(Intent) -> Result<(), Error>;

/// A command that acts at one vendor.
pub(super) struct Action<'a> {
    /// The vendor's id.
    pub(super) vendor: &'static str,
    /// The vendor's own settings.
    pub(super) of_vendor: &'a VendorSettings,
    /// Which store, and how long a vendor is waited for.
    pub(super) settings: &'a Settings,
    pub(super) limits: Limits,
}

impl Action<'_> {
    /// Does what comes before the session; the store keeps how it fails.
    pub(super) fn prepare<T>(
        &self,
        report: &ReportBuilder<'_>,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        work().inspect_err(|error| keep_failure(&self.settings.store, report, error))
    }

    /// Opens a session and the vendor's door, does `work` there, and closes both.
    /// Not even a power cut loses what was committed.
    pub(super) fn run(
        &self,
        report: &ReportBuilder<'_>,
        work: impl AsyncFnOnce(&VendorClient<'_>) -> Result<(), Error>,
    ) -> Result<Report, Error> {
        let account = self.prepare(report, || self.account())?;
        let for_tests = account.key.as_ref().and_then(|key| self.of_vendor.test_key_warning(key));
        if let Some(warning) = for_tests {
            report.warn("test_key", warning);
        }
        let spec = SessionSpec {
            durability: Durability::Full,
            limits: self.limits,
            ..SessionSpec::new(self.settings)
        };
        let session = Session::open(&spec, report)?;
        let done = session.online(async |online| {
            let client = VendorClient::open(&account, online).await?;
            work(&client).await?;
            client.note_calls().await
        });
        session.close(done)?;
        Ok(report.build(None))
    }

    /// Fails with 77 where the vendor needs a key and there is none.
    fn account(&self) -> Result<VendorAccount<'_>, Error> {
        let (id, settings) = (self.vendor, self.of_vendor);
        let vendor = vendors::find(id)
            .ok_or_else(|| Error::internal(format!("there is no vendor `{id}`")))?;
        let account = VendorAccount { vendor, settings, key: settings.resolve_key()? };
        if account.lacks_key() {
            let place = settings.api_key_env.as_deref().unwrap_or("api_key_file");
            return Err(Error::new(Exit::Key, format!("no API key for `{id}`"))
                .hint(format!("set {place}, or try `--sandbox`, which needs no key")));
        }
        Ok(account)
    }
}

/// The settings of a vendor that acts.
pub(super) fn settings_of<'a>(
    settings: &'a Settings,
    id: &str,
) -> Result<&'a VendorSettings, Error> {
    let known = settings.vendors.get(id);
    known.ok_or_else(|| Error::internal(format!("`{id}` has no settings")))
}

/// Commits a file that has a row for each row of the input.
pub(super) fn commit_whole(sheet: Sheet, survey: &Survey) -> Result<Written, Error> {
    if sheet.rows() != survey.rows {
        return Err(Error::internal("rows were not conserved"));
    }
    sheet.commit()
}

/// One vendor's door, and what the store holds of the vendor.
pub(super) struct VendorClient<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) report: &'a ReportBuilder<'a>,
    account: &'a VendorAccount<'a>,
    online: &'a Online<'a>,
    door: Door<'a>,
}

impl<'a> VendorClient<'a> {
    async fn open(account: &'a VendorAccount<'a>, online: &'a Online<'a>) -> Result<Self, Error> {
        let session = online.session;
        let door = online.open(account).await?;
        Ok(Self { session, report: session.report, account, online, door })
    }

    /// Where an endpoint's answers are kept.
    pub(super) async fn source(&self, endpoint: &'static str) -> Result<SourceId, Error> {
        self.online.source(self.account, endpoint).await
    }

    /// Where the answers of an endpoint of a dataset are kept, for runs that enrich too.
    pub(super) async fn source_of(
        &self,
        endpoint: &'static dyn Endpoint,
    ) -> Result<SourceId, Error> {
        self.online.shared.writer.source(self.account.source(endpoint)).await
    }

    /// Sends `keys` through the door; gives those without an answer, and why.
    pub(super) async fn ask(
        &self,
        endpoint: &'static str,
        keys: Vec<Key>,
    ) -> Result<HashMap<Key, Outcome>, Error> {
        let source = self.source(endpoint).await?;
        self.ask_at(source, endpoint, keys, Freshness::lasting()).await
    }

    /// The same, of an endpoint of a dataset.
    pub(super) async fn ask_at(
        &self,
        source: SourceId,
        endpoint: &'static str,
        keys: Vec<Key>,
        freshness: Freshness,
    ) -> Result<HashMap<Key, Outcome>, Error> {
        let asked = self.door.ask(Asking { endpoint, source, keys, freshness }).await?;
        Ok(asked.unanswered)
    }

    /// Fetches the file that `link` leads to, or says why there is none; `endpoint` is
    /// what its call is entered under, where the file is at the API itself.
    pub(super) async fn fetch(
        &self,
        endpoint: &'static str,
        link: &str,
    ) -> Result<Result<Bytes, Unfetched>, Error> {
        let link = match self.door.link(link) {
            Ok(link) => link,
            Err(why) => {
                let excerpt = format!("a link that is not followed: {why}");
                return Ok(Err(Unfetched::Failed(Outcome::Failed(Fault::Garbled { excerpt }))));
            }
        };
        self.door.fetch(self.source(endpoint).await?, &link).await
    }

    /// Changes the progress and reports it.
    pub(super) fn update_progress(&self, change: impl FnOnce(&mut Progress)) {
        self.online.shared.update_progress(change);
    }

    /// What the store holds about each of `keys`.
    pub(super) fn held(
        &self,
        source: SourceId,
        keys: &[Key],
    ) -> Result<HashMap<Key, KeptAnswer>, Error> {
        let mut sorted: Vec<(u32, String)> =
            (0_u32..).zip(keys).map(|(place, key)| (place, key.to_stored())).collect();
        sorted.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let mut found = HashMap::new();
        self.snapshot()?.each_kept(source, sorted.into_iter(), |place, held| {
            found.insert(keys[place as usize].clone(), held);
        })?;
        Ok(found)
    }

    /// The body of an answer.
    pub(super) fn body(&self, key: &Key, held: &KeptAnswer) -> Result<Vec<u8>, Error> {
        match held.body {
            Some(id) => self.snapshot()?.body(id, key),
            None => Ok(Vec::new()),
        }
    }

    /// What the store holds about `key`, its body included.
    pub(super) fn answer(
        &self,
        source: SourceId,
        key: &Key,
    ) -> Result<Option<(KeptAnswer, Vec<u8>)>, Error> {
        let Some(held) = self.held(source, std::slice::from_ref(key))?.remove(key) else {
            return Ok(None);
        };
        let body = self.body(key, &held)?;
        Ok(Some((held, body)))
    }

    /// The journal of an endpoint.
    pub(super) fn operations(&self, source: SourceId) -> Result<Vec<Operation>, Error> {
        self.snapshot()?.operations(source)
    }

    /// Settles an operation by what was found of it, or frees it when nothing was.
    pub(super) async fn reconcile(
        &self,
        source: SourceId,
        operation: &Operation,
        found: Option<String>,
    ) -> Result<(), Error> {
        let at = self.now();
        let Operation { key, frozen_at, .. } = operation.clone();
        let answer = found.map(|body| NewAnswer {
            key: key.clone(),
            said: Answer::Found,
            replaces_find: true,
            body: Body::Own(body.into()),
            expires_at: Freshness::lasting().expires_at(&key, true, at),
        });
        let found = Reconcile { source, key, frozen_at, answer, at };
        self.session.store.writer().reconcile(found).await
    }

    /// Whether the run was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.session.context().cancel.asked().is_some()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.session.context().clock.now().wall
    }

    /// What this run has spent so far.
    pub(super) fn spent(&self) -> Micros {
        self.online.shared.progress.borrow().spent
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot<'_>, Error> {
        self.session.store.snapshot()
    }

    /// What the door has seen, for the report.
    async fn note_calls(self) -> Result<(), Error> {
        let VendorClient { report, account, door, .. } = &self;
        report.note_stop();
        report.note_calls(label(account.vendor, account.settings), door.report().await?);
        report.note_resume(door.resume_at());
        Ok(())
    }
}
