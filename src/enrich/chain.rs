//! Chains: for each dataset, the steps that may answer it, in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::{Local, RecallKey, Settings, VendorSettings};
use crate::domain::facts::PricePoint;
use crate::domain::{Dataset, Error, Exit, Freshness, KeyKind, Micros, Timestamp};
use crate::enrich::plan::Plan;
use crate::gate::{VendorAccount, label};
use crate::reference::vpic::Offline;
use crate::reference::vpic::Vpic;
use crate::store::{SourceName, Store};
use crate::vendors::{self, Answers, Auth, Endpoint, Vendor};

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
    /// Whether nothing allows it to cost what it costs: then the store is all
    /// that is read of it.
    pub unpaid: bool,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// Whether calls can be sent at all.
    pub fn can_be_asked(&self) -> bool {
        !self.unpaid && (self.key.is_some() || self.vendor.spec().auth == Auth::None)
    }

    /// The same vendor's other endpoint.
    pub(crate) fn beside(&self, endpoint: &'static dyn Endpoint) -> Self {
        let name = SourceName {
            dataset: endpoint.spec().dataset,
            endpoint: endpoint.spec().id,
            ..self.name.clone()
        };
        Self { endpoint, name, ..self.clone() }
    }

    fn answers(&self) -> Option<&'static dyn Answers> {
        self.endpoint.role().answers()
    }

    /// The endpoint that is sent the years that rows state.
    pub(crate) fn of_year(&self) -> Option<Self> {
        Some(self.beside(self.answers()?.of_year()?))
    }

    /// The endpoint that may stand in, where the user allows the price.
    pub fn dearer(&self) -> Option<Self> {
        let dearer = self.answers()?.dearer().filter(|_| self.settings.allow_dearer)?;
        Some(self.beside(dearer))
    }

    /// What it is asked about.
    pub fn key_kind(&self) -> KeyKind {
        self.endpoint.spec().key
    }

    /// Whether it is asked about vehicles.
    pub(crate) fn is_by_vehicle(&self) -> bool {
        self.key_kind() == KeyKind::Vehicle
    }

    /// The endpoint that confirms by VIN a zero asked by vehicle.
    pub fn confirming(&self) -> Option<Self> {
        let confirming = self.answers()?.confirming().filter(|_| self.settings.confirm_zero)?;
        Some(self.beside(confirming))
    }

    /// The endpoint that tells of dealers, where the settings want them.
    pub fn dealers(&self) -> Option<Self> {
        Some(self.beside(self.answers()?.dealers(&self.settings)?))
    }

    /// The endpoint that says what comparable vehicles cost, and which prices are wanted.
    pub fn comparables(&self) -> Option<(Self, &'static [PricePoint])> {
        let (endpoint, points) = self.answers()?.comparables(&self.settings)?;
        Some((self.beside(endpoint), points))
    }

    /// The endpoint that lists the models it knows.
    pub fn catalogue(&self) -> Option<Self> {
        Some(self.beside(self.answers()?.catalogue()?))
    }
}

/// One source at its place in a chain.
#[derive(Clone, Debug)]
pub enum Step {
    /// An endpoint of a vendor.
    Remote(Source),
    /// Data on this machine.
    Local(Local),
}

/// The steps that may answer one dataset, in order.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The dataset.
    pub dataset: Dataset,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Whether the user named its vendors.
    pub named: bool,
    /// How long its answers are fresh.
    pub freshness: Freshness,
}

/// What is on this machine, apart from the plan.
pub struct Available<'a> {
    /// Whether the store holds answers of a source.
    pub known: &'a dyn Fn(&SourceName) -> bool,
    /// Whether NHTSA's recall file was imported.
    pub recall_file: bool,
    /// The offline decoder, where its data are there.
    pub vpic: Option<Vpic>,
}

