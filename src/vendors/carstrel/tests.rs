use proptest::prelude::*;

use super::*;
use crate::domain::facts::{Listing, Price};
use crate::domain::{Denied, Page, Timestamp, Vin};
use crate::vendors::testing::{assert_sound, fixture, json_like, reply, settings};

fn key(number: u32) -> Vec<Key> {
    vec![Key::Page(Page {
        list: "/external/vehicles?".into(),
        snapshot: Timestamp::from_micros(1),
        number,
    })]
}

fn named(name: &str) -> Reply {
    fixture(&format!("carstrel/{name}.json"))
}

/// Settings with these options of the vendor's own.
fn with(options: &[(&'static str, &str)]) -> VendorSettings {
    let options = options.iter().map(|(name, value)| (*name, vec![(*value).to_owned()]));
    VendorSettings { options: options.collect(), ..settings() }
}

fn listed(name: &str, settings: &VendorSettings) -> Vec<StockVehicle> {
    Vehicles.vehicles(&named(name).body, settings)
}

fn page(number: u32, name: &str) -> ListPage {
    Vehicles.page(number, &named(name).body).expect("a page")
}

fn fault(status: u16, name: &str) -> Option<Fault> {
    CarStrel.fault(&Reply { status, ..named(name) })
}

#[test]
fn a_page_is_asked_for_in_a_lasting_order_with_the_filters_set() {
    let filtered = with(&[("max_year", "2024"), ("listing_type", "sale"), ("currency", "KES")]);
    let list = Vehicles.list(&filtered);
    let of_list = Key::Page(Page { list, snapshot: Timestamp::from_micros(1), number: 3 });
    let request = Vehicles.request(&[of_list], &settings());
    let query: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(request.path, "/external/vehicles");
    assert_eq!(
        query.join("&"),
        "page=3&limit=100&sort=createdDate&order=asc&listingType=sale&maxYear=2024"
    );
    assert_eq!(Vehicles.list(&filtered), "/external/vehicles?listingType=sale&maxYear=2024");
    assert_eq!(Vehicles.list(&settings()), "/external/vehicles?");
}

#[test]
fn a_page_is_kept_as_it_came() {
    for name in ["ok", "last", "empty", "without_total_pages", "nested", "type_drift"] {
        assert_eq!(CarStrel.fault(&named(name)), None, "{name}");
        let parsed = Vehicles.parse(&named(name), &key(9)).expect(name);
        assert_eq!(parsed.answers.len(), 1, "{name}");
        assert_eq!(parsed.answers[0].said, Answer::Found);
        assert_eq!(parsed.answers[0].body, named(name).body);
    }
    for name in ["unknown_shape", "garbled", "truncated", "denied"] {
        let parsed = Vehicles.parse(&named(name), &key(1));
        assert!(matches!(parsed, Err(Fault::Garbled { .. })), "{name}: {parsed:?}");
    }
}

#[test]
fn a_page_says_whether_another_follows() {
    let expected = |more, entries, total, pages| ListPage { entries, more, total, pages };
    assert_eq!(page(1, "ok"), expected(true, 2, Some(25), Some(2)));
    assert_eq!(page(2, "last"), expected(false, 1, Some(21), Some(2)));
    assert_eq!(page(1, "empty"), expected(false, 0, Some(0), Some(0)));
    assert_eq!(page(2, "without_total_pages"), expected(true, 2, Some(5), Some(3)));
    assert_eq!(page(3, "without_total_pages"), expected(false, 2, Some(5), Some(3)));
    assert_eq!(page(9, "without_any_total"), expected(true, 2, None, None), "it is full");
    assert_eq!(page(1, "nested"), expected(true, 1, Some(3), Some(3)));
    assert_eq!(page(1, "type_drift"), expected(false, 1, None, None), "it is not full");
}

#[test]
fn the_photo_put_first_is_the_listings() {
    let read = |vehicle: &str| {
        let body = format!(r#"{{"statusCode":200,"data":[{vehicle}]}}"#);
        Vehicles.vehicles(body.as_bytes(), &settings()).remove(0).listing
    };
    let listing = read(
        r#"{"id":"a","year":2019,"exteriorColor":"Pearl","media":[
            {"url":"https://m.example/3.jpg","type":"photo","sortOrder":3},
            {"url":"https://m.example/v.mp4","type":"video","isFeatured":true,"sortOrder":0},
            {"url":"https://m.example/2.jpg","type":"PHOTO","isFeatured":false,"sortOrder":2},
            {"url":"https://m.example/9.jpg","type":"photo","isFeatured":true,"sortOrder":9}]}"#,
    );
    assert_eq!(listing.photo_url.as_deref(), Some("https://m.example/9.jpg"));
    assert_eq!(listing.exterior_color.as_deref(), Some("Pearl"));
    let listing = read(
        r#"{"id":"b","year":2018,"media":[
            {"url":"https://m.example/3.jpg","sortOrder":3},
            {"url":"https://m.example/2.jpg","sortOrder":2},{"url":"javascript:alert(1)"}]}"#,
    );
    assert_eq!(listing.photo_url.as_deref(), Some("https://m.example/2.jpg"));
    for media in ["null", "[]", "{}", "[7, null]", r#"[{"url":null}]"#] {
        let listing = read(&format!(r#"{{"id":"c","year":2017,"media":{media}}}"#));
        assert_eq!((listing.photo_url, listing.exterior_color), (None, None), "{media}");
    }
}

#[test]
fn the_documented_vehicle_is_read() {
    let vehicles = listed("ok", &with(&[("currency", "KES")]));
    let expected = StockVehicle {
        vin: None,
        make: Some("Toyota".into()),
        model: Some("Camry".into()),
        year: Some(2023),
        listing: Listing {
            id: "6f2c1b7e-0001-4000-8000-000000000001".into(),
            active: true,
            price: Some(Price { cents: 3_500_000, currency: *b"KES" }),
            odometer: Some(15_000),
            odometer_unit: None,
            availability: Some("available".into()),
            offer: Some("sale"),
            city: Some("Nairobi".into()),
            last_seen_at: Some(Timestamp::from_micros(1_705_760_100_000_000)),
            exterior_color: Some("Silver".into()),
            photo_url: Some("https://media.example/1.jpg".into()),
            ..Listing::default()
        },
    };
    assert_eq!(vehicles[0], expected);
    assert_eq!(vehicles[1].listing.offer, Some("rental"));
    assert_eq!(vehicles[1].listing.odometer, Some(42_000));
}

#[test]
fn names_are_looked_up_one_after_the_other() {
    let body = fixture("carstrel/names/ok.json").body;
    let named = with(&[("brand", "mercedes benz"), ("model", "Sprinter")]);
    let brand = Vehicles.unresolved(&named).expect("the brand first");
    let asked = brand.endpoint.request(std::slice::from_ref(&brand.key), &settings());
    assert_eq!(asked.path, "/external/brands?limit=100&page=1");
    assert_eq!(Vehicles.id_of(&brand, &body), IdOf::Is("9b1e-02".into()));
    let elsewhere = NamedFilter { wanted: "Zastava".into(), ..brand };
    let next = Key::Name("brands?limit=100&page=2".into());
    assert_eq!(Vehicles.id_of(&elsewhere, &body), IdOf::Next(next));
    let mut with_id = named;
    with_id.options.insert("brand_id", vec!["9b1e-02".into()]);
    let model = Vehicles.unresolved(&with_id).expect("then the model");
    assert_eq!(model.key, Key::Name("brands/9b1e-02/models".into()));
    assert_eq!(Vehicles.id_of(&model, &body), IdOf::Unknown, "one page is all of it");
    with_id.options.insert("model_id", vec!["m-1".into()]);
    assert!(Vehicles.unresolved(&with_id).is_none());
    assert_eq!(Vehicles.list(&with_id), "/external/vehicles?brandId=9b1e-02&modelId=m-1");
}

#[test]
fn a_currency_is_never_guessed() {
    assert!(listed("ok", &settings()).iter().all(|vehicle| vehicle.listing.price.is_none()));
    let priced = &listed("with_vin", &with(&[("currency", "USD")]))[0].listing;
    assert_eq!(
        priced.price,
        Some(Price { cents: 215_000_050, currency: *b"KES" }),
        "as it says itself"
    );
}

#[test]
fn a_rent_and_a_bid_are_not_prices() {
    let kes = with(&[("currency", "KES")]);
    assert_eq!(listed("ok", &kes)[1].listing.price, None);
    let auction = &listed("last", &kes)[0].listing;
    assert_eq!((auction.offer, auction.price, auction.active), (Some("auction"), None, false));
}

#[test]
fn a_vin_is_found_where_a_field_holds_one() {
    let vehicles = listed("with_vin", &settings());
    let vins: Vec<Option<Vin>> = vehicles.iter().map(|vehicle| vehicle.vin).collect();
    let expected = ["1HGBH41JXMN109186", "4T1DAACKXTU765422"].map(Vin::new);
    assert_eq!(vins, [expected[0], expected[1], None, None, None], "placeholders are not VINs");
    let first = &vehicles[0];
    assert_eq!((first.make.as_deref(), first.model.as_deref()), (Some("Honda"), Some("Civic")));
    let of = &first.listing;
    assert_eq!((of.odometer, of.odometer_unit), (Some(30_500), Some("km")));
    assert_eq!((of.condition, of.offer, of.active), (Some("used"), Some("sale"), true));
    assert_eq!((of.city.as_deref(), of.region.as_deref()), (Some("Kisumu"), Some("Nyanza")));
    assert_eq!(of.url.as_deref(), Some("https://cars.example/v1"));
    let ids: std::collections::BTreeSet<&str> =
        vehicles.iter().map(|vehicle| vehicle.listing.id.as_str()).collect();
    assert!(ids.len() == 5 && !ids.contains(""), "a vehicle without an id gets one");
}

#[test]
fn odd_types_are_coerced_or_nothing() {
    let vehicles = listed("type_drift", &with(&[("currency", "USD")]));
    let [vehicle] = vehicles.as_slice() else { panic!("{vehicles:?}") };
    assert_eq!((vehicle.make.as_deref(), vehicle.year), (Some("Toyota"), Some(2020)));
    let expected = Listing { id: "17".into(), ..Listing::default() };
    assert_eq!(vehicle.listing, expected);
}

#[test]
fn the_http_status_decides_unless_the_body_names_an_error() {
    assert_eq!(fault(200, "last"), None, "201 within 200");
    assert_eq!(fault(401, "denied"), Some(Fault::Denied(Denied::Key)));
    assert_eq!(fault(200, "denied"), Some(Fault::Denied(Denied::Key)));
    assert_eq!(fault(403, "ok"), Some(Fault::Denied(Denied::Scope)));
    assert_eq!(fault(429, "quota"), Some(Fault::Limited { wait: None }));
    assert_eq!(fault(200, "quota"), Some(Fault::Limited { wait: None }));
    assert_eq!(fault(500, "ok"), Some(Fault::Server(500)));
    assert!(matches!(fault(200, "failed_inside_200"), Some(Fault::Garbled { .. })));
    let words = "limit must not be greater than 100; property foo should not exist";
    let refused = Some(Fault::Poisoned { code: words.into() });
    assert_eq!(fault(400, "refused"), refused);
    assert_eq!(fault(200, "refused"), refused);
    assert_eq!(fault(404, "garbled"), Some(Fault::Poisoned { code: "http_404".into() }));
}

#[test]
fn options_say_what_they_must_be() {
    let check = |name: &str, value: &str| {
        let option = options::ALL.iter().find(|option| option.name == name).expect(name);
        (option.check)(value)
    };
    for (name, value) in [
        ("currency", "KES"),
        ("listing_type", "auction"),
        ("min_price", "0"),
        ("max_year", "2026"),
        ("brand_id", "90aa17c3-0001-4000-8000-000000000001"),
    ] {
        assert_eq!(check(name, value), Ok(()), "{name}");
    }
    for (name, value) in [
        ("currency", "kes"),
        ("currency", "$"),
        ("listing_type", "lease"),
        ("min_price", "-1"),
        ("max_price", "1.5"),
        ("min_year", "20"),
        ("model_id", "a b"),
        ("model_id", ""),
    ] {
        let why = check(name, value).expect_err(name);
        assert!(why.starts_with("must be ") && why.ends_with(&format!("not `{value}`")), "{why}");
    }
}

#[test]
fn filters_that_nothing_passes_are_a_mistake() {
    let contradiction = |set: &[(&'static str, &str)]| options::contradiction(&with(set).options);
    let why = contradiction(&[("min_year", "2024"), ("max_year", "2020")]);
    assert_eq!(why.as_deref(), Some("`min_year` is above `max_year`"));
    assert_eq!(contradiction(&[("min_year", "2024")]), None);
    assert_eq!(contradiction(&[("min_price", "9"), ("max_price", "10")]), None);
}

#[test]
fn the_count_is_read_where_it_is_one() {
    for (data, expected) in [
        (r#"{"totalVehicles":25,"availableVehicles":20}"#, Some(20..=25)),
        (r#"{"totalVehicles":"31"}"#, Some(31..=31)),
        (r#"{"totalVehicles":7,"availableVehicles":9}"#, Some(7..=7)),
        (r#"{"availableVehicles":20}"#, None),
        (r#"{"totalVehicles":-1}"#, None),
        (r#"{"totalVehicles":null}"#, None),
        ("[]", None),
    ] {
        let body = format!(r#"{{"statusCode":200,"data":{data}}}"#);
        assert_eq!(Vehicles.counted(body.as_bytes()), expected, "{body}");
        let probe = Vehicles.count(&settings()).expect("without filters");
        assert_eq!((probe.read)(&reply(200, body.as_bytes())).is_ok(), expected.is_some());
    }
    assert!(Vehicles.count(&with(&[("max_year", "2020")])).is_none(), "filters are not counted");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_body_makes_it_panic(
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            json_like(
                prop_oneof![
                    Just("\"1HGBH41JXMN109186\""), Just("35000"), Just("\"sale\""), Just("1e300"),
                ].prop_map(str::to_owned).boxed(),
                vec![
                    "statusCode", "data", "items", "meta", "total", "totalPages", "limit", "id",
                    "vin", "model", "brand", "name", "year", "saleOptions", "price", "message",
                ],
            ).prop_map(String::into_bytes),
        ],
        status in prop_oneof![Just(200_u16), 400_u16..600],
        number in 1_u32..5,
    ) {
        let reply = reply(status, &body);
        let _ = CarStrel.fault(&reply);
        assert_sound(&Vehicles, &reply, &key(number));
        if let Some(page) = Vehicles.page(number, &body) {
            prop_assert!(Vehicles.vehicles(&body, &settings()).len() <= page.entries);
        }
        if Vehicles.parse(&reply, &key(number)).is_ok() {
            prop_assert!(Vehicles.page(number, &body).is_some());
        }
    }
}
