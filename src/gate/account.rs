//! Accounts at vendors. Quotas and spend belong to an account, not to an API key: keys
//! are rotated, and the vendor goes on counting.

use secrecy::SecretString;

use crate::config::{VendorSettings, is_test_key, one_spelling};
use crate::store::{AccountName, SourceName};
use crate::vendors::{Auth, Endpoint, Role, Vendor};

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

    /// What its calls are counted under.
    pub(crate) fn name(&self) -> AccountName {
        AccountName {
            vendor: self.id(),
            origin: self.origin(),
            account: self.settings.account.clone().unwrap_or_default(),
        }
    }

    /// Where an endpoint's answers are kept. An inventory is the account's own; what is
    /// known of vehicles is the same whoever asks.
    pub(crate) fn source(&self, endpoint: &'static dyn Endpoint) -> SourceName {
        let mut origin = self.origin();
        if let (Role::Pages(_), Some(account)) = (endpoint.role(), &self.settings.account) {
            origin = format!("{origin} account={account}");
        }
        let spec = endpoint.spec();
        SourceName { dataset: spec.dataset, vendor: self.id(), endpoint: spec.id, origin }
    }
}

fn origin(settings: &VendorSettings, key: Option<&SecretString>) -> String {
    let mode = match (settings.sandbox, key.is_some_and(is_test_key)) {
        (true, _) => "sandbox",
        (false, true) => "test",
        (false, false) => "live",
    };
    format!("{} {mode}", one_spelling(&settings.base_url))
}

#[cfg(test)]
#[path = "tests/account.rs"]
mod tests;
