//! `vinrich decode`: a few VINs decoded on this machine, a card for each.

mod card;

use serde_json::{Value, json};
use vinrich::SystemClock;
use vinrich::domain::Timestamp;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::time::Clock;
use vinrich::domain::vin::{self, Reading, Rules, Vin, VinError};
use vinrich::repair::suggest;
use vinrich::row_vehicle::RowVehicle;
use vinrich::vpic::{Decoded, Vpic};

use crate::cli::{CommonArgs, DecodeArgs, ReportFormat};
use crate::{settings, stdout};

pub(crate) fn run(args: &DecodeArgs, common: &CommonArgs) -> Result<u8, Error> {
    let vpic = Vpic::require(&settings::load(common.config.as_deref())?.vpic_data)?;
    let now = SystemClock::new().now().wall;
    let read: Vec<Read<'_>> = args.vins.iter().map(|typed| Read::new(typed, &vpic, now)).collect();
    match args.format {
        ReportFormat::Json => stdout::write_json(&json(&read, &vpic)?)?,
        ReportFormat::Text => stdout::write(&card::text(&read, &vpic.provenance()))?,
    }
    let all_are_vins = read.iter().all(|read| read.decoded.is_some());
    Ok(if all_are_vins { Exit::Success } else { Exit::BadInput }.code())
}

/// What was typed, and what it decodes to.
struct Read<'a> {
    typed: &'a str,
    reading: Reading,
    /// Nothing where it is not a VIN.
    decoded: Option<Decoded>,
}

impl<'a> Read<'a> {
    fn new(typed: &'a str, vpic: &Vpic, now: Timestamp) -> Self {
        let mut reading = vin::read(typed, Rules::default());
        if reading.error.is_some() && reading.suggestion.is_none() {
            let decode = |vin: &_| Some(vpic.decode(vin, now).facts);
            let suggestion = suggest(typed, &RowVehicle::default(), decode);
            reading.suggest(typed, suggestion);
        }
        let decoded = reading.vin.map(|vin| vpic.decode(&vin, now));
        Self { typed, reading, decoded }
    }
}

/// Every VIN as a program reads it: a list of objects, named as the output's columns.
fn json(read: &[Read<'_>], vpic: &Vpic) -> Result<Value, Error> {
    let month = vpic.provenance().data_month;
    read.iter().map(|read| object(read, &month)).collect()
}

fn object(read: &Read<'_>, month: &str) -> Result<Value, Error> {
    let Reading { vin, error, suggestion, check_digit_ok, .. } = &read.reading;
    let mut object = json!({
        "input": read.typed,
        "vin": vin.map(|vin| vin.to_string()),
        "vin_status": if vin.is_some() { "ok" } else { "rejected" },
        "vin_error": error.map(VinError::as_str),
        "vin_suggestion": suggestion.map(|vin| vin.to_string()),
        "vin_check_digit_ok": check_digit_ok,
        "wmi": vin.as_ref().map(Vin::wmi),
    });
    let Some(decoded) = &read.decoded else { return Ok(object) };
    let unwritten = |error| Error::internal("cannot write a decode as JSON").because(error);
    let facts = serde_json::to_value(&*decoded.facts).map_err(unwritten)?;
    if let (Value::Object(object), Value::Object(facts)) = (&mut object, facts) {
        object.extend(facts);
        let extra = decoded.facts.decode_extra.as_deref().unwrap_or("{}");
        object.insert("decode_extra".into(), serde_json::from_str(extra).map_err(unwritten)?);
        let price = decoded.facts.base_price_usd.map(dollars);
        object.insert("base_price_usd".into(), price.into());
        let status = if decoded.is_found() { "found" } else { "absent" };
        object.insert("decode_status".into(), status.into());
        object.insert("decode_vendor".into(), "vpic".into());
        object.insert("data_month".into(), month.into());
    }
    Ok(object)
}

/// Cents as dollars.
fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests;
