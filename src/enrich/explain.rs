//! What the store knows of one VIN, from whom, and what the next run would make of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::Settings;
use crate::domain::error::Error;
use crate::domain::facts::Facts;
use crate::domain::freshness::Freshness;
use crate::domain::key::{Key, KeyKind, Page, Vehicle};
use crate::domain::outcome::Dataset;
use crate::domain::time::Clock;
use crate::domain::vin::Vin;
use crate::enrich::chain::{self, Chain, OnHand, Panel, Source};
use crate::enrich::plan::Plan;
use crate::gate::rfc3339;
use crate::store::{Snapshot, Snapshots, Statement, Store};

/// All that was said about one VIN.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The VIN.
    pub vin: String,
    /// The vehicle under which recalls are asked, where decode has made it known.
    pub vehicle: Option<String>,
    /// The answers in the store.
    pub answers: Vec<Told>,
    /// What a run with these settings would do, by dataset.
    pub next_run: BTreeMap<&'static str, String>,
}

/// One answer.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "as in `store::Statement`, with times in RFC 3339")]
pub struct Told {
    pub dataset: String,
    pub vendor: String,
    pub endpoint: String,
    pub origin: String,
    /// What it is about: the VIN, the vehicle, or a page.
    pub key: String,
    pub status: &'static str,
    pub detail: Option<String>,
    pub fetched_at: String,
    pub age_seconds: i64,
    /// `fresh`, `expired` (written where it cannot be renewed) or `too_old`.
    pub state: &'static str,
    pub fresh_until: String,
    pub stale_until: String,
    pub call: i64,
    pub run_id: Option<String>,
    pub request_id: Option<String>,
    pub body_bytes: u64,
    /// When the same source was asked before, the latest first, and what it said.
    pub earlier: Vec<(String, &'static str)>,
}

/// Explains `vin` from the store of `plan.settings`, which is only read.
pub fn explain(plan: &Plan, vin: &Vin, clock: &dyn Clock) -> Result<Explained, Error> {
    let settings = &plan.settings;
    let known = |source: &_| chain::is_known(&settings.store, source);
    let on_hand = OnHand { known: &known, ..OnHand::at(settings)? };
    let now = clock.now().wall;
    let panel = Panel::of(plan, &on_hand).unwrap_or_else(|_| left_out());
    let store = Store::peek(&settings.store)?;
    let snapshot = store.as_ref().map(Snapshots::snapshot).transpose()?;
    let vehicle = vehicle(&panel, snapshot.as_ref(), vin, now)?;
    let mut said = Vec::new();
    if let Some(snapshot) = &snapshot {
        said.extend(snapshot.statements(&Key::Vin(*vin))?);
        if let Some(vehicle) = &vehicle {
            said.extend(snapshot.statements(&Key::Vehicle(vehicle.clone()))?);
        }
        said.extend(snapshot.mentions(vin)?);
    }
    let look = Look { said: &said, vehicle: vehicle.as_ref(), settings, now };
    let mut next_run: BTreeMap<_, _> =
        panel.left_out.iter().map(|(of, why)| (of.name(), format!("left out: {why}"))).collect();
    next_run.extend(panel.chains.iter().map(|(of, chain)| (of.name(), look.next(chain))));
    Ok(Explained {
        vin: vin.to_string(),
        vehicle: vehicle.as_ref().map(ToString::to_string),
        answers: said.iter().map(|said| look.told(said)).collect(),
        next_run,
    })
}

/// Nobody can be asked for anything; what is kept is shown all the same.
fn left_out() -> Panel {
    let why = || "no vendor can be asked for it".to_owned();
    Panel { left_out: Dataset::ALL.map(|of| (of, why())).into(), ..Panel::default() }
}

/// The vehicle that the first source of decodes with an answer makes of it.
fn vehicle(
    panel: &Panel,
    snapshot: Option<&Snapshot<'_>>,
    vin: &Vin,
    now: i64,
) -> Result<Option<Vehicle>, Error> {
    let Some(chain) = panel.chains.get(&Dataset::Decode) else { return Ok(None) };
    if let Some(snapshot) = snapshot {
        for source in &chain.sources {
            if let Some(vehicle) = decoded(source, snapshot, vin)? {
                return Ok(Some(vehicle));
            }
        }
    }
    Ok(panel.offline(now).and_then(|offline| offline.decode(vin).facts.vehicle()))
}

fn decoded(source: &Source, snapshot: &Snapshot<'_>, vin: &Vin) -> Result<Option<Vehicle>, Error> {
    let Some(id) = snapshot.source(&source.name)? else { return Ok(None) };
    let mut body = None;
    snapshot.each_held(id, std::iter::once((0, vin.as_str())), |_, held| body = held.body)?;
    let Some(body) = body else { return Ok(None) };
    let key = Key::Vin(*vin);
    Ok(match source.endpoint.facts(&key, &snapshot.body(body, &key)?) {
        Facts::Decode(facts) => facts.vehicle(),
        Facts::Recalls(_) | Facts::Listings(_) | Facts::None => None,
    })
}

/// Answers, seen at one moment.
struct Look<'a> {
    said: &'a [Statement],
    vehicle: Option<&'a Vehicle>,
    settings: &'a Settings,
    now: i64,
}

