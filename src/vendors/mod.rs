//! What a vendor is: data and pure functions.
//!
//! A [`Vendor`] is an account at a remote service: one way to authenticate, one
//! set of quotas. An [`Endpoint`] is one kind of call there. Neither does I/O:
//! a request is built from keys, a reply is parsed into answers by key, and a
//! kept answer into column values. Secrets are applied in one place, the gate.
//!
//! # Adding a vendor
//!
//! One file or folder here and one line in [`registry`]; neither the join nor
//! the output is touched. Its wire structs stay private to it.
//!
//! 1. The account: a [`VendorSpec`] says how the key is shown and what the
//!    settings start from. [`Vendor::fault`] reads a reply as a whole; the default
//!    goes by the HTTP status. Where the vendor says more, override
//!    [`limits`](Vendor::limits) (its quota headers), [`charged`](Vendor::charged)
//!    (its bill), [`probe`](Vendor::probe) and [`usage`](Vendor::usage) (calls that
//!    are not billed), [`contradiction`](Vendor::contradiction) (settings that
//!    exclude each other).
//! 2. Each kind of call: an [`EndpointSpec`], [`request`](Endpoint::request),
//!    [`parse`](Endpoint::parse) and [`facts`](Endpoint::facts). That is enough; the
//!    other methods are for batches that are refused as such
//!    ([`dearer`](Endpoint::dearer), [`refuses_shape`](Endpoint::refuses_shape)) or
//!    incomplete ([`singly`](Endpoint::singly)), for names that must be known first
//!    ([`catalogue`](Endpoint::catalogue), [`names`](Endpoint::names)) or looked
//!    up behind an id ([`dealers`](Endpoint::dealers), [`dealer`](Endpoint::dealer)),
//!    and for lists that are read whole ([`list`](Endpoint::list),
//!    [`page`](Endpoint::page), [`vehicles`](Endpoint::vehicles)).
//! 3. Its stand-in: one file in `src/sandbox` and one line in its `registry.rs`.
//! 4. Its fixtures, `tests/fixtures/VENDOR/CASE.json`, and its cases, one arm in
//!    `tests/it/vendors/mod.rs`. Until it has all of them the tests fail and name
//!    what it lacks.
//!
//! A whole vendor, that is asked about one VIN at a time:
//!
//! ```
//! use vinrich::config::{VendorDefaults, VendorSettings};
//! use vinrich::domain::facts::{DecodeFacts, Facts};
//! use vinrich::domain::key::{Key, KeyKind};
//! use vinrich::domain::outcome::{Dataset, Fault};
//! use vinrich::vendors::{
//!     Auth, Effect, Endpoint, EndpointSpec, Parsed, Reply, Request, Said, Vendor, VendorSpec, excerpt,
//! };
//!
//! struct Acme;
//!
//! static SPEC: VendorSpec = VendorSpec {
//!     auth: Auth::Bearer,
//!     defaults: VendorDefaults {
//!         id: "acme",
//!         base_url: "https://api.acme.example/v1",
//!         api_key_env: Some("ACME_API_KEY"),
//!         quotas: &["60/minute"],
//!         price_micros: &[],
//!         concurrency: 4,
//!         options: &[],
//!     },
//! };
//!
//! impl Vendor for Acme {
//!     fn spec(&self) -> &'static VendorSpec {
//!         &SPEC
//!     }
//!
//!     fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
//!         &[&Makes]
//!     }
//! }
//!
//! /// `GET /makes/{vin}`, answered by `{"make":"FORD"}` or `{"make":null}`.
//! struct Makes;
//!
//! static MAKES: EndpointSpec = EndpointSpec {
//!     id: "makes",
//!     dataset: Some(Dataset::Decode),
//!     key: KeyKind::Vin,
//!     batch: 1,
//!     effect: Effect::Read,
//!     shares_bodies: true,
//! };
//!
//! #[derive(serde::Deserialize)]
//! struct Make {
//!     make: Option<String>,
//! }
//!
//! impl Endpoint for Makes {
//!     fn spec(&self) -> &'static EndpointSpec {
//!         &MAKES
//!     }
//!
//!     fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
//!         let vin = keys[0].vin().map_or("", |vin| vin.as_str());
//!         Request::get(format!("/makes/{vin}"))
//!     }
//!
//!     fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
//!         let garbled = |_| Fault::Garbled { excerpt: excerpt(&reply.body) };
//!         let Make { make } = serde_json::from_slice(&reply.body).map_err(garbled)?;
//!         let said = if make.is_some() { Said::Found } else { Said::Absent };
//!         Ok(Parsed::one(said, reply.body.clone()))
//!     }
//!
//!     fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
//!         let make = serde_json::from_slice(body).ok().and_then(|Make { make }| make);
//!         Facts::Decode(DecodeFacts { make, ..DecodeFacts::default() })
//!     }
//! }
//!
//! let reply = |status, body: &'static str| Reply { status, headers: Vec::new(), body: body.into() };
//! assert_eq!(Acme.fault(&reply(429, "")), Some(Fault::Limited { wait: None }));
//! let parsed = Makes.parse(&reply(200, r#"{"make":"FORD"}"#), &[]).expect("an answer");
//! assert_eq!(parsed.answers[0].said, Said::Found);
//! assert!(Makes.parse(&reply(200, "<html>"), &[]).is_err(), "never read as nothing found");
//! ```

