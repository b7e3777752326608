//! The certification of vendors: every registered one through the same cases.
//!
//! - [`fixtures`]: replies from files, read as a run would read them.
//! - [`contracts`]: replies that are whole, and say less than they seem to.
//! - [`kinds`]: the same key twice, and renewals that lost their schema, where a vendor has
//!   a notion of its own of them.
//! - [`live`]: whole runs against the vendor's stand-in in the sandbox.
//! - [`charges`]: charges that are dearer than the price list; [`echoes`]: replies that
//!   repeat the API key; [`routes`]: a server without the vendor's routes; [`remaining`]: replies that say that a quota is used up.
//!
//! The cases are `ok`, `partial`, `empty`, one key refused, `quota`, `denied`,
//! `garbled` and slow. For a vendor that acts, `partial` and `empty` are files of
//! which only some lines, or none, are about a vehicle.
//!
//! A vendor that is registered and lacks its fixtures, its stand-in or its arm in
//! [`cases`] fails here, and is told what it lacks.

mod accounts;
mod charges;
mod contracts;
mod echoes;
mod faults;
mod fixtures;
mod kinds;
mod live;
mod newcomer;
mod remaining;
mod routes;
mod trial;
mod visor_contract;

use std::collections::BTreeSet;

use vinrich::domain::key::KeyKind;
use vinrich::domain::outcome::Dataset;
use vinrich::domain::vin::Vin;
use vinrich::sandbox::{self, FaultRule};
use vinrich::vendors::{Answers, Endpoint, EndpointSpec, Role, Vendor, registry};

use self::trial::Command;
use crate::support::library::{fleet_vins, vin, vins};

/// What must be known of a vendor to bring it to every case.
struct Cases {
    /// The command that asks it.
    command: Command,
    /// Lines of a file, of which it has something to say about some.
    some: fn() -> Vec<String>,
    /// Lines of a file, of which it has something to say about none.
    none: fn() -> Vec<String>,
    /// The status and error of a row that it has nothing to say about.
    nothing: (&'static str, &'static str),
    /// Where it is asked about VINs, and the calls that so many take there.
    endpoint: &'static str,
    calls: fn(usize) -> usize,
    /// The fault rule, below the vendor, that refuses the call about a VIN.
    refusal: fn(&str) -> String,
    /// Whether a refusal is one key's matter, or leaves no answer at all.
    refused_alone: bool,
    /// Whether its words for a failure say by themselves that it will pass: then
    /// it is taken at its word, whatever the status.
    asks_to_come_back: bool,
    /// The headers by which it says that nothing is left of a quota; none where it
    /// reads none.
    nothing_left: &'static [(&'static str, &'static str)],
    /// What is made of the same key that is there twice with different facts.
    twice: Twice,
    /// What is made of a renewal in which the fields have other names, or none.
    lost_schema: LostSchema,
}

/// The same key twice with different facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twice {
    /// The two contradict each other: the key has no answer.
    Contradicts,
    /// A list may change while it is read: the latest word about an entry counts.
    LatestCounts,
    /// One campaign may be about several components: its entries are united.
    Unites,
    /// There is no such reply, and why.
    Never(&'static str),
}

/// A renewal that lost its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LostSchema {
    /// The rows keep what was known, and say that it is stale.
    RowsStay,
    /// What was last learned of a thing that was done stays.
    StateStays,
    /// Nothing is renewed, and why.
    Never(&'static str),
}

/// Visor's, of which one window says enough.
const NONE_IN_60S: &[(&str, &str)] =
    &[("x-ratelimit-limit-60s", "600"), ("x-ratelimit-remaining-60s", "0")];

/// Those of most other vendors, with the seconds to wait.
const NONE_IN_A_WINDOW: &[(&str, &str)] =
    &[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "45")];

