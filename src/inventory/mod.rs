//! Inventories: what an organisation has on offer, read as one list, page by page.
//!
//! Such a list cannot be asked about a VIN, so it is read whole and joined
//! here. A reading counts once its last page is in the store; until then, and
//! whenever a new reading fails, the last whole one stays in use. A reading
//! that was broken off goes on where it ended.
//!
//! A vehicle with a VIN is a listing of that VIN. One without is another car
//! of its make, model and year: it is counted among the comparable ones, and
//! its price is never this car's.

mod names;
mod stock;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::gate::{Asking, Door, Shared, rfc3339};
use crate::key::{Key, Page};
use crate::outcome::{Fault, Held, Outcome};
use crate::panel::{Chain, Source};
use crate::store::{Answered, Snapshot, SourceId, Store, WholeList};
use crate::vendors::ListPage;

pub use stock::Inventory;
use stock::Stock;
use walk::Walk;

/// A reading that was broken off is gone on with for so long at the most, and
/// for as long as its first page is fresh.
const RESUMED_WITHIN: Duration = Duration::from_hours(24);

/// The renewal of one inventory.
pub struct Renewal<'a> {
    /// Where the pages are kept.
    pub store: &'a Store,
    /// What the doors share.
    pub shared: &'a Shared<'a>,
    /// The chain it stands in.
    pub chain: &'a Chain,
    /// Whose list it is.
    pub source: &'a Source,
    /// The way to its vendor, or why there is none.
    pub door: Result<&'a Door<'a>, Outcome>,
    /// When the run started, in microseconds since the epoch.
    pub started: i64,
    /// Whether a fresh reading is renewed too.
    pub forced: bool,
}

/// What the store knew of an inventory before it was renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No whole reading.
    Never,
    /// A fresh one, which is used as it is.
    Fresh,
    /// One that has to be renewed.
    Expired,
}

/// What came of a [`Renewal`].
#[derive(Debug)]
pub struct Renewed {
    /// What the store knew before.
    pub known: Known,
    /// The inventory, if there is a whole reading that may be used.
    pub inventory: Option<Arc<Inventory>>,
    /// Why there is no new reading, though one was wanted.
    pub outcome: Option<Outcome>,
    /// What the user should know of it.
    pub warnings: Vec<String>,
}

/// Why a list could not be read to its end.
enum Broken {
    /// A page was not answered.
    Unanswered(Outcome),
    /// The pages make no list.
    NoList(String),
}

impl std::fmt::Debug for Renewal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewal").field("source", self.source).finish_non_exhaustive()
    }
}