mod call;
mod campaigns;
pub mod carstrel;
pub mod carvin;
mod json;
pub mod nhtsa;
mod probe;
mod reply;
#[cfg(test)]
mod testing;
mod url;
mod vehicle;
pub mod visa;
pub mod visio;
pub mod visor;
pub mod vpic_api;

pub use call::{Answer, ListPage, Method, Parsed, Payload, Reply, Request, ServerLimit};
pub use probe::{Counted, Probe, Usage, UsageRow};
pub use reply::{by_status, excerpt, retry_after_header};

use std::ops::RangeInclusive;

use jiff::civil::Date;

use crate::config::{VendorDefaults, VendorSettings};
use crate::domain::facts::{Dealer, Facts, StockVehicle};
use crate::domain::key::{Key, KeyKind};
use crate::domain::money::Micros;
use crate::domain::outcome::{Dataset, Fault};

pub use crate::domain::key::Effect;
pub use crate::domain::outcome::Said;

/// Every vendor this build knows.
pub fn registry() -> &'static [&'static dyn Vendor] {
    &[
        &carvin::CarVin,
        &visor::Visor,
        &carstrel::CarStrel,
        &nhtsa::Nhtsa,
        &vpic_api::VpicApi,
        &visio::Visio,
        &visa::Visa,
    ]
}

/// The vendor called `id`.
pub fn find(id: &str) -> Option<&'static dyn Vendor> {
    registry().iter().copied().find(|vendor| vendor.spec().id() == id)
}

/// Whether a setting is `true` or `false`.
fn is_boolean(text: &str) -> Result<(), String> {
    match text {
        "true" | "false" => Ok(()),
        _ => Err("must be `true` or `false`".into()),
    }
}

/// A remote service with one account.
pub trait Vendor: Sync {
    /// Who it is.
    fn spec(&self) -> &'static VendorSpec;

    /// The kinds of calls it takes.
    fn endpoints(&self) -> &'static [&'static dyn Endpoint];

    /// What is wrong with a reply as a whole, before anyone looks at its answers.
    fn fault(&self, reply: &Reply) -> Option<Fault> {
        by_status(reply)
    }

    /// The quota windows that a reply's headers tell of.
    fn limits(&self, _reply: &Reply) -> Vec<ServerLimit> {
        Vec::new()
    }

    /// What the vendor says it charged for this reply.
    fn charged(&self, _reply: &Reply) -> Option<Micros> {
        None
    }

    /// What is wrong with settings of its own that are right one by one. Fits
    /// behind `vendors.<id>: `.
    fn contradiction(&self, _settings: &VendorSettings) -> Option<String> {
        None
    }

    /// A call that shows whether the key works and is not billed, or why there
    /// is none.
    fn probe(&self) -> Result<Probe, &'static str> {
        Err("not asked: no call that is free of charge is known, so the first run tells")
    }

    /// The call, not billed either, that tells what the vendor counted on these
    /// UTC days; `None` where it does not tell.
    fn usage(&self, _days: RangeInclusive<Date>) -> Option<Probe> {
        None
    }

    /// The endpoint called `id`.
    fn endpoint(&self, id: &str) -> Option<&'static dyn Endpoint> {
        self.endpoints().iter().copied().find(|endpoint| endpoint.spec().id == id)
    }
}

