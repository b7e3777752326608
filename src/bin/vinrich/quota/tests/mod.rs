use vinrich::domain::money::Micros;
use vinrich::report::QuotaReport;

use super::*;

#[test]
fn each_limit_is_one_line() {
    let vendors = [
        VendorQuota {
            vendor: "carvin",
            account: Some("fleet-east".into()),
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
            account: None,
            quotas: vec![QuotaReport { quota: "10/10s".into(), ..QuotaReport::default() }],
            left: Some(10),
            spend: vec![("$2.00/day".into(), Micros(56_000))],
            wait: None,
        },
    ];
    assert_eq!(
        as_text(&vendors),
        "vendor               limit        used  next call\n\
             carvin (fleet-east)  100/day       100  2026-11-23 02:10:00 UTC\n\
             visor                10/10s          0  now\n\
             visor                $2.00/day  $0.056\n\
             carvin asked to wait until 2026-11-22 04:00:00 UTC; \
             `vinrich quota --forget-wait carvin` asks it again at once\n"
    );
}
