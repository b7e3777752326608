use super::*;
use crate::sandbox::per;

/// VINs of one model, as many as one `vin_pattern` takes.
fn ten() -> Vec<String> {
    (0..10).map(|serial| format!("1FA6P8CF0J5{serial:06}")).collect()
}

fn error(answer: &Answer) -> (u16, String, String) {
    let json = answer.json();
    let word = |name: &str| json["error"][name].as_str().unwrap_or_default().to_owned();
    assert!(json["_tag"].as_str().is_some_and(|tag| tag.starts_with("PublicApi")), "{json}");
    assert!(!word("message").is_empty());
    (answer.status, word("type"), word("code"))
}

fn code(sandbox: &Sandbox, path: &str) -> (u16, String) {
    let (status, _, code) = error(&get(sandbox, path));
    (status, code)
}

#[test]
fn listings_are_found_by_vin() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = get(&sandbox, &format!("listings?vin_pattern={}&limit=100", ten().join("%2C")));
    assert_eq!(answer.status, 200);
    let listed = answer.data("vin");
    assert!(!listed.is_empty() && listed.len() < 10, "some, not all: {listed:?}");
    assert!(listed.iter().all(|vin| ten().contains(vin)));
    let json = answer.json();
    let row = &json["data"][0];
    assert_eq!((&row["make"], &row["year"]), (&"Ford".into(), &2018.into()));
    assert_eq!(row["status"], "active");
    assert!(row["vdp_url"].as_str().is_some_and(|url| url.starts_with("https://example.invalid/")));
    assert_eq!(json["pagination"]["total"], listed.len());
    assert_eq!(json["pagination"]["next_offset"], Value::Null);
}

#[test]
fn listings_come_in_pages() {
    let sandbox = sandbox(SandboxSpec::default());
    let masks = ten().join(",");
    let all = get(&sandbox, &format!("listings?vin_pattern={masks}")).data("vin");
    let mut paged = Vec::new();
    let mut offset = Some(0);
    while let Some(from) = offset {
        let page = get(&sandbox, &format!("listings?vin_pattern={masks}&limit=1&offset={from}"));
        paged.extend(page.data("vin"));
        offset = page.json()["pagination"]["next_offset"].as_u64();
    }
    assert_eq!(paged, all);
}

#[test]
fn fields_and_includes_shape_a_row() {
    let sandbox = sandbox(SandboxSpec::default());
    let row = |parameters: &str| {
        let path = format!("listings?vin_pattern={}&{parameters}", ten().join(","));
        let answer = get(&sandbox, &path);
        let cost = answer.header("x-usage-cost-micros").map(str::to_owned);
        (answer.json()["data"][0].as_object().expect("a row").clone(), cost)
    };
    let (few, _) = row("fields=price,msrp");
    assert_eq!(few.keys().collect::<Vec<_>>(), ["id", "msrp", "price", "vin"]);
    assert!(few["msrp"].as_u64().is_some_and(|msrp| msrp > 10_000), "{few:?}");
    let (plain, cost) = row("fields=default");
    assert!(plain.contains_key("dealer_name") && !plain.contains_key("price_history"));
    assert_eq!(cost.as_deref(), Some("2000"));
    let (rich, cost) = row("include=price_history,options");
    assert!(rich["price_history"][0]["changed_at"].is_string());
    assert_eq!(cost.as_deref(), Some("40000"));
}

#[test]
fn one_vin_is_active_missing_or_unknown() {
    let sandbox = sandbox(SandboxSpec::default());
    let listed = get(&sandbox, &format!("listings?vin_pattern={}", ten().join(","))).data("vin");
    for vin in ten() {
        let answer = get(&sandbox, &format!("vins/{vin}"));
        let data = answer.json()["data"].clone();
        assert_eq!((answer.status, &data["vin"]), (200, &vin.as_str().into()));
        assert_eq!(data["build"]["make"], "Ford");
        let is_listed = listed.contains(&vin);
        assert_eq!(data["status"], if is_listed { "active" } else { "missing" });
        assert_eq!(data["latest_listing"].is_object(), is_listed);
        assert_eq!(answer.header("x-usage-cost-micros"), Some("3000"));
    }
    assert_eq!(code(&sandbox, "vins/ZZZPH5C55BA218692"), (404, "vin_not_found".into()));
    assert_eq!(code(&sandbox, "vins/123"), (400, "invalid_vin".into()));
}

