//! What a reply comes to, whoever sent it: the one place that decides whether it is
//! an answer, whether "nothing" in it is one, and what may take an earlier one's place.

use std::collections::BTreeSet;

use super::envelope::{Envelope, Flaw};
use super::json;
use super::{Endpoint, KeyAnswer, Parsed, Reply, Role, Vendor, campaigns};
use crate::domain::facts::{Facts, Listing};
use crate::domain::{Answer, Dataset, Denied, Fault, Key};

/// What a reply to a request about `keys` says.
///
/// # Errors
///
/// Why it is not an answer. An empty list that is not good in every respect is a
/// fault, and never "nothing".
pub fn read(
    vendor: &dyn Vendor,
    endpoint: &'static dyn Endpoint,
    reply: &Reply,
    keys: &[Key],
) -> Result<Parsed, Fault> {
    if let Some(fault) = fault(vendor, reply) {
        return Err(fault);
    }
    // A list of what was done is read like any other.
    let acts = matches!(endpoint.role(), Role::Acts) && !matches!(keys, [Key::Page(_)]);
    // 202, 204 and 206 say that there is more than this, or that it comes later.
    if !acts && matches!(reply.status, 202..=299) {
        return Err(Fault::Garbled { excerpt: format!("unexpected HTTP status {}", reply.status) });
    }
    let mut parsed = endpoint.parse(reply, keys)?;
    compare_repeated(endpoint, keys, &mut parsed);
    drop_blank_listings(endpoint, keys, &mut parsed);
    if !acts {
        let is_foreign = is_about_another(endpoint, reply, keys, &parsed);
        if is_foreign {
            return Ok(Parsed { foreign: 1, ..Parsed::default() });
        }
        test_zeros(vendor, endpoint, reply, keys, &mut parsed)?;
    }
    let is_silent = parsed.answers.is_empty() && parsed.contradicted.is_empty();
    if is_silent && parsed.unreadable > 0 {
        let excerpt = "none of its answers has a field that is known".into();
        return Err(Fault::Garbled { excerpt });
    }
    Ok(parsed)
}

/// What is wrong with a reply as a whole, whoever sent it. A 404 without the vendor's
/// envelope comes from a server that has no such route: the address is wrong, and not
/// what was asked about.
pub(crate) fn fault(vendor: &dyn Vendor, reply: &Reply) -> Option<Fault> {
    if reply.status == 404 && !vendor.envelope().is_own_error(reply) {
        return Some(Fault::Denied(Denied::Address));
    }
    vendor.fault(reply)
}

/// Whether an answer may take the place of an earlier one of the same source that was
/// found. What a vehicle is does not go away, so that a decode gives way to a find
/// alone; a recall may be withdrawn and a listing sold, as a good empty answer says. A
/// refusal takes no find's place.
pub(crate) fn may_replace_find(endpoint: &'static dyn Endpoint, said: &Answer) -> bool {
    match (endpoint.role(), said) {
        (Role::Acts, _) | (_, Answer::Found) => true,
        (_, Answer::Refused(_)) => false,
        (_, Answer::Absent) => endpoint.spec().dataset != Some(Dataset::Decode),
    }
}

/// A listing of which nothing is known but whose VIN it has is not an answer.
fn drop_blank_listings(endpoint: &'static dyn Endpoint, keys: &[Key], parsed: &mut Parsed) {
    let Role::Answers(answers) = endpoint.role() else { return };
    if endpoint.spec().dataset != Some(Dataset::Listings) {
        return;
    }
    let before = parsed.answers.len();
    parsed.answers.retain(|answer| {
        let is_blank = || match answers.facts(&keys[answer.key], &answer.body) {
            Facts::Listings(facts) => facts.listings.iter().all(Listing::is_blank),
            Facts::Decode(_) | Facts::Recalls(_) => false,
        };
        answer.said != Answer::Found || !is_blank()
    });
    parsed.unreadable += u32::try_from(before - parsed.answers.len()).unwrap_or(u32::MAX);
}

/// Second answers about a key say the same as the first, or the key has no answer.
fn compare_repeated(endpoint: &'static dyn Endpoint, keys: &[Key], parsed: &mut Parsed) {
    let mut contradicted = BTreeSet::new();
    for again in &parsed.repeated {
        let first = parsed.answers.iter().find(|answer| answer.key == again.key);
        if first.is_some_and(|first| !says_the_same(endpoint, &keys[again.key], first, again)) {
            contradicted.insert(again.key);
        }
    }
    parsed.answers.retain(|answer| !contradicted.contains(&answer.key));
    parsed.contradicted.extend(contradicted);
}

