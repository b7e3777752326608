use super::*;

fn forecast() -> Forecast {
    Forecast {
        rows: 2100,
        valid: 2088,
        rejected: [("length", 7), ("placeholder", 5)].into(),
        distinct: 2000,
        datasets: vec![
            DatasetForecast {
                dataset: "decode",
                keys: 2000,
                missing: 2000,
                exact: true,
                ..Default::default()
            },
            DatasetForecast {
                dataset: "recalls",
                keys: 412,
                cached: 10,
                stale: 2,
                missing: 402,
                ..Default::default()
            },
            DatasetForecast {
                dataset: "listings",
                left_out: Some("no key for `visor`; set `VISOR_API_KEY`".into()),
                ..Default::default()
            },
        ],
        vendors: vec![VendorForecast {
            vendor: "carvin".into(),
            calls: [("batch-decode", 100), ("recalls", 402)].into(),
            calls_total: 502,
            calls_at_least: 100,
            exact: false,
            cost: Micros::ZERO,
            quota_left: Some(88),
            waits_until: None,
            seconds: 500_000,
            nights: 6,
        }],
        warnings: vec!["recalls expire faster than the quota renews them".into()],
        outputs: Vec::new(),
    }
}

#[test]
fn a_plan_begins_with_calls_money_and_nights() {
    insta::assert_snapshot!(as_text(&forecast()), @r#"
        2,000 VINs: 100 to 502 calls; done in at most 6 nights
        2,100 rows, 2,088 with a usable VIN; 12 rejected: 7 length, 5 placeholder

        dataset   keys  fresh  expired  to ask
        decode   2,000      0        0   2,000
        recalls    412     10        2     402  at most, until sources have answered
        listings is left out: no key for `visor`; set `VISOR_API_KEY`

        vendor  calls        cost  quota left  done in   by endpoint
        carvin  100 to 502  $0.00          88  6 nights  402 recalls, 100 batch-decode

        warning: recalls expire faster than the quota renews them
        "#);
}

#[test]
fn a_store_that_knows_everything_leaves_nothing_to_ask() {
    let known = Forecast { distinct: 1, rows: 1, valid: 1, ..Forecast::default() };
    assert_eq!(as_text(&known), "1 VIN: nothing to ask\n1 row, 1 with a usable VIN\n");
}

#[test]
fn exact_numbers_come_without_at_most() {
    let mut exact = forecast();
    exact.datasets[1].exact = true;
    exact.vendors[0] = VendorForecast {
        exact: true,
        cost: Micros(1_500_000),
        nights: 1,
        seconds: 125,
        ..exact.vendors[0].clone()
    };
    assert_eq!(headline(&exact), "2,000 VINs: 502 calls; $1.50; done in 2 min");
    exact.vendors[0].seconds = 20;
    exact.vendors[0].nights = 2;
    assert!(headline(&exact).ends_with("done in under 1 min"), "{}", headline(&exact));
}