#[test]
fn a_reply_shows_tier_limits_and_price() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = get(&sandbox, &format!("listings?vin_pattern={}", VINS[0]));
    for (name, value) in [
        ("x-ratelimit-tier", "T3"),
        ("x-ratelimit-limit-10s", "200"),
        ("x-ratelimit-remaining-10s", "199"),
        ("x-ratelimit-limit-60s", "600"),
        ("x-ratelimit-remaining-60s", "599"),
        ("x-usage-class", "listing_search"),
        ("x-usage-cost-micros", "2000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("x-pricing-version").is_some());
}

#[test]
fn only_successful_requests_are_billed() {
    let sandbox = sandbox(SandboxSpec::default());
    get(&sandbox, &format!("listings?vin_pattern={}", VINS[0]));
    get(&sandbox, &format!("listings?vin_pattern={}", VINS[1]));
    get(&sandbox, &format!("vins/{}", VINS[0]));
    get(&sandbox, "vins/ZZZPH5C55BA218692");
    get(&sandbox, "listings?colour=red");
    let usage = get(&sandbox, "usage");
    assert_eq!(usage.header("x-usage-cost-micros"), None, "free");
    let json = usage.json();
    assert_eq!(json["totals"]["requests"], 3);
    assert_eq!(json["totals"]["charged_micros"], 7000);
    assert_eq!(json["data"][0]["metering_class"], "listing_search");
    assert_eq!(json["data"][0]["charged_micros"], 4000);
    assert_eq!(json["meta"]["currency"], "USD");
    let details = get(&sandbox, "usage?metering_class=vehicle_detail").json();
    assert_eq!(details["totals"]["charged_micros"], 3000);
    let past = get(&sandbox, "usage?start_date=2020-01-01&end_date=2020-01-02").json();
    assert_eq!(past["totals"]["requests"], 0);
}

#[test]
fn keys_are_taken_from_the_header_only() {
    let sandbox = sandbox(SandboxSpec::default());
    let with = |key: &str, query: &str| {
        let path = format!("/visor/usage{query}");
        error(&send(sandbox.address(), "GET", &path, key, "").expect("a reply"))
    };
    let denied = |code: &str| (401, "authentication_error".to_owned(), code.to_owned());
    assert_eq!(with("", ""), denied("missing_api_key"));
    assert_eq!(with("vis_live_x", ""), denied("invalid_api_key"));
    for query in ["?api_key=x", "?apiKey=x", "?key=x", "?access_token=x"] {
        assert_eq!(with(VISOR_KEY, query).2, "query_string_api_key_rejected", "{query}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_code() {
    let sandbox = sandbox(SandboxSpec::default());
    let eleven = [ten().as_slice(), &["1HGBH41JXMN109186".into()]].concat().join(",");
    let cases = [
        ("listings?vin=1HGBH41JXMN109186", 400, "unknown_query_parameter"),
        ("listings?make=ford", 400, "unsupported_in_sandbox"),
        ("listings?vin_pattern=1HG*", 400, "unsupported_in_sandbox"),
        ("listings?vin_pattern=1HGBH41JXMN109186!", 400, "invalid_vin_pattern"),
        ("listings?vin_pattern=", 400, "invalid_vin_pattern"),
        ("listings?limit=101", 400, "invalid_query_parameter"),
        ("listings?limit=0", 400, "invalid_query_parameter"),
        ("listings?offset=-1", 400, "invalid_query_parameter"),
        ("listings?fields=id,colour", 400, "unknown_field"),
        ("listings?include=everything", 400, "invalid_include"),
        ("vins/1HGBH41JXMN109186?fields=id", 400, "unknown_query_parameter"),
        ("usage?start_date=yesterday", 400, "invalid_query_parameter"),
        ("dealers?colour=red", 400, "unknown_query_parameter"),
        ("dealers?state=CA", 400, "unsupported_in_sandbox"),
        ("dealers?dealer_id=", 400, "invalid_dealer_id"),
        ("facets", 400, "invalid_query_parameter"),
        ("facets?facets=model,trim", 400, "unsupported_in_sandbox"),
        ("facets?facets=model&metric=price.worst", 400, "invalid_metric"),
        ("facets?facets=model&facet_value_limit=101", 400, "invalid_query_parameter"),
        ("snapshots", 404, "endpoint_not_found"),
    ];
    for (path, status, expected) in cases {
        assert_eq!(code(&sandbox, path), (status, expected.into()), "{path}");
    }
    let path = format!("listings?vin_pattern={eleven}");
    assert_eq!(code(&sandbox, &path), (400, "invalid_vin_pattern".into()));
    let post = send(sandbox.address(), "POST", "/visor/usage", VISOR_KEY, "").expect("a reply");
    assert_eq!(error(&post).2, "method_not_allowed");
    assert_eq!(get(&sandbox, "listings?limit=1&fields=id,vin").data("vin"), [""; 0]);
}

#[test]
fn facets_count_the_models_of_a_make_and_year() {
    let sandbox = sandbox(SandboxSpec::default());
    let asked = |metric: &str| {
        let path = format!("facets?facets=model&make=ford&year=2018&metric={metric}");
        let answer = get(&sandbox, &path);
        assert_eq!(answer.header("x-usage-class"), Some("facet_counts"));
        assert_eq!(answer.header("x-usage-cost-micros"), Some("3000"));
        answer.json()
    };
    let (median, lower) = (asked("price.median"), asked("price.p25"));
    let models = median["data"]["facets"]["model"].as_array().expect("models");
    assert!(models.len() > 3, "{models:?}");
    for (model, low) in
        models.iter().zip(lower["data"]["facets"]["model"].as_array().expect("as many"))
    {
        assert_eq!(model["value"], low["value"]);
        let (count, median) =
            (model["count"].as_u64().expect("a number"), &model["metric"]["value"]);
        assert_eq!(median.is_null(), count < 10, "{model}");
        assert!(median.as_u64() >= low["metric"]["value"].as_u64(), "{model} {low}");
    }
    let counted = get(&sandbox, "facets?facets=model&make=Ford&year=2018").json();
    assert_eq!(counted["data"]["total"], median["data"]["total"]);
    assert!(counted["data"]["facets"]["model"][0].get("metric").is_none());
    let none = get(&sandbox, "facets?facets=model&make=Ford&year=1901").json();
    assert_eq!(
        (&none["data"]["total"], &none["data"]["facets"]["model"]),
        (&0.into(), &serde_json::json!([]))
    );
}

#[test]
fn dealers_come_in_pages() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = get(&sandbox, "dealers?limit=5&offset=10");
    assert_eq!(answer.data("state").len(), 2);
    assert_eq!(answer.json()["pagination"]["total"], 12);
    assert_eq!(answer.header("x-usage-cost-micros"), Some("1000"));
}

#[test]
fn dealers_are_found_by_id() {
    let sandbox = sandbox(SandboxSpec::default());
    let masks = ten().join(",");
    let rows = get(&sandbox, &format!("listings?vin_pattern={masks}"));
    let mut ids = rows.data("dealer_id");
    ids.sort();
    ids.dedup();
    let path = format!("dealers?dealer_id={},nobody&limit=100", ids.join(","));
    let answer = get(&sandbox, &path);
    let mut found = answer.data("dealer_id");
    found.sort();
    assert_eq!(found, ids);
    assert!(answer.data("name").iter().chain(&answer.data("city")).all(|text| !text.is_empty()));
    assert_eq!(answer.json()["pagination"]["total"], ids.len());
    assert_eq!(answer.json()["pagination"]["next_offset"], Value::Null);
    assert_eq!(answer.header("x-usage-class"), Some("dealer_lookup"));
    let unknown = get(&sandbox, "dealers?dealer_id=nobody");
    assert_eq!((unknown.status, unknown.data("dealer_id").len()), (200, 0));

    let many = |count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("d{n}")).collect();
        get(&sandbox, &format!("dealers?dealer_id={}", ids.join(",")))
    };
    assert_eq!(many(100).status, 200);
    assert_eq!(error(&many(101)).2, "invalid_dealer_id");
}

