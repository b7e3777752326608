//! What a vendor's answer says about a vehicle, as column values.
//!
//! One struct a dataset; a field is a column of the same name (recalls and
//! listings carry their prefix there). `None` is null: "not known", never zero.
//! An answer is parsed into facts when it is read, not when it is stored, so a
//! new column costs no call.

mod column;
mod comparable;
mod digest;
mod doubt;

use serde::Serialize;

use crate::domain::key::Vehicle;

pub use self::column::{DecodeColumn, is_blank, model_year};
pub use self::comparable::{ModelPrice, PricePoint, PriceQuestion};
pub use self::doubt::{Doubt, Doubts, RecallDoubt};

use crate::domain::time::Timestamp;
use crate::domain::vin::Vin;

/// Days since 1970-01-01.
pub type Days = i32;

/// A day as `2026-11-20`; `None` for one that no calendar has.
pub fn day(days: Days) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let day = epoch.checked_add(jiff::Span::new().try_days(i64::from(days)).ok()?).ok()?;
    Some(day.to_string())
}

/// The number of a day.
pub fn number_of_day(day: jiff::civil::Date) -> Option<Days> {
    day.since(jiff::civil::date(1970, 1, 1)).ok().map(|span| span.get_days())
}

/// The UTC day of a time.
pub(crate) fn day_of(time: Timestamp) -> Days {
    Days::try_from(time.days()).unwrap_or(Days::MAX)
}

/// The facts of one answer.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "taken apart where it is made; never kept")]
pub enum Facts {
    /// See [`DecodeFacts`].
    Decode(DecodeFacts),
    /// See [`RecallFacts`].
    Recalls(RecallFacts),
    /// See [`ListingFacts`].
    Listings(ListingFacts),
}

/// What a vehicle is. Names and units as NHTSA vPIC has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each field is the output column of that name")]
pub struct DecodeFacts {
    /// Upper case, as in vPIC.
    pub make: Option<String>,
    pub model: Option<String>,
    pub model_year: Option<i32>,
    pub trim: Option<String>,
    pub series: Option<String>,
    pub vehicle_type: Option<String>,
    pub body_class: Option<String>,
    pub drive_type: Option<String>,
    pub fuel_type_primary: Option<String>,
    pub fuel_type_secondary: Option<String>,
    pub electrification_level: Option<String>,
    pub engine_configuration: Option<String>,
    pub engine_model: Option<String>,
    pub engine_cylinders: Option<i32>,
    /// Litres.
    pub displacement_l: Option<f64>,
    /// Horsepower (brake).
    pub engine_hp: Option<f64>,
    pub transmission_style: Option<String>,
    pub transmission_speeds: Option<i32>,
    pub doors: Option<i32>,
    pub seats: Option<i32>,
    /// The vendor's words, such as `Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)`.
    pub gvwr: Option<String>,
    /// The GVWR class number 1 to 8 of 49 CFR 565.15.
    pub gvwr_class: Option<i32>,
    pub cab_type: Option<String>,
    /// Inches.
    pub bed_length_in: Option<f64>,
    /// Inches.
    pub wheelbase_in: Option<f64>,
    pub brake_system: Option<String>,
    /// US cents.
    pub base_price_usd: Option<i64>,
    pub manufacturer: Option<String>,
    pub plant_city: Option<String>,
    pub plant_state: Option<String>,
    pub plant_country: Option<String>,
    /// NHTSA's codes, comma separated, as the vendor wrote them.
    pub decode_error_codes: Option<String>,
    /// Whatever else the answer holds: one JSON object with sorted keys.
    pub decode_extra: Option<String>,
}

impl DecodeFacts {
    /// The vehicle they name, where they name all of make, model and year.
    pub fn vehicle(&self) -> Option<Vehicle> {
        Some(Vehicle::new(self.make.as_deref()?, self.model.as_deref()?, self.model_year?))
    }
}

/// How a recall answer was matched to the vehicle, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchBasis {
    /// Asked by VIN.
    Vin,
    /// Asked by the vehicle's exact make, model and year.
    ModelExact,
    /// Found under another spelling of the model, or for a sibling of the same make, model and year.
    ModelVariant,
}

impl MatchBasis {
    /// The word written to `recall_match_basis`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vin => "vin",
            Self::ModelExact => "model_exact",
            Self::ModelVariant => "model_variant",
        }
    }
}

/// The recall campaigns that name a vehicle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecallFacts {
    /// Distinct campaigns, ascending by number.
    pub campaigns: Vec<Campaign>,
}

/// One recall campaign.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of NHTSA's recall record")]
pub struct Campaign {
    /// NHTSA's campaign number, such as `25V164000`.
    pub number: String,
    pub component: Option<String>,
    pub summary: Option<String>,
    pub consequence: Option<String>,
    pub remedy: Option<String>,
    pub manufacturer: Option<String>,
    pub park_it: Option<bool>,
    pub park_outside: Option<bool>,
    pub over_the_air: Option<bool>,
    /// The day the report was received.
    pub reported_on: Option<Days>,
}

