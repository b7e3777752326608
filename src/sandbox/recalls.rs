//! The recall campaigns of the sandbox's vehicles, in NHTSA's words.
//!
//! Recall sources know some models under another name than the decoder, so that
//! asking by the decoded vehicle finds nothing though there are campaigns
//! ("F-250" and "F-250 SD"). The sandbox has such models too.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::fleet::{self, below, draw};
use super::makers;
use crate::domain::vin::Vin;

/// Models under the decoder's name and under the recall source's.
const RENAMED: [(&str, &str, &str); 4] = [
    ("FORD", "F-250", "F-250 SD"),
    ("FORD", "F-350", "F-350 SD"),
    ("CHEVROLET", "Silverado", "SILVERADO 1500"),
    ("MERCEDES-BENZ", "Sprinter", "SPRINTER 2500"),
];

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
    let (make, model) = (make.trim().to_uppercase(), model.trim().to_uppercase());
    if !YEARS.contains(&year) || !is_known(&make, &model) {
        return Vec::new();
    }
    campaigns(&make, &model, year)
}

/// Whether the recall source has the model under this very name.
pub(super) fn is_filed(make: &str, model: &str) -> bool {
    is_known(&make.trim().to_uppercase(), &model.trim().to_uppercase())
}

/// The names that the recall source has for a make's models of `year`.
pub(super) fn models(make: &str, year: u16) -> BTreeSet<String> {
    let make = make.trim().to_uppercase();
    let known = makers::models_of(&make).filter(|_| YEARS.contains(&year));
    known.map(|model| source_name(&make, model.name).into_owned()).collect()
}

/// The campaigns that name the vehicle with this VIN.
pub(super) fn by_vin(vin: &Vin) -> Vec<Campaign> {
    let Some(vehicle) = fleet::vehicle(vin) else { return Vec::new() };
    let Some(year) = vehicle.year else { return Vec::new() };
    campaigns(vehicle.make, &source_name(vehicle.make, vehicle.model.name), year)
}

/// What the recall source calls a model.
fn source_name<'a>(make: &str, model: &'a str) -> Cow<'a, str> {
    let renamed = RENAMED.iter().find(|(of, decoded, _)| *of == make && *decoded == model);
    renamed.map_or_else(|| Cow::Owned(model.to_uppercase()), |(_, _, name)| Cow::Borrowed(*name))
}

/// Whether the recall source has such a model under this very name.
fn is_known(make: &str, model: &str) -> bool {
    makers::models_of(make).any(|known| source_name(make, known.name) == model)
}

/// One defect, as a recall tells it.
struct Defect {
    component: &'static str,
    what: &'static str,
    consequence: &'static str,
    remedy: &'static str,
}

fn campaigns(make: &str, model: &str, year: u16) -> Vec<Campaign> {
    let vehicle = format!("{make} {model} {year}");
    let renamed = RENAMED.iter().any(|(of, _, name)| *of == make && *name == model);
    let count = match draw(&vehicle, "recall count") % 12 {
        drawn if renamed => 1 + drawn % 3,
        0..4 => 0,
        4..8 => 1,
        8..10 => 2,
        10 => 3,
        _ => 4,
    };
    (0..count).map(|nth| campaign(make, model, year, &vehicle, nth)).collect()
}

/// Keeps the numbers of one vehicle's campaigns apart.
const STRIDE: u64 = 211;

fn campaign(make: &str, model: &str, year: u16, vehicle: &str, nth: u64) -> Campaign {
    let draw = |of: &str| draw(vehicle, of).wrapping_add(nth);
    let defect = &DEFECTS[below(draw("defect"), DEFECTS.len())];
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
        component: defect.component,
        summary: format!("Certain {year} {make} {model} vehicles: {}", defect.what),
        consequence: defect.consequence,
        remedy: defect.remedy,
        notes: "Invented by the sandbox. Owners need not do anything.",
        model_year: year.to_string(),
        make: make.to_owned(),
        model: model.to_owned(),
    }
}

