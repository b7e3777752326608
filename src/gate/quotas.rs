//! How full each vendor's quota windows are, by the ledger alone.

use serde::Serialize;

use crate::config::Settings;
use crate::domain::{Clock, Error, Micros};
use crate::gate::Windows;
use crate::gate::account::VendorAccount;
use crate::gate::report::QuotaReport;
use crate::store::{Present, Snapshot, Store, WaitWord};
use crate::vendors::{self, Vendor};

/// One vendor's quotas and spend limits at this moment.
#[derive(Clone, Debug, Serialize)]
pub struct VendorQuota {
    /// The vendor's id.
    pub vendor: &'static str,
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

/// The quotas of every vendor in the settings, from the ledger of their store.
pub fn quotas(settings: &Settings, clock: &dyn Clock) -> Result<Vec<VendorQuota>, Error> {
    let store = Store::peek(&settings.store)?;
    let install_key = store.as_ref().map(crate::store::Snapshots::install_key).transpose()?;
    let snapshot = store.as_ref().map(crate::store::Snapshots::snapshot).transpose()?;
    let ledger = snapshot.as_ref().zip(install_key.as_deref());
    vendors::registry().iter().map(|vendor| of_vendor(*vendor, settings, ledger, clock)).collect()
}

fn of_vendor(
    vendor: &'static dyn Vendor,
    settings: &Settings,
    ledger: Option<(&Snapshot<'_>, &[u8])>,
    clock: &dyn Clock,
) -> Result<VendorQuota, Error> {
    let id = vendor.spec().id();
    let settings = settings
        .vendors
        .get(id)
        .ok_or_else(|| Error::internal(format!("`{id}` has no settings")))?;
    let windows = Windows::new(settings);
    let now = clock.now();
    let limits = windows.at(now);
    let (account, wait) = match ledger {
        Some((snapshot, install_key)) => {
            let account = VendorAccount { vendor, settings, key: settings.resolve_key()? };
            let place = (id, &*account.origin(), &*account.name(install_key));
            let present = Present { now, boot_id: clock.boot_id() };
            let account = snapshot.account(place, &limits, present)?;
            (account, snapshot.wait(place, present)?)
        }
        None => (crate::store::ledger::windows::Account::default(), None),
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
        vendor: id,
        left: left.min(),
        quotas: windows.report(usage, now),
        spend: spend.map(|(limit, name)| (name, account.spent(limit.span, now))).collect(),
        wait,
    })
}
