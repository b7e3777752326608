use proptest::prelude::*;

use super::*;
use crate::domain::facts::DecodeFacts;

/// A decode in few words: `make|model|series|trim`, and what else it says.
fn decode(words: &str) -> DecodeFacts {
    let mut facts = DecodeFacts::default();
    let (vehicle, rest) = words.split_once(';').unwrap_or((words, ""));
    let mut columns = vehicle.split('|').map(|text| (!text.is_empty()).then(|| text.to_owned()));
    [facts.make, facts.model, facts.series, facts.trim] =
        std::array::from_fn(|_| columns.next().flatten());
    for word in rest.split(';').map(str::trim).filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').expect("a column");
        let value = Some(value.to_owned());
        match key {
            "power" => facts.electrification_level = value,
            "fuel" => facts.fuel_type_primary = value,
            "body" => facts.body_class = value,
            "drive" => facts.drive_type = value,
            "type" => facts.vehicle_type = value,
            "gvwr" => facts.gvwr = value,
            _ => panic!("no column {key}"),
        }
    }
    facts
}

/// The names of `list` that the vehicle may bear, those in doubt with `?` and why.
fn told(words: &str, list: &[&str]) -> Vec<String> {
    told_where(words, list, |_| true)
}

fn told_where(words: &str, list: &[&str], is_near: impl FnMut(usize) -> bool) -> Vec<String> {
    let facts = decode(words);
    let (make, model) =
        (facts.make.clone().unwrap_or_default(), facts.model.clone().unwrap_or_default());
    let version = Descriptor::of(&facts);
    let mut names = List::default();
    for name in list {
        names.add(&make, name);
    }
    let candidates = names.candidates(&Asked::new(&make, &model, &version), is_near);
    let shown = |Candidate { place, doubts, .. }: Candidate| {
        let name = list[place];
        if doubts.is_empty() { name.to_owned() } else { format!("{name}?{doubts}") }
    };
    candidates.into_iter().map(shown).collect()
}

/// What lists of NHTSA's call the models, and which of them each vehicle bears.
#[test]
fn names_that_a_truck_bears_are_found() {
    let silverado = [
        "SILVERADO",
        "SILVERADO 1500",
        "SILVERADO 1500 LD",
        "SILVERADO 2500",
        "SILVERADO 2500 HD",
        "SILVERADO 3500",
        "SILVERADO HD",
    ];
    let weight = "type=TRUCK; gvwr=Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)";
    let cases: [(&str, &[&str], &[&str]); 14] = [
        ("FORD|F-150", &["F-150", "F-250", "F-250 SD", "F150"], &["F-150", "F150"]),
        ("FORD|F-250", &["F-150", "F-250", "F-250 SD", "F-350 SD"], &["F-250", "F-250 SD"]),
        ("FORD|F-250|F-Series Super Duty", &["F-250", "F-250 SD"], &["F-250", "F-250 SD"]),
        ("FORD|F-550;type=TRUCK", &["F-450", "F-550", "F-550 SD"], &["F-550", "F-550 SD"]),
        ("FORD|F-250;type=TRUCK", &["F-250/F-350", "F-450/F-550"], &["F-250/F-350"]),
        (
            "FORD|E-350|Econoline",
            &["E-350", "ECONOLINE", "E-SERIES", "E-450"],
            &["E-350", "ECONOLINE", "E-SERIES"],
        ),
        (
            "CHEVROLET|Silverado|1500",
            &silverado,
            &["SILVERADO", "SILVERADO 1500", "SILVERADO 1500 LD"],
        ),
        (
            "CHEVROLET|Silverado|2500HD",
            &silverado,
            &["SILVERADO", "SILVERADO 2500", "SILVERADO 2500 HD", "SILVERADO HD"],
        ),
        (
            "CHEVROLET|Silverado HD|2500",
            &silverado,
            &["SILVERADO", "SILVERADO 2500", "SILVERADO 2500 HD", "SILVERADO HD"],
        ),
        (
            "CHEVROLET|Silverado 3500",
            &["SILVERADO", "SILVERADO 3500"],
            &["SILVERADO", "SILVERADO 3500"],
        ),
        (
            &format!("CHEVROLET|Silverado;{weight}"),
            &silverado,
            &["SILVERADO", "SILVERADO 1500", "SILVERADO 1500 LD"],
        ),
        (
            "CHEVROLET|Silverado",
            &["SILVERADO 1500", "SILVERADO 2500"],
            &["SILVERADO 1500?series", "SILVERADO 2500?series"],
        ),
        (
            "CHEVROLET|Express|2500 Cargo;body=Cargo Van",
            &["EXPRESS", "EXPRESS CARGO", "EXPRESS PASSENGER VAN", "EXPRESS 2500"],
            &["EXPRESS", "EXPRESS CARGO", "EXPRESS 2500"],
        ),
        ("CHEVROLET|Express", &["EXPRESS", "EXPRESS CARGO"], &["EXPRESS", "EXPRESS CARGO?body"]),
    ];
    for (words, list, expected) in cases {
        assert_eq!(told(words, list), expected, "{words}");
    }
}

