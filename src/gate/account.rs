//! The name under which an API key's quotas are counted: a keyed hash, so that
//! the store never holds a key, nor anything a key could be recognised by.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::config::VendorSettings;

/// Sixteen hex digits that stand for `api_key` in this store, and in no other.
pub(crate) fn account_name(install_key: &[u8], api_key: Option<&SecretString>) -> String {
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
mod tests {
    use super::*;

    #[test]
    fn the_name_depends_on_both_keys_and_holds_neither() {
        let secret = SecretString::from("vis_live_canary");
        let name = account_name(b"install", Some(&secret));
        assert_eq!(name.len(), 16);
        assert_ne!(name, account_name(b"another", Some(&secret)));
        assert_ne!(name, account_name(b"install", Some(&SecretString::from("vis_live_other"))));
        assert!(!name.contains("canary"));
    }
}
