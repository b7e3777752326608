//! Who builds under which world manufacturer identifier, and where.
//!
//! The file is as long as the list.

use super::models::*;
use super::{Maker, Plant};

#[rustfmt::skip] // a table
// An entry stands before those that its prefix begins with.
pub(super) static MAKERS: &[Maker] = &[
    maker("1FA", "FORD", FORD_USA, FORD_CARS, Plant("Flat Rock", "Michigan", USA)),
    maker("3FA", "FORD", "FORD MOTOR COMPANY, MEXICO", FORD_CARS, Plant("Hermosillo", "", MEXICO)),
    maker("1ZV", "FORD", "AUTOALLIANCE INTERNATIONAL, INC.", MUSTANG, Plant("Flat Rock", "Michigan", USA)),
    maker("1FM", "FORD", FORD_USA, FORD_SUVS, Plant("Louisville", "Kentucky", USA)),
    maker("2FM", "FORD", "FORD MOTOR COMPANY OF CANADA, LTD.", FORD_SUVS, Plant("Oakville", "Ontario", CANADA)),
    maker("1FT", "FORD", FORD_USA, FORD_TRUCKS, Plant("Dearborn", "Michigan", USA)),
    maker("1FD", "FORD", FORD_USA, FORD_CHASSIS, Plant("Louisville", "Kentucky", USA)),
    maker("NM0", "FORD", "FORD OTOMOTIV SANAYI A.S.", FORD_VANS, Plant("Kocaeli", "", "TURKEY")),
    maker("5LM", "LINCOLN", FORD_USA, LINCOLN, Plant("Louisville", "Kentucky", USA)),
    maker("1G1", "CHEVROLET", GM, CHEVROLET_CARS, Plant("Lordstown", "Ohio", USA)),
    maker("2G1", "CHEVROLET", "GENERAL MOTORS OF CANADA LTD.", CHEVROLET_CARS, Plant("Oshawa", "Ontario", CANADA)),
    maker("1GN", "CHEVROLET", GM, CHEVROLET_SUVS, Plant("Arlington", "Texas", USA)),
    maker("3GN", "CHEVROLET", GM_MEXICO, CHEVROLET_SUVS, Plant("Ramos Arizpe", "", MEXICO)),
    maker("1GC", "CHEVROLET", GM, CHEVROLET_TRUCKS, Plant("Fort Wayne", "Indiana", USA)),
    maker("3GC", "CHEVROLET", GM_MEXICO, CHEVROLET_TRUCKS, Plant("Silao", "", MEXICO)),
    maker("1GT", "GMC", GM, GMC_TRUCKS, Plant("Fort Wayne", "Indiana", USA)),
    maker("3GT", "GMC", GM_MEXICO, GMC_TRUCKS, Plant("Silao", "", MEXICO)),
    maker("1GK", "GMC", GM, GMC_SUVS, Plant("Arlington", "Texas", USA)),
    maker("1G6", "CADILLAC", GM, CADILLAC, Plant("Lansing", "Michigan", USA)),
    maker("1GY", "CADILLAC", GM, CADILLAC_SUVS, Plant("Arlington", "Texas", USA)),
    maker("1G4", "BUICK", GM, BUICK, Plant("Lansing", "Michigan", USA)),
    maker("5GA", "BUICK", GM, BUICK_SUVS, Plant("Lansing", "Michigan", USA)),
    maker("5YJ", "TESLA", TESLA_INC, TESLA, Plant("Fremont", "California", USA)),
    maker("7SA", "TESLA", TESLA_INC, TESLA, Plant("Austin", "Texas", USA)),
    maker("4T1", "TOYOTA", TOYOTA_KENTUCKY, TOYOTA_CARS, Plant("Georgetown", "Kentucky", USA)),
    maker("2T1", "TOYOTA", TOYOTA_CANADA, TOYOTA_CARS, Plant("Cambridge", "Ontario", CANADA)),
    maker("JTD", "TOYOTA", TOYOTA_JAPAN, TOYOTA_CARS, Plant("Toyota City", "", JAPAN)),
    maker("5TD", "TOYOTA", "TOYOTA MOTOR MANUFACTURING, INDIANA, INC.", TOYOTA_SUVS, Plant("Princeton", "Indiana", USA)),
    maker("2T3", "TOYOTA", TOYOTA_CANADA, TOYOTA_SUVS, Plant("Woodstock", "Ontario", CANADA)),
    maker("JTM", "TOYOTA", TOYOTA_JAPAN, TOYOTA_SUVS, Plant("Toyota City", "", JAPAN)),
    maker("5TF", "TOYOTA", "TOYOTA MOTOR MANUFACTURING, TEXAS, INC.", TOYOTA_TRUCKS, Plant("San Antonio", "Texas", USA)),
    maker("5TE", "TOYOTA", "NEW UNITED MOTOR MANUFACTURING, INC.", TACOMA, Plant("Fremont", "California", USA)),
    maker("JTH", "LEXUS", TOYOTA_JAPAN, LEXUS, Plant("Kyushu", "", JAPAN)),
    maker("58A", "LEXUS", TOYOTA_KENTUCKY, LEXUS, Plant("Georgetown", "Kentucky", USA)),
    maker("2T2", "LEXUS", TOYOTA_CANADA, LEXUS_SUVS, Plant("Cambridge", "Ontario", CANADA)),
    maker("1HG", "HONDA", HONDA_AMERICA, HONDA_CARS, Plant("Marysville", "Ohio", USA)),
    maker("2HG", "HONDA", "HONDA OF CANADA MFG.", HONDA_CARS, Plant("Alliston", "Ontario", CANADA)),
    maker("19X", "HONDA", "HONDA MANUFACTURING OF INDIANA, LLC", HONDA_CARS, Plant("Greensburg", "Indiana", USA)),
    maker("JHM", "HONDA", "HONDA MOTOR CO., LTD.", HONDA_CARS, Plant("Suzuka", "", JAPAN)),
    maker("5FN", "HONDA", "HONDA MANUFACTURING OF ALABAMA, LLC", HONDA_SUVS, Plant("Lincoln", "Alabama", USA)),
    maker("5J6", "HONDA", HONDA_AMERICA, HONDA_SUVS, Plant("East Liberty", "Ohio", USA)),
    maker("19U", "ACURA", HONDA_AMERICA, ACURA, Plant("Marysville", "Ohio", USA)),
    maker("5J8", "ACURA", HONDA_AMERICA, ACURA_SUVS, Plant("East Liberty", "Ohio", USA)),
    maker("1N4", "NISSAN", NISSAN_AMERICA, NISSAN_CARS, Plant("Smyrna", "Tennessee", USA)),
    maker("3N1", "NISSAN", NISSAN_MEXICO, NISSAN_CARS, Plant("Aguascalientes", "", MEXICO)),
    maker("5N1", "NISSAN", NISSAN_AMERICA, NISSAN_SUVS, Plant("Smyrna", "Tennessee", USA)),
    maker("JN8", "NISSAN", NISSAN_JAPAN, NISSAN_SUVS, Plant("Kyushu", "", JAPAN)),
    maker("1N6", "NISSAN", NISSAN_AMERICA, NISSAN_TRUCKS, Plant("Canton", "Mississippi", USA)),
    maker("3N6", "NISSAN", NISSAN_MEXICO, NISSAN_VANS, Plant("Cuernavaca", "", MEXICO)),
    maker("JNK", "INFINITI", NISSAN_JAPAN, INFINITI, Plant("Tochigi", "", JAPAN)),
    maker("KMH", "HYUNDAI", HYUNDAI_KOREA, HYUNDAI_CARS, Plant("Ulsan", "", KOREA)),
    maker("5NP", "HYUNDAI", "HYUNDAI MOTOR MANUFACTURING ALABAMA, LLC", HYUNDAI_CARS, Plant("Montgomery", "Alabama", USA)),
    maker("KM8", "HYUNDAI", HYUNDAI_KOREA, HYUNDAI_SUVS, Plant("Ulsan", "", KOREA)),
    maker("KNA", "KIA", KIA_KOREA, KIA_CARS, Plant("Hwasung", "", KOREA)),
    maker("5XX", "KIA", "KIA GEORGIA, INC.", KIA_CARS, Plant("West Point", "Georgia", USA)),
    maker("KND", "KIA", KIA_KOREA, KIA_SUVS, Plant("Gwangju", "", KOREA)),
    maker("4S3", "SUBARU", SUBARU_INDIANA, SUBARU_CARS, Plant("Lafayette", "Indiana", USA)),
    maker("4S4", "SUBARU", SUBARU_INDIANA, SUBARU_SUVS, Plant("Lafayette", "Indiana", USA)),
    maker("JF2", "SUBARU", "SUBARU CORPORATION", SUBARU_SUVS, Plant("Gunma", "", JAPAN)),
    maker("JM1", "MAZDA", MAZDA_JAPAN, MAZDA, Plant("Hofu", "", JAPAN)),
    maker("3MZ", "MAZDA", "MAZDA MOTOR MANUFACTURING DE MEXICO, S.A. DE C.V.", MAZDA, Plant("Salamanca", "", MEXICO)),
    maker("JM3", "MAZDA", MAZDA_JAPAN, MAZDA_SUVS, Plant("Hiroshima", "", JAPAN)),
    maker("2C3CC", "CHRYSLER", FCA_CANADA, CHRYSLER, Plant("Brampton", "Ontario", CANADA)),
    maker("2C3", "DODGE", FCA_CANADA, DODGE, Plant("Brampton", "Ontario", CANADA)),
    maker("1D7", "DODGE", FCA_US, DODGE_TRUCKS, Plant("Warren", "Michigan", USA)),
    maker("1C3", "CHRYSLER", FCA_US, CHRYSLER, Plant("Sterling Heights", "Michigan", USA)),
    maker("2C4RD", "DODGE", FCA_CANADA, DODGE_VANS, Plant("Windsor", "Ontario", CANADA)),
    maker("2C4", "CHRYSLER", FCA_CANADA, CHRYSLER_VANS, Plant("Windsor", "Ontario", CANADA)),
    maker("3C3", "FIAT", FCA_MEXICO, FIAT, Plant("Toluca", "", MEXICO)),
    maker("1C4", "JEEP", FCA_US, JEEP, Plant("Detroit", "Michigan", USA)),
    maker("1J4", "JEEP", FCA_US, JEEP, Plant("Toledo", "Ohio", USA)),
    maker("1C6", "RAM", FCA_US, RAM, Plant("Warren", "Michigan", USA)),
    maker("3C6", "RAM", FCA_MEXICO, RAM, Plant("Saltillo", "", MEXICO)),
    maker("WBA", "BMW", BMW_AG, BMW_CARS, Plant("Munich", "", GERMANY)),
    maker("5UX", "BMW", "BMW MANUFACTURING CO., LLC", BMW_SUVS, Plant("Greer", "South Carolina", USA)),
    maker("WMW", "MINI", BMW_AG, MINI, Plant("Oxford", "", UK)),
    maker("WDD", "MERCEDES-BENZ", MERCEDES_AG, MERCEDES_CARS, Plant("Sindelfingen", "", GERMANY)),
    maker("55S", "MERCEDES-BENZ", MERCEDES_US, MERCEDES_CARS, Plant("Tuscaloosa", "Alabama", USA)),
    maker("4JG", "MERCEDES-BENZ", MERCEDES_US, MERCEDES_SUVS, Plant("Tuscaloosa", "Alabama", USA)),
    maker("WD3", "MERCEDES-BENZ", MERCEDES_AG, MERCEDES_VANS, Plant("Dusseldorf", "", GERMANY)),
    maker("WVW", "VOLKSWAGEN", "VOLKSWAGEN AG", VOLKSWAGEN, Plant("Wolfsburg", "", GERMANY)),
    maker("3VW", "VOLKSWAGEN", VOLKSWAGEN_MEXICO, VOLKSWAGEN, Plant("Puebla", "", MEXICO)),
    maker("1VW", "VOLKSWAGEN", VOLKSWAGEN_AMERICA, VOLKSWAGEN, Plant("Chattanooga", "Tennessee", USA)),
    maker("1V2", "VOLKSWAGEN", VOLKSWAGEN_AMERICA, VOLKSWAGEN_SUVS, Plant("Chattanooga", "Tennessee", USA)),
    maker("3VV", "VOLKSWAGEN", VOLKSWAGEN_MEXICO, VOLKSWAGEN_SUVS, Plant("Puebla", "", MEXICO)),
    maker("WAU", "AUDI", AUDI_AG, AUDI, Plant("Ingolstadt", "", GERMANY)),
    maker("WA1", "AUDI", AUDI_AG, AUDI_SUVS, Plant("Ingolstadt", "", GERMANY)),
    maker("WP1", "PORSCHE", "DR. ING. H.C. F. PORSCHE AG", PORSCHE_SUVS, Plant("Leipzig", "", GERMANY)),
    maker("YV4", "VOLVO", "VOLVO CAR CORPORATION", VOLVO, Plant("Torslanda", "", "SWEDEN")),
    maker("SAL", "LAND ROVER", "JAGUAR LAND ROVER LIMITED", LAND_ROVER, Plant("Solihull", "", UK)),
    maker("JA4", "MITSUBISHI", "MITSUBISHI MOTORS CORPORATION", MITSUBISHI_SUVS, Plant("Okazaki", "", JAPAN)),
    maker("JS3", "SUZUKI", "SUZUKI MOTOR CORPORATION", SUZUKI_SUVS, Plant("Iwata", "", JAPAN)),
    maker("7FC", "RIVIAN", "RIVIAN AUTOMOTIVE, LLC", RIVIAN_TRUCKS, Plant("Normal", "Illinois", USA)),
    maker("1FU", "FREIGHTLINER", DAIMLER_TRUCKS, FREIGHTLINER, Plant("Cleveland", "North Carolina", USA)),
    maker("3AK", "FREIGHTLINER", DAIMLER_TRUCKS, FREIGHTLINER, Plant("Saltillo", "", MEXICO)),
    maker("1FV", "FREIGHTLINER", DAIMLER_TRUCKS, FREIGHTLINER_TRUCKS, Plant("Mount Holly", "North Carolina", USA)),
    maker("1XK", "KENWORTH", "KENWORTH TRUCK COMPANY", KENWORTH, Plant("Chillicothe", "Ohio", USA)),
    maker("1XP", "PETERBILT", "PETERBILT MOTORS COMPANY", PETERBILT, Plant("Denton", "Texas", USA)),
    maker("4V4", "VOLVO TRUCK", "VOLVO GROUP NORTH AMERICA, LLC", VOLVO_TRUCKS, Plant("Dublin", "Virginia", USA)),
    maker("1HS", "INTERNATIONAL", NAVISTAR, INTERNATIONAL, Plant("Springfield", "Ohio", USA)),
    maker("3HS", "INTERNATIONAL", "NAVISTAR MEXICO, S. DE R.L. DE C.V.", INTERNATIONAL, Plant("Escobedo", "", MEXICO)),
    maker("1HT", "INTERNATIONAL", NAVISTAR, INTERNATIONAL_TRUCKS, Plant("Springfield", "Ohio", USA)),
    maker("1M1", "MACK", "MACK TRUCKS, INC.", MACK, Plant("Macungie", "Pennsylvania", USA)),
    maker("5PV", "HINO", "HINO MOTORS MANUFACTURING U.S.A., INC.", HINO, Plant("Williamstown", "West Virginia", USA)),
    maker("54D", "ISUZU", "ISUZU MANUFACTURING SERVICES OF AMERICA, INC.", ISUZU, Plant("Charlotte", "Michigan", USA)),
    maker("1BA", "BLUE BIRD", "BLUE BIRD BODY COMPANY", BLUE_BIRD, Plant("Fort Valley", "Georgia", USA)),
    maker("4DR", "IC BUS", "IC BUS, LLC", IC_BUS, Plant("Tulsa", "Oklahoma", USA)),
    maker("1UY", "UTILITY TRAILER MANUFACTURER", "UTILITY TRAILER MANUFACTURING COMPANY", UTILITY, Plant("Clearfield", "Utah", USA)),
    maker("1JJ", "WABASH", "WABASH NATIONAL CORPORATION", WABASH, Plant("Lafayette", "Indiana", USA)),
    maker("1HD", "HARLEY-DAVIDSON", "HARLEY-DAVIDSON MOTOR COMPANY", HARLEY, Plant("York", "Pennsylvania", USA)),
];