impl Look<'_> {
    fn told(&self, said: &Statement) -> Told {
        let freshness = self.freshness(&said.dataset);
        let fresh_until = freshness.expires_at(&said.key, said.status == "found", said.fetched_at);
        let stale_until = freshness.stale_until(said.fetched_at).max(fresh_until);
        let state = match self.now {
            now if now < fresh_until => "fresh",
            now if now <= stale_until => "expired",
            _ => "too_old",
        };
        Told {
            dataset: said.dataset.clone(),
            vendor: said.vendor.clone(),
            endpoint: said.endpoint.clone(),
            origin: said.origin.clone(),
            key: name_of(&said.key),
            status: said.status,
            detail: said.detail.clone(),
            fetched_at: rfc3339(said.fetched_at),
            age_seconds: self.now.saturating_sub(said.fetched_at) / 1_000_000,
            state,
            fresh_until: rfc3339(fresh_until),
            stale_until: rfc3339(stale_until),
            call: said.call,
            run_id: said.run_id.clone(),
            request_id: said.request_id.clone(),
            body_bytes: said.body_bytes,
            earlier: said.earlier.iter().map(|e| (rfc3339(e.fetched_at), e.status)).collect(),
        }
    }

    /// What calls have done stays done.
    fn freshness(&self, dataset: &str) -> Freshness {
        let settings =
            Dataset::from_name(dataset).and_then(|dataset| self.settings.datasets.get(&dataset));
        settings.map_or_else(Freshness::lasting, |of| Freshness::new(of.ttl, of.max_stale))
    }

    /// What a run would do, source by source, until one settles it.
    fn next(&self, chain: &Chain) -> String {
        let mut steps = Vec::new();
        for place in 0..=chain.sources.len() {
            if let Some(local) = chain.local.filter(|local| local.after == place) {
                steps.push(format!("{} answers on this machine", local.local.id()));
                break;
            }
            let Some(source) = chain.sources.get(place) else { break };
            let (step, settles) = self.step(chain, source);
            steps.push(step);
            if settles {
                break;
            }
        }
        steps.join("; ")
    }

    /// What a run would do with one source, and whether that may settle it.
    fn step(&self, chain: &Chain, source: &Source) -> (String, bool) {
        let label = &source.label;
        let key_is_known = source.key_kind() != KeyKind::Vehicle || self.vehicle.is_some();
        if !key_is_known {
            return (format!("{label} is asked once the vehicle is known"), true);
        }
        if source.key_kind() == KeyKind::Page {
            return (format!("looked up in the inventory of {label}"), true);
        }
        let Some(said) = self.said.iter().find(|said| is_by(said, source)) else {
            let (what, can) = if source.can_be_asked() {
                ("is asked", true)
            } else {
                ("has no answer and cannot be asked", false)
            };
            return (format!("{label} {what}"), can);
        };
        let until = chain.freshness.expires_at(&said.key, said.status == "found", said.fetched_at);
        let at = rfc3339(until);
        if self.now < until {
            let settles = said.status == "found";
            return (format!("{label}: {} in the store, fresh until {at}", said.status), settles);
        }
        let what = if source.can_be_asked() {
            "asked again"
        } else if chain.freshness.too_old(said.fetched_at, self.now) {
            "too old to be written, and cannot be asked"
        } else {
            "written as stale, as it cannot be asked"
        };
        (format!("{label}: expired {at}, {what}"), true)
    }
}

/// Whether a source said it, about the key it is asked by.
fn is_by(said: &Statement, source: &Source) -> bool {
    said.vendor == source.name.vendor
        && said.endpoint == source.name.endpoint
        && said.origin == source.name.origin
}

fn name_of(key: &Key) -> String {
    match key {
        Key::Vin(vin) => vin.to_string(),
        Key::Vehicle(vehicle) => vehicle.to_string(),
        Key::Page(Page { list, number, .. }) => format!("{list} page {number}"),
        Key::Task(task) => task.subject.clone(),
        Key::Name(name) => name.clone(),
    }
}
