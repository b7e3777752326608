//! Settings: file < environment < flags, checked once, typed from here on.
//!
//! `file` reads the file and the environment, `keys` is the one list of known
//! keys, `parse` knows the small languages inside values, `sources` who answers
//! for what, `check` what no key shows by itself, `address` where requests may go,
//! `secret` fetches API keys, `trust` says which file may decide all that. Vendors are
//! known by their [specs](crate::domain::vendor::VendorSpec) alone.

mod address;
mod check;
mod draft;
mod entry;
mod file;
mod keys;
mod parse;
mod secret;
mod sources;
pub mod tls;
mod trust;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

pub(crate) use self::address::{file_address, is_loopback, is_off_limits, one_spelling};
pub use self::parse::{duration, quota};
pub(crate) use self::secret::is_test_key;
pub use self::sources::{Local, sources};
use crate::domain::vendor::{Options, VendorDefaults};
use crate::domain::{Dataset, Error, Micros};

/// Everything the configuration decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration file, where there is one.
    pub file: Option<PathBuf>,
    /// The `SQLite` file.
    pub store: PathBuf,
    /// Whether the configuration or a flag named it.
    pub store_is_named: bool,
    /// A wait longer than this parks the vendor.
    pub max_wait: Duration,
    /// How hard the store holds on to what it wrote.
    pub durability: Durability,
    /// The offline decoder's data, where the program does not hold them itself.
    pub vpic_data: PathBuf,
    /// Where NHTSA publishes its recall file.
    pub recall_file: RecallFileSettings,
    /// One entry for each dataset.
    pub datasets: BTreeMap<Dataset, DatasetSettings>,
    /// One entry for each vendor of the registry, by id.
    pub vendors: BTreeMap<&'static str, VendorSettings>,
}

/// Where the recall file is fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallFileSettings {
    /// The folder of the archives, without a trailing slash. `https`, or `http` on loopback.
    pub base_url: String,
    /// The names of the archives there.
    pub files: Vec<String>,
    /// For one archive, all of it.
    pub timeout: Duration,
}

impl Default for RecallFileSettings {
    fn default() -> Self {
        Self {
            base_url: "https://static.nhtsa.gov/odi/ffdd/rcl".into(),
            files: ["FLAT_RCL_POST_2010.zip", "FLAT_RCL_PRE_2010.zip"].map(str::to_owned).into(),
            timeout: Duration::from_mins(30),
        }
    }
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
    /// Whether the configuration or a flag named them.
    pub named: bool,
    /// How long an answer is fresh.
    pub ttl: Duration,
    /// How old an answer may be and still be written when it cannot be renewed.
    pub max_stale: Duration,
    /// How long answers that were replaced are kept.
    pub keep: Duration,
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

/// The settings of one vendor.
#[derive(Clone, Debug)]
pub struct VendorSettings {
    /// Without a trailing slash. `https`, or `http` on loopback.
    pub base_url: String,
    /// The account's name, where the user tells accounts of one address apart; all keys
    /// of an address are one account where it is not named.
    pub account: Option<String>,
    /// Where the key is.
    pub api_key_env: Option<String>,
    /// Where the key is, when in a file; asked before `api_key_env`.
    pub api_key_file: Option<PathBuf>,
    /// The key itself, where the caller brings it (the sandbox does); asked before both.
    pub api_key: Option<SecretString>,
    /// Every window that must not be passed.
    pub quotas: Vec<Quota>,
    /// How day and month windows are counted.
    pub quota_reset: QuotaReset,
    /// Spend limits.
    pub spend: Vec<SpendLimit>,
    /// Price of one successful call, by endpoint id or [`EVERY_ENDPOINT`]; those not named are free.
    pub price: BTreeMap<String, Micros>,
    /// Calls in flight at once.
    pub concurrency: NonZeroU32,
    /// For one whole call.
    pub timeout: Duration,
    /// A zero asked by vehicle is confirmed by one call by VIN.
    pub confirm_zero: bool,
    /// A dearer endpoint may take over when the cheap one refuses.
    pub allow_dearer: bool,
    /// The settings that only this vendor has.
    pub options: Options,
    /// Whether this is the embedded sandbox: rows then say `sandbox:<id>`.
    pub sandbox: bool,
}

/// The key in [`VendorSettings::price`] of the endpoints not named there.
pub const EVERY_ENDPOINT: &str = "*";

impl VendorSettings {
    /// The settings a vendor starts from.
    ///
    /// # Errors
    ///
    /// 70 where its defaults cannot be read, which is a fault in vinrich.
    pub fn new(defaults: &VendorDefaults) -> Result<Self, Error> {
        let wrong =
            |what: String| Error::internal(format!("defaults of `{}`: {what}", defaults.id));
        let written = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        let price = |&(endpoint, micros): &(&str, i64)| (endpoint.to_owned(), Micros(micros));
        Ok(Self {
            base_url: defaults.base_url.trim_end_matches('/').to_owned(),
            account: None,
            api_key_env: defaults.api_key_env.map(str::to_owned),
            api_key_file: None,
            api_key: None,
            quotas: defaults
                .quotas
                .iter()
                .map(|text| quota(text))
                .collect::<Result<_, _>>()
                .map_err(wrong)?,
            quota_reset: QuotaReset::Rolling,
            spend: Vec::new(),
            price: defaults.price_micros.iter().map(price).collect(),
            concurrency: NonZeroU32::new(defaults.concurrency).unwrap_or(NonZeroU32::MIN),
            timeout: Duration::from_secs(30),
            confirm_zero: true,
            allow_dearer: false,
            options: defaults
                .options
                .iter()
                .map(|option| (option.name, written(option.default)))
                .collect(),
            sandbox: false,
        })
    }

    /// The value of a setting that only this vendor has.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.option_list(name).first().map(String::as_str)
    }

    /// The values of a list that only this vendor has.
    pub fn option_list(&self, name: &str) -> &[String] {
        self.options.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a setting that only this vendor has is `true`.
    pub fn is_on(&self, name: &str) -> bool {
        self.option(name) == Some("true")
    }

    /// The price of one successful call at `endpoint`.
    pub fn price_of(&self, endpoint: &str) -> Micros {
        let price = self.price.get(endpoint).or_else(|| self.price.get(EVERY_ENDPOINT));
        price.copied().unwrap_or(Micros::ZERO)
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

impl fmt::Display for Quota {
    /// As it is written in the configuration: `100/day`, `10/10s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, parse::window_words(self.window))
    }
}

impl fmt::Display for SpendLimit {
    /// `$2.00/day`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.amount, parse::window_words(self.window))
    }
}

impl fmt::Display for QuotaReset {
    /// As it is written in the configuration: `rolling`, `00:00 UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling => f.write_str("rolling"),
            Self::At { time, zone } => {
                let name = zone.iana_name().unwrap_or("UTC");
                write!(f, "{:02}:{:02} {name}", time.hour(), time.minute())
            }
        }
    }
}
