//! NHTSA's decoder: batches of up to 50 VINs as a form.
//!
//! As there, `format` counts in the form alone: without it, or with it in the
//! query, the reply is XML. VINs come back as they were sent, with the decoder's
//! error codes; a text that is not a VIN is an item with code 400.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::Method;
use serde::Serialize;

use super::decode::{self, Decode};
use super::handler::{Call, Handler, Item, NO_ENDPOINT, Question, Reply, Request};
use super::handler::{pairs, to_json, value_of};
use super::quota::whole_seconds;
use super::registry::Profile;
use super::{fleet, per};
use crate::domain::Vin;

pub(super) static PROFILE: Profile = Profile {
    id: "vpic-api",
    key: None,
    endpoints: &["decode-batch", "decode-of-year"],
    quotas: &[per(1000, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    handler: || Box::new(VpicApi),
};

/// The most VINs a batch may hold.
const BATCH: usize = 50;

/// NHTSA's words beside any list.
const MESSAGE: &str = "Results returned successfully. NOTE: Any missing decoded values should be \
                       interpreted as NHTSA does not have data on the specific variable.";

struct VpicApi;

impl Handler for VpicApi {
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let path = request.path.trim_matches('/');
        if !path.eq_ignore_ascii_case("vehicles/DecodeVINValuesBatch") {
            return Call::new(NO_ENDPOINT, Err(error(404, "No HTTP resource was found.")));
        }
        let question = match request.method {
            Method::POST => batch(&request.body),
            _ => Err(error(405, "The requested resource does not support this http method.")),
        };
        let states_years =
            value_of(&pairs(&request.body), "data").is_some_and(|data| data.contains(','));
        Call::new(if states_years { "decode-of-year" } else { "decode-batch" }, question)
    }

    fn error(&self, status: u16) -> Reply {
        error(status, "An error has occurred.")
    }

    fn limited(&self, wait: Duration) -> Reply {
        error(429, "Too many requests.").with_header("retry-after", &whole_seconds(wait))
    }
}

fn batch(body: &[u8]) -> Question<'static> {
    let form = pairs(body);
    let data = value_of(&form, "data").ok_or_else(|| error(400, "The data field is missing."))?;
    let wants_json = value_of(&form, "format") == Some("json");
    let asked = data.split(';').map(Asked::of).filter(|asked| !asked.vin.is_empty());
    let asked: Vec<Asked> = asked.collect();
    match asked.len() {
        0 => return Err(error(400, "The data field is empty.")),
        1..=BATCH => {}
        _ => return Err(error(400, "The batch holds more than 50 VINs.")),
    }
    let keys = asked.iter().map(|asked| asked.vin.to_ascii_uppercase()).collect();
    Ok((keys, Box::new(move || if wants_json { list(&asked) } else { xml(&asked) })))
}

/// An entry of a batch: `VIN`, or `VIN,2011`, which states the model year too.
struct Asked {
    vin: String,
    year: Option<i32>,
}

impl Asked {
    fn of(entry: &str) -> Self {
        let (vin, year) = entry.split_once(',').unwrap_or((entry, ""));
        Self { vin: vin.trim().to_owned(), year: year.trim().parse().ok() }
    }
}

fn error(status: u16, message: &str) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Envelope<'a> {
        message: &'a str,
    }
    Reply::json(status, to_json(&Envelope { message }))
}

fn list(asked: &[Asked]) -> Reply {
    let head = format!(
        r#"{{"Count":{},"Message":{},"SearchCriteria":null,"Results":["#,
        asked.len(),
        to_json(&MESSAGE)
    );
    Reply::list(head, asked.iter().map(item).collect(), "]}")
}

/// What comes unless the form asks for JSON: enough to be recognised.
fn xml(asked: &[Asked]) -> Reply {
    let mut text = format!("<Response><Count>{}</Count><Results>", asked.len());
    for vin in asked.iter().filter_map(|asked| read_vin(&asked.vin)) {
        let Decode { make, model, .. } = decode::of(&vin);
        // Writing to a string cannot fail.
        write!(text, "<DecodedVINValues><VIN>{vin}</VIN><Make>{make}</Make><Model>{model}</Model></DecodedVINValues>").ok();
    }
    text.push_str("</Results></Response>");
    Reply::json(200, text).with_header("content-type", &"application/xml; charset=utf-8")
}

fn read_vin(text: &str) -> Option<Vin> {
    Vin::in_any_case(text)
}

/// One item: the decode all of the sandbox agrees on, in the year that is stated where
/// position 10 may mean it, and NHTSA's verdict.
fn item(asked: &Asked) -> Item {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Row<'a> {
        #[serde(flatten)]
        decode: Decode<'a>,
        error_text: String,
        vehicle_descriptor: String,
        #[serde(rename = "SuggestedVIN")]
        suggested_vin: &'a str,
    }
    let vin = read_vin(&asked.vin);
    let (mut code, mut text) = verdict(vin.as_ref());
    let mut decode = vin.as_ref().map(decode::of).unwrap_or_default();
    if let (Some(vin), Some(year)) = (&vin, asked.year)
        && !decode.model_year.is_empty()
    {
        if vin.model_years().is_some_and(|years| years.contains(&year)) {
            decode.model_year = year.to_string();
        } else if code == "0" {
            (code, text) = ("12", "Model Year Warning: not the year that the VIN tells");
        }
    }
    let row = Row {
        decode: Decode { vin: &asked.vin, error_code: code, ..decode },
        error_text: format!("{code} - {text}"),
        vehicle_descriptor: vin.map(|vin| descriptor(&vin)).unwrap_or_default(),
        suggested_vin: "",
    };
    Item { vin: asked.vin.clone(), json: to_json(&row) }
}

fn verdict(vin: Option<&Vin>) -> (&'static str, &'static str) {
    match vin {
        None => ("400", "Invalid Characters Present"),
        Some(vin) if fleet::vehicle(vin).is_none() => {
            ("7", "Manufacturer is not registered with NHTSA for sale or importation in the U.S.")
        }
        Some(vin) if !vin.check_digit_fits() => {
            ("1", "Check Digit (9th position) does not calculate properly")
        }
        Some(_) => ("0", "VIN decoded clean. Check Digit (9th position) is correct"),
    }
}

/// `1HGBH41J*MN`: all that says what the vehicle is.
fn descriptor(vin: &Vin) -> String {
    let vin = vin.as_str();
    format!("{}*{}", &vin[..8], &vin[9..11])
}
