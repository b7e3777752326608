//! Reading an inventory to its last page, and what counts when that fails.
//!
//! Over 300 lines: one reading, from the filters to the reading that counts.

use std::sync::Arc;
use std::time::Duration;

use super::stock::{Inventory, Stock};
use super::walk::Walk;
use super::{Known, count, filters, is_fresh, page_key};
use crate::domain::{Error, Fault, Key, NotAsked, Outcome, Stale, Times, Timestamp};
use crate::enrich::chain::{Chain, Source};
use crate::gate::{Asking, Door, Shared};
use crate::store::{AnswerKind, CompleteList, Snapshot, SourceId, Store, WholeList};
use crate::vendors::{Pages, Probe};

/// A reading that was broken off is gone on with for so long at the most, and
/// for as long as its first page is fresh.
const RESUMED_WITHIN: Duration = Duration::from_hours(24);

/// The renewal of one inventory.
pub(crate) struct Renewal<'a> {
    /// Where the pages are kept.
    pub store: &'a Store<'a>,
    /// What the doors share.
    pub shared: &'a Shared<'a>,
    /// The chain it stands in.
    pub chain: &'a Chain,
    /// Whose list it is.
    pub source: &'a Source,
    /// How its pages are read.
    pub pages: &'static dyn Pages,
    /// The way to its vendor, or why there is none.
    pub door: Result<&'a Door<'a>, Outcome>,
    /// When the run started.
    pub started: Timestamp,
    /// Whether a fresh reading is renewed too.
    pub forced: bool,
}

/// What came of a [`Renewal`].
#[derive(Clone, Debug)]
pub(crate) struct Renewed {
    /// What the store knew before.
    pub known: Known,
    /// The inventory, if there is a whole reading that may be used.
    pub inventory: Option<Arc<Inventory>>,
    /// Why there is no new reading, though one was wanted.
    pub outcome: Option<Outcome>,
    /// What the user should know of it.
    pub warning: Option<String>,
}

impl Renewed {
    /// The ids of its filters are not known.
    fn without_filters(source: &Source, outcome: Outcome) -> Self {
        let warning = format!(
            "{}: its inventory was not read: the ids of its filters could not be looked up",
            source.label
        );
        Self {
            known: Known::Never,
            inventory: None,
            outcome: Some(outcome),
            warning: Some(warning),
        }
    }
}

/// Why a list could not be read to its end.
enum Broken {
    /// A page was not answered.
    Unanswered(Outcome),
    /// The pages make no list.
    NoList(String),
}

/// Where a list is kept, and how its pages are read.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) source: SourceId,
    pub(super) list: &'a str,
    pub(super) pages: &'static dyn Pages,
    /// The call that says how many vehicles it should show.
    pub(super) count: Option<&'a Probe>,
}

impl std::fmt::Debug for Renewal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewal").field("source", self.source).finish_non_exhaustive()
    }
}