/// Who a vendor is.
#[derive(Debug)]
pub struct VendorSpec {
    /// How it wants to be shown the key.
    pub auth: Auth,
    /// Its id and the settings it starts from; each can be changed in the configuration.
    pub defaults: VendorDefaults,
}

impl VendorSpec {
    /// The name in configuration, flags and columns.
    pub fn id(&self) -> &'static str {
        self.defaults.id
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

/// One kind of call at a vendor.
pub trait Endpoint: Sync {
    /// What it takes and what it costs.
    fn spec(&self) -> &'static EndpointSpec;

    /// The request that asks about `keys`: at least one, at most the batch size.
    fn request(&self, keys: &[Key], settings: &VendorSettings) -> Request;

    /// The answers in a reply to [`Endpoint::request`] with the same `keys`.
    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault>;

    /// The column values in a kept answer's body. A body that cannot be read
    /// gives empty facts.
    fn facts(&self, key: &Key, body: &[u8]) -> Facts;

    /// The endpoint of the same vendor that can stand in, at a higher price,
    /// when this one's requests are refused as such.
    fn dearer(&self) -> Option<&'static str> {
        None
    }

    /// The endpoint of the same vendor that is asked about a key which a batch
    /// left out, once it is alone; at the same price, where the settings say so.
    /// Its answers are kept as this one's, and read by it.
    fn singly(&self, _settings: &VendorSettings) -> Option<&'static str> {
        None
    }

    /// The endpoint of the same vendor that lists, for a make and year (a vehicle
    /// without a model), the models it knows; its answers are read by
    /// [`Endpoint::names`]. A zero about a model that is not among them is no zero.
    fn catalogue(&self) -> Option<&'static str> {
        None
    }

    /// The names in a kept answer of a catalogue, upper case.
    fn names(&self, _body: &[u8]) -> Vec<String> {
        Vec::new()
    }

    /// The endpoint of the same vendor that is asked, by name, about the dealers
    /// of whom listings tell little more than an id, where the settings want that;
    /// its answers are read by [`Endpoint::dealer`].
    fn dealers(&self, _settings: &VendorSettings) -> Option<&'static str> {
        None
    }

    /// The dealer in a kept answer.
    fn dealer(&self, _body: &[u8]) -> Option<Dealer> {
        None
    }

    /// The list that these settings ask for: its path and filters, without the
    /// page. Pages of different lists are never put together.
    fn list(&self, _settings: &VendorSettings) -> String {
        String::new()
    }

    /// What the kept page `number` tells of its list; `None` where the endpoint
    /// has no pages.
    fn page(&self, _number: u32, _body: &[u8]) -> Option<ListPage> {
        None
    }

    /// The vehicles on a kept page of an inventory, as these settings read it.
    fn vehicles(&self, _body: &[u8], _settings: &VendorSettings) -> Vec<StockVehicle> {
        Vec::new()
    }

    /// Whether `fault` refuses the kind of request, whatever keys it asks
    /// about: a smaller batch would not help, [`Endpoint::dearer`] may.
    fn refuses_shape(&self, _fault: &Fault) -> bool {
        false
    }
}

/// What an endpoint takes and what it costs.
#[derive(Debug)]
pub struct EndpointSpec {
    /// Unique at its vendor; names it in configuration, ledger and report.
    pub id: &'static str,
    /// What it answers; `None` where it answers for no dataset of its
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
