//! NHTSA's public recalls, by make, model and year, and the names it files them
//! under. Free, without a key; US campaigns that may apply to a vehicle, not
//! what is still open on one.
//!
//! It answers 400 with an empty list both for a name it does not know and when
//! it is asked too fast. So that is never "no recalls": it is asked for once
//! more, and then left open. Only a 200 with a count of zero is a zero.

mod models;
#[cfg(test)]
mod tests;

use super::json;
use super::reply::{NHTSA_ENVELOPE, garbled, unrecognised, without_key};
use super::url::percent_encoded;
use super::{
    Answer, Answers, Auth, Effect, Endpoint, EndpointSpec, Envelope, Parsed, Probe, Reply, Request,
    Role, Vendor, VendorDefaults, VendorSpec, campaigns,
};
use crate::config::VendorSettings;
use crate::domain::facts::Facts;
use crate::domain::{Dataset, Fault, Key, KeyKind, Vehicle};

/// The vendor.
#[derive(Debug)]
pub struct Nhtsa;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::None,
    defaults: VendorDefaults {
        id: "nhtsa",
        base_url: "https://api.nhtsa.gov",
        api_key_env: None,
        quotas: &["1/second"],
        price_micros: &[],
        concurrency: 2,
        options: &[],
    },
    endpoints: &[&RECALLS, &MODELS],
    contradiction: None,
};

impl Vendor for Nhtsa {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&Recalls, &Models]
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        match reply.status {
            400 => Some(bad_request(reply)),
            _ => without_key(reply),
        }
    }

    fn envelope(&self) -> &'static Envelope {
        &NHTSA_ENVELOPE
    }

    fn probe(&self) -> Result<Probe, &'static str> {
        let request = "/products/vehicle/models?modelYear=2020&make=ford&issueType=r";
        Ok(Probe::free(Request::get(request)))
    }
}

/// What a 400 means: an empty list is a zero that may be none, other JSON a
/// refusal, and anything else does not come from the service.
fn bad_request(reply: &Reply) -> Fault {
    match json::read(&reply.body).and_then(campaigns::read) {
        Ok(Some(campaigns)) if campaigns.is_empty() => Fault::Unsure,
        Ok(_) => Fault::Poisoned { code: "http_400".into() },
        Err(_) => garbled(&reply.body),
    }
}

/// `GET /recalls/recallsByVehicle?make=…&model=…&modelYear=…`.
#[derive(Debug)]
struct Recalls;

static RECALLS: EndpointSpec = EndpointSpec {
    id: "recalls",
    dataset: Some(Dataset::Recalls),
    key: KeyKind::Vehicle,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Recalls {
    fn spec(&self) -> &'static EndpointSpec {
        &RECALLS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let Some(Vehicle { make, model, year }) = vehicle(keys) else { return Request::get("/") };
        let (make, model) = (percent_encoded(make), percent_encoded(model));
        Request::get(format!(
            "/recalls/recallsByVehicle?make={make}&model={model}&modelYear={year}"
        ))
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        let document = json::read(&reply.body).map_err(|_| garbled(&reply.body))?;
        let campaigns = campaigns::read(document).map_err(|_| garbled(&reply.body))?;
        let campaigns = campaigns.ok_or_else(|| unrecognised(&reply.body))?;
        let said = if campaigns.is_empty() { Answer::Absent } else { Answer::Found };
        Ok(Parsed::one(said, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for Recalls {
    fn facts(&self, _key: &Key, body: &[u8]) -> Facts {
        Facts::Recalls(campaigns::facts(body))
    }

    fn catalogue(&self) -> Option<&'static dyn Endpoint> {
        Some(&Models)
    }
}

/// `GET /products/vehicle/models?modelYear=…&make=…&issueType=r`: the models of
/// a make and year that have recalls.
#[derive(Debug)]
struct Models;

static MODELS: EndpointSpec = EndpointSpec {
    id: "models",
    dataset: None,
    key: KeyKind::Vehicle,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Models {
    fn spec(&self) -> &'static EndpointSpec {
        &MODELS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let Some(Vehicle { make, year, .. }) = vehicle(keys) else { return Request::get("/") };
        let make = percent_encoded(make);
        Request::get(format!("/products/vehicle/models?modelYear={year}&make={make}&issueType=r"))
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        let document = json::read(&reply.body).map_err(|_| garbled(&reply.body))?;
        let names = models::read(document, vehicle(keys)).map_err(|_| garbled(&reply.body))?;
        let names = names.ok_or_else(|| unrecognised(&reply.body))?;
        let said = if names.is_empty() { Answer::Absent } else { Answer::Found };
        Ok(Parsed::one(said, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Catalogue(models::names)
    }
}

fn vehicle(keys: &[Key]) -> Option<&Vehicle> {
    keys.iter().find_map(|key| match key {
        Key::Vehicle(vehicle) => Some(vehicle),
        Key::Vin(_) | Key::VinOfYear(..) | Key::Page(_) | Key::Task(_) | Key::Name(_) => None,
    })
}