/// NHTSA's number of a campaign in its full form, from how people and makers write it too:
/// `24V001000`, `24V-001`, `24v001`. `None` where it is not one.
pub fn campaign_number(text: &str) -> Option<String> {
    /// Year, kind, and the number of the year; three zeros follow.
    const SHORT: usize = 6;
    const FULL: usize = 9;
    let mut number: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    number.make_ascii_uppercase();
    if number.len() == SHORT {
        number += "000";
    }
    let fits = |(place, byte): (usize, u8)| match place {
        2 => matches!(byte, b'V' | b'E' | b'T' | b'C'),
        _ => byte.is_ascii_digit(),
    };
    (number.len() == FULL && number.bytes().enumerate().all(fits)).then_some(number)
}

impl Campaign {
    /// Whether it is about equipment that was made for the vehicle, and not about the
    /// vehicle itself: NHTSA's numbers say so by their letter, as `20E090000` does.
    pub fn is_about_equipment(&self) -> bool {
        self.number.as_bytes().get(2) == Some(&b'E')
    }
}

/// A price with the currency it is in; the currency comes from the vendor's
/// document or the configuration, never from a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Hundredths of the currency's unit.
    pub cents: i64,
    /// ISO 4217, such as `USD`.
    pub currency: [u8; 3],
}

impl Price {
    /// The currency code as text.
    pub fn currency(&self) -> &str {
        std::str::from_utf8(&self.currency).unwrap_or("")
    }
}

/// The listings of a vehicle, matched by its VIN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListingFacts {
    /// Active first, then the latest seen, then the smallest id: the first is the one written.
    pub listings: Vec<Listing>,
}

/// One listing.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the output column of that name")]
pub struct Listing {
    pub id: String,
    pub active: bool,
    pub price: Option<Price>,
    pub odometer: Option<i32>,
    /// `mi` or `km`.
    pub odometer_unit: Option<&'static str>,
    /// The vendor's word: `active`, `sold`, …
    pub availability: Option<String>,
    /// `sale`, `rental` or `auction`.
    pub offer: Option<&'static str>,
    /// `new`, `used` or `certified`.
    pub condition: Option<&'static str>,
    pub dealer: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub url: Option<String>,
    /// When the vendor last saw it.
    pub last_seen_at: Option<Timestamp>,
    pub days_on_market: Option<i32>,
    /// What it cost when new.
    pub msrp: Option<Price>,
    pub stock_number: Option<String>,
    pub exterior_color: Option<String>,
    pub photo_url: Option<String>,
    pub sold_date: Option<Days>,
    /// The vendor's id of the dealer, to ask it by. No column.
    pub dealer_id: Option<String>,
}

impl Listing {
    /// Whether it says nothing of a vehicle on offer.
    pub fn is_blank(&self) -> bool {
        let texts = [
            &self.availability,
            &self.dealer,
            &self.city,
            &self.region,
            &self.url,
            &self.dealer_id,
        ];
        self.id.is_empty()
            && self.price.is_none()
            && self.odometer.is_none()
            && self.last_seen_at.is_none()
            && texts.into_iter().all(Option::is_none)
    }

    /// The id of a dealer of whom the listing does not say all that has a column.
    pub fn dealer_to_ask(&self) -> Option<&str> {
        let columns = [&self.dealer, &self.city, &self.region];
        self.dealer_id.as_deref().filter(|_| columns.into_iter().any(Option::is_none))
    }

    /// Fills what the listing itself does not say of its dealer.
    pub fn fill_dealer(&mut self, dealer: &Dealer) {
        let Dealer { name, city, region } = dealer;
        for (column, known) in
            [(&mut self.dealer, name), (&mut self.city, city), (&mut self.region, region)]
        {
            if column.is_none() {
                column.clone_from(known);
            }
        }
    }
}

/// A dealer, as a vendor that is asked by the dealer's id tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dealer {
    /// What it calls itself.
    pub name: Option<String>,
    /// Where it is.
    pub city: Option<String>,
    /// The state or region of that city.
    pub region: Option<String>,
}

/// A vehicle of an inventory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StockVehicle {
    /// Where the inventory tells it.
    pub vin: Option<Vin>,
    /// In the vendor's spelling.
    pub make: Option<String>,
    /// In the vendor's spelling.
    pub model: Option<String>,
    /// The model year.
    pub year: Option<i32>,
    /// What it is listed for.
    pub listing: Listing,
}

/// Vehicles of the same make, model and year that are for sale: those that an
/// inventory offers without telling their VINs, or those that a vendor counts.
/// Another car's price is never this car's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparables {
    /// How many there are.
    pub count: i32,
    /// What those with a price cost.
    pub prices: Option<PriceRange>,
}

/// The spread of prices in one currency, in hundredths of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the output column of that name")]
pub struct PriceRange {
    pub median: i64,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub p25: Option<i64>,
    pub p75: Option<i64>,
}