#[test]
fn names_that_a_car_bears_are_found() {
    let cases: [(&str, &[&str], &[&str]); 20] = [
        (
            "HONDA|CR-V;power=Strong HEV (Hybrid Electric Vehicle)",
            &["CR-V", "CR-V HYBRID"],
            &["CR-V", "CR-V HYBRID"],
        ),
        ("HONDA|CR-V;fuel=Gasoline", &["CR-V", "CR-V HYBRID"], &["CR-V", "CR-V HYBRID?powertrain"]),
        (
            "HONDA|Accord||Hybrid Touring",
            &["ACCORD HYBRID", "ACCORD CROSSTOUR"],
            &["ACCORD HYBRID"],
        ),
        ("HONDA|Accord", &["ACCORD", "ACCORD HYBRID"], &["ACCORD", "ACCORD HYBRID?powertrain"]),
        (
            "MERCEDES-BENZ|C-Class||C300-4M",
            &["C300", "C 300", "C63", "C-CLASS", "CLA 250", "C300 4MATIC"],
            &["C300", "C 300", "C-CLASS", "C300 4MATIC?trim"],
        ),
        ("MERCEDES-BENZ|C-Class||AMG C63", &["C300", "C63", "C63 AMG"], &["C63", "C63 AMG"]),
        ("MERCEDES-BENZ|C-Class", &["C300", "C63"], &["C300?series", "C63?series"]),
        (
            "LEXUS|ES||350",
            &["ES", "ES 350", "ES350", "ES 300H", "GS 350"],
            &["ES", "ES 350", "ES350"],
        ),
        ("LEXUS|ES", &["ES 350", "ES 300H"], &["ES 350?series"]),
        (
            "BMW|330i|3-Series",
            &["330I", "3 SERIES", "3-SERIES", "328I", "530I", "5 SERIES"],
            &["330I", "3 SERIES", "3-SERIES"],
        ),
        ("BMW|3-Series||330i xDrive", &["330I", "328I", "3-SERIES", "M3"], &["330I", "3-SERIES"]),
        ("MAZDA|Mazda3", &["3", "MAZDA3", "MAZDA 3", "323", "CX-3"], &["3", "MAZDA3", "MAZDA 3"]),
        ("MAZDA|3", &["MAZDA3", "MAZDA6"], &["MAZDA3"]),
        (
            "NISSAN|Leaf;power=BEV (Battery Electric Vehicle)",
            &["LEAF", "LEAF EV"],
            &["LEAF", "LEAF EV"],
        ),
        ("VOLVO|XC90", &["XC90", "XC60", "XC90 HYBRID"], &["XC90", "XC90 HYBRID?powertrain"]),
        (
            "CHEVROLET|Bolt EV;power=BEV (Battery Electric Vehicle)",
            &["BOLT", "BOLT EUV"],
            &["BOLT"],
        ),
        (
            "CHEVROLET|Bolt EV;power=BEV (Battery Electric Vehicle)",
            &["BOLT EV", "BOLT EUV"],
            &["BOLT EV"],
        ),
        (
            "CHRYSLER|Town and Country",
            &["TOWN & COUNTRY", "TOWN AND COUNTRY"],
            &["TOWN & COUNTRY", "TOWN AND COUNTRY"],
        ),
        (
            "DODGE|Caravan/Grand Caravan",
            &["CARAVAN", "GRAND CARAVAN", "CARAVAN/GRAND CARAVAN"],
            &["CARAVAN?name", "GRAND CARAVAN?name", "CARAVAN/GRAND CARAVAN"],
        ),
        ("RAM|1500", &["1500", "2500", "RAM 1500"], &["1500", "RAM 1500"]),
    ];
    for (words, list, expected) in cases {
        assert_eq!(told(words, list), expected, "{words}");
    }
}

