//! Visio: links by which a customer sends photos of a vehicle.
//!
//! A photo request is a [`Task`]: its subject begins with the VIN, its body is
//! the request's. Visio has no field for a VIN and takes no idempotency key, so
//! the wording and the metadata carry the VIN, the metadata the id of the operation
//! too: by them the list shows what became of a request whose reply was lost. How the
//! list is paged is not documented; it is read page by page until the vendor says that
//! it ends, or nothing new comes.

mod photos;
mod wire;
#[cfg(test)]
mod tests;

use super::reply::wait_asked;
use super::url::percent_encoded;
use super::{
    Answer, Auth, Effect, Endpoint, EndpointSpec, Envelope, Method, Parsed, Payload, Probe, Reply,
    Request, Role, ServerLimit, Vendor, VendorDefaults, VendorOption, VendorSpec,
};
use crate::config::VendorSettings;
use crate::domain::{Fault, Key, KeyKind, Page, Task, Timestamp, Vin};

use xxhash_rust::xxh3::xxh3_64;

pub use photos::{LINKS_LAST, Photo, photos, safe};
pub use wire::{Listed, PhotoRequest, listed, operation_id, photo_request};

/// The vendor's id.
pub const ID: &str = "visio";

/// The id of the endpoint that makes a photo request.
pub const REQUEST: &str = "request";

/// The id of the endpoint that shows one.
pub const SHOW: &str = "show";

/// The id of the endpoint that lists them.
pub const LIST: &str = "list";

/// The id of the endpoint that cancels one.
pub const CANCEL: &str = "cancel";

/// The path of them all.
const PATH: &str = "/photo-requests";

/// The vendor.
#[derive(Debug)]
pub struct Visio;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Header("x-api-key"),
    defaults: VendorDefaults {
        id: ID,
        base_url: "https://api.visio.now/v1",
        api_key_env: Some("VISIO_API_KEY"),
        quotas: &["60/minute", "1000/hour"],
        price_micros: &[],
        concurrency: 4,
        options: &[
            VendorOption {
                name: "instructions",
                list: false,
                default: &["Please send photos of the vehicle with VIN {vin}"],
                check: is_not_empty,
            },
            VendorOption {
                name: "slots",
                list: true,
                default: &["Front view", "Rear view"],
                check: is_not_empty,
            },
            VendorOption { name: "optional_slots", list: true, default: &[], check: is_not_empty },
            VendorOption { name: "expires_in_hours", list: false, default: &[], check: is_hours },
            VendorOption {
                name: "recipient_email",
                list: false,
                default: &[],
                check: is_not_empty,
            },
        ],
    },
    endpoints: &[&REQUEST_SPEC, &SHOW_SPEC, &LIST_SPEC, &CANCEL_SPEC],
    contradiction: None,
};

fn is_not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must not be empty".into()) } else { Ok(()) }
}

fn is_hours(text: &str) -> Result<(), String> {
    match text.parse::<u32>() {
        Ok(1..) => Ok(()),
        _ => Err(format!("must be a number of hours such as `48`, not `{text}`")),
    }
}

impl Vendor for Visio {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&RequestPhotos, &Show, &List, &Cancel]
    }

    fn envelope(&self) -> &'static Envelope {
        static ENVELOPE: Envelope = Envelope { own_errors: &["error.code"], ..Envelope::USUAL };
        &ENVELOPE
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        wire::fault(reply)
    }

    /// The headers describe one window and do not say which.
    fn limits(&self, reply: &Reply) -> Vec<ServerLimit> {
        let number = |name| reply.header(name).and_then(|value| value.trim().parse::<u32>().ok());
        let limit = ServerLimit {
            window: None,
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: wait_asked(reply),
        };
        if limit.limit.is_none() && limit.remaining.is_none() { Vec::new() } else { vec![limit] }
    }

    /// Its documents show by this call how to authenticate.
    fn probe(&self) -> Result<Probe, &'static str> {
        Ok(Probe::free(Request::get("/status")))
    }
}

/// What a photo request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The text for the customer; it holds the VIN.
    pub instructions: String,
    /// The photos wanted, and whether each must be sent.
    pub slots: Vec<(String, bool)>,
    /// Until the link expires.
    pub expires_in_hours: Option<u32>,
    /// Who is asked.
    pub recipient_email: Option<String>,
}

impl Wanted {
    /// The task of asking for them, with the photos in the field `slots`; `number`
    /// counts the requests about one VIN from 1.
    pub fn task(&self, vin: &Vin, number: usize, slots: SlotField) -> Key {
        let subject = if number <= 1 { vin.to_string() } else { format!("{vin} {number}") };
        let operation_id = self.operation_id(vin, number);
        Key::Task(Task { subject, body: wire::body(self, vin, &operation_id, slots) })
    }

    /// Tells this request from every other: the vendor repeats it in its list.
    fn operation_id(&self, vin: &Vin, number: usize) -> String {
        let wording = xxh3_64(format!("{self:?}").as_bytes());
        format!("vinrich-{vin}-{number}-{wording:016x}")
    }
}

/// The field of a photo request that says which photos are wanted. The vendor's
/// documents have one, its own client the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlotField {
    /// `photo_slots`.
    #[default]
    PhotoSlots,
    /// `items`.
    Items,
}