/// Whether `again` adds nothing to `first`. The case of words does not matter.
fn says_the_same(
    endpoint: &'static dyn Endpoint,
    key: &Key,
    first: &KeyAnswer,
    again: &KeyAnswer,
) -> bool {
    if first.said != again.said {
        return false;
    }
    let spelled = |words: String| words.to_lowercase();
    match endpoint.role() {
        Role::Answers(answers) => {
            match (answers.facts(key, &first.body), answers.facts(key, &again.body)) {
                // One of several listings may be there twice.
                (Facts::Listings(first), Facts::Listings(again)) => {
                    again.listings.iter().all(|listing| first.listings.contains(listing))
                }
                (first, again) => spelled(format!("{first:?}")) == spelled(format!("{again:?}")),
            }
        }
        Role::Dealers(dealer) => dealer(&first.body) == dealer(&again.body),
        Role::Catalogue(_) | Role::Prices(_) | Role::Pages(_) | Role::Acts => {
            first.body == again.body
        }
    }
}

/// Whether a reply about one key is about another one.
fn is_about_another(
    endpoint: &'static dyn Endpoint,
    reply: &Reply,
    keys: &[Key],
    parsed: &Parsed,
) -> bool {
    let ([key], [_]) = (keys, &*parsed.answers) else { return false };
    if endpoint.spec().batch > 1 || !matches!(reply.status, 200..=299) {
        return false;
    }
    let Ok(document) = json::read(&reply.body) else { return false };
    let names_vehicles = endpoint.spec().dataset == Some(Dataset::Recalls)
        || matches!(endpoint.role(), Role::Catalogue(_));
    Envelope::names_another(document, keys)
        || names_vehicles && campaigns::are_of_another(document, key)
}

/// Holds every "nothing" against the whole reply. Where that is not a good one, it is
/// not an answer, and neither is the reply where it says nothing else.
fn test_zeros(
    vendor: &dyn Vendor,
    endpoint: &'static dyn Endpoint,
    reply: &Reply,
    keys: &[Key],
    parsed: &mut Parsed,
) -> Result<(), Fault> {
    let is_zero = |answer: &KeyAnswer| is_zero(endpoint, &keys[answer.key], answer);
    let counts_entries = counts_entries(endpoint, keys);
    let zeros = parsed.answers.iter().filter(|answer| is_zero(answer)).count();
    // With another status than 2xx the vendor itself says that it does not know the key.
    if zeros == 0 || !matches!(reply.status, 200..=299) {
        return Ok(());
    }
    let Ok(document) = json::read(&reply.body) else { return Ok(()) };
    let says_only_so = zeros == parsed.answers.len();
    let is_empty = says_only_so && counts_entries;
    let flaw = match reply.status {
        200 => vendor.envelope().flaw(document, keys, is_empty),
        status => Some(Flaw::Words(format!("HTTP status {status}"))),
    };
    let Some(flaw) = flaw else { return Ok(()) };
    if says_only_so {
        return Err(flaw.into_fault(vendor, reply));
    }
    parsed.answers.retain(|answer| !is_zero(answer));
    Ok(())
}

/// Whether an answer says that there is nothing.
fn is_zero(endpoint: &'static dyn Endpoint, key: &Key, answer: &KeyAnswer) -> bool {
    match (endpoint.role(), key) {
        (Role::Pages(pages), Key::Page(page)) => {
            pages.page(page.number, &answer.body).is_some_and(|page| page.entries == 0)
        }
        // What is not on a list of what was done may be done again.
        (Role::Acts, Key::Page(_)) => true,
        _ => answer.said == Answer::Absent,
    }
}

/// Whether a total in a reply counts what its list would hold. An item about a VIN is
/// counted though it says nothing, and so are earlier pages.
fn counts_entries(endpoint: &'static dyn Endpoint, keys: &[Key]) -> bool {
    let is_later_page = matches!(keys, [Key::Page(page)] if page.number > 1);
    let is_empty_list = !matches!(endpoint.role(), Role::Acts);
    endpoint.spec().dataset != Some(Dataset::Decode) && is_empty_list && !is_later_page
}

impl Flaw {
    fn into_fault(self, vendor: &dyn Vendor, reply: &Reply) -> Fault {
        let excerpt = match self {
            Self::Words(words) => match vendor.meaning(&words, reply) {
                Some(fault) => return fault,
                None => format!("nothing is found, beside `{words}`"),
            },
            Self::Total(total) => format!("nothing is there, of `{total}`"),
            Self::OffThePoint => "nothing is found, about something that was not asked".into(),
        };
        Fault::Garbled { excerpt }
    }
}

#[cfg(test)]
#[path = "tests/reading.rs"]
mod tests;