/// Another car is not told, though its name begins with the model's.
#[test]
fn another_car_is_not_told() {
    let gasoline = "fuel=Gasoline";
    let cases: [(&str, &str, &str); 16] = [
        ("FORD|Mustang", "MUSTANG", "MUSTANG MACH-E"),
        ("FORD|Transit|250", "TRANSIT", "TRANSIT CONNECT"),
        ("JEEP|Grand Cherokee||Laredo", "GRAND CHEROKEE", "GRAND CHEROKEE L"),
        ("FORD|Bronco", "BRONCO", "BRONCO SPORT"),
        ("NISSAN|Rogue", "ROGUE", "ROGUE SPORT"),
        ("TOYOTA|Corolla", "COROLLA", "COROLLA CROSS"),
        ("LAND ROVER|Range Rover", "RANGE ROVER", "RANGE ROVER SPORT"),
        ("CHEVROLET|Blazer;fuel=Gasoline", "BLAZER", "BLAZER EV"),
        ("CHEVROLET|Bolt EV", "BOLT EV", "BOLT EUV"),
        ("MAZDA|3", "3", "323"),
        ("TOYOTA|Prius", "PRIUS", "PRIUS PRIME"),
        ("FORD|Expedition", "EXPEDITION", "EXPEDITION MAX"),
        ("CHEVROLET|Impala||LT", "IMPALA", "IMPALA LIMITED"),
        ("MINI|Cooper", "COOPER", "COOPER COUNTRYMAN"),
        ("HYUNDAI|Santa Fe", "SANTA FE", "SANTA FE SPORT"),
        ("RAM|ProMaster", "PROMASTER", "PROMASTER CITY"),
    ];
    for (words, own, other) in cases {
        assert_eq!(told(words, &[other, own]), [own], "{words}");
        // Nor the other way round: the shorter name is another car.
        let (make, _) = words.split_once('|').expect("a make");
        let longer = format!("{make}|{other};{gasoline}");
        let told = told(&longer, &[own, other]);
        assert!(!told.contains(&own.to_owned()), "{longer}: {told:?}");
        assert!(told.contains(&other.to_owned()), "{longer}: {told:?}");
    }
}

#[test]
fn a_word_more_is_doubtful_where_the_list_lacks_the_model() {
    assert_eq!(told("FORD|Mustang", &["MUSTANG MACH-E"]), ["MUSTANG MACH-E?name"]);
    // A list of other years does not tell what the source would call it in this one.
    let far = |place| place == 1;
    assert_eq!(
        told_where("KIA|Sorento", &["SORENTO", "SORENTO XV"], far),
        ["SORENTO", "SORENTO XV?name"]
    );
}

#[test]
fn a_list_that_tells_the_powertrains_apart_is_believed() {
    let electric = "HYUNDAI|Kona Electric;power=BEV (Battery Electric Vehicle)";
    assert_eq!(told(electric, &["KONA", "KONA ELECTRIC"]), ["KONA?powertrain", "KONA ELECTRIC"]);
    assert_eq!(told(electric, &["KONA"]), ["KONA"]);
}

