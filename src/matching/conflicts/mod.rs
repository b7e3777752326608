//! Where two words about one vehicle differ: two decoders, or a row and its VIN.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::facts::DecodeFacts;
use crate::matching::row_vehicle::RowVehicle;
use crate::matching::{
    ModelNames, is_other_size, is_part_of, same_body, same_fuel, same_make, same_model_of,
};

/// What differs, field by field; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflicts {
    /// `{field: {source: value}}` with sorted keys, as written to the conflict columns.
    pub json: Arc<str>,
    /// The fields, sorted: the names of their columns.
    pub fields: Vec<&'static str>,
}

/// The field of a model year that differs.
pub(crate) const MODEL_YEAR: &str = "model_year";
/// Another.
pub(crate) const MAKE: &str = "make";

/// The source of what a row says, in `input_conflicts`.
const INPUT: &str = "input";
/// The source of what its VIN says, there.
const VIN: &str = "vin";

/// What two decoders disagree about: make, model, model year, body, fuel and
/// cylinders. `None` where they agree, or one is silent.
///
/// A vendor's `local` copy may file as a series what `paid` calls the model, so
/// each one's model is held against the other's series and trim too.
pub(crate) fn decode_conflicts(
    paid: &DecodeFacts,
    paid_by: &str,
    local: &DecodeFacts,
    local_by: &str,
) -> Option<Conflicts> {
    let mut found = Found::between(paid_by, local_by);
    found.names(MAKE, paid.make.as_deref(), local.make.as_deref(), same_make);
    let same_model = |a: &str, b: &str| {
        let makes = [&paid.make, &local.make].map(|make| make.as_deref().unwrap_or_default());
        names_model(&makes, a, local) || names_model(&makes, b, paid)
    };
    found.names("model", paid.model.as_deref(), local.model.as_deref(), same_model);
    found.numbers(MODEL_YEAR, paid.model_year, local.model_year);
    found.names("body_class", paid.body_class.as_deref(), local.body_class.as_deref(), same_body);
    found.names(
        "fuel_type_primary",
        paid.fuel_type_primary.as_deref(),
        local.fuel_type_primary.as_deref(),
        same_fuel,
    );
    found.numbers("engine_cylinders", paid.engine_cylinders, local.engine_cylinders);
    found.conflicts()
}

/// The row's own make, model and year against what its VIN decodes to, as
/// `{"model": {"input": "Transit", "vin": "E-350"}}`; `None` where nothing differs.
/// `models_of` lists the models of a make, as far as the decoder knows them.
///
/// The model differs only where the row names another model: sheets also have a trim, a
/// body or a part of the name in that column (`sport` for a Rogue Sport).
pub(crate) fn input_conflicts<'m>(
    vehicle: &RowVehicle<'_>,
    facts: &DecodeFacts,
    models_of: impl Fn(&str) -> Option<&'m ModelNames>,
) -> Option<Conflicts> {
    let mut found = Found::between(INPUT, VIN);
    found.names(MAKE, vehicle.make, facts.make.as_deref(), same_make);
    let same_model = |written: &str, _: &str| {
        let makes = [vehicle.make, facts.make.as_deref()].map(Option::unwrap_or_default);
        let listed = || makes.into_iter().filter_map(&models_of).collect::<Vec<_>>();
        !names_other_model(&makes, written, facts, &listed())
    };
    found.names("model", vehicle.model, facts.model.as_deref(), same_model);
    found.numbers(MODEL_YEAR, vehicle.year, facts.model_year);
    found.conflicts()
}

/// Whether `name` is the model of `facts`, or what those call its series or trim.
fn names_model(makes: &[&str], name: &str, facts: &DecodeFacts) -> bool {
    let known = [&facts.model, &facts.series, &facts.trim];
    known.into_iter().flatten().any(|known| same_model_of(makes, name, known))
}

/// Whether `name` is that of another model than the one of `facts`: by the lists of models
/// where there are any, else as it is not a part of what the vehicle is.
fn names_other_model(
    makes: &[&str],
    name: &str,
    facts: &DecodeFacts,
    listed: &[&ModelNames],
) -> bool {
    let is_same = names_model(makes, name, facts);
    if listed.is_empty() && is_same {
        return false;
    }
    let known = [
        &facts.model,
        &facts.series,
        &facts.trim,
        &facts.body_class,
        &facts.cab_type,
        &facts.drive_type,
        &facts.fuel_type_primary,
        &facts.electrification_level,
    ];
    let known: Vec<&str> = known.into_iter().filter_map(Option::as_deref).collect();
    if is_part_of(makes, name, &known) {
        return false;
    }
    let own = facts.model.as_deref().unwrap_or_default();
    // `Transit Connect` says more than `Transit`, and is another model.
    let is_listed = |models: &&ModelNames| {
        if is_same { models.has_longer(makes, own, name) } else { models.has_one_in(makes, name) }
    };
    let is_other = listed.is_empty() || listed.iter().any(is_listed);
    is_other || is_other_size(name, &known)
}

