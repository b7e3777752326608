//! How full each vendor's quota windows are, by the ledger alone.

use serde::Serialize;

use crate::config::{Settings, VendorSettings};
use crate::domain::{Clock, Error, Micros};
use crate::gate::Windows;
use crate::gate::account::VendorAccount;
use crate::gate::report::QuotaReport;
use crate::store::ledger::windows::Account;
use crate::store::{AccountName, Present, Snapshot, Store, WaitWord};
use crate::vendors::{self, Vendor};

/// One vendor's quotas and spend limits at this moment.
#[derive(Clone, Debug, Serialize)]
pub struct VendorQuota {
    /// The vendor's id.
    pub vendor: &'static str,
    /// The account's name; `None` where all keys are one account.
    pub account: Option<String>,
    /// Its windows.
    pub quotas: Vec<QuotaReport>,
    /// Calls that every window allows now; `None`: no quota.
    pub left: Option<u64>,
    /// Its spend limits: such as `2 USD/day`, and what is spent of it.
    pub spend: Vec<(String, Micros)>,
    /// The wait that it asked for, if that is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<AskedWait>,
}

/// A wait that a vendor asked for.
#[derive(Clone, Debug, Serialize)]
pub struct AskedWait {
    /// When it ends, RFC 3339.
    pub until: String,
    /// Seconds until then.
    pub seconds: u64,
    /// Whether the vendor did not say how long: it refused again and again, so
    /// that its longest window is taken for used up.
    pub supposed: bool,
}

/// The quotas of every vendor in the settings, from the ledger of their store: of the
/// account that is asked, then of others by name that the ledger knows at its address.
pub fn quotas(settings: &Settings, clock: &dyn Clock) -> Result<Vec<VendorQuota>, Error> {
    let store = Store::peek(&settings.store)?;
    let snapshot = store.as_ref().map(crate::store::Snapshots::snapshot).transpose()?;
    let mut quotas = Vec::new();
    for vendor in vendors::registry() {
        let of_vendor = of_vendor(*vendor, settings, snapshot.as_ref(), clock)?;
        quotas.extend(of_vendor);
    }
    Ok(quotas)
}

fn of_vendor(
    vendor: &'static dyn Vendor,
    settings: &Settings,
    ledger: Option<&Snapshot<'_>>,
    clock: &dyn Clock,
) -> Result<Vec<VendorQuota>, Error> {
    let id = vendor.spec().id();
    let settings = settings
        .vendors
        .get(id)
        .ok_or_else(|| Error::internal(format!("`{id}` has no settings")))?;
    let name = VendorAccount { vendor, settings, key: settings.resolve_key()? }.name();
    let others = ledger.map_or(Ok(Vec::new()), |ledger| ledger.named_accounts(&name))?;
    let others = others.into_iter().filter(|other| *other != name);
    let names = std::iter::once(name.clone()).chain(others.collect::<Vec<_>>());
    names.map(|name| of_account(name, settings, ledger, clock)).collect()
}

fn of_account(
    name: AccountName,
    settings: &VendorSettings,
    ledger: Option<&Snapshot<'_>>,
    clock: &dyn Clock,
) -> Result<VendorQuota, Error> {
    let windows = Windows::new(settings);
    let now = clock.now();
    let limits = windows.at(now);
    let (account, wait) = match ledger {
        Some(snapshot) => {
            let present = Present { now, boot_id: clock.boot_id() };
            (snapshot.account(&name, &limits, present)?, snapshot.wait(&name, present)?)
        }
        None => (Account::default(), None),
    };
    let wait = wait.map(|wait| AskedWait {
        until: now.wall.later(wait.left).rfc3339(),
        seconds: wait.left.as_secs() + 1,
        supposed: wait.word == WaitWord::Supposed,
    });
    let usage = account.usage(&limits, now);
    let left = limits
        .windows
        .iter()
        .zip(&usage)
        .map(|(window, usage)| window.calls.saturating_sub(usage.used));
    let spend = limits.spend.iter().zip(windows.spend_names());
    Ok(VendorQuota {
        vendor: name.vendor,
        account: Some(name.account).filter(|name| !name.is_empty()),
        left: left.min(),
        quotas: windows.report(usage, now),
        spend: spend.map(|(limit, name)| (name, account.spent(limit.span, now))).collect(),
        wait,
    })
}
