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
//! 1. The account: a [`VendorSpec`] says how the key is shown, what the settings
//!    start from and which calls there are; a configuration is checked against it.
//!    [`Vendor::fault`] reads a reply as a whole; the default goes by the HTTP
//!    status. [`Vendor::envelope`] names the places where its replies say how the
//!    call went; [`read`] holds every empty list against them. Where the vendor says
//!    more, override [`limits`](Vendor::limits) (its
//!    quota headers), [`charged`](Vendor::charged) (its bill),
//!    [`probe`](Vendor::probe) and [`usage`](Vendor::usage) (calls that are not
//!    billed).
//! 2. Each kind of call: an [`EndpointSpec`], [`request`](Endpoint::request),
//!    [`parse`](Endpoint::parse) and its [`Role`], which says what its answers are
//!    for. Most fill columns: for them, [`facts`](Answers::facts) is enough. The
//!    other methods of [`Answers`] name further endpoints of the vendor: for
//!    batches that are refused as such ([`dearer`](Answers::dearer), with
//!    [`refuses_shape`](Endpoint::refuses_shape)) or incomplete
//!    ([`singly`](Answers::singly)), for zeros that need another look
//!    ([`confirming`](Answers::confirming), [`catalogue`](Answers::catalogue)), for
//!    what is looked up behind an id ([`dealers`](Answers::dealers)), and for what
//!    vehicles like one cost ([`comparables`](Answers::comparables)). A list that is
//!    read whole is [`Pages`]. A request that asks for more than every API of the
//!    vendor knows has a [`plainer`](Endpoint::plainer) one.
//! 3. Its handler in the sandbox: one file in `src/sandbox` and one line in its
//!    `registry.rs`.
//! 4. Its fixtures, `tests/fixtures/VENDOR/CASE.json`, and its cases, one arm in
//!    `tests/it/vendors/mod.rs`. Until it has all of them the tests fail and name
//!    what it lacks.
//!
//! A whole vendor, that is asked about one VIN at a time:
//!
//! ```
//! use vinrich::config::VendorSettings;
//! use vinrich::domain::facts::{DecodeFacts, Facts};
//! use vinrich::domain::key::{Key, KeyKind};
//! use vinrich::domain::outcome::{Dataset, Fault};
//! use vinrich::vendors::{
//!     Answers, Auth, Effect, Endpoint, EndpointSpec, Parsed, Reply, Request, Role, Answer, Vendor,
//!     VendorDefaults, VendorSpec, excerpt,
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
//!     endpoints: &[&MAKES],
//!     contradiction: None,
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
//!         let said = if make.is_some() { Answer::Found } else { Answer::Absent };
//!         Ok(Parsed::one(said, reply.body.clone()))
//!     }
//!
//!     fn role(&'static self) -> Role {
//!         Role::Answers(self)
//!     }
//! }
//!
//! impl Answers for Makes {
//!     fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
//!         let make = serde_json::from_slice(body).ok().and_then(|Make { make }| make);
//!         Facts::Decode(DecodeFacts { make, ..DecodeFacts::default() })
//!     }
//! }
//!
//! let reply = |status, body: &'static str| Reply { status, headers: Vec::new(), body: body.into() };
//! assert_eq!(Acme.fault(&reply(429, "")), Some(Fault::Limited { wait: None }));
//! let parsed = Makes.parse(&reply(200, r#"{"make":"FORD"}"#), &[]).expect("an answer");
//! assert_eq!(parsed.answers[0].said, Answer::Found);
//! assert!(Makes.parse(&reply(200, "<html>"), &[]).is_err(), "never read as nothing found");
//! ```

mod call;
mod campaigns;
pub mod carstrel;
pub mod carvin;
mod endpoint;
mod envelope;
mod json;
pub mod nhtsa;
mod probe;
mod reading;
mod reply;
#[cfg(test)]
mod testing;
mod url;
mod vehicle;
pub mod visa;
pub mod visio;
pub mod visor;
pub mod vpic_api;

pub use call::{KeyAnswer, ListPage, Method, Parsed, Payload, Reply, Request, ServerLimit};
pub use endpoint::{Answers, Endpoint, IdOf, NamedFilter, Pages, Role};
pub use envelope::Envelope;
pub use probe::{Counted, Probe, Usage, UsageRow};
pub use reading::read;
pub(crate) use reading::{fault, may_replace_find};
use reply::own_words;
pub use reply::{by_status, excerpt, retry_after_header};

use std::ops::RangeInclusive;

use jiff::civil::Date;

use crate::domain::{Fault, Micros};

pub use crate::domain::key::Effect;
pub use crate::domain::outcome::Answer;
pub use crate::domain::vendor::{
    Auth, EndpointSpec, Options, VendorDefaults, VendorOption, VendorSpec,
};

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

/// The specs of them all: what [`Settings::load`](crate::config::Settings::load)
/// checks a configuration against.
pub fn specs() -> Vec<&'static VendorSpec> {
    registry().iter().map(|vendor| vendor.spec()).collect()
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

    /// The kinds of calls it takes: those of its spec, in the same order.
    fn endpoints(&self) -> &'static [&'static dyn Endpoint];

    /// What is wrong with a reply as a whole, before its answers are read. A 404 comes
    /// here only in the vendor's own [envelope](Envelope::own_errors).
    fn fault(&self, reply: &Reply) -> Option<Fault> {
        by_status(reply)
    }

    /// Where its replies say how the call went.
    fn envelope(&self) -> &'static Envelope {
        &Envelope::USUAL
    }

    /// The fault that words of failure beside an empty list mean, where they mean more
    /// than that the list is not an answer.
    fn meaning(&self, _words: &str, _reply: &Reply) -> Option<Fault> {
        None
    }

    /// Its own words in a reply that is not an answer, for people: on one line and masked.
    fn words(&self, reply: &Reply) -> Option<String> {
        own_words(reply)
    }

    /// The quota windows that a reply's headers describe.
    fn limits(&self, _reply: &Reply) -> Vec<ServerLimit> {
        Vec::new()
    }

    /// What the vendor says it charged for this reply.
    fn charged(&self, _reply: &Reply) -> Option<Micros> {
        None
    }

    /// A call that shows whether the key works and is not billed.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    fn probe(&self) -> Result<Probe, &'static str> {
        Err("not asked: no call that is free of charge is known, so the first run tells")
    }

    /// The call, not billed either, that returns what the vendor counted on these
    /// UTC days; `None` where there is none.
    fn usage(&self, _days: RangeInclusive<Date>) -> Option<Probe> {
        None
    }

    /// The endpoint called `id`.
    fn endpoint(&self, id: &str) -> Option<&'static dyn Endpoint> {
        self.endpoints().iter().copied().find(|endpoint| endpoint.spec().id == id)
    }
}