/// Whether `fault` refuses the field `photo_slots` as such: then nothing was made, and
/// the vendor may know it as `items`.
pub fn wants_items(fault: &Fault) -> bool {
    const AS_SUCH: [&str; 9] = [
        "unknown",
        "unexpected",
        "not allowed",
        "not permitted",
        "should not",
        "unrecogni",
        "unsupported",
        "not supported",
        "items field",
    ];
    let Fault::Poisoned { code } = fault else { return false };
    let code = code.to_lowercase();
    let names_slots = code.contains("photo_slots") || code.contains("items:");
    names_slots && AS_SUCH.iter().any(|words| code.contains(words))
}

/// The VIN that a photo request is about.
pub fn vin_of(key: &Key) -> Option<Vin> {
    Vin::new(key.task()?.subject.split(' ').next()?)
}

/// The number of a photo request among those about its VIN.
pub fn number_of(key: &Key) -> usize {
    let number = key.task().and_then(|task| task.subject.split(' ').nth(1)?.parse().ok());
    number.unwrap_or(1)
}

/// The task of showing or cancelling the photo request called `id`.
pub fn about(id: &str) -> Key {
    Key::Task(Task { subject: id.to_owned(), body: String::new() })
}

/// A page of the list. Pages replace those of an earlier reading.
pub fn page(number: u32) -> Key {
    Key::Page(Page { list: PATH.to_owned(), snapshot: Timestamp::default(), number })
}

/// A page of the part of the list that was made after `time`.
pub fn page_after(time: Timestamp, number: u32) -> Key {
    let list = format!("{PATH}{CREATED_AFTER}{}", time.rfc3339());
    Key::Page(Page { list, snapshot: Timestamp::default(), number })
}

/// Before the time, in the name of such a part.
const CREATED_AFTER: &str = "?created_after=";

/// An endpoint that fills no column.
const fn spec(id: &'static str, key: KeyKind, effect: Effect) -> EndpointSpec {
    EndpointSpec { id, dataset: None, key, batch: 1, effect, shares_bodies: false }
}

fn subject(keys: &[Key]) -> &str {
    keys.first().and_then(Key::task).map_or("", |task| &task.subject)
}

/// The path of the photo request called `id`, whatever characters that holds.
fn path_of(id: &str) -> String {
    format!("{PATH}/{}", percent_encoded(id))
}

/// `POST /photo-requests`.
#[derive(Debug)]
struct RequestPhotos;

static REQUEST_SPEC: EndpointSpec = spec(REQUEST, KeyKind::Task, Effect::Once);

impl Endpoint for RequestPhotos {
    fn spec(&self) -> &'static EndpointSpec {
        &REQUEST_SPEC
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let body = keys.first().and_then(Key::task).map_or("", |task| &task.body);
        Request {
            method: Method::Post,
            body: Some(Payload::Json(body.as_bytes().to_vec())),
            ..Request::get(PATH)
        }
    }

    /// What is refused whatever the vehicle need not be asked for the next one.
    fn refuses_shape(&self, fault: &Fault) -> bool {
        wants_items(fault)
    }

    /// A reply without an id is not an answer: it could never be found again.
    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        wire::refuse_missing(reply)?;
        photo_request(&reply.body).ok_or_else(|| wire::no_request(reply))?;
        Ok(Parsed::one(Answer::Found, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Acts
    }
}

/// `GET /photo-requests/{id}`.
#[derive(Debug)]
struct Show;

static SHOW_SPEC: EndpointSpec = spec(SHOW, KeyKind::Task, Effect::Read);

impl Endpoint for Show {
    fn spec(&self) -> &'static EndpointSpec {
        &SHOW_SPEC
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        Request::get(path_of(subject(keys)))
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        if wire::is_missing(reply) {
            return Ok(Parsed::one(Answer::Absent, reply.body.clone()));
        }
        // Without a state it says nothing that was not known when it was made.
        let shown = photo_request(&reply.body).filter(|shown| shown.state.is_some());
        shown.ok_or_else(|| wire::no_request(reply))?;
        Ok(Parsed::one(Answer::Found, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Acts
    }
}

/// `GET /photo-requests`, then `?page=2` and so on; `?created_after=` for a part of it.
#[derive(Debug)]
struct List;

static LIST_SPEC: EndpointSpec = spec(LIST, KeyKind::Page, Effect::Read);

impl Endpoint for List {
    fn spec(&self) -> &'static EndpointSpec {
        &LIST_SPEC
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let mut query = Vec::new();
        if let Some(Key::Page(Page { list, number, .. })) = keys.first() {
            let after = list.split_once(CREATED_AFTER).map(|(_, time)| time.to_owned());
            query.extend(after.map(|time| ("created_after", time)));
            query.extend((*number > 1).then(|| ("page", number.to_string())));
        }
        Request { query, ..Request::get(PATH) }
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        wire::refuse_missing(reply)?;
        listed(&reply.body).ok_or_else(|| wire::no_request(reply))?;
        Ok(Parsed::one(Answer::Found, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Acts
    }
}

/// `DELETE /photo-requests/{id}`: a second one finds nothing left to do.
#[derive(Debug)]
struct Cancel;

static CANCEL_SPEC: EndpointSpec = spec(CANCEL, KeyKind::Task, Effect::Idempotent);

impl Endpoint for Cancel {
    fn spec(&self) -> &'static EndpointSpec {
        &CANCEL_SPEC
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        Request { method: Method::Delete, ..Request::get(path_of(subject(keys))) }
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        let said = if wire::is_missing(reply) { Answer::Absent } else { wire::done(reply)? };
        Ok(Parsed::one(said, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Acts
    }
}
