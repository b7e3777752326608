//! CarVin.
use super::{Auth, Endpoint, Vendor, VendorSpec};
use crate::config::VendorDefaults;
/// The vendor.
#[derive(Debug)]
pub struct CarVin;
static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Bearer,
    defaults: VendorDefaults {
        id: "carvin",
        base_url: "",
        api_key_env: None,
        quotas: &[],
        price_micros: &[],
        concurrency: 4,
    },
};
impl Vendor for CarVin {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }
    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[]
    }
}