/// The differences between two sources, as they are found.
struct Found<'a> {
    sources: [&'a str; 2],
    fields: BTreeMap<&'static str, BTreeMap<&'a str, Value>>,
}

impl<'a> Found<'a> {
    fn between(one: &'a str, other: &'a str) -> Self {
        Self { sources: [one, other], fields: BTreeMap::new() }
    }

    fn names(
        &mut self,
        field: &'static str,
        one: Option<&str>,
        other: Option<&str>,
        same: impl Fn(&str, &str) -> bool,
    ) {
        if let (Some(one), Some(other)) = (one, other)
            && !same(one, other)
        {
            self.add(field, [one.into(), other.into()]);
        }
    }

    fn numbers(&mut self, field: &'static str, one: Option<i32>, other: Option<i32>) {
        if let (Some(one), Some(other)) = (one, other)
            && one != other
        {
            self.add(field, [one.into(), other.into()]);
        }
    }

    fn add(&mut self, field: &'static str, said: [Value; 2]) {
        self.fields.insert(field, self.sources.into_iter().zip(said).collect());
    }

    fn conflicts(self) -> Option<Conflicts> {
        if self.fields.is_empty() {
            return None;
        }
        let json = serde_json::to_string(&self.fields).ok()?;
        Some(Conflicts { json: json.into(), fields: self.fields.into_keys().collect() })
    }
}

/// Fills the empty fields of `facts` from `other`; `true` if any was.
///
/// What `facts` holds stays, `decode_extra` as a whole: two decoders' surplus is
/// not mixed into one object.
pub(crate) fn fill(facts: &mut DecodeFacts, other: &DecodeFacts) -> bool {
    // Taken apart, so that a new field is not forgotten.
    let DecodeFacts {
        make,
        model,
        model_year,
        trim,
        series,
        vehicle_type,
        body_class,
        drive_type,
        fuel_type_primary,
        fuel_type_secondary,
        electrification_level,
        engine_configuration,
        engine_model,
        engine_cylinders,
        displacement_l,
        engine_hp,
        transmission_style,
        transmission_speeds,
        doors,
        seats,
        gvwr,
        gvwr_class,
        cab_type,
        bed_length_in,
        wheelbase_in,
        brake_system,
        base_price_usd,
        manufacturer,
        plant_city,
        plant_state,
        plant_country,
        decode_error_codes,
        decode_extra,
    } = facts;
    let filled = [
        take(make, other.make.as_ref()),
        take(model, other.model.as_ref()),
        take(model_year, other.model_year.as_ref()),
        take(trim, other.trim.as_ref()),
        take(series, other.series.as_ref()),
        take(vehicle_type, other.vehicle_type.as_ref()),
        take(body_class, other.body_class.as_ref()),
        take(drive_type, other.drive_type.as_ref()),
        take(fuel_type_primary, other.fuel_type_primary.as_ref()),
        take(fuel_type_secondary, other.fuel_type_secondary.as_ref()),
        take(electrification_level, other.electrification_level.as_ref()),
        take(engine_configuration, other.engine_configuration.as_ref()),
        take(engine_model, other.engine_model.as_ref()),
        take(engine_cylinders, other.engine_cylinders.as_ref()),
        take(displacement_l, other.displacement_l.as_ref()),
        take(engine_hp, other.engine_hp.as_ref()),
        take(transmission_style, other.transmission_style.as_ref()),
        take(transmission_speeds, other.transmission_speeds.as_ref()),
        take(doors, other.doors.as_ref()),
        take(seats, other.seats.as_ref()),
        take(gvwr, other.gvwr.as_ref()),
        take(gvwr_class, other.gvwr_class.as_ref()),
        take(cab_type, other.cab_type.as_ref()),
        take(bed_length_in, other.bed_length_in.as_ref()),
        take(wheelbase_in, other.wheelbase_in.as_ref()),
        take(brake_system, other.brake_system.as_ref()),
        take(base_price_usd, other.base_price_usd.as_ref()),
        take(manufacturer, other.manufacturer.as_ref()),
        take(plant_city, other.plant_city.as_ref()),
        take(plant_state, other.plant_state.as_ref()),
        take(plant_country, other.plant_country.as_ref()),
        take(decode_error_codes, other.decode_error_codes.as_ref()),
        take(decode_extra, other.decode_extra.as_ref()),
    ];
    filled.contains(&true)
}

fn take<T: Clone>(field: &mut Option<T>, other: Option<&T>) -> bool {
    let is_filled = field.is_none() && other.is_some();
    if is_filled {
        *field = other.cloned();
    }
    is_filled
}

#[cfg(test)]
mod tests;
