//! A charge that is dearer than the price list, from every vendor with a price.

use std::time::Duration;

use vinrich::config::{EVERY_ENDPOINT, SpendLimit};
use vinrich::domain::money::Micros;
use vinrich::vendors::{Vendor, registry};

use super::trial::Trial;
use crate::support::each_at_once;

/// A vendor that charges more than listed, under a limit for a day.
fn dearer(vendor: &'static dyn Vendor, limit: i64) -> Trial {
    Trial::of(vendor).tweaked(move |settings| {
        settings.price = [(EVERY_ENDPOINT.to_owned(), Micros(1))].into();
        let window = Duration::from_hours(24);
        settings.spend = vec![SpendLimit { amount: Micros(limit), window }];
    })
}

#[test]
fn a_dearer_charge_counts_at_once() {
    let has_price = |vendor: &&&'static dyn Vendor| {
        vendor.spec().defaults.price_micros.iter().any(|(_, micros)| *micros > 0)
    };
    each_at_once(registry().iter().filter(has_price), |vendor| {
        let id = vendor.spec().id();
        let trial = dearer(*vendor, 1_000_000_000);
        let lines = (trial.cases.some)();
        let spent = trial.run(&lines).report.vendors[id].spent.0;
        let charge = spent / i64::try_from(trial.asked()).expect("few");
        assert!(trial.asked() > 2 && charge > 1, "{id}: {spent} for {} calls", trial.asked());

        let trial = dearer(*vendor, 2 * charge + charge / 2);
        let ran = trial.run(&lines);
        assert_eq!(ran.report.exit_code, 80, "{id}: {:#?}", ran.report);
        assert_eq!((trial.asked(), ran.report.vendors[id].spent), (2, Micros(2 * charge)), "{id}");
        assert_eq!(trial.work.number("SELECT max(price) FROM calls"), charge, "{id}: is reserved");
    });
}
