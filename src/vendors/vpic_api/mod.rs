//! NHTSA's own decoder over the network: 50 VINs a call, free, without a key.
//!
//! Its errors are part of its answers: a VIN whose check digit fails is decoded
//! all the same, and the codes say what it thought of it.

mod batch;
#[cfg(test)]
mod tests;

use super::json::Object;
use super::reply::{NHTSA_ENVELOPE, without_key};
use super::{
    Answers, Auth, Effect, Endpoint, EndpointSpec, Envelope, Method, Parsed, Payload, Probe, Reply,
    Request, Role, Vendor, VendorDefaults, VendorSpec, vehicle,
};
use crate::config::VendorSettings;
use crate::domain::facts::{DecodeFacts, Facts};
use crate::domain::{Dataset, Fault, Key, KeyKind};

/// The vendor.
#[derive(Debug)]
pub struct VpicApi;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::None,
    defaults: VendorDefaults {
        id: "vpic-api",
        base_url: "https://vpic.nhtsa.dot.gov/api",
        api_key_env: None,
        quotas: &["1/second"],
        price_micros: &[],
        concurrency: 2,
        options: &[],
    },
    endpoints: &[&BATCH, &OF_YEAR],
    contradiction: None,
};

static ENDPOINTS: [&dyn Endpoint; 2] = [&DECODE_BATCH, &DECODE_OF_YEAR];

impl Vendor for VpicApi {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &ENDPOINTS
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        without_key(reply)
    }

    fn envelope(&self) -> &'static Envelope {
        &NHTSA_ENVELOPE
    }

    fn probe(&self) -> Result<Probe, &'static str> {
        Ok(Probe::free(batch_of("1FTFW1E*".into())))
    }
}

/// `POST /vehicles/DecodeVINValuesBatch/` with what its spec takes as a key.
#[derive(Debug)]
struct Decode(&'static EndpointSpec);

/// `format=json&data=VIN1;VIN2;…`.
static DECODE_BATCH: Decode = Decode(&BATCH);
static BATCH: EndpointSpec = spec("decode-batch", KeyKind::Vin);

/// The same with `data=VIN1,2011;VIN2,1994;…`. The service decodes in the year that it is
/// sent, whatever position 7 says, so that what it repeats counts only of vehicles of which
/// position 7 says nothing.
static DECODE_OF_YEAR: Decode = Decode(&OF_YEAR);
static OF_YEAR: EndpointSpec = spec("decode-of-year", KeyKind::VinOfYear);

const fn spec(id: &'static str, key: KeyKind) -> EndpointSpec {
    EndpointSpec {
        id,
        dataset: Some(Dataset::Decode),
        key,
        batch: 50,
        effect: Effect::Read,
        shares_bodies: true,
    }
}

impl Endpoint for Decode {
    fn spec(&self) -> &'static EndpointSpec {
        self.0
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        // With a year behind it, as the store has it.
        let vins: Vec<String> = keys.iter().map(Key::to_stored).collect();
        batch_of(vins.join(";"))
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        batch::parse(reply, keys)
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for Decode {
    fn facts(&self, key: &Key, body: &[u8]) -> Facts {
        let item = Object::of_body(body).ok().flatten();
        Facts::Decode(item.map_or_else(DecodeFacts::default, |item| vehicle::facts(key, &item)))
    }

    fn of_year(&self) -> Option<&'static dyn Endpoint> {
        (self.0.key == KeyKind::Vin).then_some(&DECODE_OF_YEAR)
    }
}

/// `format` belongs in the form: in the query it is ignored, and XML comes.
fn batch_of(vins: String) -> Request {
    Request {
        method: Method::Post,
        body: Some(Payload::Form(vec![("format", "json".to_owned()), ("data", vins)])),
        ..Request::get("/vehicles/DecodeVINValuesBatch/")
    }
}
