//! The models under each maker, a list to a line of vehicles.
//!
//! The file is as long as the list.

use super::engines::{
    DIESEL, EIGHT, ELECTRIC, Engine, FREIGHT, HYBRIDS, LARGE, MEDIUM, SMALL, TWIN, UNPOWERED,
};
use crate::sandbox::body::Body::{
    self, Bus, Coupe, Cutaway, Hatchback, HeavyPickup, Minivan, Motorcycle, Pickup, Sedan, Suv,
    Tractor, Trailer, Truck, Van,
};

/// One model.
#[derive(Debug)]
pub(in super::super) struct Model {
    pub(in super::super) name: &'static str,
    /// Empty where its maker has none.
    pub(in super::super) series: &'static str,
    /// The first model year.
    pub(in super::super) since: u16,
    pub(in super::super) body: Body,
    /// The first suits every year.
    pub(in super::super) engines: &'static [Engine],
}

const fn model(name: &'static str, since: u16, body: Body, engines: &'static [Engine]) -> Model {
    Model { name, series: "", since, body, engines }
}

impl Model {
    const fn series(self, series: &'static str) -> Self {
        Self { series, ..self }
    }
}

pub(super) const FORD_CARS: &[Model] = &[
    model("Taurus", 1986, Sedan, LARGE),
    model("Mustang", 1980, Coupe, EIGHT),
    model("Focus", 2000, Sedan, SMALL),
    model("Fusion", 2006, Sedan, SMALL),
    model("Fiesta", 2011, Hatchback, SMALL),
];
pub(super) const MUSTANG: &[Model] = &[model("Mustang", 1980, Coupe, EIGHT)];
pub(super) const FORD_SUVS: &[Model] = &[
    model("Explorer", 1991, Suv, LARGE),
    model("Expedition", 1997, Suv, EIGHT),
    model("Escape", 2001, Suv, SMALL),
    model("Edge", 2007, Suv, LARGE),
    model("Bronco", 2021, Suv, LARGE),
];
pub(super) const FORD_TRUCKS: &[Model] = &[
    model("F-150", 1980, Pickup, EIGHT).series("F-Series"),
    model("F-250", 1980, HeavyPickup, DIESEL).series("F-Series"),
    model("F-350", 1980, HeavyPickup, DIESEL).series("F-Series"),
    model("Ranger", 1983, Pickup, SMALL),
    model("Transit", 2015, Van, LARGE),
];
pub(super) const FORD_VANS: &[Model] = &[model("Transit Connect", 2010, Van, SMALL)];
pub(super) const FORD_CHASSIS: &[Model] = &[
    model("E-350", 1992, Cutaway, EIGHT).series("E-Series"),
    model("E-450", 1997, Cutaway, EIGHT).series("E-Series"),
];
pub(super) const LINCOLN: &[Model] = &[
    model("Navigator", 1998, Suv, EIGHT),
    model("MKX", 2007, Suv, LARGE),
    model("Corsair", 2020, Suv, SMALL),
];
pub(super) const CHEVROLET_CARS: &[Model] = &[
    model("Cavalier", 1982, Sedan, SMALL),
    model("Corvette", 1980, Coupe, EIGHT),
    model("Impala", 2000, Sedan, LARGE),
    model("Malibu", 1997, Sedan, SMALL),
    model("Cruze", 2011, Sedan, SMALL),
    model("Bolt EV", 2017, Hatchback, ELECTRIC),
];
pub(super) const CHEVROLET_SUVS: &[Model] = &[
    model("Suburban", 1980, Suv, EIGHT).series("1500"),
    model("Tahoe", 1995, Suv, EIGHT).series("1500"),
    model("Equinox", 2005, Suv, SMALL),
    model("Traverse", 2009, Suv, LARGE),
];
pub(super) const CHEVROLET_TRUCKS: &[Model] = &[
    model("Silverado", 1999, Pickup, EIGHT).series("1500"),
    model("Colorado", 2004, Pickup, LARGE),
    model("Express", 1996, Van, EIGHT).series("2500"),
];
pub(super) const GMC_TRUCKS: &[Model] = &[
    model("Sierra", 1988, Pickup, EIGHT).series("1500"),
    model("Canyon", 2004, Pickup, LARGE),
    model("Savana", 1996, Van, EIGHT).series("2500"),
];
pub(super) const GMC_SUVS: &[Model] = &[
    model("Yukon", 1992, Suv, EIGHT).series("1500"),
    model("Acadia", 2007, Suv, LARGE),
    model("Terrain", 2010, Suv, SMALL),
];
pub(super) const CADILLAC: &[Model] =
    &[model("DeVille", 1980, Sedan, EIGHT), model("CTS", 2003, Sedan, LARGE)];
