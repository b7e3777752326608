//! The vendor's JSON: a photo request, a list of them, an error.

use serde::Serialize;
use serde_json::Value;

use super::{SlotField, Wanted};
use crate::domain::{Fault, Vin};
use crate::vendors::reply::{garbled, short_words, unrecognised};
use crate::vendors::{Answer, Reply, by_status};

/// The HTTP status of what is not there, or no longer.
const NOT_FOUND: u16 = 404;

/// A photo request as the vendor describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhotoRequest {
    /// Its id.
    pub id: String,
    /// Such as `pending`, `submitted` or `expired`.
    pub state: Option<String>,
    /// The text for the customer.
    pub instructions: Option<String>,
    /// The id of the operation that made it, where the vendor repeats that.
    pub operation_id: Option<String>,
    /// Where the customer sends the photos.
    pub url: Option<String>,
    /// RFC 3339, as sent.
    pub expires_at: Option<String>,
    /// RFC 3339, as sent.
    pub created_at: Option<String>,
    /// The whole of it, as a reply about it alone would have it.
    pub body: String,
}

impl PhotoRequest {
    /// What is known once this is said of a request of which `earlier` was known: what
    /// is not repeated still holds.
    #[must_use]
    pub fn after(self, earlier: Self) -> Self {
        Self {
            state: self.state.or(earlier.state),
            instructions: self.instructions.or(earlier.instructions),
            operation_id: self.operation_id.or(earlier.operation_id),
            url: self.url.or(earlier.url),
            expires_at: self.expires_at.or(earlier.expires_at),
            created_at: self.created_at.or(earlier.created_at),
            ..self
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its photo requests.
    pub requests: Vec<PhotoRequest>,
    /// Whether more follow, where the vendor says.
    pub more: Option<bool>,
}

/// The body that asks for photos of `vin`.
pub(super) fn body(wanted: &Wanted, vin: &Vin, operation_id: &str, slots: SlotField) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        instructions: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        photo_slots: Vec<Slot<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        items: Vec<Slot<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_in_hours: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        recipient_email: Option<&'a str>,
        metadata: Metadata<'a>,
    }
    #[derive(Serialize)]
    struct Metadata<'a> {
        vin: &'a str,
        operation_id: &'a str,
    }
    #[derive(Serialize)]
    struct Slot<'a> {
        instructions: &'a str,
        is_required: bool,
    }
    impl<'a> Slot<'a> {
        fn of((text, required): &'a (String, bool)) -> Self {
            Self { instructions: text, is_required: *required }
        }
    }
    let wanted_slots = wanted.slots.iter().map(Slot::of).collect();
    let (photo_slots, items) = match slots {
        SlotField::PhotoSlots => (wanted_slots, Vec::new()),
        SlotField::Items => (Vec::new(), wanted_slots),
    };
    let body = Body {
        instructions: &wanted.instructions,
        photo_slots,
        items,
        expires_in_hours: wanted.expires_in_hours,
        recipient_email: wanted.recipient_email.as_deref(),
        metadata: Metadata { vin: vin.as_str(), operation_id },
    };
    // A struct of text and numbers always serialises.
    serde_json::to_string(&body).unwrap_or_default()
}

/// The photo request in a reply about one: `{"data":{…}}`, or bare.
pub fn photo_request(body: &[u8]) -> Option<PhotoRequest> {
    let value: Value = serde_json::from_slice(body).ok()?;
    read(value.get("data").filter(|data| data.is_object()).unwrap_or(&value))
}

/// A page of the list: `{"data":[…],"meta":{…}}`, or a list under another name.
pub fn listed(body: &[u8]) -> Option<Listed> {
    const NAMES: [&str; 4] = ["data", "photo_requests", "requests", "items"];
    let value: Value = serde_json::from_slice(body).ok()?;
    let below = |value: &Value| NAMES.iter().find_map(|name| value.get(name)?.as_array().cloned());
    let items = value
        .as_array()
        .cloned()
        .or_else(|| below(&value))
        .or_else(|| below(value.get("data")?))?;
    let requests: Vec<PhotoRequest> = items.iter().filter_map(read).collect();
    // An entry that cannot be read might be the one that is looked for.
    let whole = requests.len() == items.len();
    let more = more(&value).filter(|more| *more || whole);
    Some(Listed { requests, more })
}

