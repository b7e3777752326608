//! Visor.
use super::{Auth, Endpoint, Vendor, VendorSpec};
use crate::config::VendorDefaults;
/// The vendor.
#[derive(Debug)]
pub struct Visor;
static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "visor",
        base_url: "",
        api_key_env: None,
        quotas: &[],
        price_micros: &[],
        concurrency: 4,
    },
};
impl Vendor for Visor {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }
    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[]
    }
}
