//! The recall campaigns of the sandbox's vehicles, in NHTSA's words.
//!
//! Recall sources know some models under another name than the decoder, so that
//! asking by the decoded vehicle finds nothing though there are campaigns
//! ("F-250" and "F-250 SD"). The sandbox has such models too.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::fleet::{self, draw, pick};
use super::makers::{self, Model};
use crate::domain::Vin;

/// One campaign.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Campaign {
    manufacturer: String,
    #[serde(rename = "NHTSACampaignNumber")]
    pub(super) number: String,
    #[serde(rename = "parkIt")]
    park_it: bool,
    #[serde(rename = "parkOutSide")]
    park_outside: bool,
    #[serde(rename = "overTheAirUpdate")]
    over_the_air: bool,
    /// DD/MM/YYYY.
    report_received_date: String,
    component: &'static str,
    summary: String,
    consequence: &'static str,
    remedy: &'static str,
    notes: &'static str,
    model_year: String,
    make: String,
    model: String,
}

/// The model years that a VIN can name.
const YEARS: RangeInclusive<u16> = 1980..=2039;

/// The campaigns that name this vehicle, under the recall source's own names.
pub(super) fn by_vehicle(make: &str, model: &str, year: u16) -> Vec<Campaign> {
    let known = filed(make, model).filter(|_| YEARS.contains(&year));
    known.map(|model| campaigns(&make.trim().to_uppercase(), model, year)).unwrap_or_default()
}

/// The model that the recall source has under this very name.
pub(super) fn filed(make: &str, model: &str) -> Option<&'static Model> {
    let model = model.trim().to_uppercase();
    makers::models_of(make.trim()).find(|known| source_name(known) == model)
}

/// The names that the recall source has for a make's models of `year`.
pub(super) fn models(make: &str, year: u16) -> BTreeSet<String> {
    let known = makers::models_of(make.trim()).filter(|_| YEARS.contains(&year));
    known.map(source_name).collect()
}

/// The campaigns that name the vehicle with this VIN.
pub(super) fn by_vin(vin: &Vin) -> Vec<Campaign> {
    let Some(vehicle) = fleet::vehicle(vin) else { return Vec::new() };
    let campaigns = |year| campaigns(&vehicle.maker.make, vehicle.model, year);
    vehicle.year.map(campaigns).unwrap_or_default()
}

/// What the recall source calls a model.
fn source_name(model: &Model) -> String {
    match model.recall_name.as_str() {
        "" => model.name.to_uppercase(),
        name => name.to_owned(),
    }
}

/// One defect, as a recall describes it.
#[derive(Deserialize)]
struct Defect {
    component: String,
    what: String,
    consequence: String,
    remedy: String,
}

static DEFECTS: LazyLock<Vec<Defect>> =
    LazyLock::new(|| makers::table(include_str!("data/defects.csv")));

fn campaigns(make: &str, model: &Model, year: u16) -> Vec<Campaign> {
    let name = source_name(model);
    let vehicle = format!("{make} {name} {year}");
    let count = match draw(&vehicle, "recall count") % 12 {
        drawn if !model.recall_name.is_empty() => 1 + drawn % 3,
        0..4 => 0,
        4..8 => 1,
        8..10 => 2,
        10 => 3,
        _ => 4,
    };
    (0..count).map(|nth| campaign(make, &name, year, nth)).collect()
}

/// Keeps the numbers of one vehicle's campaigns apart.
const STRIDE: u64 = 211;

fn campaign(make: &str, model: &str, year: u16, nth: u64) -> Campaign {
    let vehicle = format!("{make} {model} {year}");
    let draw = |of: &str| draw(&vehicle, of).wrapping_add(nth);
    let defect = pick(&DEFECTS, draw("defect"));
    let filed = (year + u16::try_from(nth % 4).unwrap_or_default()).min(fleet::NEWEST);
    Campaign {
        manufacturer: make.to_owned(),
        number: format!(
            "{:02}V{:03}000",
            filed % 100,
            1 + (draw("number") % 950 + nth * STRIDE) % 950
        ),
        park_it: draw("park it") % 29 == 0,
        park_outside: draw("park outside") % 23 == 0,
        over_the_air: year >= 2018 && draw("over the air") % 9 == 0,
        report_received_date: format!(
            "{:02}/{:02}/{filed}",
            1 + draw("day") % 28,
            1 + draw("month") % 12
        ),
        component: &defect.component,
        summary: format!("Certain {year} {make} {model} vehicles: {}", defect.what),
        consequence: &defect.consequence,
        remedy: &defect.remedy,
        notes: "Invented by the sandbox. Owners need not do anything.",
        model_year: year.to_string(),
        make: make.to_owned(),
        model: model.to_owned(),
    }
}

#[cfg(test)]
#[path = "tests/recalls.rs"]
mod tests;
