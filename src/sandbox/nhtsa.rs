//! NHTSA's public recalls: campaigns by make, model and year, and the models it
//! knows of a make and year, both by GET.
//!
//! A name it does not file recalls under is answered 400 with an empty list, and
//! so is a call beyond the quota; a name it does, without any campaign, 200 with
//! a count of zero. Parameters it does not know are ignored.

use std::time::Duration;

use hyper::Method;
use serde::Serialize;

use super::handler::{Call, Handler, NO_ENDPOINT, Question, Reply, Request, to_json, value_of};
use super::per;
use super::recalls::{self, Campaign};
use super::registry::Profile;

pub(super) static PROFILE: Profile = Profile {
    id: "nhtsa",
    key: None,
    endpoints: &["recalls", "models"],
    quotas: &[per(1000, Duration::from_secs(1))],
    roomy: &[per(1000, Duration::from_secs(1))],
    handler: || Box::new(Nhtsa),
};

/// NHTSA's words beside any list, also an empty one.
const SUCCESSFUL: &str = "Results returned successfully";

struct Nhtsa;

impl Handler for Nhtsa {
    fn read<'a>(&'a self, request: &'a Request) -> Call<'a> {
        let (endpoint, question) = match request.path.trim_matches('/') {
            "recalls/recallsByVehicle" => ("recalls", recalls_question(request)),
            "products/vehicle/models" => ("models", models_question(request)),
            _ => (NO_ENDPOINT, Err(error(404, "Not Found"))),
        };
        let is_get = request.method == Method::GET;
        let question = if is_get { question } else { Err(error(405, "Method Not Allowed")) };
        Call::new(endpoint, question)
    }

    fn error(&self, status: u16) -> Reply {
        match status {
            400 => no_recalls(),
            429 => error(429, "Too Many Requests"),
            status => error(status, "Internal server error"),
        }
    }

    fn limited(&self, _wait: Duration) -> Reply {
        no_recalls()
    }
}

fn recalls_question(request: &Request) -> Question<'static> {
    let (make, year) = make_and_year(request)?;
    let model = parameter(request, "model")?;
    let key = format!("{make} {model} {year}").to_uppercase();
    let answer = move || match recalls::filed(&make, &model) {
        Some(_) => recall_list(200, &recalls::by_vehicle(&make, &model, year)),
        None => no_recalls(),
    };
    Ok((vec![key], Box::new(answer)))
}

fn models_question(request: &Request) -> Question<'static> {
    let (make, year) = make_and_year(request)?;
    let key = format!("{make} {year}").to_uppercase();
    Ok((vec![key], Box::new(move || model_list(&make, year))))
}

fn make_and_year(request: &Request) -> Result<(String, u16), Reply> {
    let year = parameter(request, "modelYear")?.parse();
    Ok((parameter(request, "make")?, year.map_err(|_| error(400, "modelYear is not a number"))?))
}

fn parameter(request: &Request, name: &str) -> Result<String, Reply> {
    value_of(&request.query, name)
        .map(str::to_owned)
        .ok_or_else(|| error(400, &format!("Missing required request parameters: [{name}]")))
}

fn no_recalls() -> Reply {
    recall_list(400, &[])
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

/// `{"count","message","results"}`; the first model is there twice, as some are.
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
