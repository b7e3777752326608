//! The Car Vin API: decodes in batches of 20, recalls by VIN or by vehicle.
//!
//! Its one public page describes requests, statuses and the shape of a single
//! decode; how a batch, an item's error and a recall look is only hinted at by
//! its sample code. So requests are built exactly as shown there, and replies
//! are read in every shape that page could mean, or refused as unrecognised.

mod batch;
mod complaint;
mod item;
mod recalls;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{
    Answers, Auth, Effect, Endpoint, EndpointSpec, Parsed, Probe, Reply, Request, Role, Vendor,
    VendorDefaults, VendorOption, VendorSpec, campaigns, is_boolean,
};
use crate::config::VendorSettings;
use crate::domain::facts::Facts;
use crate::domain::{Dataset, Fault, Key, KeyKind, Vin};

/// The vendor. Free; a whole batch counts as one call.
#[derive(Debug)]
pub struct CarVin;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "carvin",
        base_url: "https://www.carvinapi.com/api/v1",
        api_key_env: Some("CARVIN_API_KEY"),
        quotas: &["100/day", "5/second"],
        price_micros: &[],
        concurrency: 4,
        options: &[VendorOption {
            name: DECODE_SINGLY,
            list: false,
            default: &["false"],
            check: is_boolean,
        }],
    },
    endpoints: &[&BATCH_DECODE, &DECODE, &BY_VEHICLE, &BY_VIN],
    contradiction: None,
};

/// The setting by which a VIN that a batch left out is asked about at `/decode`.
const DECODE_SINGLY: &str = "decode_singly";

static ENDPOINTS: [&dyn Endpoint; 4] =
    [&BatchDecode, &SingleDecode, &RECALLS_BY_VEHICLE, &RECALLS_BY_VIN];

impl Vendor for CarVin {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &ENDPOINTS
    }

    fn meaning(&self, words: &str, reply: &Reply) -> Option<Fault> {
        complaint::meaning(words, reply)
    }

    fn probe(&self) -> Result<Probe, &'static str> {
        Err("not asked: every call counts against its quota, so the first run tells")
    }
}

/// `POST /batch-decode {"vins":["…"]}`.
#[derive(Debug)]
struct BatchDecode;

static BATCH_DECODE: EndpointSpec = EndpointSpec {
    id: "batch-decode",
    dataset: Some(Dataset::Decode),
    key: KeyKind::Vin,
    batch: 20,
    effect: Effect::Read,
    shares_bodies: true,
};

impl Endpoint for BatchDecode {
    fn spec(&self) -> &'static EndpointSpec {
        &BATCH_DECODE
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        #[derive(Serialize)]
        struct Body<'a> {
            vins: Vec<&'a str>,
        }
        let vins = keys.iter().filter_map(Key::vin).map(Vin::as_str).collect();
        Request::post("/batch-decode", &Body { vins })
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        batch::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for BatchDecode {
    fn facts(&self, key: &Key, body: &[u8]) -> Facts {
        Facts::Decode(item::facts(key, body))
    }

    fn singly(&self, settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
        settings.is_on(DECODE_SINGLY).then_some(&SingleDecode)
    }
}

/// `POST /decode {"vin":"…"}`. It counts as much as a whole batch, so it is asked
/// only about a VIN that a batch left out, and only where the settings say so:
/// the vendor's pages disagree about its method.
#[derive(Debug)]
struct SingleDecode;

static DECODE: EndpointSpec = EndpointSpec { id: "decode", batch: 1, ..BATCH_DECODE };

impl Endpoint for SingleDecode {
    fn spec(&self) -> &'static EndpointSpec {
        &DECODE
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        #[derive(Serialize)]
        struct Body<'a> {
            vin: &'a str,
        }
        Request::post(
            "/decode",
            &Body { vin: keys.first().and_then(Key::vin).map_or("", Vin::as_str) },
        )
    }

    /// `{"success":true,"data":{…}}`: a batch of one, without its list.
    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        batch::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for SingleDecode {
    fn facts(&self, key: &Key, body: &[u8]) -> Facts {
        Facts::Decode(item::facts(key, body))
    }
}

/// `POST /recalls` with what its spec takes as a key.
#[derive(Debug)]
struct Recalls(&'static EndpointSpec);

/// `{"make":"…","model":"…","year":"2020"}`.
static RECALLS_BY_VEHICLE: Recalls = Recalls(&BY_VEHICLE);
static BY_VEHICLE: EndpointSpec = EndpointSpec {
    id: "recalls",
    dataset: Some(Dataset::Recalls),
    key: KeyKind::Vehicle,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

/// `{"vin":"…"}`.
static RECALLS_BY_VIN: Recalls = Recalls(&BY_VIN);
static BY_VIN: EndpointSpec = EndpointSpec {
    id: "recalls-vin",
    dataset: Some(Dataset::Recalls),
    key: KeyKind::Vin,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Recalls {
    fn spec(&self) -> &'static EndpointSpec {
        self.0
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        recalls_request(keys)
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        recalls::parse(reply)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for Recalls {
    fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
        Facts::Recalls(campaigns::facts(body))
    }

    fn confirming(&self) -> Option<&'static dyn Endpoint> {
        (self.0.key == KeyKind::Vehicle).then_some(&RECALLS_BY_VIN)
    }
}

fn recalls_request(keys: &[Key]) -> Request {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Body<'a> {
        Vin { vin: &'a str },
        Vehicle { make: &'a str, model: &'a str, year: String },
    }
    let body = keys.iter().find_map(|key| match key {
        Key::Vin(vin) | Key::VinOfYear(vin, _) => Some(Body::Vin { vin: vin.as_str() }),
        Key::Vehicle(vehicle) => Some(Body::Vehicle {
            make: &vehicle.make,
            model: &vehicle.model,
            year: vehicle.year.to_string(),
        }),
        Key::Page(_) | Key::Task(_) | Key::Name(_) => None,
    });
    Request::post("/recalls", &body)
}
