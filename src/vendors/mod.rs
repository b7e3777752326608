//! What a vendor is: data and pure functions.
//!
//! A [`Vendor`] is an account at a remote service: one way to authenticate, one
//! set of quotas. An [`Endpoint`] is one kind of call there. Neither does I/O:
//! a request is built from keys, a reply is parsed into answers by key, and a
//! kept answer into column values. Secrets are applied in one place, the gate.
//!
//! A new vendor is one file or folder here and one line in [`registry`]; it
//! touches neither the join nor the output. Wire structs are private to it.

mod campaigns;
pub mod carstrel;
pub mod carvin;
mod json;
pub mod nhtsa;
mod probe;
mod reply;
#[cfg(test)]
mod testing;
mod vehicle;
pub mod visa;
pub mod visio;
pub mod visor;
pub mod vpic_api;

pub use probe::{Counted, Probe, Usage, UsageRow};
pub use reply::{by_status, excerpt};

use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use jiff::civil::Date;

use crate::config::{VendorDefaults, VendorSettings};
use crate::facts::{Dealer, Facts, StockVehicle};
use crate::key::{Key, KeyKind};
use crate::money::Micros;
use crate::outcome::{Dataset, Fault};

pub use crate::key::Effect;
pub use crate::outcome::Said;

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

/// Whether a setting is `true` or `false`.
fn is_boolean(text: &str) -> Result<(), String> {
    match text {
        "true" | "false" => Ok(()),
        _ => Err("must be `true` or `false`".into()),
    }
}

/// The vendor called `id`.
pub fn find(id: &str) -> Option<&'static dyn Vendor> {
    registry().iter().copied().find(|vendor| vendor.spec().id() == id)
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

/// What a page of a list says of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// Entries on this page.
    pub entries: usize,
    /// Whether another page follows.
    pub more: bool,
    /// Entries of the whole list, as far as it says.
    pub total: Option<u64>,
    /// Pages of the whole list, as far as it says.
    pub pages: Option<u64>,
}

/// One HTTP request, without host, secret or client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Appended to `base_url`; starts with `/`, already percent-encoded.
    pub path: String,
    /// Query parameters, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: Option<Payload>,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// `application/json`.
    Json(Vec<u8>),
    /// `application/x-www-form-urlencoded`, from pairs not yet encoded.
    Form(Vec<(&'static str, String)>),
}

impl Request {
    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), query: Vec::new(), body: None }
    }

    /// `POST path` with `body` as JSON. Our own structs always serialise.
    pub fn post(path: impl Into<String>, body: &impl serde::Serialize) -> Self {
        let json = serde_json::to_vec(body).unwrap_or_default();
        Self { method: Method::Post, body: Some(Payload::Json(json)), ..Self::get(path) }
    }
}

/// The HTTP methods vendors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "HTTP's own words")]
pub enum Method {
    Get,
    Post,
    Delete,
}

/// One HTTP reply, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body, decoded, at most the gate's cap.
    pub body: Bytes,
}

impl Reply {
    /// The first header called `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// What a reply said, by key.
#[derive(Debug, Default)]
pub struct Parsed {
    /// At most one for each key asked; keys without one are missing.
    pub answers: Vec<Answer>,
    /// Answers about keys nobody asked for, thrown away and counted.
    pub foreign: u32,
    /// Second answers about the same key, thrown away and counted.
    pub duplicates: u32,
    /// Values of an unexpected JSON type, coerced or nulled, and counted.
    pub type_drift: u32,
}

/// What a reply said about one key.
#[derive(Debug)]
pub struct Answer {
    /// The place of the key in the batch.
    pub key: usize,
    /// What was said.
    pub said: Said,
    /// The vendor's raw words about this key, kept as they are.
    pub body: Bytes,
}

/// One quota window as a server describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLimit {
    /// The window's length, where the server says.
    pub window: Option<Duration>,
    /// Calls in a window.
    pub limit: Option<u32>,
    /// Calls left in it.
    pub remaining: Option<u32>,
    /// Until it is full again.
    pub reset: Option<Duration>,
}