pub(super) const CADILLAC_SUVS: &[Model] =
    &[model("Escalade", 1999, Suv, EIGHT), model("XT5", 2017, Suv, LARGE)];
pub(super) const BUICK: &[Model] =
    &[model("LeSabre", 1980, Sedan, LARGE), model("LaCrosse", 2005, Sedan, LARGE)];
pub(super) const BUICK_SUVS: &[Model] = &[model("Enclave", 2008, Suv, LARGE)];
pub(super) const TESLA: &[Model] = &[
    model("Model S", 2012, Sedan, ELECTRIC),
    model("Model 3", 2017, Sedan, ELECTRIC),
    model("Model X", 2016, Suv, ELECTRIC),
    model("Model Y", 2020, Suv, ELECTRIC),
];
pub(super) const TOYOTA_CARS: &[Model] = &[
    model("Corolla", 1980, Sedan, SMALL),
    model("Camry", 1983, Sedan, SMALL),
    model("Avalon", 1995, Sedan, LARGE),
    model("Prius", 2001, Hatchback, HYBRIDS),
];
pub(super) const TOYOTA_SUVS: &[Model] = &[
    model("4Runner", 1985, Suv, LARGE),
    model("RAV4", 1996, Suv, SMALL),
    model("Sienna", 1998, Minivan, LARGE),
    model("Highlander", 2001, Suv, LARGE),
];
pub(super) const TOYOTA_TRUCKS: &[Model] =
    &[model("Tacoma", 1995, Pickup, LARGE), model("Tundra", 2000, Pickup, EIGHT)];
pub(super) const TACOMA: &[Model] = &[model("Tacoma", 1995, Pickup, LARGE)];
pub(super) const LEXUS: &[Model] =
    &[model("ES", 1990, Sedan, LARGE), model("IS", 2001, Sedan, LARGE)];
pub(super) const LEXUS_SUVS: &[Model] =
    &[model("RX", 1999, Suv, LARGE), model("NX", 2015, Suv, SMALL)];
pub(super) const HONDA_CARS: &[Model] = &[
    model("Civic", 1980, Sedan, SMALL),
    model("Accord", 1980, Sedan, SMALL),
    model("Fit", 2007, Hatchback, SMALL),
];
pub(super) const HONDA_SUVS: &[Model] = &[
    model("CR-V", 1997, Suv, SMALL),
    model("Odyssey", 1995, Minivan, LARGE),
    model("Pilot", 2003, Suv, LARGE),
    model("HR-V", 2016, Suv, SMALL),
];
pub(super) const ACURA: &[Model] =
    &[model("TL", 1996, Sedan, LARGE), model("ILX", 2013, Sedan, SMALL)];
pub(super) const ACURA_SUVS: &[Model] =
    &[model("MDX", 2001, Suv, LARGE), model("RDX", 2007, Suv, SMALL)];
pub(super) const NISSAN_CARS: &[Model] = &[
    model("Sentra", 1982, Sedan, SMALL),
    model("Maxima", 1982, Sedan, LARGE),
    model("Altima", 1993, Sedan, SMALL),
    model("LEAF", 2011, Hatchback, ELECTRIC),
];
pub(super) const NISSAN_SUVS: &[Model] = &[
    model("Pathfinder", 1987, Suv, LARGE),
    model("Murano", 2003, Suv, LARGE),
    model("Rogue", 2008, Suv, SMALL),
];
pub(super) const NISSAN_TRUCKS: &[Model] =
    &[model("Frontier", 1998, Pickup, LARGE), model("Titan", 2004, Pickup, EIGHT)];
pub(super) const NISSAN_VANS: &[Model] = &[model("NV200", 2013, Van, SMALL)];
pub(super) const INFINITI: &[Model] = &[
    model("G37", 2008, Sedan, LARGE),
    model("Q50", 2014, Sedan, LARGE),
    model("G35", 2003, Sedan, LARGE),
];
pub(super) const HYUNDAI_CARS: &[Model] =
    &[model("Sonata", 1989, Sedan, SMALL), model("Elantra", 1992, Sedan, SMALL)];
