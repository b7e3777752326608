//! A vendor that nobody has made cases for: the certification must say so.

use vinrich::config::VendorSettings;
use vinrich::domain::facts::{DecodeFacts, Facts};
use vinrich::domain::key::{Effect, Key, KeyKind};
use vinrich::domain::outcome::{Dataset, Fault};
use vinrich::vendors::{
    Answers, Auth, Endpoint, EndpointSpec, Parsed, Reply, Request, Role, Vendor, VendorDefaults,
    VendorSpec,
};

use super::cases;
use super::fixtures::lacking;

struct Acme;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "acme",
        base_url: "https://acme.example",
        api_key_env: Some("ACME_API_KEY"),
        quotas: &[],
        price_micros: &[],
        concurrency: 1,
        options: &[],
    },
    endpoints: &[&DECODE],
    contradiction: None,
};

impl Vendor for Acme {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&Decode]
    }
}

struct Decode;

static DECODE: EndpointSpec = EndpointSpec {
    id: "decode",
    dataset: Some(Dataset::Decode),
    key: KeyKind::Vin,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

impl Endpoint for Decode {
    fn spec(&self) -> &'static EndpointSpec {
        &DECODE
    }

    fn request(&self, _keys: &[Key], _settings: &VendorSettings) -> Request {
        Request::get("/")
    }

    fn parse(&self, _reply: &Reply, _keys: &[Key]) -> Result<Parsed, Fault> {
        Ok(Parsed::default())
    }

    fn role(&'static self) -> Role {
        Role::Answers(self)
    }
}

impl Answers for Decode {
    fn facts(&self, _key: &Key, _body: &[u8]) -> Facts {
        Facts::Decode(DecodeFacts::default())
    }
}

#[test]
fn it_is_told_which_fixtures_it_lacks() {
    let lacks = lacking(&Acme);
    for case in ["ok", "partial", "empty", "refused", "quota", "denied", "garbled"] {
        let words = format!("`acme/decode` has no fixture for `{case}` in ");
        assert!(lacks.iter().any(|lack| lack.starts_with(&words)), "{case}: {lacks:?}");
    }
}

#[test]
#[should_panic(expected = "`acme` has no cases in tests/it/vendors/mod.rs")]
fn it_is_told_that_it_has_no_cases() {
    cases(&Acme);
}