impl Renewal<'_> {
    /// Reads the list unless a fresh reading is there, and loads what counts then.
    pub(crate) async fn run(&self) -> Result<Renewed, Error> {
        let source = self.source_id().await?;
        let (about, door) = ((self.source, self.pages), self.door.as_ref().copied());
        let settings = filters::look_up(self.store, self.shared, about, door).await?;
        let settings = match settings {
            Ok(settings) => settings,
            Err(outcome) => return Ok(Renewed::without_filters(self.source, outcome)),
        };
        let list = self.pages.list(&settings);
        let count = self.pages.count(&settings);
        let kept = Kept { source, list: &list, pages: self.pages, count: count.as_ref() };
        let before = self.whole_list(kept)?;
        let known = match before {
            None => Known::Never,
            Some(whole) if !self.forced && self.is_fresh(kept, whole.snapshot) => Known::Fresh,
            Some(_) => Known::Expired,
        };
        let read = if known == Known::Fresh { Ok(None) } else { self.read(kept).await? };
        let (remark, broken) = match read {
            Ok(remark) => (remark, None),
            // Another run may have read it meanwhile.
            Err(_) if self.whole_list(kept)? != before => (None, None),
            Err(broken) => (None, Some(broken)),
        };
        let outcome = broken.as_ref().map(Broken::outcome);
        let inventory = self.load(kept, outcome.as_ref())?;
        let remark = remark.or_else(|| broken?.remark(inventory.as_ref()));
        let difference = inventory.as_ref().and_then(Inventory::difference);
        let remarks: Vec<String> = remark.into_iter().chain(difference).collect();
        let warning =
            (!remarks.is_empty()).then(|| format!("{}: {}", self.source.label, remarks.join("; ")));
        Ok(Renewed { known, inventory: inventory.map(Arc::new), outcome, warning })
    }

    /// Where its pages are kept. A store that may only be read is not asked to make a place.
    async fn source_id(&self) -> Result<SourceId, Error> {
        let name = &self.source.name;
        if self.door.is_err() {
            return Ok(self.store.snapshot()?.source(name)?.unwrap_or(SourceId::NONE));
        }
        self.shared.writer.source(name.clone()).await
    }

    fn whole_list(&self, kept: Kept<'_>) -> Result<Option<WholeList>, Error> {
        self.store.snapshot()?.whole_list(kept.source, kept.list)
    }

    fn is_fresh(&self, kept: Kept<'_>, snapshot: Timestamp) -> bool {
        let now = self.shared.clock.now().wall;
        is_fresh(self.chain, kept.list, snapshot, Times { started: self.started, now })
    }

    /// The inventory of the reading that counts, unless that is too old for use.
    fn load(&self, kept: Kept<'_>, outcome: Option<&Outcome>) -> Result<Option<Inventory>, Error> {
        let store = self.store.snapshot()?;
        let Some(whole) = store.whole_list(kept.source, kept.list)? else { return Ok(None) };
        let snapshot = whole.snapshot;
        let stale = if outcome.is_none() || self.is_fresh(kept, snapshot) {
            None
        } else if self.chain.freshness.too_old(snapshot, self.shared.clock.now().wall) {
            return Ok(None);
        } else {
            Some(Stale::because(outcome))
        };
        load(&store, kept, self.source, snapshot, stale).map(Some)
    }

    /// Reads the list to its last page and makes the reading count. What is
    /// remarkable about it, if anything is.
    async fn read(&self, kept: Kept<'_>) -> Result<Result<Option<String>, Broken>, Error> {
        let (snapshot, mut walk) = self.begin(kept)?;
        while !walk.has_ended() {
            let door = match &self.door {
                Ok(door) => *door,
                Err(outcome) => return Ok(Err(Broken::Unanswered(outcome.clone()))),
            };
            let key = page_key(kept.list, snapshot, walk.next_number());
            let body = match self.page(door, kept, &key).await? {
                Ok(body) => body,
                Err(outcome) => return Ok(Err(Broken::Unanswered(outcome))),
            };
            if let Err(why) = self.take(&mut walk, &body) {
                return Ok(Err(Broken::NoList(why)));
            }
        }
        if walk.names_no_vin() && self.load(kept, None)?.is_some_and(|kept| kept.names_vins()) {
            let why = "its vehicles named their VINs before, and not one does now";
            return Ok(Err(Broken::NoList(why.into())));
        }
        let unchecked = self.count(kept, snapshot).await?;
        let complete = CompleteList {
            source: kept.source,
            list: kept.list.to_owned(),
            whole: WholeList { snapshot, pages: walk.pages() },
            now: self.shared.clock.now().wall,
        };
        if self.shared.writer.complete_list(complete).await? {
            Ok(Ok(unchecked.or_else(|| walk.remark())))
        } else {
            Ok(Err(Broken::Unanswered(Outcome::Pending(NotAsked::Elsewhere))))
        }
    }

    /// Asks how many vehicles the list should show; what the user should know where that
    /// was not learnt.
    async fn count(&self, kept: Kept<'_>, snapshot: Timestamp) -> Result<Option<String>, Error> {
        let (Some(probe), Ok(door)) = (kept.count, &self.door) else { return Ok(None) };
        let known = count::counted(&self.store.snapshot()?, kept, self.source, snapshot)?;
        if known.is_some() {
            return Ok(None);
        }
        let about = (self.source, self.chain.freshness);
        count::ask(self.shared, about, door, (probe, snapshot)).await
    }

    /// The reading that was broken off, if it is young and sound, else a new one.
    fn begin(&self, kept: Kept<'_>) -> Result<(Timestamp, Walk), Error> {
        let now = self.shared.clock.now().wall;
        let store = self.store.snapshot()?;
        let whole = store.whole_list(kept.source, kept.list)?;
        let latest = store.latest_reading(kept.source, kept.list, now)?;
        // What was read whole by a clock that was ahead is older than what was begun since.
        let whole = whole.filter(|whole| whole.snapshot <= now);
        let unfinished = latest.filter(|latest| whole.is_none_or(|whole| whole.snapshot < *latest));
        let Some(snapshot) = unfinished.filter(|begun| self.can_go_on(kept, *begun, now)) else {
            return Ok((now, Walk::default()));
        };
        let mut walk = Walk::default();
        for page in store.pages(kept.source, kept.list, snapshot)? {
            if page.number != walk.next_number() {
                break;
            }
            let body = store.body(page.body, &page_key(kept.list, snapshot, page.number))?;
            if self.take(&mut walk, &body).is_err() {
                // What did not work then is not worth going on with.
                return Ok((now, Walk::default()));
            }
        }
        Ok((snapshot, walk))
    }

    fn can_go_on(&self, kept: Kept<'_>, snapshot: Timestamp, now: Timestamp) -> bool {
        snapshot <= now && now.since(snapshot) < RESUMED_WITHIN && self.is_fresh(kept, snapshot)
    }

    /// Takes in the next page.
    fn take(&self, walk: &mut Walk, body: &[u8]) -> Result<(), String> {
        let number = walk.next_number();
        let page = self.pages.page(number, body);
        let page = page.ok_or_else(|| format!("page {number} cannot be read"))?;
        walk.take(page, &self.pages.vehicles(body, &self.source.settings))
    }

    /// Asks for one page; its body, or why there is none.
    async fn page(
        &self,
        door: &Door<'_>,
        kept: Kept<'_>,
        key: &Key,
    ) -> Result<Result<Vec<u8>, Outcome>, Error> {
        let asking = Asking {
            endpoint: self.source.name.endpoint,
            source: kept.source,
            keys: vec![key.clone()],
            freshness: self.chain.freshness,
        };
        let mut asked = door.ask(asking).await?;
        if let Some(outcome) = asked.unanswered.remove(key) {
            return Ok(Err(without_refusal(outcome)));
        }
        let store = self.store.snapshot()?;
        let mut answer = None;
        let keys = [(0, key.to_stored())].into_iter();
        store.each_kept(kept.source, keys, |_, held| answer = Some(held))?;
        let Some(answer) = answer else { return Ok(Err(Outcome::Missing)) };
        if answer.said != AnswerKind::Found {
            let code = answer.detail.as_deref().unwrap_or("refused").to_owned();
            return Ok(Err(without_refusal(Outcome::Refused(code))));
        }
        let body = answer.body.map(|body| store.body(body, key)).transpose()?;
        Ok(body.ok_or(Outcome::Missing))
    }
}