pub(super) const HYUNDAI_SUVS: &[Model] =
    &[model("Santa Fe", 2001, Suv, LARGE), model("Tucson", 2005, Suv, SMALL)];
pub(super) const KIA_CARS: &[Model] = &[
    model("Rio", 2001, Sedan, SMALL),
    model("Optima", 2001, Sedan, SMALL),
    model("Forte", 2010, Sedan, SMALL),
];
pub(super) const KIA_SUVS: &[Model] = &[
    model("Sportage", 1995, Suv, SMALL),
    model("Sorento", 2003, Suv, LARGE),
    model("Soul", 2010, Hatchback, SMALL),
];
pub(super) const SUBARU_CARS: &[Model] =
    &[model("Legacy", 1990, Sedan, SMALL), model("Impreza", 1993, Sedan, SMALL)];
pub(super) const SUBARU_SUVS: &[Model] = &[
    model("Forester", 1998, Suv, SMALL),
    model("Outback", 2000, Suv, SMALL),
    model("Crosstrek", 2016, Suv, SMALL),
];
pub(super) const MAZDA: &[Model] =
    &[model("MX-5", 1990, Coupe, SMALL), model("Mazda3", 2004, Sedan, SMALL)];
pub(super) const MAZDA_SUVS: &[Model] =
    &[model("CX-9", 2007, Suv, LARGE), model("CX-5", 2013, Suv, SMALL)];
pub(super) const DODGE: &[Model] =
    &[model("Charger", 2006, Sedan, EIGHT), model("Challenger", 2008, Coupe, EIGHT)];
pub(super) const DODGE_TRUCKS: &[Model] =
    &[model("Ram 1500", 1994, Pickup, EIGHT), model("Dakota", 1987, Pickup, LARGE)];
pub(super) const CHRYSLER: &[Model] =
    &[model("Sebring", 1995, Sedan, SMALL), model("300", 2005, Sedan, EIGHT)];
pub(super) const CHRYSLER_VANS: &[Model] =
    &[model("Town and Country", 1990, Minivan, LARGE), model("Pacifica", 2017, Minivan, LARGE)];
pub(super) const DODGE_VANS: &[Model] = &[model("Grand Caravan", 1987, Minivan, LARGE)];
pub(super) const FIAT: &[Model] = &[model("500", 2012, Hatchback, SMALL)];
pub(super) const JEEP: &[Model] = &[
    model("Wrangler", 1987, Suv, LARGE),
    model("Grand Cherokee", 1993, Suv, EIGHT),
    model("Compass", 2007, Suv, SMALL),
    model("Renegade", 2015, Suv, SMALL),
];
pub(super) const RAM: &[Model] = &[
    model("1500", 1994, Pickup, EIGHT),
    model("2500", 1994, HeavyPickup, DIESEL),
    model("3500", 1994, HeavyPickup, DIESEL),
    model("ProMaster", 2014, Van, LARGE),
];
pub(super) const BMW_CARS: &[Model] = &[
    model("328i", 1996, Sedan, LARGE).series("3-Series"),
    model("535i", 1985, Sedan, LARGE).series("5-Series"),
    model("335i", 2007, Sedan, LARGE).series("3-Series"),
    model("330i", 2001, Sedan, LARGE).series("3-Series"),
];
pub(super) const BMW_SUVS: &[Model] =
    &[model("X5", 2000, Suv, LARGE), model("X3", 2004, Suv, LARGE)];
pub(super) const MINI: &[Model] =
    &[model("Cooper", 2002, Hatchback, SMALL), model("Clubman", 2008, Hatchback, SMALL)];
pub(super) const MERCEDES_CARS: &[Model] =
    &[model("E-Class", 1985, Sedan, LARGE), model("C-Class", 1994, Sedan, LARGE)];
pub(super) const MERCEDES_SUVS: &[Model] =
    &[model("M-Class", 1998, Suv, LARGE), model("GLE-Class", 2016, Suv, LARGE)];
