//! The makers whose vehicles the sandbox knows: genuine world manufacturer
//! identifiers (ISO 3780), where they build, and models under each.

/// One world manufacturer identifier.
#[derive(Debug)]
pub(super) struct Maker {
    /// The first three characters of the VIN.
    pub(super) wmi: &'static str,
    /// In upper case, as vPIC writes it.
    pub(super) make: &'static str,
    pub(super) plant: Plant,
    pub(super) models: &'static [Model],
}

/// City, state and country of a plant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plant(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str);

/// One model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// The first model year.
    pub(super) since: u16,
    pub(super) body: Body,
    /// The first suits every year.
    pub(super) engines: &'static [Engine],
}

/// The kind of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Sedan,
    Hatchback,
    Coupe,
    Suv,
    Minivan,
    Pickup,
    HeavyPickup,
    Van,
    Tractor,
    Motorcycle,
}

/// One engine, in vPIC's words.
#[derive(Debug)]
pub(super) struct Engine {
    /// The first model year.
    pub(super) since: u16,
    pub(super) configuration: &'static str,
    pub(super) cylinders: &'static str,
    pub(super) litres: &'static str,
    pub(super) horsepower: &'static str,
    pub(super) fuel: &'static str,
    pub(super) electrification: &'static str,
}

/// The maker a VIN names.
pub(super) fn maker(wmi: &str) -> Option<&'static Maker> {
    MAKERS.iter().find(|maker| maker.wmi == wmi)
}

/// Every model sold under `make`, compared without case.
pub(super) fn models_of(make: &str) -> impl Iterator<Item = &'static Model> {
    let makers = MAKERS.iter().filter(move |maker| maker.make.eq_ignore_ascii_case(make));
    makers.flat_map(|maker| maker.models)
}

const GASOLINE: &str = "Gasoline";
const IN_LINE: &str = "In-Line";
const V_SHAPED: &str = "V-Shaped";

const fn burns(
    fuel: &'static str,
    configuration: &'static str,
    cylinders: &'static str,
    litres: &'static str,
    horsepower: &'static str,
) -> Engine {
    Engine { since: 0, configuration, cylinders, litres, horsepower, fuel, electrification: "" }
}

const HYBRID: Engine = Engine {
    since: 2005,
    electrification: "Strong HEV (Hybrid Electric Vehicle)",
    ..burns(GASOLINE, IN_LINE, "4", "2.5", "219")
};
const BATTERY: Engine = Engine {
    since: 2011,
    electrification: "BEV (Battery Electric Vehicle)",
    ..burns("Electric", "", "", "", "283")
};

const SMALL: &[Engine] = &[
    burns(GASOLINE, IN_LINE, "4", "2.0", "158"),
    burns(GASOLINE, IN_LINE, "4", "1.5", "174"),
    burns(GASOLINE, IN_LINE, "4", "2.5", "203"),
    HYBRID,
];
const LARGE: &[Engine] = &[
    burns(GASOLINE, V_SHAPED, "6", "3.5", "290"),
    burns(GASOLINE, IN_LINE, "4", "2.0", "248"),
    burns(GASOLINE, V_SHAPED, "6", "3.0", "335"),
    HYBRID,
];
const EIGHT: &[Engine] = &[
    burns(GASOLINE, V_SHAPED, "8", "5.0", "395"),
    burns(GASOLINE, V_SHAPED, "6", "3.6", "305"),
    burns(GASOLINE, V_SHAPED, "8", "6.2", "420"),
];
const DIESEL: &[Engine] =
    &[burns("Diesel", V_SHAPED, "8", "6.7", "475"), burns(GASOLINE, V_SHAPED, "8", "6.4", "410")];
const FREIGHT: &[Engine] =
    &[burns("Diesel", IN_LINE, "6", "12.8", "455"), burns("Diesel", IN_LINE, "6", "14.9", "500")];
const TWIN: &[Engine] = &[burns(GASOLINE, V_SHAPED, "2", "1.9", "95")];
const ELECTRIC: &[Engine] = &[BATTERY];

const fn model(name: &'static str, since: u16, body: Body, engines: &'static [Engine]) -> Model {
    Model { name, since, body, engines }
}

use Body::{Coupe, Hatchback, HeavyPickup, Minivan, Motorcycle, Pickup, Sedan, Suv, Tractor, Van};