fn read(value: &Value) -> Option<PhotoRequest> {
    let text = |name: &str| match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        // Beyond 64 bits a number has lost digits, and would name another request.
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    };
    Some(PhotoRequest {
        // It is part of paths, where dots alone would lead elsewhere.
        id: text("id").filter(|id| id.bytes().any(|byte| byte != b'.'))?,
        state: text("status").or_else(|| text("state")),
        instructions: text("instructions"),
        operation_id: operation_id(value),
        url: text("request_url"),
        expires_at: text("expires_at"),
        created_at: text("created_at"),
        body: serde_json::json!({ "data": value }).to_string(),
    })
}

/// The id of the operation that a photo request, or the body that asks for one, names.
pub fn operation_id(value: &Value) -> Option<String> {
    value.pointer("/metadata/operation_id")?.as_str().map(str::to_owned)
}

/// Whether another page follows, in any of the ways such lists say so.
fn more(value: &Value) -> Option<bool> {
    let places = [value.get("meta"), value.pointer("/meta/pagination"), Some(value)];
    places.into_iter().flatten().find_map(|place| {
        let number = |name: &str| place.get(name).and_then(Value::as_u64);
        if let Some(more) = place.get("has_more").and_then(Value::as_bool) {
            return Some(more);
        }
        let page = number("current_page").or_else(|| number("page"));
        let last = number("last_page").or_else(|| number("total_pages"));
        if let (Some(page), Some(last)) = (page, last) {
            return Some(page < last);
        }
        let (page, size, total) = (page?, number("per_page")?, number("total")?);
        Some(page.saturating_mul(size) < total)
    })
}

/// What is wrong with a reply. What is not there (404) is each endpoint's matter.
pub(super) fn fault(reply: &Reply) -> Option<Fault> {
    match reply.status {
        NOT_FOUND => None,
        // Whatever it asks to wait: it may have acted before it failed.
        status @ 500..=599 => Some(Fault::Server(status)),
        _ => match by_status(reply)? {
            Fault::Poisoned { code } => {
                Some(Fault::Poisoned { code: error_code(&reply.body).unwrap_or(code) })
            }
            fault => Some(fault),
        },
    }
}

/// `{"error":{"code","message","details"}}`: the code, and the field that `details`
/// names with what is wrong with it, else the message.
fn error_code(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let code = value.pointer("/error/code")?.as_str()?;
    let message = value.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let field = value.pointer("/error/details").and_then(refused_field);
    Some(short_words(format!("{code} {}", field.as_deref().unwrap_or(message)).trim()))
}

/// The first field of `{"field":["…"]}` or of `[{"field","message"}]`.
fn refused_field(details: &Value) -> Option<String> {
    let words = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => list.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let (field, wrong) = match details {
        Value::Object(fields) => {
            let (field, wrong) = fields.iter().next()?;
            (field.clone(), words(wrong))
        }
        Value::Array(list) => {
            let first = list.first()?;
            (first.get("field").and_then(words)?, first.get("message").and_then(words))
        }
        _ => return None,
    };
    Some(format!("{field}: {}", wrong.unwrap_or_default()).trim_end_matches([':', ' ']).to_owned())
}

/// Whether the vendor itself says that there is nothing: a page of some other
/// server does not say so.
pub(super) fn is_missing(reply: &Reply) -> bool {
    reply.status == NOT_FOUND && serde_json::from_slice::<Value>(&reply.body).is_ok()
}

/// The path itself is not there.
pub(super) fn refuse_missing(reply: &Reply) -> Result<(), Fault> {
    match reply.status {
        NOT_FOUND => Err(Fault::Poisoned { code: "http_404".into() }),
        _ => Ok(()),
    }
}

/// That something was done, as the vendor itself says or with an empty body: a
/// page of some other server does not say so.
pub(super) fn done(reply: &Reply) -> Result<Answer, Fault> {
    refuse_missing(reply)?;
    let is_its_own = reply.body.is_empty() || serde_json::from_slice::<Value>(&reply.body).is_ok();
    if is_its_own { Ok(Answer::Found) } else { Err(garbled(&reply.body)) }
}

/// The fault of a reply without a photo request.
pub(super) fn no_request(reply: &Reply) -> Fault {
    match serde_json::from_slice::<Value>(&reply.body) {
        Ok(_) => unrecognised(&reply.body),
        Err(_) => garbled(&reply.body),
    }
}