/// The inventory of the reading begun at `snapshot`.
pub(super) fn load(
    store: &Snapshot<'_>,
    kept: Kept<'_>,
    source: &Source,
    snapshot: Timestamp,
    stale: Option<Stale>,
) -> Result<Inventory, Error> {
    let mut stock = Stock::default();
    let mut pages = 0;
    for page in store.pages(kept.source, kept.list, snapshot)? {
        pages += 1;
        let body = store.body(page.body, &page_key(kept.list, snapshot, page.number))?;
        stock.add(kept.pages.vehicles(&body, &source.settings));
    }
    let inventory = stock.into_inventory(snapshot, stale, source.settings.option("currency"));
    let counted = count::counted(store, kept, source, snapshot)?;
    Ok(inventory.held_against(counted, pages))
}

impl Broken {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Unanswered(outcome) => outcome.clone(),
            Self::NoList(why) => Outcome::Failed(Fault::Garbled { excerpt: why.clone() }),
        }
    }

    /// What the outcome alone does not tell.
    fn remark(&self, instead: Option<&Inventory>) -> Option<String> {
        let Self::NoList(why) = self else { return None };
        let instead = match instead {
            Some(inventory) => {
                format!("the reading of {} stays in use", inventory.fetched_at())
            }
            None => "there is no earlier one to use instead".into(),
        };
        Some(format!("its inventory was not read to its end: {why}; {instead}"))
    }
}

/// A page that is refused says nothing of the VINs that are looked for on it.
pub(super) fn without_refusal(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused(code) => Outcome::Failed(Fault::Poisoned { code }),
        outcome => outcome,
    }
}