const FORD_CARS: &[Model] = &[
    model("Taurus", 1986, Sedan, LARGE),
    model("Mustang", 1980, Coupe, EIGHT),
    model("Focus", 2000, Sedan, SMALL),
    model("Fusion", 2006, Sedan, SMALL),
    model("Fiesta", 2011, Hatchback, SMALL),
];
const FORD_SUVS: &[Model] = &[
    model("Explorer", 1991, Suv, LARGE),
    model("Expedition", 1997, Suv, EIGHT),
    model("Escape", 2001, Suv, SMALL),
    model("Edge", 2007, Suv, LARGE),
    model("Bronco", 2021, Suv, LARGE),
];
const FORD_TRUCKS: &[Model] = &[
    model("F-150", 1980, Pickup, EIGHT),
    model("F-250", 1980, HeavyPickup, DIESEL),
    model("F-350", 1980, HeavyPickup, DIESEL),
    model("Ranger", 1983, Pickup, SMALL),
    model("Transit", 2015, Van, LARGE),
];
const FORD_VANS: &[Model] = &[model("Transit Connect", 2010, Van, SMALL)];
const LINCOLN: &[Model] = &[
    model("Navigator", 1998, Suv, EIGHT),
    model("MKX", 2007, Suv, LARGE),
    model("Corsair", 2020, Suv, SMALL),
];
const CHEVROLET_CARS: &[Model] = &[
    model("Cavalier", 1982, Sedan, SMALL),
    model("Corvette", 1980, Coupe, EIGHT),
    model("Impala", 2000, Sedan, LARGE),
    model("Malibu", 1997, Sedan, SMALL),
    model("Cruze", 2011, Sedan, SMALL),
    model("Bolt EV", 2017, Hatchback, ELECTRIC),
];
const CHEVROLET_SUVS: &[Model] = &[
    model("Suburban", 1980, Suv, EIGHT),
    model("Tahoe", 1995, Suv, EIGHT),
    model("Equinox", 2005, Suv, SMALL),
    model("Traverse", 2009, Suv, LARGE),
];
const CHEVROLET_TRUCKS: &[Model] = &[
    model("Silverado", 1999, Pickup, EIGHT),
    model("Colorado", 2004, Pickup, LARGE),
    model("Express", 1996, Van, EIGHT),
];
const GMC_TRUCKS: &[Model] = &[
    model("Sierra", 1988, Pickup, EIGHT),
    model("Canyon", 2004, Pickup, LARGE),
    model("Savana", 1996, Van, EIGHT),
];
const GMC_SUVS: &[Model] = &[
    model("Yukon", 1992, Suv, EIGHT),
    model("Acadia", 2007, Suv, LARGE),
    model("Terrain", 2010, Suv, SMALL),
];
const CADILLAC: &[Model] =
    &[model("DeVille", 1980, Sedan, EIGHT), model("CTS", 2003, Sedan, LARGE)];
const CADILLAC_SUVS: &[Model] =
    &[model("Escalade", 1999, Suv, EIGHT), model("XT5", 2017, Suv, LARGE)];
const BUICK: &[Model] =
    &[model("LeSabre", 1980, Sedan, LARGE), model("LaCrosse", 2005, Sedan, LARGE)];
const BUICK_SUVS: &[Model] = &[model("Enclave", 2008, Suv, LARGE)];
const TESLA: &[Model] = &[
    model("Model S", 2012, Sedan, ELECTRIC),
    model("Model 3", 2017, Sedan, ELECTRIC),
    model("Model X", 2016, Suv, ELECTRIC),
    model("Model Y", 2020, Suv, ELECTRIC),
];
const TOYOTA_CARS: &[Model] = &[
    model("Corolla", 1980, Sedan, SMALL),
    model("Camry", 1983, Sedan, SMALL),
    model("Avalon", 1995, Sedan, LARGE),
    model("Prius", 2001, Hatchback, &[HYBRID]),
];
const TOYOTA_SUVS: &[Model] = &[
    model("4Runner", 1985, Suv, LARGE),
    model("RAV4", 1996, Suv, SMALL),
    model("Sienna", 1998, Minivan, LARGE),
    model("Highlander", 2001, Suv, LARGE),
];
const TOYOTA_TRUCKS: &[Model] =
    &[model("Tacoma", 1995, Pickup, LARGE), model("Tundra", 2000, Pickup, EIGHT)];
