//! `vinrich quota`: what the vendors' limits have left, by our own count.

mod reconcile;

use vinrich::SystemClock;
use vinrich::domain::error::{Error, Exit};
use vinrich::vendors;
use vinrich::{AskedWait, VendorQuota};

use crate::cli::{CommonArgs, QuotaArgs, ReportFormat};
use crate::format::{moment, text, thousands};
use crate::table::table;
use crate::{settings, stdout};

pub(crate) fn run(args: &QuotaArgs, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    if args.reconcile {
        return reconcile::run(args, &settings);
    }
    if let Some(vendor) = &args.forget_wait {
        let Some(vendor) = vendors::find(vendor) else {
            return Err(Error::usage(format!("unknown vendor `{vendor}`"))
                .hint("`vinrich quota` lists those that there are"));
        };
        vinrich::store::forget_waits(&settings.store, vendor.spec().id())?;
    }
    let vendors = vinrich::quota(&settings, &SystemClock::new())?;
    match args.format {
        ReportFormat::Json => stdout::write_json(&vendors)?,
        ReportFormat::Text => stdout::write(&as_text(&vendors))?,
    }
    Ok(Exit::Success.code())
}

fn as_text(vendors: &[VendorQuota]) -> String {
    let mut rows = vec![["vendor", "limit", "used", "next call"].map(str::to_owned).to_vec()];
    for of in vendors {
        let account = match &of.account {
            Some(account) => format!("{} ({account})", of.vendor),
            None => of.vendor.to_owned(),
        };
        for quota in &of.quotas {
            let next = quota.next_free_at.as_deref().map_or_else(|| "now".into(), moment);
            rows.push(vec![account.clone(), quota.quota.clone(), thousands(quota.used), next]);
        }
        for (limit, spent) in &of.spend {
            rows.push(vec![account.clone(), limit.clone(), spent.to_string()]);
        }
        if of.quotas.is_empty() && of.spend.is_empty() {
            rows.push(vec![account, "none".into()]);
        }
    }
    let mut lines = table(&rows);
    lines.extend(
        vendors.iter().filter_map(|vendor| Some(waits(vendor.vendor, vendor.wait.as_ref()?))),
    );
    text(&lines)
}

/// The wait a vendor asked for, and the way out when that is wrong.
fn waits(vendor: &str, wait: &AskedWait) -> String {
    let until = moment(&wait.until);
    let said = if wait.supposed {
        format!("refuses without saying for how long, and is left alone until {until}")
    } else {
        format!("asked to wait until {until}")
    };
    format!("{vendor} {said}; `vinrich quota --forget-wait {vendor}` asks it again at once")
}

#[cfg(test)]
mod tests;
