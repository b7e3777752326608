//! Calls that are not billed: whether a key works, and what the vendor counted.

use std::iter::Sum;
use std::ops::AddAssign;

use jiff::civil::Date;
use serde::Serialize;

use super::json;
use super::reply::garbled;
use super::{Reply, Request};
use crate::domain::{Fault, Micros};

/// A call that the vendor's documents say is not billed.
#[derive(Debug)]
pub struct Probe {
    /// Names it in the ledger; no endpoint that a run asks is called so.
    pub endpoint: &'static str,
    /// What is sent.
    pub request: Request,
    /// The scope that the key needs for it, where the vendor's keys have scopes.
    pub scope: Option<&'static str>,
    /// What a reply says that [`Vendor::fault`](super::Vendor::fault) finds no
    /// fault with. An error says that it is not what the vendor documents.
    pub read: fn(&Reply) -> Result<Option<Usage>, Fault>,
}

impl Probe {
    /// A call at a vendor that charges for nothing. It is enough that the reply
    /// is whole JSON.
    pub fn free(request: Request) -> Self {
        Self { endpoint: "check", request, scope: None, read: any_json }
    }
}

/// What a vendor says it counted and charged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// One for each day and class that was used.
    pub rows: Vec<UsageRow>,
    /// The vendor's own sum over them, where it gives one.
    pub totals: Option<Counted>,
}

/// What a vendor counted of one class of calls on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The day, UTC.
    pub day: Date,
    /// The vendor's name for the class; not a fixed list.
    pub class: String,
    /// The endpoint of ours whose calls are of that class, where that is known.
    pub endpoint: Option<&'static str>,
    /// What was counted.
    pub counted: Counted,
}

/// Calls that were charged, and what for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Calls.
    pub calls: u64,
    /// Money, in millionths of a US dollar.
    pub charged_micros: Micros,
}

impl Usage {
    /// The sum over its rows.
    pub fn total(&self) -> Counted {
        self.rows.iter().map(|row| row.counted).sum()
    }
}

impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.charged_micros += other.charged_micros;
    }
}

impl Sum for Counted {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        let mut sum = Self::default();
        iter.for_each(|counted| sum += counted);
        sum
    }
}

fn any_json(reply: &Reply) -> Result<Option<Usage>, Fault> {
    json::read(&reply.body).map(|_| None).map_err(|_| garbled(&reply.body))
}