#[test]
fn odd_lists_do_no_harm() {
    assert_eq!(told("FORD|Focus", &[]), [""; 0]);
    assert_eq!(told("FORD|Focus", &["", "-", "F", "FOCUS", "FOCUS"]), ["FOCUS", "FOCUS"]);
    assert_eq!(told("FORD|F-150", &["F", "150", "F-"]), ["F", "F-"]);
    assert_eq!(told("AUDI|A3", &["A", "3", "A 3", "A33", "A3 3"]), ["A 3"]);
    assert_eq!(told("FORD|-", &["", "FOCUS"]), [""]);
    let many: Vec<String> = (0..5_000).map(|number| format!("MODEL {number} X")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(told("MAKE|Model 7 X", &many), ["MODEL 7 X"]);
}

/// Words of three kinds: models, the vocabulary, and others.
const MODELS: [&str; 4] = ["ALPHA", "BETA", "ALPHABET", "GAMMA 3"];
const KNOWN: [&str; 6] = ["HYBRID", "EV", "1500", "2500", "SEDAN", "CREW CAB"];
const OTHERS: [&str; 3] = ["SPORT", "MAX", "L"];

fn name() -> impl Strategy<Value = String> {
    let word =
        prop_oneof![proptest::sample::select(&KNOWN[..]), proptest::sample::select(&OTHERS[..])];
    let words = proptest::collection::vec(word, 0..3);
    (proptest::sample::select(&MODELS[..]), words)
        .prop_map(|(model, words)| [&[model][..], &words].concat().join(" "))
}

fn version() -> impl Strategy<Value = String> {
    let power = proptest::sample::select(
        &[
            "",
            "power=BEV (Battery Electric Vehicle);",
            "power=Strong HEV (Hybrid Electric Vehicle);",
            "fuel=Gasoline;",
        ][..],
    );
    let body = proptest::sample::select(&["", "body=Sedan/Saloon;", "body=Pickup;"][..]);
    let series = proptest::sample::select(&["", "1500", "2500"][..]);
    (proptest::sample::select(&MODELS[..]), series, power, body)
        .prop_map(|(model, series, power, body)| format!("MAKE|{model}|{series};{power}{body}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_list_tells_no_other_car_and_leaves_none_out(
        words in version(),
        list in proptest::collection::vec(name(), 0..12),
    ) {
        let facts = decode(&words);
        let model = facts.model.clone().expect("a model");
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        let told = told(&words, &list);
        let surely: Vec<&String> = told.iter().filter(|name| !name.contains('?')).collect();
        let contradicts = |word: &str| match word {
            "HYBRID" => words.contains("BEV"),
            "EV" => words.contains("HEV") || words.contains("Gasoline"),
            "1500" | "2500" => facts.series.as_deref().is_some_and(|series| series != word),
            "SEDAN" => words.contains("Pickup"),
            "CREW" => words.contains("Sedan"),
            _ => false,
        };
        for name in &told {
            let name = name.split('?').next().expect("a name");
            let rest = name.strip_prefix(&model);
            prop_assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')), "{name} is another model");
            let said = rest.unwrap_or_default().split(' ');
            prop_assert!(!said.clone().any(|word| word != "CREW" && contradicts(word)), "{name} is contradicted");
        }
        // Only what the decode settles is told without a doubt.
        for name in surely {
            let others = name[model.len()..].split(' ').any(|word| OTHERS.contains(&word));
            prop_assert!(!others, "{name} may be another car");
        }
        // The very model, and each version of it that agrees, is told without a doubt.
        let series = facts.series.as_deref().map(|series| format!("{model} {series}"));
        for own in [Some(model.clone()), series].into_iter().flatten() {
            if list.contains(&own.as_str()) {
                prop_assert!(told.contains(&own), "{own} is left out of {told:?}");
            }
        }
    }

    #[test]
    fn the_order_of_a_list_does_not_show(words in version(), list in proptest::collection::vec(name(), 0..8)) {
        let ahead: Vec<&str> = list.iter().map(String::as_str).collect();
        let back: Vec<&str> = ahead.iter().rev().copied().collect();
        let sorted = |mut told: Vec<String>| { told.sort(); told };
        prop_assert_eq!(sorted(told(&words, &ahead)), sorted(told(&words, &back)));
    }

    #[test]
    fn any_text_is_judged_without_panic(model in "\\PC{0,12}", list in proptest::collection::vec("\\PC{0,12}", 0..6)) {
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        let model = model.replace(['|', ';'], " ");
        told(&format!("MAKE|{model}"), &list);
    }
}