const LEXUS: &[Model] = &[model("ES", 1990, Sedan, LARGE), model("IS", 2001, Sedan, LARGE)];
const LEXUS_SUVS: &[Model] = &[model("RX", 1999, Suv, LARGE), model("NX", 2015, Suv, SMALL)];
const HONDA_CARS: &[Model] = &[
    model("Civic", 1980, Sedan, SMALL),
    model("Accord", 1980, Sedan, SMALL),
    model("Fit", 2007, Hatchback, SMALL),
];
const HONDA_SUVS: &[Model] = &[
    model("CR-V", 1997, Suv, SMALL),
    model("Odyssey", 1995, Minivan, LARGE),
    model("Pilot", 2003, Suv, LARGE),
    model("HR-V", 2016, Suv, SMALL),
];
const ACURA: &[Model] = &[model("TL", 1996, Sedan, LARGE), model("ILX", 2013, Sedan, SMALL)];
const ACURA_SUVS: &[Model] = &[model("MDX", 2001, Suv, LARGE), model("RDX", 2007, Suv, SMALL)];
const NISSAN_CARS: &[Model] = &[
    model("Sentra", 1982, Sedan, SMALL),
    model("Maxima", 1982, Sedan, LARGE),
    model("Altima", 1993, Sedan, SMALL),
    model("LEAF", 2011, Hatchback, ELECTRIC),
];
const NISSAN_SUVS: &[Model] = &[
    model("Pathfinder", 1987, Suv, LARGE),
    model("Murano", 2003, Suv, LARGE),
    model("Rogue", 2008, Suv, SMALL),
];
const NISSAN_TRUCKS: &[Model] =
    &[model("Frontier", 1998, Pickup, LARGE), model("Titan", 2004, Pickup, EIGHT)];
const HYUNDAI_CARS: &[Model] =
    &[model("Sonata", 1989, Sedan, SMALL), model("Elantra", 1992, Sedan, SMALL)];
const HYUNDAI_SUVS: &[Model] =
    &[model("Santa Fe", 2001, Suv, LARGE), model("Tucson", 2005, Suv, SMALL)];
const KIA_CARS: &[Model] = &[
    model("Rio", 2001, Sedan, SMALL),
    model("Optima", 2001, Sedan, SMALL),
    model("Forte", 2010, Sedan, SMALL),
];
const KIA_SUVS: &[Model] = &[
    model("Sportage", 1995, Suv, SMALL),
    model("Sorento", 2003, Suv, LARGE),
    model("Soul", 2010, Hatchback, SMALL),
];
const SUBARU_CARS: &[Model] =
    &[model("Legacy", 1990, Sedan, SMALL), model("Impreza", 1993, Sedan, SMALL)];
const SUBARU_SUVS: &[Model] = &[
    model("Forester", 1998, Suv, SMALL),
    model("Outback", 2000, Suv, SMALL),
    model("Crosstrek", 2016, Suv, SMALL),
];
const MAZDA: &[Model] = &[model("MX-5", 1990, Coupe, SMALL), model("Mazda3", 2004, Sedan, SMALL)];
const MAZDA_SUVS: &[Model] = &[model("CX-9", 2007, Suv, LARGE), model("CX-5", 2013, Suv, SMALL)];
const DODGE: &[Model] =
    &[model("Charger", 2006, Sedan, EIGHT), model("Challenger", 2008, Coupe, EIGHT)];
const CHRYSLER: &[Model] =
    &[model("Sebring", 1995, Sedan, SMALL), model("200", 2011, Sedan, SMALL)];
const CHRYSLER_VANS: &[Model] =
    &[model("Town and Country", 1990, Minivan, LARGE), model("Pacifica", 2017, Minivan, LARGE)];
const JEEP: &[Model] = &[
    model("Wrangler", 1987, Suv, LARGE),
    model("Grand Cherokee", 1993, Suv, EIGHT),
    model("Compass", 2007, Suv, SMALL),
    model("Renegade", 2015, Suv, SMALL),
];
const RAM: &[Model] = &[
    model("1500", 1994, Pickup, EIGHT),
    model("2500", 1994, HeavyPickup, DIESEL),
    model("3500", 1994, HeavyPickup, DIESEL),
];
const BMW_CARS: &[Model] = &[
    model("328i", 1996, Sedan, LARGE),
    model("535i", 1985, Sedan, LARGE),
    model("335i", 2007, Sedan, LARGE),
    model("330i", 2001, Sedan, LARGE),
];
const BMW_SUVS: &[Model] = &[model("X5", 2000, Suv, LARGE), model("X3", 2004, Suv, LARGE)];
const MERCEDES_CARS: &[Model] =
    &[model("E-Class", 1985, Sedan, LARGE), model("C-Class", 1994, Sedan, LARGE)];