impl Chain {
    /// Its remote sources, in order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.steps.iter().filter_map(|step| match step {
            Step::Remote(source) => Some(source),
            Step::Local(_) => None,
        })
    }

    /// The chain as far as comparable vehicles go: prices of thousands of vehicles
    /// change slower than one listing.
    #[must_use]
    pub fn of_comparables(&self) -> Self {
        const TTL: Duration = Duration::from_hours(7 * 24);
        const MAX_STALE: Duration = Duration::from_hours(30 * 24);
        Self { freshness: Freshness::new(TTL, MAX_STALE), ..self.clone() }
    }

    /// The data on this machine that are one of its steps.
    pub fn local(&self) -> Option<Local> {
        self.steps.iter().find_map(|step| match step {
            Step::Local(local) => Some(*local),
            Step::Remote(_) => None,
        })
    }

    /// Whether data on this machine are its first step.
    pub fn local_leads(&self) -> bool {
        matches!(self.steps.first(), Some(Step::Local(_)))
    }

    /// Whether some of its steps are asked about vehicles.
    pub fn is_by_vehicle(&self) -> bool {
        self.sources().any(Source::is_by_vehicle) || self.local() == Some(Local::NhtsaFile)
    }
}

/// Who can be asked in this run.
#[derive(Debug, Default)]
pub struct Chains {
    /// One chain for each dataset that runs.
    pub by_dataset: BTreeMap<Dataset, Chain>,
    /// The datasets that do not, and why.
    pub left_out: BTreeMap<Dataset, String>,
    /// What the user named and does not get, and data that the usual chain lacks, by the
    /// codes of their notes.
    pub warnings: Vec<(&'static str, String)>,
    /// The offline decoder, where its data are there.
    pub vpic: Option<Vpic>,
}

/// Why a vendor cannot be asked for a dataset.
enum Unusable {
    NoEndpoint,
    NoKey(String),
    NoData(Local),
    Unlimited(Micros),
}

impl Chains {
    /// Finds who can be asked. Where the store holds answers of a source, it is
    /// read even when no key is found, so that a lost key never makes a file
    /// poorer than yesterday's.
    pub fn of(plan: &Plan, available: &Available<'_>) -> Result<Self, Error> {
        let mut chains = Self { vpic: available.vpic.clone(), ..Self::default() };
        for dataset in Dataset::ALL {
            let wanted = plan.datasets.named.is_empty() || plan.datasets.named.contains(&dataset);
            if !wanted {
                chains.left_out.insert(dataset, "not asked for".into());
                continue;
            }
            chains.add(dataset, plan, available)?;
        }
        chains.complete_vehicles(plan, available)?;
        if chains.by_dataset.is_empty() {
            return Err(Error::new(Exit::Key, "no vendor can be asked for anything").hint(
                "set CARVIN_API_KEY or VISOR_API_KEY, decode offline after `vinrich vpic install`, \
                 or try `--sandbox`, which needs none of them",
            ));
        }
        Ok(chains)
    }

    /// Recalls asked by vehicle need to know the vehicle.
    fn complete_vehicles(&mut self, plan: &Plan, available: &Available<'_>) -> Result<(), Error> {
        let by_vehicle = self.by_dataset.get(&Dataset::Recalls).is_some_and(Chain::is_by_vehicle);
        if !by_vehicle || self.by_dataset.contains_key(&Dataset::Decode) {
            return Ok(());
        }
        let why = self.left_out.remove(&Dataset::Decode);
        self.add(Dataset::Decode, plan, available)?;
        let named = plan.datasets.named.contains(&Dataset::Recalls);
        if !self.by_dataset.contains_key(&Dataset::Decode) && !named {
            // The vehicles are not known, and recalls were not asked for by name.
            self.left_out.insert(Dataset::Recalls, "the vehicles are not known".into());
            self.by_dataset.remove(&Dataset::Recalls);
        }
        if !self.by_dataset.contains_key(&Dataset::Decode) {
            self.left_out.extend(why.map(|why| (Dataset::Decode, why)));
        }
        Ok(())
    }

    /// The offline decoder at its place in the decode chain, as of `now`.
    pub fn offline(&self, now: Timestamp) -> Option<Offline> {
        let chain = self.by_dataset.get(&Dataset::Decode)?;
        chain.local().filter(|local| *local == Local::Vpic)?;
        self.vpic.as_ref().map(|vpic| Offline::new(vpic.clone(), now, chain.local_leads()))
    }

