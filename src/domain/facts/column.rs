//! The columns of a decode, by the names NHTSA has for them.

use super::DecodeFacts;
use crate::domain::numbers::{cents, integer, real};

/// Whether vPIC means "nothing" by this text.
pub fn is_blank(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("Not Applicable")
}

/// A model year; vPIC knows vehicles from 1886 on.
pub fn model_year(text: &str) -> Option<i32> {
    integer(text).filter(|year| (1886..2200).contains(year))
}

/// A column of [`DecodeFacts`] that is read from one of vPIC's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `DecodeFacts`")]
pub enum DecodeColumn {
    Make,
    Model,
    ModelYear,
    Trim,
    Series,
    VehicleType,
    BodyClass,
    DriveType,
    FuelTypePrimary,
    FuelTypeSecondary,
    ElectrificationLevel,
    EngineConfiguration,
    EngineModel,
    EngineCylinders,
    DisplacementL,
    EngineHp,
    TransmissionStyle,
    TransmissionSpeeds,
    Doors,
    Seats,
    Gvwr,
    CabType,
    BedLengthIn,
    WheelbaseIn,
    BrakeSystem,
    BasePriceUsd,
    Manufacturer,
    PlantCity,
    PlantState,
    PlantCountry,
    DecodeErrorCodes,
}

impl DecodeColumn {
    /// The column NHTSA's flat API calls `name`: `ModelYear`, also when spelled
    /// `model_year` or `Model Year`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match Squeezed::of(name)?.as_str() {
            "make" => Self::Make,
            "model" => Self::Model,
            "modelyear" => Self::ModelYear,
            "trim" => Self::Trim,
            "series" => Self::Series,
            "vehicletype" => Self::VehicleType,
            "bodyclass" => Self::BodyClass,
            "drivetype" => Self::DriveType,
            "fueltypeprimary" => Self::FuelTypePrimary,
            "fueltypesecondary" => Self::FuelTypeSecondary,
            "electrificationlevel" => Self::ElectrificationLevel,
            "engineconfiguration" => Self::EngineConfiguration,
            "enginemodel" => Self::EngineModel,
            "enginecylinders" => Self::EngineCylinders,
            "displacementl" => Self::DisplacementL,
            "enginehp" => Self::EngineHp,
            "transmissionstyle" => Self::TransmissionStyle,
            "transmissionspeeds" => Self::TransmissionSpeeds,
            "doors" => Self::Doors,
            "seats" => Self::Seats,
            "gvwr" => Self::Gvwr,
            "bodycabtype" => Self::CabType,
            "bedlengthin" => Self::BedLengthIn,
            "wheelbaseshort" => Self::WheelbaseIn,
            "brakesystemtype" => Self::BrakeSystem,
            "baseprice" => Self::BasePriceUsd,
            "manufacturer" => Self::Manufacturer,
            "plantcity" => Self::PlantCity,
            "plantstate" => Self::PlantState,
            "plantcountry" => Self::PlantCountry,
            "errorcode" => Self::DecodeErrorCodes,
            _ => return None,
        })
    }

    /// The column that `name` stands in for where that column's own name is absent.
    pub fn stood_in_for(name: &str) -> Option<Self> {
        Some(match Squeezed::of(name)?.as_str() {
            "year" => Self::ModelYear,
            "wheelbase" | "wheelbaselong" => Self::WheelbaseIn,
            "cabtype" => Self::CabType,
            "bedlength" => Self::BedLengthIn,
            "brakesystem" => Self::BrakeSystem,
            _ => return None,
        })
    }

    /// Puts `text` into the column; `false` where it does not fit or the column
    /// is taken.
    pub fn fill(self, facts: &mut DecodeFacts, text: &str) -> bool {
        let words = match self {
            Self::Model => &mut facts.model,
            Self::Trim => &mut facts.trim,
            Self::Series => &mut facts.series,
            Self::VehicleType => &mut facts.vehicle_type,
            Self::BodyClass => &mut facts.body_class,
            Self::DriveType => &mut facts.drive_type,
            Self::FuelTypePrimary => &mut facts.fuel_type_primary,
            Self::FuelTypeSecondary => &mut facts.fuel_type_secondary,
            Self::ElectrificationLevel => &mut facts.electrification_level,
            Self::EngineConfiguration => &mut facts.engine_configuration,
            Self::EngineModel => &mut facts.engine_model,
            Self::TransmissionStyle => &mut facts.transmission_style,
            Self::CabType => &mut facts.cab_type,
            Self::BrakeSystem => &mut facts.brake_system,
            Self::Manufacturer => &mut facts.manufacturer,
            Self::PlantCity => &mut facts.plant_city,
            Self::PlantState => &mut facts.plant_state,
            Self::PlantCountry => &mut facts.plant_country,
            Self::DecodeErrorCodes => &mut facts.decode_error_codes,
            Self::Gvwr => {
                facts.gvwr_class = facts.gvwr_class.or_else(|| gvwr_class(text));
                &mut facts.gvwr
            }
            Self::Make => {
                return set(&mut facts.make, (!text.is_empty()).then(|| text.to_uppercase()));
            }
            Self::ModelYear => return set(&mut facts.model_year, model_year(text)),
            Self::EngineCylinders => return set(&mut facts.engine_cylinders, integer(text)),
            Self::TransmissionSpeeds => return set(&mut facts.transmission_speeds, integer(text)),
            Self::Doors => return set(&mut facts.doors, integer(text)),
            Self::Seats => return set(&mut facts.seats, integer(text)),
            Self::DisplacementL => {
                let litres = real(text).map(thousandths).filter(|litres| litres.is_finite());
                return set(&mut facts.displacement_l, litres);
            }
            Self::EngineHp => return set(&mut facts.engine_hp, real(text)),
            Self::BedLengthIn => return set(&mut facts.bed_length_in, real(text)),
            Self::WheelbaseIn => return set(&mut facts.wheelbase_in, real(text)),
            Self::BasePriceUsd => return set(&mut facts.base_price_usd, cents(text)),
        };
        set(words, (!text.is_empty()).then(|| text.to_owned()))
    }
}

/// A name without what `model_year`, `Model Year` and `ModelYear` differ in.
struct Squeezed {
    letters: [u8; Self::LONGEST],
    length: usize,
}

impl Squeezed {
    /// More letters than the name of any column has.
    const LONGEST: usize = 24;

    /// `None` for a name that is too long for a column's.
    fn of(name: &str) -> Option<Self> {
        let mut squeezed = Self { letters: [0; Self::LONGEST], length: 0 };
        for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b' ' | b'-')) {
            *squeezed.letters.get_mut(squeezed.length)? = byte.to_ascii_lowercase();
            squeezed.length += 1;
        }
        Some(squeezed)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.letters[..self.length]).unwrap_or_default()
    }
}

fn set<T>(column: &mut Option<T>, value: Option<T>) -> bool {
    let fits = column.is_none() && value.is_some();
    if fits {
        *column = value;
    }
    fits
}

/// vPIC's litres are converted from cubic inches, with noise behind the third decimal.
fn thousandths(litres: f64) -> f64 {
    (litres * 1000.0).round() / 1000.0
}

/// The 2 in `Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)`.
fn gvwr_class(gvwr: &str) -> Option<i32> {
    let class = gvwr.strip_prefix("Class ")?.split(|c: char| !c.is_ascii_digit()).next()?;
    class.parse().ok().filter(|class| (1..=8).contains(class))
}

#[cfg(test)]
#[path = "tests/column.rs"]
mod tests;
