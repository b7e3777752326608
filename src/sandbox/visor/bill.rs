//! What visor charges: each successful request by its class, summed up by day.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::super::handler::{Reply, to_json};
use super::super::lock;
use super::query::UsageQuery;

/// The price of one request, as visor's price list had it in 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Charge {
    /// The metering class.
    pub(super) class: &'static str,
    /// Millionths of a US dollar.
    pub(super) micros: u64,
}

impl Charge {
    pub(super) const LISTINGS: Self = Self { class: "listing_search", micros: 2_000 };
    pub(super) const LISTINGS_ENRICHED: Self =
        Self { class: "listing_search_enriched", micros: 40_000 };
    pub(super) const DEALERS: Self = Self { class: "dealer_lookup", micros: 1_000 };
    pub(super) const FACETS: Self = Self { class: "facet_counts", micros: 3_000 };
    const VIN: Self = Self { class: "vehicle_detail", micros: 3_000 };
    const VIN_ENRICHED: Self = Self { class: "vehicle_detail_enriched", micros: 8_000 };

    /// One VIN, with price history and options or without.
    pub(super) const fn vin(enriched: bool) -> Self {
        if enriched { Self::VIN_ENRICHED } else { Self::VIN }
    }
}

/// The account's charges: requests by UTC day and price.
#[derive(Debug, Default)]
pub(super) struct Bill(Mutex<BTreeMap<(Date, Charge), u64>>);

#[derive(Serialize)]
struct Line {
    date: String,
    metering_class: &'static str,
    requests: u64,
    charged_micros: u64,
}

#[derive(Serialize)]
struct Totals {
    requests: u64,
    charged_micros: u64,
}

#[derive(Serialize)]
struct Meta {
    start_date: String,
    end_date: String,
    interval: &'static str,
    currency: &'static str,
    source: &'static str,
    freshness: &'static str,
}

impl Bill {
    pub(super) fn add(&self, charge: Charge) {
        *lock(&self.0).entry((today(), charge)).or_default() += 1;
    }

    /// The reply to `/usage`; about the last 30 days unless asked for others.
    pub(super) fn usage(&self, query: &UsageQuery) -> Reply {
        #[derive(Serialize)]
        struct Page {
            data: Vec<Line>,
            totals: Totals,
            meta: Meta,
        }
        let end = query.days.1.unwrap_or_else(today);
        let start = query.days.0.unwrap_or_else(|| end.saturating_sub(29.days()));
        let data = self.lines(query, start, end);
        let totals = Totals {
            requests: data.iter().map(|line| line.requests).sum(),
            charged_micros: data.iter().map(|line| line.charged_micros).sum(),
        };
        let meta = Meta {
            start_date: start.to_string(),
            end_date: end.to_string(),
            interval: "day",
            currency: "USD",
            source: "public_api_usage_events",
            freshness: "eventually_consistent",
        };
        Reply::json(200, to_json(&Page { data, totals, meta }))
    }

    fn lines(&self, query: &UsageQuery, start: Date, end: Date) -> Vec<Line> {
        let requests = lock(&self.0);
        let asked = requests.iter().filter(|((date, charge), _)| {
            (start..=end).contains(date)
                && query.class.as_deref().is_none_or(|class| class == charge.class)
        });
        asked
            .map(|(&(date, charge), &requests)| Line {
                date: date.to_string(),
                metering_class: charge.class,
                requests,
                charged_micros: requests * charge.micros,
            })
            .collect()
    }
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}
