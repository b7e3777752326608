//! The makers whose vehicles the sandbox knows: genuine world manufacturer
//! identifiers (ISO 3780), who registered them, where they build, and the models
//! under each, with their bodies, engines and transmissions.
//!
//! The tables are the CSV files in `data/`. An empty cell is "not known", or that
//! the vehicle has no such part.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};

// A maker comes before those whose prefix its own begins with.
static MAKERS: LazyLock<Vec<Maker>> = LazyLock::new(|| table(include_str!("data/makers.csv")));
static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| table(include_str!("data/models.csv")));
static BODIES: LazyLock<Vec<Body>> = LazyLock::new(|| table(include_str!("data/bodies.csv")));
static ENGINES: LazyLock<Vec<Engine>> = LazyLock::new(|| table(include_str!("data/engines.csv")));
static TRANSMISSIONS: LazyLock<Vec<Transmission>> =
    LazyLock::new(|| table(include_str!("data/transmissions.csv")));

/// The start of a VIN that people know, and the model it names, so that a fleet
/// reads as it would in life. The rest is drawn.
static FAMILIAR: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| table(include_str!("data/familiar.csv")));

/// One make under one world manufacturer identifier.
#[derive(Debug, Deserialize)]
pub(super) struct Maker {
    /// How its VINs begin: the identifier, and more of them where makes share one.
    prefix: String,
    /// In upper case, as vPIC writes it.
    pub(super) make: String,
    /// Who registered the identifier.
    pub(super) manufacturer: String,
    #[serde(deserialize_with = "group")]
    pub(super) models: &'static [Model],
    pub(super) plant_city: String,
    pub(super) plant_state: String,
    pub(super) plant_country: String,
}

/// One model.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    line: String,
    pub(super) name: String,
    pub(super) series: String,
    /// The name in the recall source, where it is not the decoder's.
    pub(super) recall_name: String,
    /// The first model year.
    pub(super) since: u16,
    #[serde(deserialize_with = "body")]
    pub(super) body: &'static Body,
    /// The first suits every year.
    #[serde(deserialize_with = "group")]
    pub(super) engines: &'static [Engine],
}

/// A kind of body, and what vPIC says of every vehicle that has it.
#[derive(Debug, Deserialize)]
pub(super) struct Body {
    name: String,
    pub(super) class: String,
    pub(super) vehicle_type: String,
    /// Whether position 7 names the cycle of the model year: on cars and light
    /// trucks (49 CFR 565.15).
    pub(super) cycle_in_position_7: bool,
    pub(super) doors: String,
    pub(super) seats: String,
    /// Gross vehicle weight rating; vPIC has none for trailers.
    pub(super) gvwr: String,
    pub(super) brakes: String,
    /// Choices, separated by `; `.
    pub(super) drive_types: String,
    pub(super) trims: String,
    pub(super) cabs: String,
    /// Whole US dollars.
    pub(super) price_new: u64,
}

/// One engine, in vPIC's words.
#[derive(Debug, Deserialize)]
pub(super) struct Engine {
    line: String,
    /// The first model year.
    pub(super) since: u16,
    pub(super) fuel: String,
    pub(super) second_fuel: String,
    pub(super) electrification: String,
    pub(super) configuration: String,
    pub(super) cylinders: String,
    pub(super) litres: String,
    pub(super) horsepower: String,
}

/// One transmission, and which vehicles have it: the first row that fits.
#[derive(Debug, Deserialize)]
pub(super) struct Transmission {
    fuel: String,
    body: String,
    /// The first and the last model year.
    since: u16,
    until: u16,
    /// So many out of ten vehicles that no earlier row fits.
    in_ten: u64,
    pub(super) style: String,
    pub(super) speeds: String,
}

/// The maker a VIN names.
pub(super) fn maker(vin: &str) -> Option<&'static Maker> {
    MAKERS.iter().find(|maker| vin.starts_with(&maker.prefix))
}

/// Every model sold under `make`, compared without case.
pub(super) fn models_of(make: &str) -> impl Iterator<Item = &'static Model> {
    let makers = MAKERS.iter().filter(move |maker| maker.make.eq_ignore_ascii_case(make));
    makers.flat_map(|maker| maker.models)
}

impl Maker {
    /// The model that a well-known VIN prefix names.
    pub(super) fn familiar(&self, vin: &str) -> Option<&'static Model> {
        let (_, name) = FAMILIAR.iter().find(|(prefix, _)| vin.starts_with(prefix))?;
        self.models.iter().find(|model| model.name == *name)
    }
}

impl Transmission {
    /// The transmission of such a vehicle, by a drawn number.
    pub(super) fn of(body: &Body, engine: &Engine, year: u16, drawn: u64) -> &'static Self {
        let fits = |row: &&Self| {
            (row.fuel.is_empty() || row.fuel == engine.fuel)
                && (row.body.is_empty() || row.body == body.name)
                && (row.since..=row.until).contains(&year)
                && drawn % 10 < row.in_ten
        };
        TRANSMISSIONS.iter().find(fits).expect("the last row of the table fits every vehicle")
    }
}

/// The rows of a table that is part of the program.
pub(super) fn table<T: DeserializeOwned>(csv: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(csv.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("the table is compiled in, and tests read it")
}

/// Rows that other tables refer to by the name of their group.
trait Grouped: Sized + 'static {
    fn rows() -> &'static [Self];
    fn group(&self) -> &str;
}

impl Grouped for Model {
    fn rows() -> &'static [Self] {
        &MODELS
    }

    fn group(&self) -> &str {
        &self.line
    }
}

impl Grouped for Engine {
    fn rows() -> &'static [Self] {
        &ENGINES
    }

    fn group(&self) -> &str {
        &self.line
    }
}

/// The rows of the group that a cell names; they are together in their table.
fn group<'de, D: Deserializer<'de>, T: Grouped>(cell: D) -> Result<&'static [T], D::Error> {
    let name = String::deserialize(cell)?;
    let mut groups = T::rows().chunk_by(|one, next| one.group() == next.group());
    let named = groups.find(|rows| rows[0].group() == name);
    named.ok_or_else(|| D::Error::custom(format!("no rows of `{name}`")))
}

/// The body that a cell names.
fn body<'de, D: Deserializer<'de>>(cell: D) -> Result<&'static Body, D::Error> {
    let name = String::deserialize(cell)?;
    let named = BODIES.iter().find(|body| body.name == name);
    named.ok_or_else(|| D::Error::custom(format!("no body `{name}`")))
}

#[cfg(test)]
#[path = "tests/makers.rs"]
mod tests;
