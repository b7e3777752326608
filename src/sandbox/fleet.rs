//! What a VIN is in the sandbox: a plausible vehicle that follows from the VIN
//! alone. The maker, the plant and the model year are what the VIN says; the
//! rest is drawn from its descriptor by hash, so that, as in life, VINs that
//! differ only in check digit and serial number are the same vehicle.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::makers::{self, Engine, Maker, Model, Transmission};
use crate::domain::Vin;

/// The newest model year on the sandbox's roads; it does not move with the
/// calendar, so that answers do not either.
pub(super) const NEWEST: u16 = 2026;

/// A vehicle, in vPIC's words. Empty is "not known".
#[derive(Clone, Copy, Debug)]
pub(super) struct Vehicle {
    pub(super) maker: &'static Maker,
    pub(super) model: &'static Model,
    /// `None` where position 10 is not a year code.
    pub(super) year: Option<u16>,
    pub(super) trim: &'static str,
    pub(super) engine: &'static Engine,
    pub(super) drive_type: &'static str,
    pub(super) cab: &'static str,
    pub(super) transmission: &'static Transmission,
}

/// The vehicle a VIN names; `None` when it is not registered for the USA.
pub(super) fn vehicle(vin: &Vin) -> Option<Vehicle> {
    if is_european(vin) {
        return None;
    }
    let maker = makers::maker(vin.as_str())?;
    let year = model_year(vin, maker);
    let on_road = year.unwrap_or(NEWEST);
    let draw = |of| draw(&descriptor(vin), of);
    let model = maker
        .familiar(vin.as_str())
        .unwrap_or_else(|| on_sale(maker.models, |model| model.since <= on_road, draw("model")));
    let engine = on_sale(model.engines, |engine| engine.since <= on_road, draw("engine"));
    let body = model.body;
    Some(Vehicle {
        maker,
        model,
        year,
        trim: choose(&body.trims, draw("trim")),
        engine,
        drive_type: choose(&body.drive_types, draw("drive")),
        cab: choose(&body.cabs, draw("cab")),
        transmission: Transmission::of(body, engine, on_road, draw("transmission")),
    })
}

impl Vehicle {
    /// Years since it was built, as far as that is known.
    pub(super) fn age(&self) -> u64 {
        u64::from(NEWEST.saturating_sub(self.year.unwrap_or(NEWEST)))
    }

    /// Whole US dollars: what its body costs new, less an eighth for every year,
    /// give or take.
    pub(super) fn price(&self, drawn: u64) -> u64 {
        const LEAST: u64 = 1_800;
        let worn = (0..self.age()).fold(self.model.body.price_new, |value, _| value - value / 8);
        worn.max(LEAST) + drawn % 1_900
    }
}

/// A number that follows from `of` and `text` alone.
pub(super) fn draw(text: &str, of: &str) -> u64 {
    const SEED: u64 = 0x5641_4e44;
    xxh3_64_with_seed(text.as_bytes(), xxh3_64_with_seed(of.as_bytes(), SEED))
}

/// One of `choices`, by a drawn number.
pub(super) fn pick<T>(choices: &[T], drawn: u64) -> &T {
    &choices[below(drawn, choices.len())]
}

/// One of the choices in a cell of a table, by a drawn number.
fn choose(cell: &str, drawn: u64) -> &str {
    let choices = || cell.split("; ");
    choices().nth(below(drawn, choices().count())).unwrap_or_default()
}

/// One of those that are on sale; the first where there was none yet.
fn on_sale<T>(all: &'static [T], is_on_sale: impl Fn(&T) -> bool, drawn: u64) -> &'static T {
    let on_sale = || all.iter().filter(|one| is_on_sale(one));
    on_sale().nth(below(drawn, on_sale().count().max(1))).unwrap_or(&all[0])
}

/// A drawn number below `end`, which is not zero.
fn below(drawn: u64, end: usize) -> usize {
    usize::try_from(drawn % end as u64).unwrap_or_default()
}

/// Whether positions 4-6 are left blank, as European makers do on vehicles that
/// they do not sell in the USA.
fn is_european(vin: &Vin) -> bool {
    vin.as_str()[3..].starts_with("ZZZ")
}

/// Positions 1-8, 10 and 11: all that a decode depends on.
fn descriptor(vin: &Vin) -> String {
    let vin = vin.as_str();
    format!("{}{}", &vin[..8], &vin[9..11])
}

/// The model year by 49 CFR 565.15: position 10 names it within thirty years,
/// and position 7 names the cycle, a digit 1980-2009 and a letter 2010-2039,
/// for cars and light trucks. Others get the newest year not in the future.
fn model_year(vin: &Vin, maker: &Maker) -> Option<u16> {
    const CODES: &[u8] = b"ABCDEFGHJKLMNPRSTVWXY123456789";
    let vin = vin.as_str().as_bytes();
    let place = CODES.iter().position(|&code| code == vin[9])?;
    let early = 1980 + u16::try_from(place).ok()?;
    let late = early + 30;
    let is_late = if maker.models.iter().all(|model| model.body.cycle_in_position_7) {
        vin[6].is_ascii_alphabetic()
    } else {
        late <= NEWEST
    };
    Some(if is_late { late } else { early })
}

#[cfg(test)]
#[path = "tests/fleet.rs"]
mod tests;
