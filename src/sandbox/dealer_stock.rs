//! The dealers' lot: which VINs are for sale in the sandbox, where and for how
//! much. As everything here it follows from the VIN alone.

use super::body::Body;
use super::fleet::{self, NEWEST, Vehicle, draw, pick};

use crate::domain::vin::Vin;

/// Out of a hundred known vehicles so many are for sale.
const LISTED_PERCENT: u64 = 35;

/// A dealer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dealer {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) city: &'static str,
    pub(super) state: &'static str,
}

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
    pub(super) dealer: Dealer,
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
    let age = u64::from(NEWEST.saturating_sub(vehicle.year.unwrap_or(NEWEST)));
    let condition = match (age, draw("condition") % 4) {
        (0, _) => "new",
        (1..6, 0) => "certified",
        _ => "used",
    };
    Some(Offer {
        id: format!("{:016x}{:016x}", draw("listing"), draw("id")),
        price: (draw("no price") % 25 > 0).then(|| price(vehicle.model.body, age, draw("price"))),
        miles: if age == 0 { draw("miles") % 60 } else { age * 9_000 + draw("miles") % 6_000 },
        condition,
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

/// What a body costs new, less an eighth for every year, give or take.
pub(super) fn price(body: Body, age: u64, drawn: u64) -> u64 {
    const LEAST: u64 = 1_800;
    let new = match body {
        Body::Hatchback | Body::Motorcycle => 24_000,
        Body::Sedan => 29_000,
        Body::Coupe | Body::Minivan => 41_000,
        Body::Suv => 38_000,
        Body::Van => 46_000,
        Body::Pickup => 48_000,
        Body::HeavyPickup => 61_000,
        Body::Trailer => 64_000,
        Body::Cutaway => 67_000,
        Body::Truck => 92_000,
        Body::Bus => 118_000,
        Body::Tractor => 155_000,
    };
    let worn = (0..age).fold(new, |value, _| value - value / 8);
    worn.max(LEAST) + drawn % 1_900
}

const fn dealer(
    id: &'static str,
    name: &'static str,
    city: &'static str,
    state: &'static str,
) -> Dealer {
    Dealer { id, name, city, state }
}

/// Every dealer. They do not exist.
#[rustfmt::skip] // a table
pub(super) const DEALERS: [Dealer; 12] = [
    dealer("5a0d6f1e-0001-4000-8000-000000000001", "Harbor View Motors", "Long Beach", "CA"),
    dealer("5a0d6f1e-0002-4000-8000-000000000002", "Lone Star Auto Plaza", "Austin", "TX"),
    dealer("5a0d6f1e-0003-4000-8000-000000000003", "Great Lakes Auto Group", "Grand Rapids", "MI"),
    dealer("5a0d6f1e-0004-4000-8000-000000000004", "Peachtree Cars", "Atlanta", "GA"),
    dealer("5a0d6f1e-0005-4000-8000-000000000005", "Cascade Auto Center", "Tacoma", "WA"),
    dealer("5a0d6f1e-0006-4000-8000-000000000006", "Sunshine Auto Mall", "Orlando", "FL"),
    dealer("5a0d6f1e-0007-4000-8000-000000000007", "Liberty Bell Motors", "Allentown", "PA"),
    dealer("5a0d6f1e-0008-4000-8000-000000000008", "Buckeye Auto Sales", "Dayton", "OH"),
    dealer("5a0d6f1e-0009-4000-8000-000000000009", "Mile High Trucks", "Aurora", "CO"),
    dealer("5a0d6f1e-0010-4000-8000-000000000010", "Empire Auto Exchange", "Syracuse", "NY"),
    dealer("5a0d6f1e-0011-4000-8000-000000000011", "Saguaro Automotive", "Mesa", "AZ"),
    dealer("5a0d6f1e-0012-4000-8000-000000000012", "Blue Ridge Cars & Trucks", "Roanoke", "VA"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn offers() -> Vec<Offer> {
        let vins = (0..1000).map(|n| Vin::new(&format!("1FA6P8CF0J5{n:06}")).expect("a VIN"));
        vins.filter_map(|vin| offer(&vin)).collect()
    }

    #[test]
    fn about_a_third_is_for_sale() {
        let listed = offers().len();
        assert!((300..400).contains(&listed), "{listed} of 1000");
    }

    #[test]
    fn an_offer_is_plausible() {
        for offer in offers() {
            assert_eq!(offer.id.len(), 32);
            assert!(offer.price.is_none_or(|price| (1_800..80_000).contains(&price)), "{offer:?}");
            assert!((60_000..90_000).contains(&offer.miles), "2018: {offer:?}");
            assert_ne!(offer.condition, "new");
        }
    }

    #[test]
    fn nothing_unknown_is_for_sale() {
        for serial in 0..100 {
            let vin = Vin::new(&format!("ZZZ6P8CF0J5{serial:06}")).expect("a VIN");
            assert!(offer(&vin).is_none());
        }
    }
}