    fn add(
        &mut self,
        dataset: Dataset,
        plan: &Plan,
        available: &Available<'_>,
    ) -> Result<(), Error> {
        let Some(settings) = plan.settings.datasets.get(&dataset) else { return Ok(()) };
        let mut chain = Chain {
            dataset,
            steps: Vec::new(),
            named: settings.named,
            freshness: Freshness::new(settings.ttl, settings.max_stale),
        };
        let mut reasons = Vec::new();
        for id in &settings.vendors {
            if let Some(local) = Local::from_id(id) {
                if available.has(local) {
                    chain.steps.push(Step::Local(local));
                } else {
                    reasons.push((*id, Unusable::NoData(local)));
                }
                continue;
            }
            if *id == FILED_AT && !chain.named && chain.local().is_some() {
                continue;
            }
            match source(id, dataset, settings.key, plan, available.known)? {
                Ok(source) => chain.steps.push(Step::Remote(source)),
                Err(reason) => reasons.push((*id, reason)),
            }
        }
        let asked_by_name = chain.named && plan.datasets.named.contains(&dataset);
        let unpaid = chain.sources().find(|source| source.unpaid);
        if let Some(source) = unpaid.filter(|_| asked_by_name) {
            let price = source.settings.price_of(source.name.endpoint);
            return Err(unusable(dataset, &[(source.name.vendor, Unusable::Unlimited(price))]));
        }
        let no_limit = |(_, reason): &(&str, Unusable)| matches!(reason, Unusable::Unlimited(_));
        if asked_by_name && reasons.iter().any(no_limit) {
            return Err(unusable(dataset, &reasons));
        }
        if !chain.steps.is_empty() {
            let missing = |(_, reason): &(&str, Unusable)| matches!(reason, Unusable::NoData(_));
            reasons.retain(|reason| chain.named || missing(reason));
            if !reasons.is_empty() {
                let why = format!("{dataset}: {}", why_left_out(&reasons));
                self.warnings.push(if chain.named {
                    ("left_out", why)
                } else {
                    let list = format!("[datasets.{dataset}] vendors");
                    ("no_data", format!("{why}; to do without, list others under {list}"))
                });
            }
            self.by_dataset.insert(dataset, chain);
        } else if plan.datasets.named.contains(&dataset) {
            return Err(unusable(dataset, &reasons));
        } else {
            self.left_out.insert(dataset, why_left_out(&reasons));
        }
        Ok(())
    }
}

/// The vendor whose answers are those of the imported recall file: where nobody
/// named it, it is not asked for what the file tells.
const FILED_AT: &str = "nhtsa";

impl Available<'_> {
    /// The data on this machine; of the store's answers nothing is known yet.
    pub fn at(settings: &Settings) -> Result<Self, Error> {
        let wanted = |local: Local| {
            settings
                .datasets
                .get(&local.dataset())
                .is_some_and(|of| of.vendors.contains(&local.id()))
        };
        let vpic = if wanted(Local::Vpic) { Vpic::find(&settings.vpic_data)? } else { None };
        let recall_file = wanted(Local::NhtsaFile) && holds_recall_file(&settings.store);
        Ok(Self { known: &|_| false, recall_file, vpic })
    }

