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
//!
//! [`Renewal`] reads a list; `walk` says which page is next and when pages are
//! no list; `count` holds it against the number that the vendor counts; `stock` is the list by what it is looked up by, `names` by which name.

mod count;
mod filters;
mod names;
mod renewal;
mod stock;
mod walk;

use std::sync::Arc;

use crate::domain::{Error, Key, Page, Times, Timestamp};
use crate::enrich::chain::{Chain, Source};
use crate::store::Snapshot;

pub(crate) use names::{Named, folded};
use renewal::{Kept, load};
pub(crate) use renewal::{Renewal, Renewed};
pub(crate) use stock::Inventory;

/// What the store knows of an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// No whole reading.
    Never,
    /// A fresh one, which is used as it is.
    Fresh,
    /// One that has to be renewed.
    Expired,
}

/// What the store knows of a source's inventory, before anyone asks.
#[derive(Debug)]
pub(crate) struct Foreseen {
    /// Whether it has to be read.
    pub known: Known,
    /// The pages to be read: as many as it had, and at least one.
    pub pages: u64,
    /// The endpoint that is then asked how many vehicles there are.
    pub count: Option<&'static str>,
    /// The reading that is used as it is.
    pub inventory: Option<Arc<Inventory>>,
}

/// What a run would find of a source's inventory. With `forced` a fresh reading
/// is renewed too.
pub(crate) fn foresee(
    snapshot: Option<&Snapshot<'_>>,
    chain: &Chain,
    source: &Source,
    times: Times,
    forced: bool,
) -> Result<Foreseen, Error> {
    let unread = |known, pages| Foreseen { known, pages, count: None, inventory: None };
    let Some(pages) = source.endpoint.role().pages() else { return Ok(unread(Known::Never, 0)) };
    let any_age = Timestamp::from_micros(i64::MIN);
    let settings = match (snapshot, pages.unresolved(&source.settings)) {
        (_, None) => Ok((*source.settings).clone()),
        (None, Some(filter)) => Err(filter),
        (Some(snapshot), Some(_)) => filters::resolved(snapshot, source, pages, any_age)?,
    };
    // Which list it is shows once the ids of its filters are known.
    let Ok(settings) = settings else { return Ok(unread(Known::Never, 1)) };
    let list = pages.list(&settings);
    let count = pages.count(&settings);
    let to_read = |known, pages| Foreseen {
        count: count.as_ref().map(|count| count.endpoint),
        ..unread(known, pages)
    };
    let id = snapshot.map(|snapshot| snapshot.source(&source.name)).transpose()?.flatten();
    let Some((snapshot, id)) = snapshot.zip(id) else { return Ok(to_read(Known::Never, 1)) };
    Ok(match snapshot.whole_list(id, &list)? {
        None => to_read(Known::Never, 1),
        Some(whole) if !forced && is_fresh(chain, &list, whole.snapshot, times) => {
            let kept = Kept { source: id, list: &list, pages, count: count.as_ref() };
            let inventory = load(snapshot, kept, source, whole.snapshot, None)?;
            let inventory = Some(Arc::new(inventory));
            Foreseen { known: Known::Fresh, pages: 0, count: None, inventory }
        }
        Some(whole) => to_read(Known::Expired, u64::from(whole.pages)),
    })
}

/// Whether a reading begun at `snapshot` was fresh when the run started.
fn is_fresh(chain: &Chain, list: &str, snapshot: Timestamp, times: Times) -> bool {
    let first = page_key(list, snapshot, 1);
    chain.freshness.is_fresh(&first, true, snapshot, times)
}

fn page_key(list: &str, snapshot: Timestamp, number: u32) -> Key {
    Key::Page(Page { list: list.to_owned(), snapshot, number })
}
