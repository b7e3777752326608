//! Fault rules at work: each call is counted by the rules it concerns and gets
//! what is to go wrong with it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::fault::{Fault, FaultRule, Mutation, Replacement, When};
use super::handler::{Body, Handler, Item, Reply};
use super::nhtsa;

/// The endpoints whose lists owe an item to every VIN asked.
const COMPLETE_LISTS: [&str; 2] = ["batch-decode", "decode-batch"];

/// The endpoints that answer with a list by VIN.
const LISTS: [&str; 3] = ["batch-decode", "decode-batch", "listings"];

/// The endpoint that answers with a list, page by page.
const PAGED_LIST: &str = "vehicles";

/// The page that `html` sends.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>One moment, please</title></head>\
                    <body><h1>Checking your browser</h1></body></html>\n";

/// The rules of a sandbox and how many calls each has counted.
#[derive(Debug)]
pub(super) struct Faults(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    calls: AtomicU64,
}

/// What is to go wrong with one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    pub(super) latency: Duration,
    pub(super) replacement: Option<Replacement>,
    pub(super) mutations: Vec<Mutation>,
}

/// What leaves the sandbox in the end.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A reply.
    Sent(Reply),
    /// Nothing: the connection is closed.
    Closed,
    /// Nothing, ever.
    Silence,
}

impl Faults {
    pub(super) fn new(rules: Vec<FaultRule>) -> Self {
        let counted = |rule| Counted { rule, calls: AtomicU64::new(0) };
        Self(rules.into_iter().map(counted).collect())
    }

    /// Counts a call; gives what is to go wrong with it.
    pub(super) fn apply(&self, vendor: &str, endpoint: &str, keys: &[String]) -> Effects {
        let mut effects = Effects::default();
        for counted in self.0.iter().filter(|counted| counted.rule.concerns(vendor, endpoint)) {
            let call = counted.calls.fetch_add(1, Ordering::Relaxed) + 1;
            if !counted.rule.when.holds(call, keys) {
                continue;
            }
            match counted.rule.fault {
                Fault::Latency(wait) => effects.latency = effects.latency.saturating_add(wait),
                Fault::Replace(reply) => effects.replacement = effects.replacement.or(Some(reply)),
                Fault::Mutate(mutation) => effects.mutations.push(mutation),
            }
        }
        effects
    }
}

impl FaultRule {
    /// Whether calls to this endpoint are counted.
    fn concerns(&self, vendor: &str, endpoint: &str) -> bool {
        let in_scope = self.vendor.is_none_or(|scope| scope == vendor)
            && self.endpoint.is_none_or(|scope| scope == endpoint);
        in_scope
            && match self.fault {
                Fault::Replace(Replacement::Repeat) => endpoint == PAGED_LIST,
                Fault::Replace(Replacement::Empty) => vendor == nhtsa::PROFILE.id,
                Fault::Latency(_) | Fault::Replace(_) => true,
                Fault::Mutate(Mutation::Missing) => COMPLETE_LISTS.contains(&endpoint),
                Fault::Mutate(
                    Mutation::Reorder
                    | Mutation::Foreign
                    | Mutation::Duplicate
                    | Mutation::Lowercase,
                ) => LISTS.contains(&endpoint),
            }
    }
}

impl When {
    /// Whether the `call`th call, about `keys`, is affected.
    fn holds(&self, call: u64, keys: &[String]) -> bool {
        match self {
            Self::Always => true,
            Self::Every(n) => call.is_multiple_of(*n),
            Self::First(n) => call <= *n,
            Self::After(n) => call > *n,
            Self::Vin(vin) => keys.contains(vin),
        }
    }
}

impl Effects {
    /// Whether the call is answered as one for the page before.
    pub(super) fn repeats(&self) -> bool {
        self.replacement == Some(Replacement::Repeat)
    }

    /// What leaves in reply to a call: the vendor's own, from `answer`, or
    /// what goes wrong. Whatever is lost or damaged was answered first, so it
    /// is counted and billed; an error status is not.
    pub(super) fn reply(
        &self,
        handler: &dyn Handler,
        keys: &[String],
        answer: impl FnOnce() -> Reply,
    ) -> Outgoing {
        let Some(replacement) = self.replacement else {
            return Outgoing::Sent(self.mutated(answer(), keys));
        };
        match replacement {
            Replacement::Status { status, wait } => {
                Outgoing::Sent(asked_to_wait(handler.error(status), wait))
            }
            Replacement::Empty => Outgoing::Sent(handler.error(400)),
            Replacement::Reset => {
                answer();
                Outgoing::Closed
            }
            Replacement::Stall => {
                answer();
                Outgoing::Silence
            }
            // It was asked for the page before.
            Replacement::Repeat => Outgoing::Sent(answer()),
            Replacement::Truncate => Outgoing::Sent(first_half(answer())),
            Replacement::Html => Outgoing::Sent(html(answer())),
            Replacement::Garbled => {
                Outgoing::Sent(Reply { status: 200, body: handler.error(500).body, ..answer() })
            }
        }
    }

    fn mutated(&self, mut reply: Reply, keys: &[String]) -> Reply {
        if let Body::List { items, .. } = &mut reply.body {
            for mutation in &self.mutations {
                mutation.apply(items, keys);
            }
        }
        reply
    }
}

fn asked_to_wait(reply: Reply, wait: Option<Duration>) -> Reply {
    match wait {
        Some(wait) => reply.with_header("retry-after", &super::quota::whole_seconds(wait)),
        None => reply,
    }
}

fn first_half(reply: Reply) -> Reply {
    let mut text = reply.body.into_text();
    text.truncate(text.floor_char_boundary(text.len() / 2));
    Reply { body: Body::Whole(text), ..reply }
}

fn html(mut reply: Reply) -> Reply {
    reply.headers.retain(|(name, _)| name != "content-type");
    Reply { status: 200, body: Body::Whole(PAGE.into()), ..reply }
        .with_header("content-type", &"text/html; charset=utf-8")
}

impl Mutation {
    fn apply(self, items: &mut Vec<Item>, keys: &[String]) {
        match self {
            Self::Missing => drop(items.pop()),
            Self::Reorder => items.reverse(),
            Self::Duplicate => items.extend(items.first().cloned()),
            Self::Lowercase => {
                for item in items {
                    *item = item.renamed(&item.vin.to_lowercase());
                }
            }
            Self::Foreign => {
                let foreign = items.first().and_then(|item| stranger(item, keys));
                items.extend(foreign);
            }
        }
    }
}

/// An item like `item` about a VIN that is not among `keys`.
fn stranger(item: &Item, keys: &[String]) -> Option<Item> {
    let model = item.vin.get(..11)?;
    let mut serials = (0..=keys.len()).map(|serial| format!("{model}{serial:06}"));
    serials.find(|vin| !keys.contains(vin)).map(|vin| item.renamed(&vin))
}

#[cfg(test)]
#[path = "tests/faults.rs"]
mod tests;
