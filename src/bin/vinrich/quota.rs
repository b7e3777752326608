//! `vinrich quota`: what the vendors' limits have left, by our own count.

mod reconcile;

use vinrich::clock::SystemClock;
use vinrich::error::{Error, Exit};
use vinrich::quota::VendorQuota;

use crate::cli::{CommonArgs, QuotaArgs, ReportFormat};
use crate::words::{moment, table, text, thousands};
use crate::{settings, stdout};

pub(crate) fn run(args: &QuotaArgs, common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    if args.reconcile {
        return reconcile::run(args, &settings);
    }
    let vendors = vinrich::quotas(&settings, &SystemClock::new())?;
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
    text(&table(&rows))
}

#[cfg(test)]
mod tests {
    use vinrich::money::Micros;
    use vinrich::report::QuotaReport;

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
            },
            VendorQuota {
                vendor: "visor",
                quotas: vec![QuotaReport { quota: "10/10s".into(), ..QuotaReport::default() }],
                left: Some(10),
                spend: vec![("$2.00/day".into(), Micros(56_000))],
            },
        ];
        assert_eq!(
            as_text(&vendors),
            "vendor  limit        used  next call\n\
             carvin  100/day       100  2026-11-23 02:10:00 UTC\n\
             visor   10/10s          0  now\n\
             visor   $2.00/day  $0.056\n"
        );
    }
}
