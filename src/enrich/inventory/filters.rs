//! Filters that the settings name by words: their ids, by the vendor's own lists.

use std::time::Duration;

use super::renewal::without_refusal;
use crate::config::VendorSettings;
use crate::domain::{Error, Freshness, Outcome, Timestamp};
use crate::enrich::chain::Source;
use crate::gate::{Asking, Door, Shared};
use crate::store::{AnswerKind, Snapshot, Store};
use crate::vendors::{IdOf, NamedFilter, Pages};

/// How long a list of names is used before it is read again.
const NAMES_KEPT: Duration = Duration::from_hours(30 * 24);

/// More lists of names than this are not read for one inventory.
const MOST_LISTS: usize = 64;

/// Settings in which every filter has its id, by the lists fetched after `oldest`; or
/// the filter whose list has to be read first.
///
/// # Errors
/// 78 where the vendor has no such name.
pub(super) fn resolved(
    snapshot: &Snapshot<'_>,
    source: &Source,
    pages: &dyn Pages,
    oldest: Timestamp,
) -> Result<Result<VendorSettings, NamedFilter>, Error> {
    let mut settings = (*source.settings).clone();
    while let Some(mut filter) = pages.unresolved(&settings) {
        let id = loop {
            let Some(body) = kept(snapshot, source, &filter, oldest)? else {
                return Ok(Err(filter));
            };
            match pages.id_of(&filter, &body) {
                IdOf::Is(id) => break id,
                IdOf::Next(key) => filter.key = key,
                IdOf::Unknown => return Err(unknown(source, &filter)),
            }
        };
        settings.options.insert(filter.id_option, vec![id]);
    }
    Ok(Ok(settings))
}

/// The same, with the lists that are missing or old read from the vendor; why not,
/// where it does not answer and no earlier list helps.
pub(super) async fn look_up(
    store: &Store<'_>,
    shared: &Shared<'_>,
    (source, pages): (&Source, &dyn Pages),
    door: Result<&Door<'_>, &Outcome>,
) -> Result<Result<VendorSettings, Outcome>, Error> {
    let now = shared.clock.now().wall;
    for _ in 0..MOST_LISTS {
        let filter = match resolved(&store.snapshot()?, source, pages, now.earlier(NAMES_KEPT))? {
            Ok(settings) => return Ok(Ok(settings)),
            Err(filter) => filter,
        };
        let outcome = match door {
            Ok(door) => ask(shared, source, door, &filter).await?,
            Err(outcome) => Some(outcome.clone()),
        };
        if let Some(outcome) = outcome {
            let any_age = Timestamp::from_micros(i64::MIN);
            let earlier = resolved(&store.snapshot()?, source, pages, any_age)?;
            return Ok(earlier.map_err(|_| outcome));
        }
    }
    Ok(Err(Outcome::Missing))
}

/// Reads one list of names; why it was not, where it was not.
async fn ask(
    shared: &Shared<'_>,
    source: &Source,
    door: &Door<'_>,
    filter: &NamedFilter,
) -> Result<Option<Outcome>, Error> {
    let names = source.beside(filter.endpoint);
    let asking = Asking {
        endpoint: names.name.endpoint,
        source: shared.writer.source(names.name.clone()).await?,
        keys: vec![filter.key.clone()],
        freshness: Freshness::new(NAMES_KEPT, NAMES_KEPT),
    };
    let mut asked = door.ask(asking).await?;
    Ok(asked.unanswered.remove(&filter.key).map(without_refusal))
}

fn kept(
    snapshot: &Snapshot<'_>,
    source: &Source,
    filter: &NamedFilter,
    oldest: Timestamp,
) -> Result<Option<Vec<u8>>, Error> {
    let names = source.beside(filter.endpoint).name;
    let Some(id) = snapshot.source(&names)? else { return Ok(None) };
    let mut answer = None;
    let keys = [(0, filter.key.to_stored())].into_iter();
    snapshot.each_kept(id, keys, |_, held| answer = Some(held))?;
    let is_used = |held: &crate::store::KeptAnswer| {
        held.said != AnswerKind::Refused && held.fetched_at >= oldest
    };
    let body = answer.filter(is_used).and_then(|held| held.body);
    body.map(|body| snapshot.body(body, &filter.key)).transpose()
}

fn unknown(source: &Source, filter: &NamedFilter) -> Error {
    let vendor = source.name.vendor;
    let option = filter.id_option.trim_end_matches("_id");
    Error::config(format!("{vendor} has no {option} called `{}`", filter.wanted)).hint(format!(
        "correct `{option}` of [vendors.{vendor}], or set `{}` to the vendor's own id",
        filter.id_option
    ))
}
