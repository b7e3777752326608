//! `vinrich quota`: what the vendors' limits have left, by our own count.

mod reconcile;

use vinrich::SystemClock;
use vinrich::domain::error::{Error, Exit};
use vinrich::gate::{AskedWait, VendorQuota};
use vinrich::vendors;

use crate::cli::{CommonArgs, QuotaArgs, ReportFormat};
use crate::format::{moment, table, text, thousands};
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
    for vendor in vendors {
        for quota in &vendor.quotas {
            let next = quota.next_free_at.as_deref().map_or_else(|| "now".into(), moment);
            rows.push(vec![vendor.vendor.into(), quota.quota.clone(), thousands(quota.used), next]);
        }
        for (limit, spent) in &vendor.spend {
            rows.push(vec![vendor.vendor.into(), limit.clone(), spent.to_string()]);
        }
        if vendor.quotas.is_empty() && vendor.spend.is_empty() {
            rows.push(vec![vendor.vendor.into(), "none".into()]);
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
mod tests {
    use vinrich::domain::money::Micros;
    use vinrich::enrich::report::QuotaReport;

    use super::*;

    #[test]
    fn each_limit_is_one_line() {
        let vendors = [
            VendorQuota {
                vendor: "carvin",
                quotas: vec![QuotaReport {
                    quota: "100/day".into(),
                    used: 100,
                    next_free_at: Some("2026-11-23T02:10:00Z".into()),
                }],
                left: Some(0),
                spend: Vec::new(),
                wait: Some(AskedWait {
                    until: "2026-11-22T04:00:00Z".into(),
                    seconds: 3600,
                    supposed: false,
                }),
            },
            VendorQuota {
                vendor: "visor",
                quotas: vec![QuotaReport { quota: "10/10s".into(), ..QuotaReport::default() }],
                left: Some(10),
                spend: vec![("$2.00/day".into(), Micros(56_000))],
                wait: None,
            },
        ];
        assert_eq!(
            as_text(&vendors),
            "vendor  limit        used  next call\n\
             carvin  100/day       100  2026-11-23 02:10:00 UTC\n\
             visor   10/10s          0  now\n\
             visor   $2.00/day  $0.056\n\
             carvin asked to wait until 2026-11-22 04:00:00 UTC; \
             `vinrich quota --forget-wait carvin` asks it again at once\n"
        );
    }
}