impl Renewal<'_> {
    /// Reads the list unless a fresh reading is there, and loads what counts then.
    pub async fn run(&self) -> Result<Renewed, Error> {
        let source = self.shared.writer.source(self.source.name.clone()).await?;
        let list = self.source.endpoint.list(&self.source.settings);
        let before = self.whole_list(source, &list)?;
        let known = match before {
            None => Known::Never,
            Some(whole) if !self.forced && self.is_fresh(&list, whole.snapshot) => Known::Fresh,
            Some(_) => Known::Expired,
        };
        let mut renewed = Renewed { known, inventory: None, outcome: None, warnings: Vec::new() };
        if known != Known::Fresh {
            match self.read(source, &list).await? {
                Ok(warning) => renewed.warnings.extend(warning),
                Err(broken) => renewed.note(&broken, before, &self.source.label),
            }
        }
        if let Some(whole) = self.whole_list(source, &list)? {
            renewed.inventory = self.load(source, &list, whole, renewed.outcome.as_ref())?;
        }
        Ok(renewed)
    }

    fn whole_list(&self, source: SourceId, list: &str) -> Result<Option<WholeList>, Error> {
        self.store.snapshot()?.whole_list(source, list)
    }

    /// The inventory of a whole reading, unless that is too old for use.
    fn load(
        &self,
        source: SourceId,
        list: &str,
        whole: WholeList,
        outcome: Option<&Outcome>,
    ) -> Result<Option<Arc<Inventory>>, Error> {
        let is_new = outcome.is_none();
        let stale = if is_new || self.is_fresh(list, whole.snapshot) {
            None
        } else if self.chain.freshness.too_old(whole.snapshot, self.shared.clock.now().wall) {
            return Ok(None);
        } else {
            let why = outcome.and_then(|outcome| outcome.verdict().1);
            Some(format!("stale:{}", why.as_deref().unwrap_or("not_renewed")).into())
        };
        let pages = self.store.snapshot()?.pages(source, list, whole.snapshot)?;
        let mut stock = Stock::default();
        for page in &pages {
            stock.add(self.source.endpoint.vehicles(&page.body, &self.source.settings));
        }
        let currency = self.source.settings.option("currency");
        stock.into_inventory(whole.snapshot, stale, currency).map(Arc::new).map(Some)
    }

    fn is_fresh(&self, list: &str, snapshot: i64) -> bool {
        is_fresh(self.chain, list, snapshot, self.started)
    }

    /// Reads the list to its last page and makes the reading count. A warning
    /// where the list changed meanwhile.
    async fn read(
        &self,
        source: SourceId,
        list: &str,
    ) -> Result<Result<Option<String>, Broken>, Error> {
        let (snapshot, mut walk) = self.begin(source, list)?;
        if !walk.has_ended() {
            let door = match &self.door {
                Ok(door) => *door,
                Err(outcome) => return Ok(Err(Broken::Unanswered(outcome.clone()))),
            };
            while !walk.has_ended() {
                let key = page_key(list, snapshot, walk.next_number());
                let body = match self.page(door, source, &key).await? {
                    Ok(body) => body,
                    Err(outcome) => return Ok(Err(Broken::Unanswered(outcome))),
                };
                if let Err(why) = self.take(&mut walk, &body) {
                    return Ok(Err(Broken::NoList(why)));
                }
            }
        }
        let whole = WholeList { snapshot, pages: walk.pages() };
        let now = self.shared.clock.now().wall;
        let counts = self.shared.writer.complete_list(source, list.to_owned(), whole, now).await?;
        if !counts && self.whole_list(source, list)?.is_none_or(|other| other.snapshot < snapshot) {
            return Ok(Err(Broken::Unanswered(Outcome::Pending(Held::Elsewhere))));
        }
        let shortfall = walk.shortfall();
        Ok(Ok(shortfall.map(|words| format!("{}: {words}", self.source.label))))
    }

    /// The reading that was broken off, if it is young and sound, else a new one.
    fn begin(&self, source: SourceId, list: &str) -> Result<(i64, Walk), Error> {
        let now = self.shared.clock.now().wall;
        let store = self.store.snapshot()?;
        let whole = store.whole_list(source, list)?;
        let latest = store.latest_reading(source, list)?;
        let unfinished = latest.filter(|latest| whole.is_none_or(|whole| whole.snapshot < *latest));
        let Some(snapshot) = unfinished.filter(|begun| self.can_go_on(list, *begun, now)) else {
            return Ok((now, Walk::default()));
        };
        let mut walk = Walk::default();
        for page in store.pages(source, list, snapshot)? {
            if page.number != walk.next_number() {
                break;
            }
            if self.take(&mut walk, &page.body).is_err() {
                // What did not work then is not worth going on with.
                return Ok((now, Walk::default()));
            }
        }
        Ok((snapshot, walk))
    }

    fn can_go_on(&self, list: &str, snapshot: i64, now: i64) -> bool {
        let most = i64::try_from(RESUMED_WITHIN.as_micros()).unwrap_or(i64::MAX);
        (0..most).contains(&(now - snapshot)) && self.is_fresh(list, snapshot)
    }

    /// Takes in the next page.
    fn take(&self, walk: &mut Walk, body: &[u8]) -> Result<(), String> {
        let number = walk.next_number();
        let page: Option<ListPage> = self.source.endpoint.page(number, body);
        let page = page.ok_or_else(|| format!("page {number} cannot be read"))?;
        walk.take(page, &self.source.endpoint.vehicles(body, &self.source.settings))
    }

    /// Asks for one page; its body, or why there is none.
    async fn page(
        &self,
        door: &Door<'_>,
        source: SourceId,
        key: &Key,
    ) -> Result<Result<Vec<u8>, Outcome>, Error> {
        let asking = Asking {
            endpoint: self.source.name.endpoint,
            source,
            keys: vec![key.clone()],
            freshness: self.chain.freshness,
        };
        let mut asked = door.ask(asking).await?;
        if let Some(outcome) = asked.unanswered.remove(key) {
            return Ok(Err(without_refusal(outcome)));
        }
        let store = self.store.snapshot()?;
        let mut kept = None;
        store.each_held(source, [(0, key.to_stored())].into_iter(), |_, held| kept = Some(held))?;
        match kept {
            Some(held) if held.said == Answered::Found => {
                let body = held.body.map(|body| store.body(body, key)).transpose()?;
                Ok(body.ok_or(Outcome::Missing))
            }
            Some(held) => {
                let code = held.detail.as_deref().unwrap_or("refused").to_owned();
                Ok(Err(without_refusal(Outcome::Refused(code))))
            }
            None => Ok(Err(Outcome::Missing)),
        }
    }
}

impl Renewed {
    fn note(&mut self, broken: &Broken, before: Option<WholeList>, label: &str) {
        let (outcome, why) = match broken {
            Broken::Unanswered(outcome) => (outcome.clone(), None),
            Broken::NoList(why) => {
                (Outcome::Failed(Fault::Garbled { excerpt: why.clone() }), Some(why))
            }
        };
        if let Some(why) = why {
            let instead = match before {
                Some(whole) => format!("the reading of {} stays in use", rfc3339(whole.snapshot)),
                None => "there is no earlier one to use instead".into(),
            };
            self.warnings
                .push(format!("{label}: the inventory was not read to its end: {why}; {instead}"));
        }
        self.outcome = Some(outcome);
    }
}

/// A page that is refused says nothing of the VINs that are looked for on it.
fn without_refusal(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused(code) => Outcome::Failed(Fault::Poisoned { code }),
        outcome => outcome,
    }
}

/// What the store knows of a source's inventory, and how many pages are to be
/// read: as many as it had, and at least one.
pub fn foresee(
    snapshot: Option<&Snapshot<'_>>,
    chain: &Chain,
    source: &Source,
    started: i64,
    forced: bool,
) -> Result<(Known, u64), Error> {
    let list = source.endpoint.list(&source.settings);
    let whole = match snapshot {
        Some(snapshot) => match snapshot.source(&source.name)? {
            Some(id) => snapshot.whole_list(id, &list)?,
            None => None,
        },
        None => None,
    };
    Ok(match whole {
        None => (Known::Never, 1),
        Some(whole) if !forced && is_fresh(chain, &list, whole.snapshot, started) => {
            (Known::Fresh, 0)
        }
        Some(whole) => (Known::Expired, u64::from(whole.pages)),
    })
}

/// Whether a reading begun at `snapshot` was fresh when the run started.
fn is_fresh(chain: &Chain, list: &str, snapshot: i64, started: i64) -> bool {
    let first = page_key(list, snapshot, 1);
    chain.freshness.expires_at(&first, true, snapshot) > started
}

fn page_key(list: &str, snapshot: i64, number: u32) -> Key {
    Key::Page(Page { list: list.to_owned(), snapshot, number })
}
