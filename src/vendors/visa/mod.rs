//! Visa Keys: paid tools run by HTTP, each run under an idempotency key.
//!
//! A run is a [`Task`]: the first word of its subject is the tool's id, what
//! follows it names the vehicle where a tool runs once a vehicle; its body is
//! the request's. A repetition under the same key is answered from the first
//! run's reply and costs nothing. There is not a price list: what a run costs is
//! known when it has been charged.

mod envelope;
#[cfg(test)]
mod tests;

use super::{
    Answer, Auth, Effect, Endpoint, EndpointSpec, Envelope, Method, Parsed, Payload, Reply,
    Request, Role, Vendor, VendorDefaults, VendorOption, VendorSpec,
};
use crate::config::VendorSettings;
use crate::domain::{Fault, Key, KeyKind, Micros, Task};

pub use envelope::Execution;

/// The vendor's id.
pub const ID: &str = "visa";

/// The id of the endpoint that runs a tool.
pub const EXECUTE: &str = "execute";

/// The setting that holds the `input` template as JSON.
pub const INPUT: &str = "input";

/// The vendor.
#[derive(Debug)]
pub struct Visa;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Header("x-api-key"),
    defaults: VendorDefaults {
        id: ID,
        base_url: "https://auth.visacli.sh",
        api_key_env: Some("VISA_KEY"),
        quotas: &["1/second"],
        // What the vendor's own example was charged. A dearer run raises it.
        price_micros: &[(EXECUTE, 10_000)],
        // One at a time: the next run is reserved at what the last one cost.
        concurrency: 1,
        options: &[VendorOption { name: INPUT, list: false, default: &[], check: is_object }],
    },
    endpoints: &[&EXECUTE_SPEC],
    contradiction: None,
};

/// Whether a setting can be a template.
fn is_object(text: &str) -> Result<(), String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err("must be a JSON object such as `{\"vin\": \"{vin}\"}`".into()),
        Err(error) => Err(format!("must be a JSON object, and is not JSON ({error})")),
    }
}

impl Vendor for Visa {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&Execute]
    }

    fn envelope(&self) -> &'static Envelope {
        static ENVELOPE: Envelope = Envelope { own_errors: &["error_code"], ..Envelope::USUAL };
        &ENVELOPE
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        envelope::fault(reply)
    }

    fn charged(&self, reply: &Reply) -> Option<Micros> {
        envelope::charge(&reply.body)
    }
}

/// The task of running `tool` with this `input`, for a vehicle where it is run once for each.
pub fn run_of(tool: &str, vehicle: Option<&str>, input: &serde_json::Value) -> Key {
    let subject = match vehicle {
        Some(vehicle) => format!("{tool} {vehicle}"),
        None => tool.to_owned(),
    };
    Key::Task(Task { subject, body: serde_json::json!({ "input": input }).to_string() })
}

/// Whether `id` can be a tool's: it becomes part of a path.
pub fn is_tool_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.bytes().all(plain) && !id.bytes().all(|byte| byte == b'.')
}

/// Whether `fault` says that the tool does not exist.
pub fn is_unknown_tool(fault: &Fault) -> bool {
    matches!(fault, Fault::Poisoned { code } if code == envelope::TOOL_NOT_FOUND)
}

/// `POST /v1/api/tools/{tool}/execute`.
#[derive(Debug)]
struct Execute;

static EXECUTE_SPEC: EndpointSpec = EndpointSpec {
    id: EXECUTE,
    dataset: None,
    key: KeyKind::Task,
    batch: 1,
    effect: Effect::Idempotent,
    shares_bodies: false,
};

impl Endpoint for Execute {
    fn spec(&self) -> &'static EndpointSpec {
        &EXECUTE_SPEC
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let task = keys.first().and_then(Key::task);
        let (subject, body) = task.map_or(("", ""), |task| (&*task.subject, &*task.body));
        let tool = subject.split(' ').next().unwrap_or_default();
        Request {
            method: Method::Post,
            body: Some(Payload::Json(body.as_bytes().to_vec())),
            ..Request::get(format!("/v1/api/tools/{tool}/execute"))
        }
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        Ok(Parsed::one(Answer::Found, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Acts
    }

    /// A tool that does not exist does not exist for the next row either.
    fn refuses_shape(&self, fault: &Fault) -> bool {
        is_unknown_tool(fault)
    }
}
