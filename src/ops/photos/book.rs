//! The photo requests that this store knows of, and the vendor's list that
//! says what became of those whose reply was lost.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use crate::domain::{Error, Key, Outcome, Timestamp, Vin};
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

/// How long before it was sent a photo request may be dated, in the part of a long list
/// that is looked at first: a zone and a clock that is off.
const RECENT: Duration = Duration::from_hours(24);

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
    let mut taken = known_ids(client, source, &operations)?;
    let is_enough =
        |requests: &[PhotoRequest]| assigned(&lost, requests, &taken).iter().all(Option::is_some);
    let since = lost.iter().map(|operation| operation.frozen_at).min().unwrap_or_default();
    let List { requests, is_whole, read_at, .. } =
        read_list(client, since.earlier(RECENT), &is_enough).await?;
    let found = assigned(&lost, &requests, &taken);
    taken.extend(found.iter().flatten().map(|request| request.id.clone()));
    for (operation, found) in lost.into_iter().zip(found) {
        if let Some(request) = found {
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

/// The photo request of each operation, as far as there is one that is not another's.
fn assigned<'r>(
    lost: &[&Operation],
    requests: &'r [PhotoRequest],
    taken: &HashSet<String>,
) -> Vec<Option<&'r PhotoRequest>> {
    let mut given: HashSet<&str> = HashSet::new();
    let mut found = |operation: &&Operation| {
        let request = requests.iter().find(|request| {
            let is_free = !taken.contains(&request.id) && !given.contains(request.id.as_str());
            is_free && is_about(request, operation)
        })?;
        given.insert(&request.id);
        Some(request)
    };
    lost.iter().map(&mut found).collect()
}

/// What could be read of the vendor's list.
struct List {
    requests: Vec<PhotoRequest>,
    ids: HashSet<String>,
    /// Whether the vendor said that this is all.
    is_whole: bool,
    /// When its reading began.
    begun: Timestamp,
    /// When the first of its pages came.
    read_at: Timestamp,
}

/// What comes behind a page.
#[derive(PartialEq, Eq)]
enum Behind {
    /// Another page.
    More,
    /// Nothing: the vendor says so.
    End,
    /// It is not known.
    Unknown,
}

/// Reads the list page by page, until the vendor says that it ends, nothing new comes, or
/// what was read `is_enough`.
///
/// Where the list is longer than a page, the part made after `since` is looked at first. It
/// can only show what was made: the vendor's clock, or its filter, may be wrong, so that what
/// is missing there is looked for in the whole list.
async fn read_list(
    client: &VendorClient<'_>,
    since: Timestamp,
    is_enough: &dyn Fn(&[PhotoRequest]) -> bool,
) -> Result<List, Error> {
    let source = client.source(LIST).await?;
    let mut list = List::read_from(client.now());
    let mut seen = HashSet::new();
    for number in 1..=MOST_PAGES {
        let behind = list.page(client, source, visio::page(number), &mut seen).await?;
        if let Err(unanswered) = &behind {
            client.report.note_unanswered(unanswered.values());
        }
        list.is_whole = behind == Ok(Behind::End);
        if behind != Ok(Behind::More) || is_enough(&list.requests) {
            break;
        }
        if number == 1 {
            list.part_after(client, source, since, is_enough).await?;
        }
        if is_enough(&list.requests) {
            break;
        }
    }
    Ok(list)
}

impl List {
    fn read_from(begun: Timestamp) -> Self {
        let (requests, ids) = (Vec::new(), HashSet::new());
        Self { requests, ids, is_whole: false, begun, read_at: Timestamp::MAX }
    }

    /// Adds the part made after `since`, as far as the vendor knows how to show that.
    async fn part_after(
        &mut self,
        client: &VendorClient<'_>,
        source: SourceId,
        since: Timestamp,
        is_enough: &dyn Fn(&[PhotoRequest]) -> bool,
    ) -> Result<(), Error> {
        let mut seen = HashSet::new();
        for number in 1..=MOST_PAGES {
            let key = visio::page_after(since, number);
            let before = self.requests.len();
            let behind = self.page(client, source, key, &mut seen).await?;
            // Without anything new it is no shorter than the list itself.
            let is_news = self.requests.len() > before;
            if behind != Ok(Behind::More) || !is_news || is_enough(&self.requests) {
                break;
            }
        }
        Ok(())
    }

    /// Adds a page, or gives why it has no answer; `seen` are the ids on the pages before it.
    async fn page(
        &mut self,
        client: &VendorClient<'_>,
        source: SourceId,
        key: Key,
        seen: &mut HashSet<String>,
    ) -> Result<Result<Behind, HashMap<Key, Outcome>>, Error> {
        let unanswered = client.ask(LIST, vec![key.clone()]).await?;
        if !unanswered.is_empty() {
            return Ok(Err(unanswered));
        }
        // A page of another reading says nothing of what was made since.
        let known = client.answer(source, &key)?.filter(|(held, _)| held.fetched_at >= self.begun);
        let listed = known.and_then(|(held, body)| Some((held, listed(&body)?)));
        let Some((held, Listed { requests, more })) = listed else {
            return Ok(Ok(Behind::Unknown));
        };
        self.read_at = self.read_at.min(held.fetched_at);
        let (is_empty, before) = (requests.is_empty(), seen.len());
        for request in requests {
            seen.insert(request.id.clone());
            if self.ids.insert(request.id.clone()) {
                self.requests.push(request);
            }
        }
        Ok(Ok(match more {
            Some(false) => Behind::End,
            None if is_empty => Behind::End,
            // A page that was there before says that pages are not asked for like this.
            _ if seen.len() == before => Behind::Unknown,
            _ => Behind::More,
        }))
    }
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