const MERCEDES_SUVS: &[Model] =
    &[model("M-Class", 1998, Suv, LARGE), model("GLE-Class", 2016, Suv, LARGE)];
const MERCEDES_VANS: &[Model] = &[model("Sprinter", 2010, Van, LARGE)];
const VOLKSWAGEN: &[Model] = &[
    model("Jetta", 1980, Sedan, SMALL),
    model("Golf", 1985, Hatchback, SMALL),
    model("Passat", 1990, Sedan, SMALL),
];
const VOLKSWAGEN_SUVS: &[Model] =
    &[model("Tiguan", 2009, Suv, SMALL), model("Atlas", 2018, Suv, LARGE)];
const AUDI: &[Model] = &[model("A4", 1996, Sedan, LARGE), model("A6", 1995, Sedan, LARGE)];
const AUDI_SUVS: &[Model] = &[model("Q7", 2007, Suv, LARGE), model("Q5", 2009, Suv, LARGE)];
const VOLVO: &[Model] = &[model("S60", 2001, Sedan, SMALL), model("XC90", 2003, Suv, LARGE)];
const FREIGHTLINER: &[Model] =
    &[model("FLD120", 1987, Tractor, FREIGHT), model("Cascadia", 2008, Tractor, FREIGHT)];
const KENWORTH: &[Model] =
    &[model("W900", 1980, Tractor, FREIGHT), model("T680", 2013, Tractor, FREIGHT)];
const PETERBILT: &[Model] =
    &[model("379", 1987, Tractor, FREIGHT), model("579", 2013, Tractor, FREIGHT)];
const VOLVO_TRUCKS: &[Model] = &[model("VNL", 1998, Tractor, FREIGHT)];
const INTERNATIONAL: &[Model] =
    &[model("9400", 1987, Tractor, FREIGHT), model("ProStar", 2008, Tractor, FREIGHT)];
const MACK: &[Model] =
    &[model("CH", 1989, Tractor, FREIGHT), model("Anthem", 2018, Tractor, FREIGHT)];
const HARLEY: &[Model] =
    &[model("Electra Glide", 1980, Motorcycle, TWIN), model("Road King", 1994, Motorcycle, TWIN)];

const USA: &str = "UNITED STATES (USA)";
const CANADA: &str = "CANADA";
const MEXICO: &str = "MEXICO";
const JAPAN: &str = "JAPAN";
const KOREA: &str = "SOUTH KOREA";
const GERMANY: &str = "GERMANY";

const fn maker_of(
    wmi: &'static str,
    make: &'static str,
    models: &'static [Model],
    plant: Plant,
) -> Maker {
    Maker { wmi, make, plant, models }
}