const fn maker(
    prefix: &'static str,
    make: &'static str,
    manufacturer: &'static str,
    models: &'static [Model],
    plant: Plant,
) -> Maker {
    Maker { prefix, make, manufacturer, models, plant }
}

const FORD_USA: &str = "FORD MOTOR COMPANY, USA";
const GM: &str = "GENERAL MOTORS LLC";
const GM_MEXICO: &str = "GENERAL MOTORS DE MEXICO S. DE R.L. DE C.V.";
const TESLA_INC: &str = "TESLA, INC.";
const TOYOTA_KENTUCKY: &str = "TOYOTA MOTOR MANUFACTURING, KENTUCKY, INC.";
const TOYOTA_CANADA: &str = "TOYOTA MOTOR MANUFACTURING CANADA, INC.";
const TOYOTA_JAPAN: &str = "TOYOTA MOTOR CORPORATION";
const HONDA_AMERICA: &str = "HONDA OF AMERICA MFG., INC.";
const NISSAN_AMERICA: &str = "NISSAN NORTH AMERICA, INC.";
const NISSAN_MEXICO: &str = "NISSAN MEXICANA, S.A. DE C.V.";
const NISSAN_JAPAN: &str = "NISSAN MOTOR COMPANY, LTD";
const HYUNDAI_KOREA: &str = "HYUNDAI MOTOR CO";
const KIA_KOREA: &str = "KIA CORPORATION";
const SUBARU_INDIANA: &str = "SUBARU OF INDIANA AUTOMOTIVE INC.";
const MAZDA_JAPAN: &str = "MAZDA MOTOR CORPORATION";
const FCA_CANADA: &str = "FCA CANADA INC.";
const FCA_US: &str = "FCA US LLC";
const FCA_MEXICO: &str = "FCA MEXICO, S.A. DE C.V.";
const BMW_AG: &str = "BMW AG";
const MERCEDES_AG: &str = "MERCEDES-BENZ AG";
const MERCEDES_US: &str = "MERCEDES-BENZ U.S. INTERNATIONAL, INC.";
const VOLKSWAGEN_MEXICO: &str = "VOLKSWAGEN DE MEXICO SA DE CV";
const VOLKSWAGEN_AMERICA: &str = "VOLKSWAGEN GROUP OF AMERICA, INC.";
const AUDI_AG: &str = "AUDI AG";
const DAIMLER_TRUCKS: &str = "DAIMLER TRUCKS NORTH AMERICA LLC";
const NAVISTAR: &str = "NAVISTAR, INC.";

const USA: &str = "UNITED STATES (USA)";
const CANADA: &str = "CANADA";
const MEXICO: &str = "MEXICO";
const JAPAN: &str = "JAPAN";
const KOREA: &str = "SOUTH KOREA";
const GERMANY: &str = "GERMANY";
const UK: &str = "UNITED KINGDOM (UK)";
