//! What is known of a vendor before anything is configured or sent: its id, its
//! endpoints, the settings it starts from and those that only it has.

use std::collections::BTreeMap;

use super::key::{Effect, KeyKind};
use super::outcome::Dataset;

/// Who a vendor is.
#[derive(Debug)]
pub struct VendorSpec {
    /// How it wants to be shown the key.
    pub auth: Auth,
    /// Its id and the settings it starts from; each can be changed in the configuration.
    pub defaults: VendorDefaults,
    /// The kinds of calls it takes.
    pub endpoints: &'static [&'static EndpointSpec],
    /// What is wrong with options that are right one by one, where that can be.
    /// The text fits behind `vendors.<id>: `.
    pub contradiction: Option<fn(&Options) -> Option<String>>,
}

impl VendorSpec {
    /// The name in configuration, flags and columns.
    pub const fn id(&self) -> &'static str {
        self.defaults.id
    }

    /// Whether one of its endpoints answers for `dataset`.
    pub fn answers_for(&self, dataset: Dataset) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.dataset == Some(dataset))
    }
}

/// How a vendor wants to be shown the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// A header of this name holding the key alone.
    Header(&'static str),
    /// No key.
    None,
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
    /// Settings that only this vendor has.
    pub options: &'static [VendorOption],
}

/// A setting that only one vendor has.
#[derive(Debug)]
pub struct VendorOption {
    /// Its key below `[vendors.X]`.
    pub name: &'static str,
    /// Whether it is a list.
    pub list: bool,
    /// Its value where the configuration does not set it.
    pub default: &'static [&'static str],
    /// Refuses a value. The error fits behind the key's name: "must be …".
    pub check: fn(&str) -> Result<(), String>,
}

/// The values of the settings that only one vendor has, by key. Each has an
/// entry, which is empty where it is not set.
pub type Options = BTreeMap<&'static str, Vec<String>>;

/// What an endpoint takes and what it costs.
#[derive(Debug)]
pub struct EndpointSpec {
    /// Unique at its vendor; names it in configuration, ledger and report.
    pub id: &'static str,
    /// What it answers; `None` where it does not answer for a dataset of its
    /// own: a catalogue, dealers, or a call that acts.
    pub dataset: Option<Dataset>,
    /// What it is asked about.
    pub key: KeyKind,
    /// The most keys one call may hold.
    pub batch: usize,
    /// What sending a call twice does.
    pub effect: Effect,
    /// Whether answers about different VINs share one stored body.
    pub shares_bodies: bool,
}