    fn has(&self, local: Local) -> bool {
        match local {
            Local::Vpic => self.vpic.is_some(),
            Local::NhtsaFile => self.recall_file,
        }
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

/// Whether the store holds NHTSA's recall file. A store that cannot be read
/// says so when it is opened.
fn holds_recall_file(store: &Path) -> bool {
    let held = || match Store::peek(store)? {
        Some(store) => store.snapshot()?.has_recall_file(),
        None => Ok::<bool, Error>(false),
    };
    held().unwrap_or(false)
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
    let unpaid = !plan.limits.may_pay(price, settings) && !plan.datasets.offline;
    let key = settings.resolve_key()?;
    let account = VendorAccount { vendor, settings, key };
    let name = SourceName { dataset: Some(dataset), ..account.source(endpoint) };
    let source = Source {
        vendor,
        endpoint,
        settings: Arc::new(settings.clone()),
        label: label(vendor, settings).into(),
        name,
        key: account.key,
        unpaid,
    };
    if source.can_be_asked() || plan.datasets.offline || known(&source.name) {
        return Ok(Ok(source));
    }
    if unpaid {
        return Ok(Err(Unusable::Unlimited(price)));
    }
    let place = settings.api_key_env.clone().unwrap_or_else(|| "api_key_file".into());
    Ok(Err(Unusable::NoKey(place)))
}

/// By VIN in the largest batches; recalls by vehicle unless the settings say otherwise.
fn preferred(
    vendor: &'static dyn Vendor,
    dataset: Dataset,
    key: RecallKey,
) -> Option<&'static dyn Endpoint> {
    let kinds: &[KeyKind] = match (dataset, key) {
        (Dataset::Recalls, RecallKey::Vehicle) => &[KeyKind::Vehicle, KeyKind::Vin],
        (Dataset::Recalls, RecallKey::Vin) => &[KeyKind::Vin, KeyKind::Vehicle],
        (Dataset::Decode | Dataset::Listings, _) => &[KeyKind::Vin, KeyKind::Page],
    };
    kinds.iter().find_map(|kind| endpoint_for(vendor, dataset, *kind))
}

fn endpoint_for(
    vendor: &'static dyn Vendor,
    dataset: Dataset,
    kind: KeyKind,
) -> Option<&'static dyn Endpoint> {
    let fits = |endpoint: &&'static dyn Endpoint| {
        endpoint.spec().dataset == Some(dataset) && endpoint.spec().key == kind
    };
    vendor.endpoints().iter().copied().filter(fits).max_by_key(|endpoint| endpoint.spec().batch)
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
    let no_data = reasons.iter().find_map(|(_, reason)| match reason {
        Unusable::NoData(local) => Some(*local),
        _ => None,
    });
    let no_key = reasons.iter().find_map(|(id, reason)| match reason {
        Unusable::NoKey(place) => Some((id, place)),
        _ => None,
    });
    match (no_key, no_data) {
        (None, Some(local)) => no_data_for(dataset, local),
        (Some((id, place)), Some(Local::Vpic)) => {
            Error::new(Exit::Key, format!("{dataset}: no API key for `{id}`")).hint(format!(
                "set {place}, or decode offline after `vinrich vpic install`, or try `--sandbox`"
            ))
        }
        (Some((id, place)), _) => {
            Error::new(Exit::Key, format!("{dataset}: no API key for `{id}`"))
                .hint(format!("set {place}, or try `--sandbox`, which needs no key"))
        }
        (None, None) => Error::usage(format!("{dataset}: none of its vendors can answer it"))
            .hint(format!("name one that can under [datasets.{dataset}] vendors")),
    }
}

/// The one command that brings data which are not there.
fn no_data_for(dataset: Dataset, local: Local) -> Error {
    let what = match local {
        Local::Vpic => "the offline decoder has no data on this machine",
        Local::NhtsaFile => "NHTSA's recall file was not imported into the store",
    };
    Error::config(format!("{dataset}: {what}")).hint(fetch(local))
}

fn fetch(local: Local) -> &'static str {
    match local {
        Local::Vpic => "`vinrich vpic install` gets them",
        Local::NhtsaFile => "`vinrich recalls update` fetches it",
    }
}

fn why_left_out(reasons: &[(&str, Unusable)]) -> String {
    let words = reasons.iter().map(|(id, reason)| match reason {
        Unusable::NoEndpoint => format!("{id} cannot answer it"),
        Unusable::NoKey(place) => format!("no key for {id} ({place})"),
        Unusable::NoData(Local::Vpic) => "no data for vpic (`vinrich vpic install`)".into(),
        Unusable::NoData(Local::NhtsaFile) => "no recall file (`vinrich recalls update`)".into(),
        Unusable::Unlimited(price) => format!("{id} costs {price} a call and has no spend limit"),
    });
    words.collect::<Vec<_>>().join("; ")
}
