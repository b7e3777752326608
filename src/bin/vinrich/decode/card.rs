//! A decoded VIN, as a person reads it.

use std::fmt::Write as _;

use serde_json::Value;
use vinrich::domain::facts::DecodeFacts;
use vinrich::domain::vin::{Reading, VinError, difference};
use vinrich::vpic::Provenance;

use super::{Read, dollars};
use crate::format::visible;

/// The cards, and who decoded.
pub(super) fn text(read: &[Read<'_>], provenance: &Provenance) -> String {
    let mut text: String = read.iter().map(card).collect();
    let Provenance { data_month, decoder_version, .. } = provenance;
    let last =
        format!("Decoded on this machine: vPIC of {data_month}, ultravin {decoder_version}.");
    text.extend([last.as_str(), "\n"]);
    text
}

fn card(read: &Read<'_>) -> String {
    let mut card = Card::default();
    let Reading { vin, error, detail, suggestion, check_digit_ok, .. } = &read.reading;
    let name = vin.map_or_else(|| read.typed.to_owned(), |vin| vin.to_string());
    if let (None, Some(error)) = (vin, error) {
        card.line("no VIN", &said(*error, detail.as_deref()));
    }
    if let (Some(decoded), Some(_)) = (&read.decoded, vin) {
        if !is_described(&decoded.facts) {
            card.line("not described", NOT_DESCRIBED);
        }
        card.about_the_vehicle(&decoded.facts);
        card.line("check digit", check_digit(*check_digit_ok, detail.as_deref()).as_str());
        card.about_the_decode(&decoded.facts);
    }
    if let Some(suggestion) = suggestion {
        let how = difference(read.typed, suggestion).map(|how| format!("  (with {how})"));
        card.line("perhaps", &format!("{suggestion}{}", how.unwrap_or_default()));
    }
    format!("{}\n{}\n", visible(&name), card.lines)
}

/// Said before all else of a VIN that NHTSA's data do not describe.
const NOT_DESCRIBED: &str = "NHTSA's data describe vehicles made for North America; what follows is all they tell of this VIN";

/// vPIC's codes for a maker that it does not know, for no details, and for characters that
/// no VIN of North America has at their place.
const UNDESCRIBED: [&str; 3] = ["7", "8", "400"];

fn is_described(facts: &DecodeFacts) -> bool {
    let codes = facts.decode_error_codes.as_deref().unwrap_or_default();
    !codes.split(',').any(|code| UNDESCRIBED.contains(&code.trim()))
}

/// Such as `illegal_character: `O` at position 12`.
fn said(error: VinError, detail: Option<&str>) -> String {
    let words = error.as_str().replace('_', " ");
    detail.map_or_else(|| words.clone(), |detail| format!("{words}: {detail}"))
}

fn check_digit(fits: Option<bool>, detail: Option<&str>) -> String {
    match fits {
        Some(true) => "fits".into(),
        Some(false) => format!("does not fit: {}", detail.unwrap_or("one character is wrong")),
        None => "not required of this maker".into(),
    }
}

/// Names on the left, values on the right.
#[derive(Default)]
struct Card {
    lines: String,
}

impl Card {
    const NAMES: usize = 17;

    /// Adds a line, where there is a value.
    fn line(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            let width = Self::NAMES;
            let _infallible = writeln!(self.lines, "  {name:width$}{}", visible(value));
        }
    }

    fn about_the_vehicle(&mut self, facts: &DecodeFacts) {
        let text = |value: &Option<String>| value.clone();
        let year = facts.model_year.map(|year| year.to_string());
        self.line(
            "vehicle",
            &words([year, text(&facts.make), text(&facts.model), text(&facts.trim)]),
        );
        self.line("series", &words([text(&facts.series)]));
        self.line("type", &words([text(&facts.vehicle_type)]));
        let doors = facts.doors.map(|doors| format!("{doors} doors"));
        let seats = facts.seats.map(|seats| format!("{seats} seats"));
        self.line("body", &list([text(&facts.body_class), text(&facts.cab_type), doors, seats]));
        self.line("engine", &engine(facts));
        let fuels = [text(&facts.fuel_type_primary), text(&facts.fuel_type_secondary)];
        let fuels = fuels.into_iter().chain([text(&facts.electrification_level)]);
        self.line("fuel", &list(fuels));
        let speeds = facts.transmission_speeds.map(|speeds| format!("{speeds} speeds"));
        self.line("transmission", &list([text(&facts.transmission_style), speeds]));
        self.line("drive", &words([text(&facts.drive_type)]));
        self.line("brakes", &words([text(&facts.brake_system)]));
        self.line("weight", &words([text(&facts.gvwr)]));
        let wheelbase = facts.wheelbase_in.map(|inches| format!("wheelbase {inches} in"));
        let bed = facts.bed_length_in.map(|inches| format!("bed {inches} in"));
        self.line("size", &list([wheelbase, bed]));
        self.line(
            "base price",
            &words([facts.base_price_usd.map(|cents| format!("${}", dollars(cents)))]),
        );
        self.line("made by", &words([text(&facts.manufacturer)]));
        let place = [&facts.plant_city, &facts.plant_state, &facts.plant_country].map(text);
        self.line("plant", &list(place));
    }

    /// NHTSA's own messages, and what it would correct.
    fn about_the_decode(&mut self, facts: &DecodeFacts) {
        let extra: Value = facts
            .decode_extra
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let value = |name: &str| extra[name].as_str().unwrap_or_default();
        for (place, message) in messages(value("ErrorText")).enumerate() {
            self.line(if place == 0 { "vPIC says" } else { "" }, message);
        }
        self.line("", value("AdditionalErrorText"));
        let suggested = value("SuggestedVIN");
        let unknown = if suggested.contains('!') { "  (`!` is unknown)" } else { "" };
        if !suggested.is_empty() {
            self.line("vPIC suggests", &format!("{suggested}{unknown}"));
        }
        self.line("possible values", value("PossibleValues"));
    }
}

/// Such as `3.0 L, V-Shaped, 6 cylinders, 240 hp, J30A4`.
fn engine(facts: &DecodeFacts) -> String {
    let litres = facts.displacement_l.map(|litres| format!("{litres:.1} L"));
    let cylinders = facts.engine_cylinders.map(|cylinders| format!("{cylinders} cylinders"));
    let power = facts.engine_hp.map(|hp| format!("{hp} hp"));
    let configuration = facts.engine_configuration.clone();
    list([litres, configuration, cylinders, power, facts.engine_model.clone()])
}

fn words(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn list(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The messages in `1 - This; that; 400 - The other`: each begins with its code.
fn messages(text: &str) -> impl Iterator<Item = &str> {
    let begins_one = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest[digits..].starts_with(" - ")
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.match_indices("; ").find(|(place, _)| begins_one(&rest[place + 2..]));
        let (first, others) =
            end.map_or((rest, ""), |(place, _)| (&rest[..place], &rest[place + 2..]));
        rest = others;
        (!first.is_empty()).then_some(first)
    })
}

#[cfg(test)]
#[path = "tests/card.rs"]
mod tests;
