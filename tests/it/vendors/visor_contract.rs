//! Visor's own contract, its `OpenAPI` document, where it lies beside the package: every
//! request of ours and every answer of the sandbox is held against it. It is data to
//! check against, and not part of the project.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use boon::{Compiler, Draft, Schemas};
use serde_json::Value;
use vinrich::config::Quota;
use vinrich::domain::key::{Key, KeyKind, Vehicle};
use vinrich::domain::outcome::Fault;
use vinrich::domain::vin::Vin;
use vinrich::sandbox::{self, Quotas, SandboxSpec};
use vinrich::vendors::{self, Request};

use crate::support::library::vins;
use crate::support::{Work, passes_by};

/// Where the document is for those who check its parts.
const PLACE: &str = "http://visor.invalid/openapi.json";

/// A header that is said, and a header's value.
type Headers = Vec<(String, String)>;

struct Contract {
    document: Value,
    compiler: Compiler,
    schemas: Schemas,
}

impl Contract {
    fn load() -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/visor-openapi.json");
        let Ok(bytes) = std::fs::read(&path) else {
            passes_by("visor's OpenAPI document is not beside the package");
            return None;
        };
        let mut document: Value = serde_json::from_slice(&bytes).expect("JSON");
        forget_ids(&mut document);
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource(PLACE, document.clone()).expect("a place of its own");
        Some(Self { document, compiler, schemas: Schemas::new() })
    }

    /// The path of the document that `path` is an instance of.
    fn template(&self, path: &str) -> String {
        let steps: Vec<&str> = path.split('/').collect();
        let fits = |template: &&String| {
            let pattern: Vec<&str> = template.split('/').collect();
            let same =
                |(step, pattern): (&&str, &&str)| pattern.starts_with('{') || step == pattern;
            pattern.len() == steps.len() && steps.iter().zip(&pattern).all(same)
        };
        let paths = self.document["paths"].as_object().expect("paths");
        paths.keys().find(fits).unwrap_or_else(|| panic!("{path} is not of the contract")).clone()
    }

    fn assert_fits(&mut self, value: &Value, pointer: &str, what: &str) {
        assert!(self.document.pointer(pointer).is_some(), "{what}: the contract has no {pointer}");
        let place = format!("{PLACE}#{pointer}");
        let index = self.compiler.compile(&place, &mut self.schemas).expect("a schema");
        if let Err(error) = self.schemas.validate(value, index) {
            panic!("{what}: {error:#}\n{value}");
        }
    }

    fn assert_request(&mut self, path: &str, query: &[(String, String)]) {
        let template = self.template(path);
        let at = format!("/paths/{}/get", escaped(&template));
        let parameters = self.document.pointer(&format!("{at}/parameters"));
        let parameters = parameters.and_then(Value::as_array).cloned().unwrap_or_default();
        let of_query = |parameter: &Value| parameter["in"] == "query";
        let names: BTreeSet<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), query.len(), "{path}: a parameter twice");
        for (name, value) in query {
            let place =
                parameters.iter().position(|of| of_query(of) && of["name"] == name.as_str());
            let place = place.unwrap_or_else(|| panic!("{path}: no parameter {name}"));
            let pointer = format!("{at}/parameters/{place}/schema");
            self.assert_fits(&value.as_str().into(), &pointer, &format!("{path} {name}={value}"));
            assert_listed(&parameters[place], name, value);
        }
        for parameter in parameters.iter().filter(|of| of_query(of) && of["required"] == true) {
            let name = parameter["name"].as_str().expect("a name");
            assert!(names.contains(name), "{path} lacks {name}");
        }
    }

    fn assert_reply(&mut self, path: &str, (status, headers, body): (u16, Headers, Value)) {
        let path = path.split('?').next().unwrap_or_default();
        let template = self.template(path);
        let at = format!("/paths/{}/get/responses/{status}", escaped(&template));
        let pointer = format!("{at}/content/application~1json/schema");
        self.assert_fits(&body, &pointer, &format!("{path} {status}"));
        let promised = self.document.pointer(&format!("{at}/headers")).and_then(Value::as_object);
        let promised: BTreeSet<String> =
            promised.into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect();
        let is_of_the_vendor = |name: &str| name.starts_with("x-");
        let said: BTreeSet<String> = headers
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| is_of_the_vendor(name))
            .collect();
        assert_eq!(said, promised, "{path} {status}");
    }
}

/// Removes what looks like the identity of a schema and is the same in many.
fn forget_ids(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("$id");
            object.values_mut().for_each(forget_ids);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_ids),
        _ => {}
    }
}

/// A step of a JSON pointer.
fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// What the contract says of a parameter in words alone.
fn assert_listed(parameter: &Value, name: &str, value: &str) {
    let words = parameter["schema"]["description"].as_str().unwrap_or_default();
    let listed = |words: &str| -> BTreeSet<String> {
        let words = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.map(str::to_owned).collect()
    };
    match name {
        "fields" => {
            let (_, supported) = words.split_once("Supported fields:").expect("a list of fields");
            let unknown = value.split(',').find(|field| !listed(supported).contains(*field));
            assert_eq!(unknown, None, "{supported}");
        }
        "facets" => assert!(value.split(',').all(|facet| listed(words).contains(facet)), "{value}"),
        "metric" => assert!(value.split('.').all(|part| listed(words).contains(part)), "{value}"),
        "vin_pattern" => assert!(value.split(',').count() <= 10, "{value}"),
        "limit" | "facet_value_limit" => {
            assert!((1..=100).contains(&value.parse::<u32>().expect("a number")), "{value}");
        }
        _ => {}
    }
}

