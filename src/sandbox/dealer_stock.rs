//! The dealers' stock: which VINs are for sale in the sandbox, where and for how
//! much. As everything here it follows from the VIN alone.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::fleet::{self, Vehicle, draw, pick};
use super::makers::table;
use crate::domain::Vin;

/// Out of a hundred known vehicles so many are for sale.
const LISTED_PERCENT: u64 = 35;

/// A dealer. It does not exist.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Dealer {
    #[serde(rename = "dealer_id")]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) city: String,
    pub(super) state: String,
}

/// Every dealer.
pub(super) static DEALERS: LazyLock<Vec<Dealer>> =
    LazyLock::new(|| table(include_str!("data/dealers.csv")));

/// A vehicle for sale.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// 32 hexadecimal digits.
    pub(super) id: String,
    pub(super) vehicle: Vehicle,
    /// Whole US dollars; `None` for "call for price".
    pub(super) price: Option<u64>,
    pub(super) miles: u64,
    /// `new`, `used` or `certified`.
    pub(super) condition: &'static str,
    /// The dealer's own number of it.
    pub(super) stock_number: String,
    pub(super) days_on_market: u64,
    pub(super) dealer: &'static Dealer,
    /// Whether the listing says more of its dealer than id and state.
    pub(super) describes_dealer: bool,
    /// `2026-06-09 11:40:57.534384`.
    pub(super) last_checked_at: String,
}

/// The offer of this VIN, when there is one.
pub(super) fn offer(vin: &Vin) -> Option<Offer> {
    let vehicle = fleet::vehicle(vin)?;
    let draw = |of| draw(vin.as_str(), of);
    if draw("listed") % 100 >= LISTED_PERCENT {
        return None;
    }
    let age = vehicle.age();
    let condition = match (age, draw("condition") % 4) {
        (0, _) => "new",
        (1..6, 0) => "certified",
        _ => "used",
    };
    Some(Offer {
        id: format!("{:016x}{:016x}", draw("listing"), draw("id")),
        price: (draw("no price") % 25 > 0).then(|| vehicle.price(draw("price"))),
        miles: if age == 0 { draw("miles") % 60 } else { age * 9_000 + draw("miles") % 6_000 },
        condition,
        stock_number: format!("S{:05}", draw("stock number") % 100_000),
        days_on_market: draw("days on market") % 120,
        dealer: pick(&DEALERS, draw("dealer")),
        describes_dealer: draw("dealer described") % 8 > 0,
        last_checked_at: format!(
            "2026-06-{:02} {:02}:{:02}:{:02}.{:06}",
            1 + draw("day") % 28,
            draw("hour") % 24,
            draw("minute") % 60,
            draw("second") % 60,
            draw("fraction") % 1_000_000
        ),
        vehicle,
    })
}

#[cfg(test)]
#[path = "tests/dealer_stock.rs"]
mod tests;
