//! A vendor whose world can change from one night to the next. It is carvin (decodes,
//! recalls by vehicle and by VIN) and nhtsa (recalls by vehicle, models) at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use vinrich::domain::outcome::Dataset;
use vinrich::plan::Plan;

use crate::support::Work;
use crate::support::library::Tweak as _;

use super::{Fake, Heard, Reply};

/// Every vehicle is of this make and year.
const MAKE: &str = "FORD";
const YEAR: &str = "2016";

/// What it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    Decode(Vec<String>),
    /// By this model.
    Recalls(String),
    RecallsOf(String),
    /// The list of models of this world's year.
    Models,
    /// That of another year.
    ModelsNearby(String),
}

/// What goes out instead of an answer to the `n`th question of the night, counted from 1.
type Strike = dyn Fn(usize, &Question) -> Option<Reply> + Send;

/// What the vendor knows and does tonight.
pub(crate) struct Script {
    /// Models that are not called `MODEL` and the VIN's serial number.
    pub(crate) models: BTreeMap<String, String>,
    /// What the decoder says of single VINs beside make, model and year.
    pub(crate) columns: BTreeMap<String, Value>,
    /// Campaigns by the names that the recall source has; other names it does not know.
    pub(crate) campaigns: BTreeMap<String, u32>,
    /// Models whose campaigns are about equipment: `16E001000`.
    pub(crate) equipment: Vec<String>,
    /// Models that it lists in other years.
    pub(crate) nearby: Vec<String>,
    /// Campaigns of single VINs, where those differ from their model's.
    pub(crate) of_vin: BTreeMap<String, u32>,
    strike: Box<Strike>,
    /// Tonight's questions.
    asked: Vec<Question>,
}

/// The vendor.
pub(crate) struct World {
    fake: Fake,
    script: Arc<Mutex<Script>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let script = Arc::new(Mutex::new(Script {
            models: BTreeMap::new(),
            columns: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            equipment: Vec::new(),
            nearby: Vec::new(),
            of_vin: BTreeMap::new(),
            strike: Box::new(|_, _| None),
            asked: Vec::new(),
        }));
        let heard_by = Arc::clone(&script);
        let fake = Fake::start(move |_, heard| heard_by.lock().expect("no panic").reply(heard));
        Self { fake, script }
    }

    /// What the vendor knows, to be read and changed.
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no panic there")
    }

    /// From now on questions are answered so, where `strike` has something to say.
    pub(crate) fn strike(
        &self,
        strike: impl Fn(usize, &Question) -> Option<Reply> + Send + 'static,
    ) {
        self.script().strike = Box::new(strike);
    }

    /// Every question is answered with this status.
    pub(crate) fn fail(&self, status: u16) {
        self.strike(move |_, _| Some(Reply::new(status, "{}")));
    }

    /// Every question is answered again.
    pub(crate) fn mend(&self) {
        self.strike(|_, _| None);
    }

    /// The questions since this was last asked; a new night begins.
    pub(crate) fn asked(&self) -> Vec<Question> {
        std::mem::take(&mut self.script().asked)
    }

    /// A plan that has `vins` decoded by carvin and asks `vendor` for their recalls, both here.
    pub(crate) fn plan(&self, work: &Work, vins: &[String], vendor: &'static str) -> Plan {
        let mut plan = work.listing(vins).only(&[Dataset::Decode, Dataset::Recalls]);
        plan.dataset(Dataset::Recalls).vendors = vec![vendor];
        plan.settings.max_wait = std::time::Duration::ZERO;
        for id in ["carvin", "nhtsa"] {
            plan.vendor(id).base_url = self.fake.url();
        }
        plan
    }
}

impl Script {
    fn reply(&mut self, heard: &Heard) -> Reply {
        let question = Question::of(heard);
        self.asked.push(question.clone());
        let struck = (self.strike)(self.asked.len(), &question);
        struck.unwrap_or_else(|| self.answer(heard, &question))
    }

    fn answer(&self, heard: &Heard, question: &Question) -> Reply {
        match question {
            Question::Decode(vins) => {
                let item = |vin: &String| {
                    let mut item = json!({ "VIN": vin, "Make": MAKE, "Model": self.model(vin), "ModelYear": YEAR });
                    let more = self.columns.get(vin).and_then(Value::as_object);
                    for (name, value) in more.into_iter().flatten() {
                        item[name] = value.clone();
                    }
                    item
                };
                Reply::items(&vins.iter().map(item).collect::<Vec<_>>())
            }
            Question::Recalls(model) => match self.campaigns.get(model) {
                None if heard.path.starts_with("/recalls/") => campaigns(400, (model, 'V'), 0),
                count => campaigns(200, (model, self.kind(model)), count.copied().unwrap_or(0)),
            },
            Question::RecallsOf(vin) => {
                let model = self.model(vin);
                let of_model = || self.campaigns.get(&model).copied().unwrap_or(0);
                campaigns(
                    200,
                    (&model, 'V'),
                    self.of_vin.get(vin).copied().unwrap_or_else(of_model),
                )
            }
            Question::Models => listed(YEAR, self.campaigns.keys()),
            Question::ModelsNearby(year) => listed(year, &self.nearby),
        }
    }

    /// The letter in the numbers of a model's campaigns.
    fn kind(&self, model: &String) -> char {
        if self.equipment.contains(model) { 'E' } else { 'V' }
    }

    /// What the decoder calls a VIN's model.
    fn model(&self, vin: &str) -> String {
        self.models.get(vin).cloned().unwrap_or_else(|| format!("MODEL {}", &vin[11..]))
    }
}

/// The usual name of the model of a VIN, one of its own.
pub(crate) fn model(vin: &str) -> String {
    format!("MODEL {}", &vin[11..])
}

/// A list of models.
fn listed<'m>(year: &str, models: impl IntoIterator<Item = &'m String>) -> Reply {
    let entry = |model| json!({ "modelYear": year, "make": MAKE, "model": model });
    let results: Vec<Value> = models.into_iter().map(entry).collect();
    Reply::new(200, json!({ "count": results.len(), "results": results }).to_string())
}

/// Campaigns of a model, in a shape that both vendors have.
fn campaigns(status: u16, (model, kind): (&str, char), count: u32) -> Reply {
    let campaign = |number| {
        json!({ "NHTSACampaignNumber": format!("16{kind}{number:03}000"), "Component": "BRAKES",
                "Summary": format!("{model} may not stop"), "Remedy": "Dealers will see to it." })
    };
    let results: Vec<Value> = (1..=count).map(campaign).collect();
    let body = json!({ "success": true, "Count": count, "results": results });
    Reply::new(status, body.to_string())
}

impl Question {
    fn of(heard: &Heard) -> Self {
        if heard.path.starts_with("/products/") {
            let year =
                heard.path.split(['?', '&']).find_map(|pair| pair.strip_prefix("modelYear="));
            return match year {
                Some(year) if year != YEAR => Self::ModelsNearby(year.to_owned()),
                _ => Self::Models,
            };
        }
        if let Some((_, query)) = heard.path.split_once('?') {
            let model = query.split('&').find_map(|pair| pair.strip_prefix("model="));
            return Self::Recalls(model.unwrap_or_default().replace("%20", " "));
        }
        let body: Value = serde_json::from_str(&heard.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match (text("vin"), text("model")) {
            (Some(vin), _) => Self::RecallsOf(vin),
            (None, Some(model)) => Self::Recalls(model),
            (None, None) => Self::Decode(heard.vins()),
        }
    }
}
