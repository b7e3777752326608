//! Vendors that are like the real ones, as far as a configuration knows them.

use crate::domain::vendor::{
    Auth, EndpointSpec, Options, VendorDefaults, VendorOption, VendorSpec,
};
use crate::domain::{Dataset, Effect, KeyKind};

pub(super) static CARVIN: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "carvin",
        base_url: "https://www.carvinapi.com/api/v1",
        api_key_env: Some("CARVIN_API_KEY"),
        quotas: &["100/day"],
        price_micros: &[],
        concurrency: 4,
        options: &[],
    },
    endpoints: &[
        &endpoint("batch-decode", Dataset::Decode),
        &endpoint("recalls", Dataset::Recalls),
    ],
    contradiction: None,
};
pub(super) static VISOR: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "visor",
        base_url: "https://api.visor.vin/v1",
        api_key_env: Some("VISOR_API_KEY"),
        quotas: &["10/10s", "60/minute"],
        price_micros: &[("listings", 2000), ("vins", 3000)],
        concurrency: 4,
        options: &[option("from"), option("to")],
    },
    endpoints: &[&endpoint("listings", Dataset::Listings), &endpoint("vins", Dataset::Listings)],
    contradiction: Some(ends_before_it_starts),
};
pub(super) static VPIC_API: VendorSpec = VendorSpec {
    auth: Auth::None,
    defaults: VendorDefaults {
        id: "vpic-api",
        base_url: "https://vpic.nhtsa.dot.gov/api",
        api_key_env: None,
        quotas: &["1/second"],
        price_micros: &[],
        concurrency: 1,
        options: &[],
    },
    endpoints: &[&endpoint("decode-batch", Dataset::Decode)],
    contradiction: None,
};

const fn endpoint(id: &'static str, dataset: Dataset) -> EndpointSpec {
    EndpointSpec {
        id,
        dataset: Some(dataset),
        key: KeyKind::Vin,
        batch: 1,
        effect: Effect::Read,
        shares_bodies: false,
    }
}

const fn option(name: &'static str) -> VendorOption {
    VendorOption { name, list: false, default: &[], check: |_| Ok(()) }
}

fn ends_before_it_starts(options: &Options) -> Option<String> {
    (options["from"] > options["to"]).then(|| "`from` is above `to`".to_owned())
}