/// Keys as a run would ask about them.
fn keys(kind: KeyKind, count: usize) -> Vec<Key> {
    let key = |(number, vin): (usize, String)| match kind {
        KeyKind::Vehicle => Key::Vehicle(Vehicle::new("Volvo", "", 2015)),
        KeyKind::Name => Key::Name(format!("3f2c9a10-{number:04}-4000-8000-00000000beef")),
        _ => Key::Vin(Vin::new(&vin).expect("a VIN")),
    };
    vins(count).into_iter().enumerate().map(key).collect()
}

#[test]
fn every_request_is_of_visors_contract() {
    let Some(mut contract) = Contract::load() else { return };
    let work = Work::with_faults(&[]);
    let settings = work.settings();
    let settings = &settings.vendors["visor"];
    let visor = vendors::find("visor").expect("a vendor");
    let mut requests: Vec<Request> = Vec::new();
    for endpoint in visor.endpoints() {
        let spec = endpoint.spec();
        for count in [1, spec.batch] {
            requests.push(endpoint.request(&keys(spec.key, count), settings));
        }
        // Without what a 400 says is not known.
        let unknown = Fault::Poisoned { code: "unknown_field".into() };
        if let Some(plainer) = endpoint.plainer(&unknown) {
            requests.push(plainer.request(&keys(spec.key, spec.batch), settings));
        }
    }
    let day = jiff::civil::date(2026, 11, 3);
    requests.push(visor.probe().expect("a free call").request);
    requests.push(visor.usage(day..=day).expect("a free call").request);
    assert!(requests.len() > 2 * visor.endpoints().len(), "some have more than one form");
    for Request { path, query, .. } in requests {
        let query: Vec<_> =
            query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        contract.assert_request(&format!("/v1{path}"), &query);
    }
}

/// The sandbox's reply to `GET /visor/PATH`.
fn get(work: &Work, key: &str, path: &str) -> (u16, Headers, Value) {
    let mut stream = TcpStream::connect(work.sandbox.address()).expect("the sandbox");
    let request = format!(
        "GET /visor/{path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it answers");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    (status.expect("a status"), headers, serde_json::from_str(body).expect("JSON"))
}

fn own_key() -> &'static str {
    sandbox::key("visor").expect("a key")
}

#[test]
fn every_sandbox_answer_is_of_visors_contract() {
    let Some(mut contract) = Contract::load() else { return };
    let work = Work::with_faults(&[]);
    let some = vins(10).join(",");
    let mut paths: Vec<String> = [
        "dealers?limit=4&offset=8",
        "dealers?dealer_id=nobody",
        "facets?facets=model&make=Honda&year=2016",
        "facets?facets=model&make=Honda&year=2016&metric=price.p75&facet_value_limit=2",
        "facets?facets=model&make=Nobody&year=2016&metric=price.median",
        "usage",
        "usage?start_date=2026-11-01&end_date=2026-11-02&metering_class=listing_search",
        "vins/ZZZPH5C55BA218692",
        "vins/short",
        "listings?limit=101",
        "listings?colour=red",
        "dealers?colour=red",
        "facets?facets=price",
        "usage?start_date=soon",
    ]
    .map(str::to_owned)
    .to_vec();
    for more in [
        "",
        "&limit=2",
        "&fields=default,msrp,photo_urls,features,distance_miles",
        "&include=price_history,options",
    ] {
        paths.push(format!("listings?vin_pattern={some}{more}"));
    }
    for vin in vins(10) {
        paths.push(format!("vins/{vin}"));
        paths.push(format!("vins/{vin}?include=price_history,options"));
    }
    let mut seen = BTreeSet::new();
    for path in &paths {
        let reply = get(&work, own_key(), path);
        seen.insert(reply.0);
        contract.assert_reply(&format!("/v1/{path}"), reply);
    }
    assert_eq!(seen, [200, 400, 404].into(), "every kind was seen");
}

#[test]
fn every_sandbox_refusal_is_of_visors_contract() {
    let Some(mut contract) = Contract::load() else { return };
    let vin = &vins(1)[0];
    let paths = [
        format!("listings?vin_pattern={vin}"),
        format!("vins/{vin}"),
        "dealers".into(),
        "usage".into(),
    ];
    for status in [400, 402, 403, 429, 503] {
        let work = Work::with_faults(&[&format!("visor/{status}")]);
        for path in &paths {
            let reply = get(&work, own_key(), path);
            assert_eq!(reply.0, status, "{path}");
            contract.assert_reply(&format!("/v1/{path}"), reply);
        }
    }
    let work = Work::with_faults(&[]);
    for key in ["", "another"] {
        let reply = get(&work, key, &paths[0]);
        assert_eq!(reply.0, 401);
        contract.assert_reply(&format!("/v1/{}", paths[0]), reply);
    }
    let minute = std::time::Duration::from_mins(1);
    let one = Quota { calls: 1.try_into().expect("not zero"), window: minute };
    let quotas = Quotas::default().with("visor", vec![one]);
    let work = Work::with(SandboxSpec { quotas, ..SandboxSpec::default() });
    get(&work, own_key(), &paths[0]);
    let (status, headers, body) = get(&work, own_key(), &paths[0]);
    assert_eq!(status, 429);
    let wait = headers.iter().find(|(name, _)| name == "retry-after").expect("a wait");
    assert_eq!(wait.1, body["retryAfter"].to_string());
    contract.assert_reply(&format!("/v1/{}", paths[0]), (status, headers, body));
}