#[rustfmt::skip] // a table
const DEFECTS: [Defect; 10] = [
    Defect {
        component: "POWER TRAIN:DRIVELINE:DRIVESHAFT",
        what: "the driveshaft may fracture while driving.",
        consequence: "A fractured driveshaft can cause a loss of drive power, increasing the risk of a crash.",
        remedy: "Dealers will inspect and replace the driveshaft as necessary, free of charge.",
    },
    Defect {
        component: "AIR BAGS:FRONTAL:DRIVER SIDE:INFLATOR MODULE",
        what: "the driver's front air bag inflator may rupture when it deploys.",
        consequence: "A rupture may send metal fragments towards the driver, causing serious injury.",
        remedy: "Dealers will replace the inflator, free of charge.",
    },
    Defect {
        component: "FUEL SYSTEM, GASOLINE:DELIVERY:FUEL PUMP",
        what: "the fuel pump inside the fuel tank may fail.",
        consequence: "A failed fuel pump can stall the engine, increasing the risk of a crash.",
        remedy: "Dealers will replace the fuel pump, free of charge.",
    },
    Defect {
        component: "BACK OVER PREVENTION: SENSING SYSTEM: CAMERA",
        what: "the rearview camera image may not show.",
        consequence: "A missing image reduces the driver's view, increasing the risk of a crash.",
        remedy: "Dealers will update the camera's software, free of charge.",
    },
    Defect {
        component: "ELECTRICAL SYSTEM:WIRING",
        what: "a wiring harness may chafe and short circuit.",
        consequence: "A short circuit increases the risk of a fire.",
        remedy: "Dealers will reroute and protect the harness, free of charge.",
    },
    Defect {
        component: "SERVICE BRAKES, HYDRAULIC:FOUNDATION COMPONENTS:MASTER CYLINDER",
        what: "brake fluid may leak from the master cylinder.",
        consequence: "A loss of brake fluid lengthens the stopping distance, increasing the risk of a crash.",
        remedy: "Dealers will replace the master cylinder, free of charge.",
    },
    Defect {
        component: "SEAT BELTS:FRONT:ANCHORAGE",
        what: "the front seat belt pretensioner cables may be damaged.",
        consequence: "A belt that does not restrain its occupant increases the risk of injury.",
        remedy: "Dealers will replace the pretensioners, free of charge.",
    },
    Defect {
        component: "STEERING:ELECTRIC POWER ASSIST SYSTEM",
        what: "the electric power steering assist may be lost.",
        consequence: "More effort is needed to steer at low speed, increasing the risk of a crash.",
        remedy: "Dealers will replace the steering gear, free of charge.",
    },
    Defect {
        component: "EXTERIOR LIGHTING:TAIL LIGHTS",
        what: "water may enter the tail lights and put them out.",
        consequence: "Unlit tail lights make the vehicle harder to see, increasing the risk of a crash.",
        remedy: "Dealers will replace the tail light assemblies, free of charge.",
    },
    Defect {
        component: "LATCHES/LOCKS/LINKAGES:DOORS:LATCH",
        what: "a door may not latch fully.",
        consequence: "A door that opens while driving increases the risk of injury.",
        remedy: "Dealers will replace the door latches, free of charge.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(campaigns: &[Campaign]) -> Vec<&str> {
        campaigns.iter().map(|campaign| campaign.number.as_str()).collect()
    }

    #[test]
    fn a_vehicle_and_its_vin_have_the_same_campaigns() {
        for serial in 0..100 {
            let vin = Vin::new(&format!("1HG{serial:03}4J0M0000000")).expect("a VIN");
            let vehicle = fleet::vehicle(&vin).expect("known");
            let year = vehicle.year.expect("M");
            let asked = by_vehicle(&vehicle.make.to_lowercase(), vehicle.model.name, year);
            assert_eq!(numbers(&asked), numbers(&by_vin(&vin)));
        }
    }

    #[test]
    fn a_renamed_model_is_found_by_vin_only() {
        assert!(by_vehicle("Ford", "F-250", 2016).is_empty());
        let campaigns = by_vehicle("Ford", "F-250 SD", 2016);
        assert!(!campaigns.is_empty());
        let truck = |serial| Vin::new(&format!("1FT{serial:03}BT0GEA00000")).expect("a VIN");
        let vin = (0..100)
            .map(truck)
            .find(|vin| fleet::vehicle(vin).is_some_and(|vehicle| vehicle.model.name == "F-250"));
        assert_eq!(numbers(&by_vin(&vin.expect("an F-250"))), numbers(&campaigns));
    }

    #[test]
    fn about_a_third_have_none_and_nobody_has_more_than_four() {
        let vehicles = makers::models_of("Honda")
            .flat_map(|model| (1990..2025).map(|year| by_vehicle("HONDA", model.name, year).len()));
        let counts: Vec<usize> = vehicles.collect();
        let zeros = counts.iter().filter(|&&count| count == 0).count();
        assert!((25..42).contains(&(zeros * 100 / counts.len())), "{zeros} of {}", counts.len());
        assert_eq!(counts.iter().max(), Some(&4));
    }

    #[test]
    fn campaigns_are_written_as_nhtsa_does() {
        let campaigns: Vec<Campaign> =
            (1990..2026).flat_map(|year| by_vehicle("FORD", "F-250 SD", year)).collect();
        let parked = campaigns.iter().filter(|campaign| campaign.park_it).count();
        assert!(parked * 5 < campaigns.len(), "few, not {parked} of {}", campaigns.len());
        for campaign in &campaigns {
            let (year, serial) = campaign.number.split_once('V').expect("V");
            assert!(year.len() == 2 && serial.len() == 6 && serial.ends_with("000"));
            let date: Vec<&str> = campaign.report_received_date.split('/').collect();
            let [day, month, of_year] = date[..] else { panic!("{date:?}") };
            assert!((1..=28).contains(&day.parse::<u8>().expect("a day")));
            assert!((1..=12).contains(&month.parse::<u8>().expect("a month")));
            assert!(of_year.ends_with(year), "{date:?} {year}");
        }
    }

    #[test]
    fn a_vehicles_campaigns_are_distinct() {
        for year in 1990..2026 {
            let campaigns = by_vehicle("Toyota", "Camry", year);
            let distinct: BTreeSet<_> = numbers(&campaigns).into_iter().collect();
            assert_eq!(distinct.len(), campaigns.len());
        }
    }

    #[test]
    fn nobody_recalls_what_nobody_makes() {
        assert!(by_vehicle("FORD", "Camry", 2016).is_empty());
        assert!(by_vehicle("", "", 2016).is_empty());
        assert!(by_vehicle("FORD", "F-250 SD", 0).is_empty());
        assert!(by_vehicle("FORD", "F-250 SD", u16::MAX).is_empty());
    }
}