/// The cases of a vendor.
fn cases(vendor: &dyn Vendor) -> Cases {
    match vendor.spec().id() {
        "carvin" => Cases {
            command: Command::Enrich { dataset: Dataset::Decode, column: "make" },
            some: || [vins(40), unregistered()].concat(),
            none: unregistered,
            nothing: ("absent", ""),
            endpoint: "batch-decode",
            calls: |vins| vins.div_ceil(20),
            refusal: |vin| format!("batch-decode/400:vin={vin}"),
            refused_alone: true,
            asks_to_come_back: false,
            nothing_left: &[],
            twice: Twice::Contradicts,
            lost_schema: LostSchema::RowsStay,
        },
        "visor" => Cases {
            command: Command::Enrich { dataset: Dataset::Listings, column: "listing_id" },
            some: || vins(40),
            none: unregistered,
            nothing: ("absent", ""),
            endpoint: "listings",
            calls: |vins| vins.div_ceil(10),
            refusal: |vin| format!("listings/400:vin={vin}"),
            refused_alone: true,
            asks_to_come_back: false,
            nothing_left: NONE_IN_60S,
            twice: Twice::Contradicts,
            lost_schema: LostSchema::RowsStay,
        },
        // An inventory: three pages, whatever is looked for in it, and all or none.
        "carstrel" => Cases {
            command: Command::Enrich { dataset: Dataset::Listings, column: "listing_id" },
            some: || fleet_vins(60),
            none: unregistered,
            nothing: ("absent", ""),
            endpoint: "vehicles",
            calls: |_| 3,
            refusal: |_| "400:vin=PAGE 2".into(),
            refused_alone: false,
            asks_to_come_back: false,
            nothing_left: &[],
            twice: Twice::LatestCounts,
            lost_schema: LostSchema::RowsStay,
        },
        // It is asked by vehicle. Its 400 may mean that it is asked too fast.
        "nhtsa" => Cases {
            command: Command::Enrich { dataset: Dataset::Recalls, column: "recall_top_component" },
            some: || [hondas(), hondas_without_recalls()].concat(),
            none: hondas_without_recalls,
            nothing: ("absent", ""),
            endpoint: "recalls",
            calls: |vins| vins,
            refusal: |_| "recalls/422:vin=HONDA CIVIC 1984".into(),
            refused_alone: true,
            asks_to_come_back: false,
            nothing_left: &[],
            twice: Twice::Unites,
            lost_schema: LostSchema::RowsStay,
        },
        "vpic-api" => Cases {
            command: Command::Enrich { dataset: Dataset::Decode, column: "make" },
            some: || [vins(60), unregistered()].concat(),
            none: unregistered,
            nothing: ("absent", ""),
            endpoint: "decode-batch",
            calls: |vins| vins.div_ceil(50),
            refusal: |vin| format!("400:vin={vin}"),
            refused_alone: true,
            asks_to_come_back: false,
            nothing_left: &[],
            twice: Twice::Contradicts,
            lost_schema: LostSchema::RowsStay,
        },
        "visio" => Cases {
            nothing_left: NONE_IN_A_WINDOW,
            ..acting(
                Command::Photos,
                "request",
                |vin| format!("request/422:vin={vin}"),
                LostSchema::StateStays,
            )
        },
        "visa" => Cases {
            asks_to_come_back: true,
            ..acting(
                Command::Tool,
                "execute",
                |vin| format!("execute/400:vin={vin}"),
                LostSchema::Never("what a run gave is kept for good"),
            )
        },
        id => panic!("`{id}` has no cases in tests/it/vendors/mod.rs"),
    }
}

/// Those of a vendor that acts: it knows no VIN, but does what is asked about any.
fn acting(
    command: Command,
    endpoint: &'static str,
    refusal: fn(&str) -> String,
    lost_schema: LostSchema,
) -> Cases {
    Cases {
        command,
        some: || [vins(4), no_vins()].concat(),
        none: no_vins,
        nothing: ("not_requested", "not_a_vin"),
        endpoint,
        calls: |vins| vins,
        refusal,
        refused_alone: true,
        asks_to_come_back: false,
        nothing_left: &[],
        twice: Twice::Never("a reply is about one task"),
        lost_schema,
    }
}

