//! The photo requests that this store knows of, and the vendor's list that
//! says what became of those whose reply was lost.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use crate::domain::{Error, Key, Timestamp, Vin};
use crate::ops::client::VendorClient;
use crate::store::{AnswerKind, Operation, SourceId};
use crate::vendors::visio::{
    self, LIST, Listed, PhotoRequest, listed, number_of, photo_request, vin_of,
};

/// A photo request that was sent so recently may not be on the list yet: it is
/// not taken for never made.
const MAY_STILL_COME: Duration = Duration::from_mins(2);

/// How far the vendor's clock may be behind ours.
const CLOCK_SLACK: Duration = Duration::from_mins(10);

/// Pages of the list read at the most.
const MOST_PAGES: u32 = 1000;

/// The photo requests of this store, by vehicle.
#[derive(Default)]
pub(super) struct Book {
    made: BTreeMap<String, Vec<Made>>,
    unknown: BTreeMap<String, usize>,
    /// Those that another run is making at this moment.
    in_flight: BTreeMap<String, usize>,
    /// The highest number of a vehicle's, whatever became of it.
    highest: BTreeMap<String, usize>,
    done: HashSet<Key>,
}

/// A photo request that was made.
pub(super) struct Made {
    pub(super) request: PhotoRequest,
    pub(super) cancelled: bool,
}

impl Book {
    /// Reads the journal and what the vendor said.
    pub(super) fn read(client: &VendorClient<'_>, source: SourceId) -> Result<Self, Error> {
        let mut book = Self::default();
        let operations = client.operations(source)?;
        let keys: Vec<Key> = operations.iter().map(|operation| operation.key.clone()).collect();
        let held = client.held(source, &keys)?;
        for Operation { key, settled, in_flight, .. } in operations {
            let Some(vin) = vin_of(&key).map(|vin| vin.to_string()) else { continue };
            let highest = book.highest.entry(vin.clone()).or_default();
            *highest = number_of(&key).max(*highest);
            let answer = held.get(&key).filter(|held| held.said == AnswerKind::Found);
            match answer.filter(|_| settled) {
                Some(held) => {
                    let request = photo_request(&client.body(&key, held)?).unwrap_or_default();
                    book.made.entry(vin).or_default().push(Made { request, cancelled: false });
                    book.done.insert(key);
                }
                // Settled otherwise, it was refused: nothing was made.
                None if settled => {}
                None if in_flight => *book.in_flight.entry(vin).or_default() += 1,
                None => *book.unknown.entry(vin).or_default() += 1,
            }
        }
        Ok(book)
    }

    /// Whether this very task was done.
    pub(super) fn is_done(&self, key: &Key) -> bool {
        self.done.contains(key)
    }

    /// The photo requests of a vehicle.
    pub(super) fn of(&self, vin: &Vin) -> impl Iterator<Item = &Made> + use<'_> {
        self.made.get(vin.as_str()).into_iter().flatten()
    }

    /// How many of a vehicle's have an unknown outcome.
    pub(super) fn unknown(&self, vin: &Vin) -> usize {
        self.unknown.get(vin.as_str()).copied().unwrap_or(0)
    }

    /// How many of a vehicle's another run is making at this moment.
    pub(super) fn in_flight(&self, vin: &Vin) -> usize {
        self.in_flight.get(vin.as_str()).copied().unwrap_or(0)
    }

    /// Photo requests of a vehicle that were made, or may have been.
    pub(super) fn count(&self, vin: &Vin) -> usize {
        self.of(vin).count() + self.unknown(vin) + self.in_flight(vin)
    }

    /// The number of a vehicle's next photo request: none is used twice.
    pub(super) fn next_number(&self, vin: &Vin) -> usize {
        self.highest.get(vin.as_str()).map_or(1, |highest| highest.saturating_add(1))
    }

    /// The vehicles, by VIN.
    pub(super) fn vins(&self) -> Vec<Vin> {
        let vins: std::collections::BTreeSet<&String> =
            self.made.keys().chain(self.unknown.keys()).chain(self.in_flight.keys()).collect();
        vins.into_iter().filter_map(|vin| Vin::new(vin)).collect()
    }

    /// Forgets the other vehicles.
    pub(super) fn keep(&mut self, vins: &HashSet<Vin>) {
        let is_kept = |vin: &str| Vin::new(vin).is_some_and(|vin| vins.contains(&vin));
        self.made.retain(|vin, _| is_kept(vin));
        self.unknown.retain(|vin, _| is_kept(vin));
        self.in_flight.retain(|vin, _| is_kept(vin));
    }

    /// Those that were not cancelled here, to ask about each.
    pub(super) fn open_keys(&self) -> Vec<Key> {
        let open = self.made.values().flatten().filter(|made| !made.cancelled);
        open.map(|made| visio::about(&made.request.id)).collect()
    }

    /// Learns which were cancelled.
    pub(super) fn take_cancelled(
        &mut self,
        client: &VendorClient<'_>,
        source: SourceId,
    ) -> Result<(), Error> {
        for made in self.made.values_mut().flatten() {
            let known = client.answer(source, &visio::about(&made.request.id))?;
            if known.is_some_and(|(held, _)| held.said != AnswerKind::Refused) {
                made.cancelled = true;
                made.request.state = Some("cancelled".into());
            }
        }
        Ok(())
    }

    /// Learns how they stand.
    pub(super) fn take_shown(
        &mut self,
        client: &VendorClient<'_>,
        source: SourceId,
    ) -> Result<(), Error> {
        for made in self.made.values_mut().flatten().filter(|made| !made.cancelled) {
            let key = visio::about(&made.request.id);
            let Some((held, body)) = client.answer(source, &key)? else { continue };
            match held.said {
                AnswerKind::Found => {
                    if let Some(shown) = photo_request(&body) {
                        made.request = shown.after(std::mem::take(&mut made.request));
                    }
                }
                AnswerKind::Absent => made.request.state = Some("gone".into()),
                // It says nothing of how it stands.
                AnswerKind::Refused => {}
            }
        }
        Ok(())
    }
}

