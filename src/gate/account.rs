//! Accounts at vendors. Quotas are counted under a keyed hash of the API key, so
//! that the store never holds a key, nor anything a key could be recognised by.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::config::VendorSettings;
use crate::vendors::{Auth, Vendor};

/// An account at a vendor: how the vendor is reached, and by which key.
#[derive(Clone)]
pub(crate) struct VendorAccount<'a> {
    pub(crate) vendor: &'static dyn Vendor,
    pub(crate) settings: &'a VendorSettings,
    /// The API key; `None` where none is needed or none was found.
    pub(crate) key: Option<SecretString>,
}

impl VendorAccount<'_> {
    /// The vendor's id.
    pub(crate) fn id(&self) -> &'static str {
        self.vendor.spec().id()
    }

    /// Whether the vendor needs a key and there is none.
    pub(crate) fn lacks_key(&self) -> bool {
        self.key.is_none() && self.vendor.spec().auth != Auth::None
    }

    /// The address and the kind of key: answers of others are kept apart.
    pub(crate) fn origin(&self) -> String {
        origin(self.settings, self.key.as_ref())
    }

    /// The name under which its calls are counted in the store of `install_key`.
    pub(crate) fn name(&self, install_key: &[u8]) -> String {
        account_name(install_key, self.key.as_ref())
    }
}

/// Sixteen hex digits that stand for `api_key` in this store, and in no other.
fn account_name(install_key: &[u8], api_key: Option<&SecretString>) -> String {
    let Some(api_key) = api_key else { return "none".into() };
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(install_key)
        .expect("HMAC takes a key of any length");
    mac.update(api_key.expose_secret().as_bytes());
    let digest = mac.finalize().into_bytes();
    let mut half = [0; 8];
    half.copy_from_slice(&digest[..8]);
    format!("{:016x}", u64::from_be_bytes(half))
}

/// Answers of different addresses, and of live and test keys, are kept apart.
pub(crate) fn origin(settings: &VendorSettings, key: Option<&SecretString>) -> String {
    let is_test = key.is_some_and(|key| key.expose_secret().contains("_test_"));
    let mode = match (settings.sandbox, is_test) {
        (true, _) => "sandbox",
        (false, true) => "test",
        (false, false) => "live",
    };
    format!("{} {mode}", settings.base_url)
}

#[cfg(test)]
#[path = "tests/account.rs"]
mod tests;
