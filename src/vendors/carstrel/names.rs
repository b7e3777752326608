//! Filters by name: the list takes ids alone, which the vendor's own lists of brands,
//! models and body types tell.

use serde_json::value::RawValue;

use super::options::{BODY_TYPE, BODY_TYPE_ID, BRAND, BRAND_ID, MODEL, MODEL_ID};
use super::{PAGE, envelope};
use crate::config::VendorSettings;
use crate::domain::{Fault, Key, KeyKind};
use crate::matching::bare;
use crate::vendors::json::{Object, Value};
use crate::vendors::{
    Answer, Effect, Endpoint, EndpointSpec, IdOf, NamedFilter, Parsed, Reply, Request, Role,
};

/// `GET /external/brands?page=…`, `/external/brands/{id}/models`, `/external/body-types`.
#[derive(Debug)]
pub(super) struct Names;

pub(super) static NAMES: EndpointSpec = EndpointSpec {
    id: "names",
    dataset: None,
    key: KeyKind::Name,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Names {
    fn spec(&self) -> &'static EndpointSpec {
        &NAMES
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let list = keys.first().and_then(Key::name).unwrap_or_default();
        Request::get(format!("/external/{list}"))
    }

    fn parse(&self, reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        envelope::check_names(&reply.body)?;
        let is_empty = entries(&reply.body).is_empty();
        let said = if is_empty { Answer::Absent } else { Answer::Found };
        Ok(Parsed::one(said, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Catalogue(|body| entries(body).into_iter().map(|(_, name)| name).collect())
    }
}

/// The first filter that is set by its name and has no id yet.
pub(super) fn unresolved(settings: &VendorSettings) -> Option<NamedFilter> {
    let of = |name: &'static str, id: &'static str| {
        let wanted = settings.option(name).filter(|_| settings.option(id).is_none())?;
        Some((id, wanted.to_owned()))
    };
    let (id_option, wanted, list) = if let Some((id, wanted)) = of(BRAND, BRAND_ID) {
        (id, wanted, brands(1))
    } else if let Some((id, wanted)) = of(MODEL, MODEL_ID) {
        (id, wanted, format!("brands/{}/models", settings.option(BRAND_ID)?))
    } else {
        let (id, wanted) = of(BODY_TYPE, BODY_TYPE_ID)?;
        (id, wanted, "body-types".to_owned())
    };
    Some(NamedFilter { endpoint: &Names, id_option, wanted, key: Key::Name(list) })
}

/// What a kept list says of the id of a name.
pub(super) fn id_of(filter: &NamedFilter, body: &[u8]) -> IdOf {
    let entries = entries(body);
    let is_it = |(_, name): &&(String, String)| bare(name) == bare(&filter.wanted);
    if let Some((id, _)) = entries.iter().find(is_it) {
        return IdOf::Is(id.clone());
    }
    let page = filter.key.name().and_then(|list| list.split("page=").nth(1)?.parse::<u32>().ok());
    match page {
        Some(page) if envelope::page(page, body).is_some_and(|list| list.more) => {
            IdOf::Next(Key::Name(brands(page + 1)))
        }
        _ => IdOf::Unknown,
    }
}

fn brands(page: u32) -> String {
    format!("brands?limit={PAGE}&page={page}")
}

/// The ids and names of a list.
fn entries(body: &[u8]) -> Vec<(String, String)> {
    let read = |raw: &RawValue| {
        let Ok(Value::Object(entry)) = Value::read(raw) else { return None };
        entry_of(&entry)
    };
    envelope::entries(body, read)
}

fn entry_of(entry: &Object<'_>) -> Option<(String, String)> {
    let text = |name| entry.scalar(&[name]).map(std::borrow::Cow::into_owned);
    Some((text("id")?, text("name")?))
}
