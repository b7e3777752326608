//! Settings: file < environment < flags, checked once, typed from here on.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::money::Micros;
use crate::outcome::Dataset;

/// Everything the configuration decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The SQLite file.
    pub store: PathBuf,
    /// A wait longer than this parks the vendor.
    pub max_wait: Duration,
    /// How hard the store holds on to what it wrote.
    pub durability: Durability,
    /// One entry for each dataset.
    pub datasets: BTreeMap<Dataset, DatasetSettings>,
    /// One entry for each vendor of the registry, by id.
    pub vendors: BTreeMap<&'static str, VendorSettings>,
}

/// How hard the store holds on to what it wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A process kill loses nothing; a power cut may lose the last moments.
    #[default]
    Normal,
    /// A power cut loses nothing committed.
    Full,
}

/// The settings of one dataset.
#[derive(Clone, Debug)]
pub struct DatasetSettings {
    /// Who is asked, in order, by vendor id.
    pub vendors: Vec<&'static str>,
    /// How long an answer is fresh.
    pub ttl: Duration,
    /// How old an answer may be and still be written when it cannot be renewed.
    pub max_stale: Duration,
    /// Recalls only: the kind of key preferred.
    pub key: RecallKey,
}

/// What recalls are asked by, where the vendor has the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecallKey {
    /// One call for each make, model and year.
    #[default]
    Vehicle,
    /// One call for each VIN.
    Vin,
}

/// What a vendor's settings start from.
#[derive(Debug)]
pub struct VendorDefaults {
    /// The vendor's id.
    pub id: &'static str,
    /// Its public address.
    pub base_url: &'static str,
    /// The environment variable that holds its key, where it needs one.
    pub api_key_env: Option<&'static str>,
    /// Such as `["10/10s", "60/minute"]`.
    pub quotas: &'static [&'static str],
    /// Price of one successful call in USD micros, by endpoint id.
    pub price_micros: &'static [(&'static str, i64)],
    /// Calls in flight at once.
    pub concurrency: u32,
}

/// The settings of one vendor.
#[derive(Clone, Debug)]
pub struct VendorSettings {
    /// Without a trailing slash. `https`, or `http` on loopback.
    pub base_url: String,
    /// Where the key is.
    pub api_key_env: Option<String>,
    /// Where the key is, when in a file.
    pub api_key_file: Option<PathBuf>,
    /// Every window that must not be passed.
    pub quotas: Vec<Quota>,
    /// How day and month windows are counted.
    pub quota_reset: QuotaReset,
    /// Spend limits.
    pub spend: Vec<SpendLimit>,
    /// Price of one successful call, by endpoint id; those not named are free.
    pub price: BTreeMap<String, Micros>,
    /// Calls in flight at once.
    pub concurrency: NonZeroU32,
    /// For one whole call.
    pub timeout: Duration,
    /// A zero asked by vehicle is confirmed by one call by VIN.
    pub confirm_zero: bool,
    /// A dearer endpoint may stand in when the cheap one refuses.
    pub allow_dearer: bool,
    /// Whether this is the embedded sandbox: rows then say `sandbox:<id>`.
    pub sandbox: bool,
}

impl VendorSettings {
    /// The price of one successful call at `endpoint`.
    pub fn price_of(&self, endpoint: &str) -> Micros {
        self.price.get(endpoint).copied().unwrap_or(Micros::ZERO)
    }

    /// PLACEHOLDER until the cli branch is merged.
    pub fn resolve_key(&self) -> Result<Option<secrecy::SecretString>, crate::error::Error> {
        Ok(None)
    }
}

/// N calls in a window. Parsed from `N/second|minute|hour|day|month` or `N/10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls.
    pub calls: NonZeroU32,
    /// Window length; a month counts 31 days.
    pub window: Duration,
}

/// How windows of a day or longer are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum QuotaReset {
    /// The last 24 hours, sliding.
    #[default]
    Rolling,
    /// Since this wall time in this time zone, from `00:00 UTC`.
    At {
        /// Hour and minute.
        time: jiff::civil::Time,
        /// The zone's IANA name, or `UTC`.
        zone: jiff::tz::TimeZone,
    },
}

/// An amount in a window, from `2 USD/day`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendLimit {
    /// The most that may be spent.
    pub amount: Micros,
    /// Window length.
    pub window: Duration,
}