pub(super) const MERCEDES_VANS: &[Model] = &[model("Sprinter", 2010, Van, LARGE).series("2500")];
pub(super) const VOLKSWAGEN: &[Model] = &[
    model("Jetta", 1980, Sedan, SMALL),
    model("Golf", 1985, Hatchback, SMALL),
    model("Passat", 1990, Sedan, SMALL),
];
pub(super) const VOLKSWAGEN_SUVS: &[Model] =
    &[model("Tiguan", 2009, Suv, SMALL), model("Atlas", 2018, Suv, LARGE)];
pub(super) const PORSCHE_SUVS: &[Model] =
    &[model("Cayenne", 2003, Suv, LARGE), model("Macan", 2015, Suv, LARGE)];
pub(super) const AUDI: &[Model] =
    &[model("A4", 1996, Sedan, LARGE), model("A6", 1995, Sedan, LARGE)];
pub(super) const AUDI_SUVS: &[Model] =
    &[model("Q7", 2007, Suv, LARGE), model("Q5", 2009, Suv, LARGE)];
pub(super) const VOLVO: &[Model] =
    &[model("S60", 2001, Sedan, SMALL), model("XC90", 2003, Suv, LARGE)];
pub(super) const LAND_ROVER: &[Model] = &[
    model("Discovery", 1994, Suv, LARGE),
    model("Range Rover", 1987, Suv, EIGHT),
    model("Range Rover Evoque", 2012, Suv, SMALL),
];
pub(super) const MITSUBISHI_SUVS: &[Model] =
    &[model("Outlander", 2003, Suv, SMALL), model("Outlander Sport", 2011, Suv, SMALL)];
pub(super) const SUZUKI_SUVS: &[Model] =
    &[model("Grand Vitara", 1999, Suv, SMALL), model("XL-7", 2001, Suv, LARGE)];
pub(super) const RIVIAN_TRUCKS: &[Model] = &[model("R1T", 2022, Pickup, ELECTRIC)];
pub(super) const FREIGHTLINER: &[Model] =
    &[model("FLD120", 1987, Tractor, FREIGHT), model("Cascadia", 2008, Tractor, FREIGHT)];
pub(super) const KENWORTH: &[Model] =
    &[model("W900", 1980, Tractor, FREIGHT), model("T680", 2013, Tractor, FREIGHT)];
pub(super) const PETERBILT: &[Model] =
    &[model("379", 1987, Tractor, FREIGHT), model("579", 2013, Tractor, FREIGHT)];
pub(super) const VOLVO_TRUCKS: &[Model] = &[model("VNL", 1998, Tractor, FREIGHT)];
pub(super) const INTERNATIONAL: &[Model] =
    &[model("9400", 1987, Tractor, FREIGHT), model("ProStar", 2008, Tractor, FREIGHT)];
pub(super) const MACK: &[Model] =
    &[model("CH", 1989, Tractor, FREIGHT), model("Anthem", 2018, Tractor, FREIGHT)];
pub(super) const HARLEY: &[Model] = &[
    model("Electra Glide", 1980, Motorcycle, TWIN),
    model("Street Glide", 2006, Motorcycle, TWIN),
];
pub(super) const FREIGHTLINER_TRUCKS: &[Model] =
    &[model("FL70", 1992, Truck, MEDIUM), model("M2 106", 2003, Truck, MEDIUM)];
pub(super) const INTERNATIONAL_TRUCKS: &[Model] = &[
    model("4700", 1989, Truck, MEDIUM),
    model("4300", 2002, Truck, MEDIUM),
    model("MV607", 2019, Truck, MEDIUM),
];
pub(super) const HINO: &[Model] =
    &[model("268", 2005, Truck, MEDIUM), model("338", 2005, Truck, MEDIUM)];
pub(super) const ISUZU: &[Model] =
    &[model("NPR", 1986, Truck, MEDIUM), model("NPR-HD", 1998, Truck, MEDIUM)];
pub(super) const BLUE_BIRD: &[Model] =
    &[model("All American", 1980, Bus, MEDIUM), model("Vision", 2003, Bus, MEDIUM)];
pub(super) const IC_BUS: &[Model] =
    &[model("CE", 2005, Bus, MEDIUM), model("RE", 2005, Bus, MEDIUM)];
pub(super) const UTILITY: &[Model] =
    &[model("3000R", 1994, Trailer, UNPOWERED), model("4000D-X", 2006, Trailer, UNPOWERED)];
pub(super) const WABASH: &[Model] = &[model("DuraPlate", 1996, Trailer, UNPOWERED)];
