//! The panel: for each dataset, who can be asked, in which order, by which endpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{RecallKey, VendorSettings};
use crate::error::{Error, Exit};
use crate::freshness::Freshness;
use crate::gate::label;
use crate::key::{Key, KeyKind};
use crate::money::Micros;
use crate::outcome::Dataset;
use crate::plan::Plan;
use crate::store::{Answered, Held, SourceName, Store};
use crate::vendors::{self, Auth, Endpoint, Vendor};

/// One endpoint that answers for one dataset.
#[derive(Clone)]
pub struct Source {
    /// Its vendor.
    pub vendor: &'static dyn Vendor,
    /// The endpoint.
    pub endpoint: &'static dyn Endpoint,
    /// The vendor's settings.
    pub settings: Arc<VendorSettings>,
    /// The name written to `<dataset>_vendor`.
    pub label: Arc<str>,
    /// Where its answers are kept.
    pub name: SourceName,
    /// The API key; `None` where none is needed or none was found.
    pub key: Option<SecretString>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// Whether calls can be sent at all.
    pub fn can_be_asked(&self) -> bool {
        self.key.is_some() || self.vendor.spec().auth == Auth::None
    }

    /// The same vendor's other endpoint.
    fn beside(&self, endpoint: &'static dyn Endpoint) -> Self {
        let name = SourceName {
            dataset: endpoint.spec().dataset,
            endpoint: endpoint.spec().id,
            ..self.name.clone()
        };
        Self { endpoint, name, ..self.clone() }
    }

    /// The endpoint that may stand in, where the user allows the price.
    pub fn dearer(&self) -> Option<Self> {
        let id = self.endpoint.dearer().filter(|_| self.settings.allow_dearer)?;
        self.vendor.endpoint(id).map(|endpoint| self.beside(endpoint))
    }

    /// The endpoint that confirms by VIN a zero asked by vehicle.
    pub fn confirming(&self) -> Option<Self> {
        let dataset = self.name.dataset;
        let by_vehicle = self.endpoint.spec().key == KeyKind::Vehicle;
        if !by_vehicle || !self.settings.confirm_zero {
            return None;
        }
        endpoint_for(self.vendor, dataset, KeyKind::Vin).map(|endpoint| self.beside(endpoint))
    }
}

/// Who answers for one dataset, in order.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The dataset.
    pub dataset: Dataset,
    /// Its sources; at least one.
    pub sources: Vec<Source>,
    /// How long its answers are fresh.
    pub freshness: Freshness,
}

impl Chain {
    /// Whether an answer was fresh when the run started, or was fetched by it.
    pub fn is_fresh(&self, key: &Key, held: &Held, started: i64) -> bool {
        let found = held.said == Answered::Found;
        held.fetched_at >= started
            || self.freshness.expires_at(key, found, held.fetched_at) > started
    }
}

/// Who can be asked in this run.
#[derive(Debug, Default)]
pub struct Panel {
    /// One chain for each dataset that runs.
    pub chains: BTreeMap<Dataset, Chain>,
    /// The datasets that do not, and why.
    pub left_out: BTreeMap<Dataset, String>,
}

/// Why a vendor cannot be asked for a dataset.
enum Unusable {
    NoEndpoint,
    NoKey(String),
    Unlimited(Micros),
}

impl Panel {
    /// Finds who can be asked. `known` tells whether the store holds answers of
    /// a source: then it is read even where no key is found, so that a lost key
    /// never makes a file poorer than yesterday's.
    pub fn of(plan: &Plan, known: &dyn Fn(&SourceName) -> bool) -> Result<Self, Error> {
        let mut panel = Self::default();
        for dataset in Dataset::ALL {
            let wanted = plan.datasets.named.is_empty() || plan.datasets.named.contains(&dataset);
            if !wanted {
                panel.left_out.insert(dataset, "not asked for".into());
                continue;
            }
            panel.add(dataset, plan, known)?;
        }
        panel.add_decode_for_recalls(plan, known)?;
        if panel.chains.is_empty() {
            return Err(Error::new(Exit::Key, "no vendor can be asked for anything").hint(
                "set CARVIN_API_KEY or VISOR_API_KEY, or try `--sandbox`, which needs neither",
            ));
        }
        Ok(panel)
    }