/// VINs of makers that nobody registered.
fn unregistered() -> Vec<String> {
    (0..20).map(|n| vin(&format!("ZZ9{n:03}4A"), 'G', "EA00000")).collect()
}

/// Hondas of as many vehicles that have recalls; the last is of 1984.
fn hondas() -> Vec<String> {
    ['B', 'C', 'D', 'E'].map(|year| vin("1HGBH41J", year, "N000001")).into()
}

/// Hondas of as many vehicles that have none.
fn hondas_without_recalls() -> Vec<String> {
    ['F', 'G', 'J', 'L', 'N'].map(|year| vin("1HGBH41J", year, "N000001")).into()
}

/// What stands where a VIN should.
fn no_vins() -> Vec<String> {
    ["sold", "see file"].map(str::to_owned).into()
}

#[test]
fn every_vendor_has_cases_that_fit_its_spec() {
    for vendor in registry() {
        let Cases { command, some, endpoint, .. } = cases(*vendor);
        let id = vendor.spec().id();
        let endpoint = vendor.endpoint(endpoint).unwrap_or_else(|| panic!("{id}: {endpoint}"));
        assert_eq!(command.dataset(), endpoint.spec().dataset, "{id}");
        assert!(some().iter().any(|line| Vin::new(line).is_some()), "{id}");
    }
}

#[test]
fn every_vendor_has_a_stand_in() {
    let registered: BTreeSet<_> = registry().iter().map(|vendor| vendor.spec().id()).collect();
    let stood_in_for: BTreeSet<_> = sandbox::vendors().into_iter().collect();
    assert_eq!(registered, stood_in_for, "the registry, and the roster of src/sandbox");
    for vendor in registry() {
        for endpoint in vendor.endpoints() {
            let rule = format!("{}/{}/500", vendor.spec().id(), endpoint.spec().id);
            assert!(rule.parse::<FaultRule>().is_ok(), "the stand-in does not know {rule}");
        }
    }
}

#[test]
fn every_spec_names_its_endpoints() {
    for vendor in registry() {
        let known = vendor.endpoints().iter().map(|endpoint| endpoint.spec().id);
        let named = vendor.spec().endpoints.iter().map(|spec| spec.id);
        assert_eq!(named.collect::<Vec<_>>(), known.collect::<Vec<_>>(), "{}", vendor.spec().id());
    }
}

#[test]
fn every_endpoint_says_what_it_takes() {
    for vendor in registry() {
        for endpoint in vendor.endpoints() {
            let spec = endpoint.spec();
            let name = format!("{}/{}", vendor.spec().id(), spec.id);
            assert!(spec.batch >= 1, "{name}");
            match endpoint.role() {
                Role::Answers(answers) => assert_leads_on(answers, spec, &name),
                Role::Pages(_) => assert_eq!(spec.key, KeyKind::Page, "{name}"),
                Role::Catalogue(_) | Role::Dealers(_) | Role::Prices(_) | Role::Acts => {
                    assert_eq!(spec.dataset, None, "{name}");
                }
            }
        }
    }
}

/// The further endpoints of one that fills columns are what they are asked for.
fn assert_leads_on(answers: &dyn Answers, spec: &EndpointSpec, name: &str) {
    assert!(spec.dataset.is_some() && spec.key != KeyKind::Page, "{name}");
    if let Some(dearer) = answers.dearer() {
        assert_eq!((dearer.spec().dataset, dearer.spec().key), (spec.dataset, spec.key), "{name}");
    }
    if let Some(confirming) = answers.confirming() {
        let by_vin = (confirming.spec().dataset, confirming.spec().key);
        assert_eq!((by_vin, spec.key), ((spec.dataset, KeyKind::Vin), KeyKind::Vehicle), "{name}");
    }
    let catalogue = answers.catalogue().map(Endpoint::role);
    assert!(catalogue.is_none_or(|role| matches!(role, Role::Catalogue(_))), "{name}");
}
