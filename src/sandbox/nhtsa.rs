//! The stand-in for NHTSA's public recalls: campaigns by make, model and year,
//! and the models it knows of a make and year, both by GET.
//!
//! A name it does not file recalls under is answered 400 with an empty list, and
//! so is a call beyond the quota; a name it does, without any campaign, 200 with
//! a count of zero. Parameters it does not know are not heeded.

use std::time::{Duration, Instant};

use hyper::Method;
use serde::Serialize;

use super::handler::{Call, Heard, NO_ENDPOINT, Reply, Stand, to_json};
use super::per;
use super::quota::Door;
use super::recalls::{self, Campaign};
use super::registry::Profile;
use crate::config::Quota;

/// Who it is.
pub(super) static PROFILE: Profile = Profile {
    id: "nhtsa",
    key: None,
    endpoints: &["recalls", "models"],
    quotas: &[per(1000, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    start: |_, quotas| Box::new(Nhtsa::new(quotas)),
};

/// NHTSA's words beside any list, also an empty one.
const SUCCESSFUL: &str = "Results returned successfully";

/// The stand-in.
#[derive(Debug)]
pub(super) struct Nhtsa {
    door: Door,
}

/// What a request asks.
#[derive(Debug)]
pub(super) enum Question {
    Recalls { make: String, model: String, year: u16 },
    Models { make: String, year: u16 },
}

impl Nhtsa {
    fn new(quotas: Vec<Quota>) -> Self {
        Self { door: Door::new(quotas) }
    }
}

impl Stand for Nhtsa {
    type Question = Question;

    fn read(&self, heard: &Heard) -> Call<Question> {
        let (endpoint, question) = match heard.path.trim_matches('/') {
            "recalls/recallsByVehicle" => ("recalls", recalls_question(heard)),
            "products/vehicle/models" => ("models", models_question(heard)),
            _ => (NO_ENDPOINT, Err(error(404, "Not Found"))),
        };
        let question = match heard.method {
            Method::GET => question,
            _ => Err(error(405, "Method Not Allowed")),
        };
        let keys = question.as_ref().map(|question| vec![question.key()]).unwrap_or_default();
        Call { endpoint, keys, question }
    }

    fn answer(&self, _heard: &Heard, call: &Call<Question>, now: Instant) -> Reply {
        if self.door.admit(now).is_err() {
            return no_recalls(400);
        }
        match &call.question {
            Ok(question) => question.answer(),
            Err(refusal) => refusal.clone(),
        }
    }

    fn refusal(&self, status: u16) -> Reply {
        match status {
            400 => no_recalls(400),
            429 => error(429, "Too Many Requests"),
            status => error(status, "Internal server error"),
        }
    }
}

fn recalls_question(heard: &Heard) -> Result<Question, Reply> {
    let (make, year) = make_and_year(heard)?;
    Ok(Question::Recalls { make, model: parameter(heard, "model")?, year })
}

fn models_question(heard: &Heard) -> Result<Question, Reply> {
    let (make, year) = make_and_year(heard)?;
    Ok(Question::Models { make, year })
}

fn make_and_year(heard: &Heard) -> Result<(String, u16), Reply> {
    let year = parameter(heard, "modelYear")?.parse();
    Ok((parameter(heard, "make")?, year.map_err(|_| error(400, "modelYear is not a number"))?))
}

fn parameter(heard: &Heard, name: &str) -> Result<String, Reply> {
    let pair = heard.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    pair.map(|(_, value)| value.clone())
        .ok_or_else(|| error(400, &format!("Missing required request parameters: [{name}]")))
}

impl Question {
    fn key(&self) -> String {
        match self {
            Self::Recalls { make, model, year } => format!("{make} {model} {year}").to_uppercase(),
            Self::Models { make, year } => format!("{make} {year}").to_uppercase(),
        }
    }

    fn answer(&self) -> Reply {
        match self {
            Self::Recalls { make, model, .. } if !recalls::is_filed(make, model) => no_recalls(400),
            Self::Recalls { make, model, year } => {
                recall_list(200, &recalls::by_vehicle(make, model, *year))
            }
            Self::Models { make, year } => model_list(make, *year),
        }
    }
}

fn no_recalls(status: u16) -> Reply {
    recall_list(status, &[])
}

/// `{"Count","Message","results"}`: the list alone is in lower case.
fn recall_list(status: u16, results: &[Campaign]) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        #[serde(rename = "Count")]
        count: usize,
        #[serde(rename = "Message")]
        message: &'a str,
        results: &'a [Campaign],
    }
    let envelope = Envelope { count: results.len(), message: SUCCESSFUL, results };
    Reply::json(status, to_json(&envelope))
}

/// `{"count","message","results"}`; the first model stands twice, as some do.
fn model_list(make: &str, year: u16) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        count: usize,
        message: &'a str,
        results: Vec<Row<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Row<'a> {
        model_year: String,
        make: String,
        model: &'a str,
    }
    let models = recalls::models(make, year);
    let row = |model| Row { model_year: year.to_string(), make: make.to_uppercase(), model };
    let results: Vec<Row<'_>> =
        models.iter().chain(models.first()).map(|model| row(model.as_str())).collect();
    let envelope = Envelope { count: results.len(), message: SUCCESSFUL, results };
    Reply::json(200, to_json(&envelope))
}

fn error(status: u16, message: &str) -> Reply {
    #[derive(Serialize)]
    struct Envelope<'a> {
        message: &'a str,
    }
    Reply::json(status, to_json(&Envelope { message }))
}