/// Looks in the vendor's list for photo requests whose reply was lost: what is
/// found there was made, what is missing from a whole list never was. What
/// another run is making at this moment is that run's matter.
pub(super) async fn reconcile(client: &VendorClient<'_>, source: SourceId) -> Result<(), Error> {
    let operations = client.operations(source)?;
    let is_lost = |operation: &&Operation| !operation.settled && !operation.in_flight;
    let lost: Vec<&Operation> = operations.iter().filter(is_lost).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let List { requests, is_whole, read_at } = read_list(client).await?;
    let mut taken = known_ids(client, source, &operations)?;
    for operation in lost {
        let found = requests
            .iter()
            .find(|request| !taken.contains(&request.id) && is_about(request, operation));
        if let Some(request) = found {
            taken.insert(request.id.clone());
            client.reconcile(source, operation, Some(request.body.clone())).await?;
            continue;
        }
        // By a clock that is far off it looks older than the operation, and is it all the same.
        let may_be = |request: &PhotoRequest| {
            request.instructions.is_none()
                || !taken.contains(&request.id) && says_the_same(request, operation)
        };
        if is_whole && is_old(read_at, operation) && !requests.iter().any(may_be) {
            client.reconcile(source, operation, None).await?;
        }
    }
    Ok(())
}

/// What could be read of the vendor's list.
struct List {
    requests: Vec<PhotoRequest>,
    /// Whether the vendor said that this is all.
    is_whole: bool,
    /// When the first of its pages came.
    read_at: Timestamp,
}

/// Reads the list page by page, until the vendor says that it ends or nothing new comes.
async fn read_list(client: &VendorClient<'_>) -> Result<List, Error> {
    let source = client.source(LIST).await?;
    let begun = client.now();
    let mut list = List { requests: Vec::new(), is_whole: false, read_at: Timestamp::MAX };
    let mut seen = HashSet::new();
    for number in 1..=MOST_PAGES {
        let key = visio::page(number);
        let unanswered = client.ask(LIST, vec![key.clone()]).await?;
        if !unanswered.is_empty() {
            client.report.note_unanswered(unanswered.values());
            break;
        }
        // A page of another reading says nothing of what was made since.
        let known = client.answer(source, &key)?.filter(|(held, _)| held.fetched_at >= begun);
        let Some((held, body)) = known else { break };
        list.read_at = list.read_at.min(held.fetched_at);
        let Some(Listed { requests, more }) = listed(&body) else { break };
        let is_empty = requests.is_empty();
        let before = list.requests.len();
        list.requests.extend(requests.into_iter().filter(|one| seen.insert(one.id.clone())));
        // A page that was there before says that pages are not asked for like this.
        let is_news = list.requests.len() > before;
        if more == Some(false) || (more.is_none() && is_empty) {
            list.is_whole = true;
            break;
        }
        if !is_news {
            break;
        }
    }
    Ok(list)
}

/// The ids that are known to belong to other operations.
fn known_ids(
    client: &VendorClient<'_>,
    source: SourceId,
    operations: &[Operation],
) -> Result<HashSet<String>, Error> {
    let keys: Vec<Key> = operations.iter().map(|operation| operation.key.clone()).collect();
    let mut ids = HashSet::new();
    for (key, held) in client.held(source, &keys)? {
        ids.extend(photo_request(&client.body(&key, &held)?).map(|request| request.id));
    }
    Ok(ids)
}

/// Whether a listed photo request is this operation's: its id where both have one,
/// else its words, or its VIN and not made before the operation.
fn is_about(request: &PhotoRequest, operation: &Operation) -> bool {
    if let (Some(theirs), Some(ours)) = (&request.operation_id, id_of(operation)) {
        return *theirs == ours;
    }
    let names_its_vin = match (&request.instructions, vin_of(&operation.key)) {
        (Some(words), Some(vin)) => words.contains(vin.as_str()),
        _ => false,
    };
    let made: Option<Timestamp> = request.created_at.as_ref().and_then(|at| at.parse().ok());
    let is_new = |made: Timestamp| made >= operation.frozen_at.earlier(CLOCK_SLACK);
    match made {
        Some(made) => names_its_vin && is_new(made),
        None => names_its_vin && says_the_same(request, operation),
    }
}

/// The id that an operation was sent with.
fn id_of(operation: &Operation) -> Option<String> {
    visio::operation_id(&serde_json::from_str(&operation.key.task()?.body).ok()?)
}

/// Whether a listed photo request has an operation's very words.
fn says_the_same(request: &PhotoRequest, operation: &Operation) -> bool {
    let (Some(words), Some(task)) = (&request.instructions, operation.key.task()) else {
        return false;
    };
    let body: Value = serde_json::from_str(&task.body).unwrap_or_default();
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    body.get("instructions").and_then(Value::as_str).is_some_and(|ours| plain(words) == plain(ours))
}

/// Whether a list that was read at `read_at` would have an operation that was done.
fn is_old(read_at: Timestamp, operation: &Operation) -> bool {
    read_at.since(operation.frozen_at) > MAY_STILL_COME
}

#[cfg(test)]
#[path = "tests/book.rs"]
mod tests;