    /// Recalls asked by vehicle need to know the vehicle.
    fn add_decode_for_recalls(
        &mut self,
        plan: &Plan,
        known: &dyn Fn(&SourceName) -> bool,
    ) -> Result<(), Error> {
        let by_vehicle = self.chains.get(&Dataset::Recalls).is_some_and(|chain| {
            chain.sources.iter().any(|source| source.endpoint.spec().key == KeyKind::Vehicle)
        });
        if by_vehicle && !self.chains.contains_key(&Dataset::Decode) {
            self.left_out.remove(&Dataset::Decode);
            self.add(Dataset::Decode, plan, known)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        dataset: Dataset,
        plan: &Plan,
        known: &dyn Fn(&SourceName) -> bool,
    ) -> Result<(), Error> {
        let Some(settings) = plan.settings.datasets.get(&dataset) else { return Ok(()) };
        let mut sources = Vec::new();
        let mut reasons = Vec::new();
        for id in &settings.vendors {
            match source(id, dataset, settings.key, plan, known)? {
                Ok(source) => sources.push(source),
                Err(reason) => reasons.push((*id, reason)),
            }
        }
        if !sources.is_empty() {
            let freshness = Freshness::new(settings);
            self.chains.insert(dataset, Chain { dataset, sources, freshness });
        } else if plan.datasets.named.contains(&dataset) {
            return Err(unusable(dataset, &reasons));
        } else {
            self.left_out.insert(dataset, why_left_out(&reasons));
        }
        Ok(())
    }
}

/// Whether the store holds any answer of a source. A store that cannot be read
/// says so when it is opened.
pub fn is_known(store: &Path, name: &SourceName) -> bool {
    let known = || {
        let Some(store) = Store::peek(store)? else { return Ok(false) };
        let snapshot = store.snapshot()?;
        match snapshot.source(name)? {
            Some(source) => snapshot.has_answers(source),
            None => Ok::<bool, Error>(false),
        }
    };
    known().unwrap_or(false)
}

fn source(
    id: &str,
    dataset: Dataset,
    key: RecallKey,
    plan: &Plan,
    known: &dyn Fn(&SourceName) -> bool,
) -> Result<Result<Source, Unusable>, Error> {
    let (Some(vendor), Some(settings)) = (vendors::find(id), plan.settings.vendors.get(id)) else {
        return Ok(Err(Unusable::NoEndpoint));
    };
    let Some(endpoint) = preferred(vendor, dataset, key) else {
        return Ok(Err(Unusable::NoEndpoint));
    };
    let price = settings.price_of(endpoint.spec().id);
    let limited = !settings.spend.is_empty() || plan.limits.max_cost.is_some();
    if price > Micros::ZERO && !limited && !plan.datasets.offline {
        return Ok(Err(Unusable::Unlimited(price)));
    }
    let secret = settings.resolve_key()?;
    let name = SourceName {
        dataset,
        vendor: vendor.spec().id(),
        endpoint: endpoint.spec().id,
        origin: origin(settings, secret.as_ref()),
    };
    let source = Source {
        vendor,
        endpoint,
        settings: Arc::new(settings.clone()),
        label: label(vendor, settings).into(),
        name,
        key: secret,
    };
    if source.can_be_asked() || plan.datasets.offline || known(&source.name) {
        return Ok(Ok(source));
    }
    let place = settings.api_key_env.clone().unwrap_or_else(|| "api_key_file".into());
    Ok(Err(Unusable::NoKey(place)))
}

/// By VIN in the largest batches; recalls by vehicle unless told otherwise.
fn preferred(
    vendor: &'static dyn Vendor,
    dataset: Dataset,
    key: RecallKey,
) -> Option<&'static dyn Endpoint> {
    let kinds = match (dataset, key) {
        (Dataset::Recalls, RecallKey::Vehicle) => [KeyKind::Vehicle, KeyKind::Vin],
        _ => [KeyKind::Vin, KeyKind::Vehicle],
    };
    kinds.into_iter().find_map(|kind| endpoint_for(vendor, dataset, kind))
}

fn endpoint_for(
    vendor: &'static dyn Vendor,
    dataset: Dataset,
    kind: KeyKind,
) -> Option<&'static dyn Endpoint> {
    let fits = |endpoint: &&'static dyn Endpoint| {
        endpoint.spec().dataset == dataset && endpoint.spec().key == kind
    };
    vendor.endpoints().iter().copied().filter(fits).max_by_key(|endpoint| endpoint.spec().batch)
}

/// Answers of different addresses, and of live and test keys, are kept apart.
pub(crate) fn origin(settings: &VendorSettings, key: Option<&SecretString>) -> String {
    let is_test = key.is_some_and(|key| key.expose_secret().contains("_test_"));
    let mode = match (settings.sandbox, is_test) {
        (true, _) => "sandbox",
        (false, true) => "test",
        (false, false) => "live",
    };
    format!("{} {mode}", settings.base_url)
}

fn unusable(dataset: Dataset, reasons: &[(&str, Unusable)]) -> Error {
    let no_limit = reasons.iter().find_map(|(id, reason)| match reason {
        Unusable::Unlimited(price) => Some((id, price)),
        _ => None,
    });
    if let Some((id, price)) = no_limit {
        return Error::usage(format!(
            "{dataset}: `{id}` costs {price} a call and has no spend limit"
        ))
        .hint(format!("add `--max-cost 5`, or `spend = [\"2 USD/day\"]` under [vendors.{id}]"));
    }
    let no_key = reasons.iter().find_map(|(id, reason)| match reason {
        Unusable::NoKey(place) => Some((id, place)),
        _ => None,
    });
    match no_key {
        Some((id, place)) => Error::new(Exit::Key, format!("{dataset}: no API key for `{id}`"))
            .hint(format!("set {place}, or try `--sandbox`, which needs no key")),
        None => Error::usage(format!("{dataset}: none of its vendors can answer it"))
            .hint(format!("name one that can under [datasets.{dataset}] vendors")),
    }
}

fn why_left_out(reasons: &[(&str, Unusable)]) -> String {
    let words = reasons.iter().map(|(id, reason)| match reason {
        Unusable::NoEndpoint => format!("{id} cannot answer it"),
        Unusable::NoKey(place) => format!("no key for {id} ({place})"),
        Unusable::Unlimited(price) => format!("{id} costs {price} a call and has no spend limit"),
    });
    words.collect::<Vec<_>>().join("; ")
}
