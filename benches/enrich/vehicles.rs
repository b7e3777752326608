//! What the vendor says of a vehicle: everything but the VIN, ready to be sent.

use fastrand::Rng;

struct Model {
    make: &'static str,
    name: &'static str,
    body: &'static str,
    kind: &'static str,
    maker: &'static str,
    plant: [&'static str; 3],
}

struct Engine {
    layout: &'static str,
    cylinders: &'static str,
    litres: &'static str,
    fuel: &'static str,
}

const CAR: &str = "PASSENGER CAR";
const SUV: &str = "Sport Utility Vehicle (SUV)/Multi-Purpose Vehicle (MPV)";
const MPV: &str = "MULTIPURPOSE PASSENGER VEHICLE (MPV)";
const USA: &str = "UNITED STATES (USA)";
const FORD: &str = "FORD MOTOR COMPANY, USA";
const GM: &str = "GENERAL MOTORS LLC";
const HONDA: &str = "AMERICAN HONDA MOTOR CO., INC.";
const TOYOTA: &str = "TOYOTA MOTOR MANUFACTURING, INC.";

#[rustfmt::skip] // one model, one line
const MODELS: [Model; 12] = [
    Model { make: "FORD", name: "F-150", body: "Pickup", kind: "TRUCK", maker: FORD, plant: ["DEARBORN", "MICHIGAN", USA] },
    Model { make: "FORD", name: "Explorer", body: SUV, kind: MPV, maker: FORD, plant: ["CHICAGO", "ILLINOIS", USA] },
    Model { make: "FORD", name: "Transit", body: "Cargo Van", kind: "TRUCK", maker: FORD, plant: ["KANSAS CITY", "MISSOURI", USA] },
    Model { make: "CHEVROLET", name: "Silverado", body: "Pickup", kind: "TRUCK", maker: GM, plant: ["FORT WAYNE", "INDIANA", USA] },
    Model { make: "CHEVROLET", name: "Malibu", body: "Sedan/Saloon", kind: CAR, maker: GM, plant: ["KANSAS CITY", "KANSAS", USA] },
    Model { make: "HONDA", name: "Civic", body: "Sedan/Saloon", kind: CAR, maker: HONDA, plant: ["GREENSBURG", "INDIANA", USA] },
    Model { make: "HONDA", name: "CR-V", body: SUV, kind: MPV, maker: HONDA, plant: ["EAST LIBERTY", "OHIO", USA] },
    Model { make: "TOYOTA", name: "Camry", body: "Sedan/Saloon", kind: CAR, maker: TOYOTA, plant: ["GEORGETOWN", "KENTUCKY", USA] },
    Model { make: "TOYOTA", name: "Highlander", body: SUV, kind: MPV, maker: TOYOTA, plant: ["PRINCETON", "INDIANA", USA] },
    Model { make: "NISSAN", name: "Altima", body: "Sedan/Saloon", kind: CAR, maker: "NISSAN NORTH AMERICA, INC.", plant: ["CANTON", "MISSISSIPPI", USA] },
    Model { make: "VOLKSWAGEN", name: "Golf", body: "Hatchback/Liftback/Notchback", kind: CAR, maker: "VOLKSWAGEN AG", plant: ["WOLFSBURG", "LOWER SAXONY", "GERMANY"] },
    Model { make: "HYUNDAI", name: "Elantra", body: "Sedan/Saloon", kind: CAR, maker: "HYUNDAI MOTOR CO.", plant: ["ULSAN", "", "SOUTH KOREA"] },
];

const ENGINES: [Engine; 5] = [
    Engine { layout: "In-Line", cylinders: "4", litres: "2.0", fuel: "Gasoline" },
    Engine { layout: "In-Line", cylinders: "4", litres: "1.5", fuel: "Gasoline" },
    Engine { layout: "V-Shaped", cylinders: "6", litres: "3.5", fuel: "Gasoline" },
    Engine {
        layout: "V-Shaped",
        cylinders: "8",
        litres: "5.0",
        fuel: "Flexible Fuel Vehicle (FFV)",
    },
    Engine { layout: "V-Shaped", cylinders: "6", litres: "3.0", fuel: "Diesel" },
];

const TRIMS: [&str; 8] = ["", "Base", "S", "SE", "LX", "XLT", "Touring", "Limited"];

const DRIVES: [&str; 3] = ["FWD/Front-Wheel Drive", "AWD/All-Wheel Drive", "4WD/4-Wheel Drive/4x4"];

const TRANSMISSIONS: [[&str; 2]; 3] = [
    ["Automatic", "8"],
    ["Continuously Variable Transmission (CVT)", ""],
    ["Manual/Standard", "6"],
];

/// What follows `{"VIN":"…` in the items of `count` vehicles: vPIC's names, all values texts.
pub(crate) fn all(count: u64) -> Vec<String> {
    (0..count).map(|number| item(&mut Rng::with_seed(number))).collect()
}

fn item(rng: &mut Rng) -> String {
    let Model { make, name, body, kind, maker, plant: [city, state, country] } =
        &MODELS[rng.usize(..MODELS.len())];
    let Engine { layout, cylinders, litres, fuel } = &ENGINES[rng.usize(..ENGINES.len())];
    let [transmission, speeds] = TRANSMISSIONS[rng.usize(..TRANSMISSIONS.len())];
    let (trim, drive) = (TRIMS[rng.usize(..TRIMS.len())], DRIVES[rng.usize(..DRIVES.len())]);
    let (year, power) = (rng.u32(2001..2027), rng.u32(110..420));
    format!(
        "\",\"Make\":\"{make}\",\"Model\":\"{name}\",\"ModelYear\":\"{year}\",\"Trim\":\"{trim}\",\
         \"VehicleType\":\"{kind}\",\"BodyClass\":\"{body}\",\"DriveType\":\"{drive}\",\
         \"FuelTypePrimary\":\"{fuel}\",\"EngineConfiguration\":\"{layout}\",\
         \"EngineCylinders\":\"{cylinders}\",\"DisplacementL\":\"{litres}\",\"EngineHP\":\"{power}\",\
         \"TransmissionStyle\":\"{transmission}\",\"TransmissionSpeeds\":\"{speeds}\",\
         \"Manufacturer\":\"{maker}\",\"PlantCity\":\"{city}\",\"PlantState\":\"{state}\",\
         \"PlantCountry\":\"{country}\",\"ErrorCode\":\"0\"}}"
    )
}
