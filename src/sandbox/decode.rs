//! What the sandbox's decoders say about a VIN: all of them the same.

use serde::Serialize;

use super::fleet::{self, Vehicle};
use crate::domain::Vin;

/// A decode under vPIC's names; all values are text, and empty where not known.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Decode<'a> {
    #[serde(rename = "VIN")]
    pub(super) vin: &'a str,
    pub(super) make: &'a str,
    pub(super) model: &'a str,
    pub(super) model_year: String,
    pub(super) manufacturer: &'a str,
    pub(super) series: &'a str,
    pub(super) trim: &'a str,
    pub(super) vehicle_type: &'a str,
    pub(super) body_class: &'a str,
    pub(super) drive_type: &'a str,
    pub(super) body_cab_type: &'a str,
    pub(super) fuel_type_primary: &'a str,
    pub(super) fuel_type_secondary: &'a str,
    pub(super) electrification_level: &'a str,
    pub(super) engine_configuration: &'a str,
    pub(super) engine_cylinders: &'a str,
    #[serde(rename = "DisplacementL")]
    pub(super) displacement_l: &'a str,
    #[serde(rename = "EngineHP")]
    pub(super) engine_hp: &'a str,
    pub(super) transmission_style: &'a str,
    pub(super) transmission_speeds: &'a str,
    pub(super) doors: &'a str,
    pub(super) seats: &'a str,
    #[serde(rename = "GVWR")]
    pub(super) gvwr: &'a str,
    pub(super) brake_system_type: &'a str,
    pub(super) plant_city: &'a str,
    pub(super) plant_state: &'a str,
    pub(super) plant_country: &'a str,
    pub(super) error_code: &'a str,
}

/// What is known of a VIN; of one that is not registered, nothing.
pub(super) fn of(vin: &Vin) -> Decode<'_> {
    let known = fleet::vehicle(vin).map(Decode::from).unwrap_or_default();
    Decode { vin: vin.as_str(), ..known }
}

impl From<Vehicle> for Decode<'_> {
    fn from(vehicle: Vehicle) -> Self {
        let Vehicle { maker, model, engine, transmission, .. } = vehicle;
        let body = model.body;
        Self {
            vin: "",
            make: &maker.make,
            model: &model.name,
            model_year: vehicle.year.map(|year| year.to_string()).unwrap_or_default(),
            manufacturer: &maker.manufacturer,
            series: &model.series,
            trim: vehicle.trim,
            vehicle_type: &body.vehicle_type,
            body_class: &body.class,
            drive_type: vehicle.drive_type,
            body_cab_type: vehicle.cab,
            fuel_type_primary: &engine.fuel,
            fuel_type_secondary: &engine.second_fuel,
            electrification_level: &engine.electrification,
            engine_configuration: &engine.configuration,
            engine_cylinders: &engine.cylinders,
            displacement_l: &engine.litres,
            engine_hp: &engine.horsepower,
            transmission_style: &transmission.style,
            transmission_speeds: &transmission.speeds,
            doors: &body.doors,
            seats: &body.seats,
            gvwr: &body.gvwr,
            brake_system_type: &body.brakes,
            plant_city: &maker.plant_city,
            plant_state: &maker.plant_state,
            plant_country: &maker.plant_country,
            error_code: "0",
        }
    }
}
