//! `GET /facets?facets=model&make=M&year=Y&metric=price.median`: what the models of a
//! make and model year cost. Only what is for sale counts; of fewer than ten vehicles
//! there is no price.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{envelope, get};
use crate::config::VendorSettings;
use crate::domain::facts::{ModelPrice, PriceQuestion};
use crate::domain::{Fault, Key, KeyKind};
use crate::vendors::json::{self, Object, Unreadable, Value};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Answer, Effect, Endpoint, EndpointSpec, Parsed, Reply, Request, Role};

/// The models of a make and year, with one of their prices.
#[derive(Debug)]
pub(super) struct Facets;

pub(super) static FACETS: EndpointSpec = EndpointSpec {
    id: "facets",
    dataset: None,
    key: KeyKind::Name,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

/// The most models that a reply names.
const MODELS: usize = 100;

impl Endpoint for Facets {
    fn spec(&self) -> &'static EndpointSpec {
        &FACETS
    }

    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let mut query =
            vec![("facets", "model".to_owned()), ("facet_value_limit", MODELS.to_string())];
        if let Some(PriceQuestion { make, year, point }) = question(keys) {
            query.push(("make", make));
            query.push(("year", year.to_string()));
            query.push(("metric", format!("price.{}", point.name())));
        }
        get("/facets".into(), query)
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        let unreadable = |_: Unreadable| garbled(&reply.body);
        let document = json::read(&reply.body).map_err(unreadable)?;
        let facets = Facet::read(document).map_err(unreadable)?;
        let asked = question(keys).map(|question| format!("price.{}", question.point.name()));
        match facets {
            Some(Facet { metric: Some(metric), .. })
                if asked.is_some_and(|asked| asked != metric) =>
            {
                Err(unrecognised(&reply.body))
            }
            Some(Facet { models, total, .. }) if models.is_empty() && total == Some(0) => {
                Ok(Parsed::one(Answer::Absent, Bytes::new()))
            }
            Some(Facet { models, .. }) if !models.is_empty() => {
                Ok(Parsed::one(Answer::Found, reply.body.clone()))
            }
            _ => Err(unrecognised(&reply.body)),
        }
    }

    fn role(&'static self) -> Role {
        Role::Prices(|body| Facet::read(json::read(body).ok()?).ok()?.map(|facet| facet.models))
    }

    fn refuses_shape(&self, fault: &Fault) -> bool {
        envelope::refuses_request(fault)
    }
}

fn question(keys: &[Key]) -> Option<PriceQuestion> {
    PriceQuestion::read(keys.first()?.name()?)
}

/// `{"data":{"total":…,"facets":{"model":[…]}},"meta":{"metric":"price.median"}}`.
struct Facet {
    models: Vec<ModelPrice>,
    total: Option<u64>,
    /// What was computed of each model.
    metric: Option<String>,
}

impl Facet {
    /// Nothing where a part is missing, or where a model does not say how many there are.
    fn read(document: &RawValue) -> Result<Option<Self>, Unreadable> {
        let Some(envelope) = Object::read(document)? else { return Ok(None) };
        let Some(data) = part(&envelope, "data")? else { return Ok(None) };
        let Some(facets) = part(&data, "facets")? else { return Ok(None) };
        let Some(models) = facets.get(&["model"]) else { return Ok(None) };
        let Value::List(models) = Value::read(models)? else { return Ok(None) };
        let models = models.into_iter().map(model).collect::<Result<Option<Vec<_>>, _>>()?;
        let meta = part(&envelope, "meta")?;
        let metric = meta.as_ref().and_then(|meta| meta.scalar(&["metric"])).map(Cow::into_owned);
        let total = data.scalar(&["total"]).and_then(|total| total.parse().ok());
        Ok(models.map(|models| Self { models, total, metric }))
    }
}

fn part<'a>(of: &Object<'a>, name: &str) -> Result<Option<Object<'a>>, Unreadable> {
    Ok(of.get(&[name]).map(Object::read).transpose()?.flatten())
}

fn model(raw: &RawValue) -> Result<Option<ModelPrice>, Unreadable> {
    let Some(bucket) = Object::read(raw)? else { return Ok(None) };
    let count = bucket.scalar(&["count"]).and_then(|count| count.parse().ok());
    let Some((model, count)) = bucket.scalar(&["value"]).zip(count) else { return Ok(None) };
    let metric = part(&bucket, "metric")?;
    let price = metric.as_ref().and_then(|metric| metric.scalar(&["value"]));
    let cents = price.and_then(|price| json::cents(&price));
    Ok(Some(ModelPrice { model: model.into_owned(), count, cents }))
}

#[cfg(test)]
#[path = "tests/facets.rs"]
mod tests;