#[test]
fn some_listings_leave_their_dealer_undescribed() {
    let sandbox = sandbox(SandboxSpec::default());
    let (mut described, mut undescribed) = (0, 0);
    for from in (0..200).step_by(10) {
        let vins: Vec<_> = (from..from + 10).map(|n| format!("1FA6P8CF0J5{n:06}")).collect();
        let rows = get(&sandbox, &format!("listings?vin_pattern={}", vins.join(","))).json();
        for row in rows["data"].as_array().expect("rows") {
            assert!(row["dealer_id"].is_string() && row["state"].is_string());
            assert_eq!(row["dealer_name"].is_null(), row["city"].is_null());
            *if row["city"].is_null() { &mut undescribed } else { &mut described } += 1;
        }
    }
    assert!(undescribed > 0 && described > 4 * undescribed, "{undescribed} of {described}");
}

#[test]
fn calls_beyond_a_window_must_wait() {
    let minute = Duration::from_mins(1);
    let sandbox = with_quotas(Quotas::default().with("visor", vec![per(1, minute)]));
    assert_eq!(get(&sandbox, "usage").header("x-ratelimit-remaining-60s"), Some("0"));
    let refused = get(&sandbox, "usage");
    assert_eq!(error(&refused).2, "rate_limit_exceeded");
    assert_eq!(refused.json()["_tag"], "PublicApiRateLimitError");
    let wait: u64 = refused.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
}