#[rustfmt::skip] // a table
static MAKERS: &[Maker] = &[
    maker_of("1FA", "FORD", FORD_CARS, Plant("Flat Rock", "Michigan", USA)),
    maker_of("3FA", "FORD", FORD_CARS, Plant("Hermosillo", "", MEXICO)),
    maker_of("1FM", "FORD", FORD_SUVS, Plant("Louisville", "Kentucky", USA)),
    maker_of("2FM", "FORD", FORD_SUVS, Plant("Oakville", "Ontario", CANADA)),
    maker_of("1FT", "FORD", FORD_TRUCKS, Plant("Dearborn", "Michigan", USA)),
    maker_of("NM0", "FORD", FORD_VANS, Plant("Kocaeli", "", "TURKEY")),
    maker_of("5LM", "LINCOLN", LINCOLN, Plant("Louisville", "Kentucky", USA)),
    maker_of("1G1", "CHEVROLET", CHEVROLET_CARS, Plant("Lordstown", "Ohio", USA)),
    maker_of("2G1", "CHEVROLET", CHEVROLET_CARS, Plant("Oshawa", "Ontario", CANADA)),
    maker_of("1GN", "CHEVROLET", CHEVROLET_SUVS, Plant("Arlington", "Texas", USA)),
    maker_of("3GN", "CHEVROLET", CHEVROLET_SUVS, Plant("Ramos Arizpe", "", MEXICO)),
    maker_of("1GC", "CHEVROLET", CHEVROLET_TRUCKS, Plant("Fort Wayne", "Indiana", USA)),
    maker_of("3GC", "CHEVROLET", CHEVROLET_TRUCKS, Plant("Silao", "", MEXICO)),
    maker_of("1GT", "GMC", GMC_TRUCKS, Plant("Fort Wayne", "Indiana", USA)),
    maker_of("1GK", "GMC", GMC_SUVS, Plant("Arlington", "Texas", USA)),
    maker_of("1G6", "CADILLAC", CADILLAC, Plant("Lansing", "Michigan", USA)),
    maker_of("1GY", "CADILLAC", CADILLAC_SUVS, Plant("Arlington", "Texas", USA)),
    maker_of("1G4", "BUICK", BUICK, Plant("Lansing", "Michigan", USA)),
    maker_of("5GA", "BUICK", BUICK_SUVS, Plant("Lansing", "Michigan", USA)),
    maker_of("5YJ", "TESLA", TESLA, Plant("Fremont", "California", USA)),
    maker_of("7SA", "TESLA", TESLA, Plant("Austin", "Texas", USA)),
    maker_of("4T1", "TOYOTA", TOYOTA_CARS, Plant("Georgetown", "Kentucky", USA)),
    maker_of("2T1", "TOYOTA", TOYOTA_CARS, Plant("Cambridge", "Ontario", CANADA)),
    maker_of("JTD", "TOYOTA", TOYOTA_CARS, Plant("Toyota City", "", JAPAN)),
    maker_of("5TD", "TOYOTA", TOYOTA_SUVS, Plant("Princeton", "Indiana", USA)),
    maker_of("2T3", "TOYOTA", TOYOTA_SUVS, Plant("Woodstock", "Ontario", CANADA)),
    maker_of("JTM", "TOYOTA", TOYOTA_SUVS, Plant("Toyota City", "", JAPAN)),
    maker_of("5TF", "TOYOTA", TOYOTA_TRUCKS, Plant("San Antonio", "Texas", USA)),
    maker_of("JTH", "LEXUS", LEXUS, Plant("Kyushu", "", JAPAN)),
    maker_of("2T2", "LEXUS", LEXUS_SUVS, Plant("Cambridge", "Ontario", CANADA)),
    maker_of("1HG", "HONDA", HONDA_CARS, Plant("Marysville", "Ohio", USA)),
    maker_of("2HG", "HONDA", HONDA_CARS, Plant("Alliston", "Ontario", CANADA)),
    maker_of("19X", "HONDA", HONDA_CARS, Plant("Greensburg", "Indiana", USA)),
    maker_of("JHM", "HONDA", HONDA_CARS, Plant("Suzuka", "", JAPAN)),
    maker_of("5FN", "HONDA", HONDA_SUVS, Plant("Lincoln", "Alabama", USA)),
    maker_of("5J6", "HONDA", HONDA_SUVS, Plant("East Liberty", "Ohio", USA)),
    maker_of("19U", "ACURA", ACURA, Plant("Marysville", "Ohio", USA)),
    maker_of("5J8", "ACURA", ACURA_SUVS, Plant("East Liberty", "Ohio", USA)),
    maker_of("1N4", "NISSAN", NISSAN_CARS, Plant("Smyrna", "Tennessee", USA)),
    maker_of("3N1", "NISSAN", NISSAN_CARS, Plant("Aguascalientes", "", MEXICO)),
    maker_of("5N1", "NISSAN", NISSAN_SUVS, Plant("Smyrna", "Tennessee", USA)),
    maker_of("JN8", "NISSAN", NISSAN_SUVS, Plant("Kyushu", "", JAPAN)),
    maker_of("1N6", "NISSAN", NISSAN_TRUCKS, Plant("Canton", "Mississippi", USA)),
    maker_of("KMH", "HYUNDAI", HYUNDAI_CARS, Plant("Ulsan", "", KOREA)),
    maker_of("5NP", "HYUNDAI", HYUNDAI_CARS, Plant("Montgomery", "Alabama", USA)),
    maker_of("KM8", "HYUNDAI", HYUNDAI_SUVS, Plant("Ulsan", "", KOREA)),
    maker_of("KNA", "KIA", KIA_CARS, Plant("Hwasung", "", KOREA)),
    maker_of("5XX", "KIA", KIA_CARS, Plant("West Point", "Georgia", USA)),
    maker_of("KND", "KIA", KIA_SUVS, Plant("Gwangju", "", KOREA)),
    maker_of("4S3", "SUBARU", SUBARU_CARS, Plant("Lafayette", "Indiana", USA)),
    maker_of("4S4", "SUBARU", SUBARU_SUVS, Plant("Lafayette", "Indiana", USA)),
    maker_of("JF2", "SUBARU", SUBARU_SUVS, Plant("Gunma", "", JAPAN)),
    maker_of("JM1", "MAZDA", MAZDA, Plant("Hofu", "", JAPAN)),
    maker_of("JM3", "MAZDA", MAZDA_SUVS, Plant("Hiroshima", "", JAPAN)),
    maker_of("2C3", "DODGE", DODGE, Plant("Brampton", "Ontario", CANADA)),
    maker_of("1C3", "CHRYSLER", CHRYSLER, Plant("Sterling Heights", "Michigan", USA)),
    maker_of("2C4", "CHRYSLER", CHRYSLER_VANS, Plant("Windsor", "Ontario", CANADA)),
    maker_of("1C4", "JEEP", JEEP, Plant("Detroit", "Michigan", USA)),
    maker_of("1J4", "JEEP", JEEP, Plant("Toledo", "Ohio", USA)),
    maker_of("1C6", "RAM", RAM, Plant("Warren", "Michigan", USA)),
    maker_of("3C6", "RAM", RAM, Plant("Saltillo", "", MEXICO)),
    maker_of("WBA", "BMW", BMW_CARS, Plant("Munich", "", GERMANY)),
    maker_of("5UX", "BMW", BMW_SUVS, Plant("Greer", "South Carolina", USA)),
    maker_of("WDD", "MERCEDES-BENZ", MERCEDES_CARS, Plant("Sindelfingen", "", GERMANY)),
    maker_of("55S", "MERCEDES-BENZ", MERCEDES_CARS, Plant("Tuscaloosa", "Alabama", USA)),
    maker_of("4JG", "MERCEDES-BENZ", MERCEDES_SUVS, Plant("Tuscaloosa", "Alabama", USA)),
    maker_of("WD3", "MERCEDES-BENZ", MERCEDES_VANS, Plant("Dusseldorf", "", GERMANY)),
    maker_of("WVW", "VOLKSWAGEN", VOLKSWAGEN, Plant("Wolfsburg", "", GERMANY)),
    maker_of("3VW", "VOLKSWAGEN", VOLKSWAGEN, Plant("Puebla", "", MEXICO)),
    maker_of("1V2", "VOLKSWAGEN", VOLKSWAGEN_SUVS, Plant("Chattanooga", "Tennessee", USA)),
    maker_of("WAU", "AUDI", AUDI, Plant("Ingolstadt", "", GERMANY)),
    maker_of("WA1", "AUDI", AUDI_SUVS, Plant("Ingolstadt", "", GERMANY)),
    maker_of("YV4", "VOLVO", VOLVO, Plant("Torslanda", "", "SWEDEN")),
    maker_of("1FU", "FREIGHTLINER", FREIGHTLINER, Plant("Cleveland", "North Carolina", USA)),
    maker_of("3AK", "FREIGHTLINER", FREIGHTLINER, Plant("Saltillo", "", MEXICO)),
    maker_of("1XK", "KENWORTH", KENWORTH, Plant("Chillicothe", "Ohio", USA)),
    maker_of("1XP", "PETERBILT", PETERBILT, Plant("Denton", "Texas", USA)),
    maker_of("4V4", "VOLVO TRUCK", VOLVO_TRUCKS, Plant("Dublin", "Virginia", USA)),
    maker_of("1HS", "INTERNATIONAL", INTERNATIONAL, Plant("Springfield", "Ohio", USA)),
    maker_of("3HS", "INTERNATIONAL", INTERNATIONAL, Plant("Escobedo", "", MEXICO)),
    maker_of("1M1", "MACK", MACK, Plant("Macungie", "Pennsylvania", USA)),
    maker_of("1HD", "HARLEY-DAVIDSON", HARLEY, Plant("York", "Pennsylvania", USA)),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_identifier_is_there_once() {
        let identifiers: BTreeSet<_> = MAKERS.iter().map(|maker| maker.wmi).collect();
        assert_eq!(identifiers.len(), MAKERS.len());
        assert!(identifiers.iter().all(|wmi| wmi.len() == 3));
        assert!(identifiers.len() >= 60);
    }

    #[test]
    fn every_maker_has_models_and_every_model_an_engine() {
        for maker in MAKERS {
            assert!(!maker.models.is_empty(), "{}", maker.wmi);
            assert!(maker.models.iter().all(|model| !model.engines.is_empty()), "{}", maker.wmi);
        }
    }
}
