//! The stand-in for NHTSA's decoder: batches of up to 50 VINs as a form.
//!
//! As there, `format` is heeded in the form alone: without it, or with it in the
//! query, the reply is XML. VINs come back as they were sent, with the decoder's
//! error codes; a text that is no VIN is an item with code 400.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use super::decode::{self, Decode};
use super::handler::{Body, Call, Heard, Item, NO_ENDPOINT, Reply, Stand, query_pairs, to_json};
use super::quota::{Door, whole_seconds};
use super::registry::Profile;
use super::{fleet, per};
use crate::config::Quota;
use crate::domain::vin::Vin;

/// Who it is.
pub(super) static PROFILE: Profile = Profile {
    id: "vpic-api",
    key: None,
    endpoints: &["decode-batch"],
    quotas: &[per(1000, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    start: |_, quotas| Box::new(VpicApi::new(quotas)),
};

/// The most VINs a batch may hold.
const BATCH: usize = 50;

/// NHTSA's words beside any list.
const MESSAGE: &str = "Results returned successfully. NOTE: Any missing decoded values should be \
                       interpreted as NHTSA does not have data on the specific variable.";

/// The stand-in.
#[derive(Debug)]
pub(super) struct VpicApi {
    door: Door,
}

/// What a request asks.
#[derive(Debug)]
pub(super) struct Question {
    vins: Vec<String>,
    wants_json: bool,
}

impl VpicApi {
    fn new(quotas: Vec<Quota>) -> Self {
        Self { door: Door::new(quotas) }
    }
}

impl Stand for VpicApi {
    type Question = Question;

    fn read(&self, heard: &Heard) -> Call<Question> {
        let is_batch =
            heard.path.trim_matches('/').eq_ignore_ascii_case("vehicles/DecodeVINValuesBatch");
        let question = match heard.method {
            _ if !is_batch => Err(error(404, "No HTTP resource was found.")),
            Method::POST => read_batch(&heard.body),
            _ => Err(error(405, "The requested resource does not support this http method.")),
        };
        Call {
            endpoint: if is_batch { PROFILE.endpoints[0] } else { NO_ENDPOINT },
            keys: question.as_ref().map(Question::keys).unwrap_or_default(),
            question,
        }
    }

    fn answer(&self, _heard: &Heard, call: &Call<Question>, now: Instant) -> Reply {
        if let Err(wait) = self.door.admit(now) {
            return error(429, "Too many requests.")
                .with_header("retry-after", &whole_seconds(wait));
        }
        match &call.question {
            Ok(question) => question.answer(),
            Err(refusal) => refusal.clone(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        error(status, "An error has occurred.")
    }
}

fn read_batch(body: &[u8]) -> Result<Question, Reply> {
    let form = query_pairs(&String::from_utf8_lossy(body));
    let field = |name: &str| {
        let pair = form.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        pair.map(|(_, value)| value.as_str())
    };
    let data = field("data").ok_or_else(|| error(400, "The data field is missing."))?;
    // `VIN,2011` names the model year too, which the sandbox takes from the VIN.
    let vins = data.split(';').filter_map(|entry| entry.split(',').next());
    let vins: Vec<String> =
        vins.map(|vin| vin.trim().to_owned()).filter(|vin| !vin.is_empty()).collect();
    match vins.len() {
        0 => Err(error(400, "The data field is empty.")),
        1..=BATCH => Ok(Question { vins, wants_json: field("format") == Some("json") }),
        _ => Err(error(400, "The batch holds more than 50 VINs.")),
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

impl Question {
    fn keys(&self) -> Vec<String> {
        self.vins.iter().map(|vin| vin.to_ascii_uppercase()).collect()
    }

    fn answer(&self) -> Reply {
        if !self.wants_json {
            return self.xml();
        }
        let items: Vec<Item> = self.vins.iter().map(|vin| item(vin)).collect();
        let head = format!(
            r#"{{"Count":{},"Message":{},"SearchCriteria":null,"Results":["#,
            items.len(),
            to_json(&MESSAGE)
        );
        let body = Body::List { head, items, tail: "]}".into() };
        Reply { status: 200, headers: Vec::new(), body }
    }

    /// What comes when nobody asks for JSON in the form: enough to be told apart.
    fn xml(&self) -> Reply {
        let mut text = format!("<Response><Count>{}</Count><Results>", self.vins.len());
        for vin in self.vins.iter().filter_map(|vin| read_vin(vin)) {
            let Decode { make, model, .. } = decode::of(&vin);
            // Writing to a string cannot fail.
            write!(text, "<DecodedVINValues><VIN>{vin}</VIN><Make>{make}</Make><Model>{model}</Model></DecodedVINValues>").ok();
        }
        text.push_str("</Results></Response>");
        Reply::json(200, text).with_header("content-type", &"application/xml; charset=utf-8")
    }
}

fn read_vin(text: &str) -> Option<Vin> {
    Vin::new(&text.to_ascii_uppercase())
}

/// One item: the decode all of the sandbox agrees on, and NHTSA's verdict.
fn item(asked: &str) -> Item {
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
    let vin = read_vin(asked);
    let (code, text) = verdict(vin.as_ref());
    let decode = vin.as_ref().map(decode::of).unwrap_or_default();
    let row = Row {
        decode: Decode { vin: asked, error_code: code, ..decode },
        error_text: format!("{code} - {text}"),
        vehicle_descriptor: vin.map(|vin| descriptor(&vin)).unwrap_or_default(),
        suggested_vin: "",
    };
    Item { vin: asked.to_owned(), json: to_json(&row) }
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
