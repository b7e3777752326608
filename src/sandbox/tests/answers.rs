//! What the sandbox says of its vehicles, held byte by byte: documents, and tests
//! of other people's pipelines, quote it.

use xxhash_rust::xxh3::Xxh3;

use super::*;
use crate::domain::Vin;

/// Every world manufacturer identifier that the sandbox knows.
const MAKERS: &str = "\
    1FA 3FA 1ZV 1FM 2FM 1FT 1FD NM0 5LM 1G1 2G1 1GN 3GN 1GC 3GC 1GT 3GT 1GK 1G6 1GY 1G4 5GA 5YJ \
    7SA 4T1 2T1 JTD 5TD 2T3 JTM 5TF 5TE JTH 58A 2T2 1HG 2HG 19X JHM 5FN 5J6 19U 5J8 1N4 3N1 5N1 \
    JN8 1N6 3N6 JNK KMH 5NP KM8 KNA 5XX KND 4S3 4S4 JF2 JM1 3MZ JM3 2C3CC 2C3 1D7 1C3 2C4RD 2C4 \
    3C3 1C4 1J4 1C6 3C6 WBA 5UX WMW WDD 55S 4JG WD3 WVW 3VW 1VW 1V2 3VV WAU WA1 WP1 YV4 SAL JA4 \
    JS3 7FC 1FU 3AK 1FV 1XK 1XP 4V4 1HS 3HS 1HT 1M1 5PV 54D 1BA 4DR 1UY 1JJ 1HD";

/// The replies so far, by a hash of their statuses and bodies.
#[derive(Default)]
struct Digest(Xxh3);

impl Digest {
    fn get(&mut self, sandbox: &Sandbox, path: &str, body: &str) {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let vendor = path.split('/').next().expect("a vendor");
        let key = super::super::key(vendor).unwrap_or_default();
        let mut stream = connect(sandbox.address());
        let length = body.len();
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {key}\r\n\
             x-api-key: {key}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let answer = read(&mut stream).expect("a reply");
        assert!([200, 400, 404].contains(&answer.status), "{path}: {answer:?}");
        self.0.update(format!("{} {}\n", answer.status, answer.body).as_bytes());
    }
}

/// The sample fleet, and vehicles of every maker with other models and years.
fn fleet() -> Vec<String> {
    let cells = include_str!("../../../sample-data/fleet.csv").lines();
    let cells = cells.flat_map(|line| line.split(',')).map(str::trim);
    let mut vins: Vec<String> =
        cells.filter(|cell| Vin::new(cell).is_some()).map(str::to_owned).collect();
    for prefix in MAKERS.split_whitespace() {
        for (nth, year) in "ABDGJMPSVX13579CY".chars().enumerate() {
            let cycle = if nth % 3 == 0 { '4' } else { 'A' };
            let start = &format!("{prefix}{nth:03}")[..6];
            vins.push(format!("{start}{cycle}{}0{year}A{nth:06}", nth % 10));
        }
    }
    vins
}

#[test]
fn answers_are_byte_equal_to_the_recorded_ones() {
    let sandbox = with_quotas(Quotas::roomy());
    let fleet = fleet();
    let mut digest = Digest::default();
    for batch in fleet.chunks(20) {
        digest.get(&sandbox, "carvin/batch-decode", &vins(batch));
    }
    for batch in fleet.chunks(50) {
        let form = format!("format=json&data={}", batch.join(";"));
        digest.get(&sandbox, "vpic-api/vehicles/DecodeVINValuesBatch/", &form);
    }
    for batch in fleet.chunks(10) {
        let masks = batch.join(",");
        digest.get(&sandbox, &format!("visor/listings?vin_pattern={masks}&include=options"), "");
        digest.get(&sandbox, &format!("visor/listings?vin_pattern={masks}&fields=price,msrp"), "");
    }
    for vin in fleet.iter().step_by(4) {
        digest.get(&sandbox, &format!("visor/vins/{vin}?include=options"), "");
        digest.get(&sandbox, "carvin/recalls", &format!(r#"{{"vin":"{vin}"}}"#));
    }
    for year in 1990..2026 {
        for (make, model) in [("Ford", "F-250+SD"), ("BMW", "X5"), ("Ford", "F-250")] {
            let vehicle = format!("make={make}&model={model}&modelYear={year}");
            digest.get(&sandbox, &format!("nhtsa/recalls/recallsByVehicle?{vehicle}"), "");
        }
    }
    for make in ["Ford", "chevrolet", "Mercedes-Benz", "Acme"] {
        let path = format!("nhtsa/products/vehicle/models?make={make}&modelYear=2016");
        digest.get(&sandbox, &path, "");
    }
    for query in ["page=1&limit=100", "page=2&limit=100", "page=3&limit=100", "minYear=2018"] {
        digest.get(&sandbox, &format!("carstrel/external/vehicles?{query}"), "");
    }
    digest.get(&sandbox, "visor/dealers", "");
    assert_eq!(format!("{:016x}", digest.0.digest()), "37d83628082a5ecb");
}
