//! The recalls of a VIN, by every source of the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{tell, tell_key, tell_outcome};
use crate::config::Local;
use crate::domain::facts::{Campaign, DecodeFacts, MatchBasis, RecallFacts, fingerprint};
use crate::domain::{Error, KeySet, Outcome, Status, Vehicle};
use crate::enrich::board::{Board, Column, Combined, FactsCache, LocalSays};
use crate::output::record::Told;
use crate::store::{CampaignId, RecallFileInfo, RecallLookup, RecallMatch, Snapshot};

/// Decodes whose filed recalls are kept for rows to come.
const FILED: usize = 65_536;

/// Campaigns kept with their texts for rows to come; one is about 2 kB.
const FILED_CAMPAIGNS: usize = 32_768;

/// What is known about the recalls of a run.
pub(super) struct Recalls<'a> {
    board: Board<'a>,
    cache: FactsCache<RecallFacts>,
    united: United,
    file: Option<File<'a>>,
}

/// The imported recall file.
struct File<'a> {
    info: RecallFileInfo,
    label: Arc<str>,
    filer: RecallLookup<'a>,
    /// What it tells, by the fingerprint of the decode that names the vehicle.
    told: HashMap<u64, Option<RecallTold>>,
    /// The same by the vehicle, which many decodes name.
    by_vehicle: HashMap<Vehicle, RecallTold>,
    /// Campaigns as facts, with their hash: many vehicles have the same ones.
    facts: HashMap<Vec<CampaignId>, (Arc<RecallFacts>, u64)>,
    /// How many campaigns `facts` holds.
    campaigns: usize,
}

/// What a row is told.
#[derive(Clone)]
pub(super) struct RecallTold {
    pub(super) told: Told<RecallFacts>,
    pub(super) basis: Option<MatchBasis>,
    /// Of the facts.
    pub(super) hash: u64,
}

impl<'a> Recalls<'a> {
    pub(super) fn new(board: Board<'a>, snapshot: &'a Snapshot<'_>) -> Result<Self, Error> {
        let file = match board.local() {
            Some(Local::NhtsaFile) => File::open(snapshot)?,
            Some(Local::Vpic) | None => None,
        };
        Ok(Self { board, cache: FactsCache::default(), united: HashMap::new(), file })
    }

    pub(super) fn stale(&self) -> u64 {
        self.board.stale()
    }

    /// What is told of the VIN numbered `id`.
    pub(super) fn tell(
        &mut self,
        id: u32,
        decode: &Told<DecodeFacts>,
        decode_hash: u64,
        snapshot: &Snapshot<'_>,
    ) -> Result<RecallTold, Error> {
        let Self { board, cache, united, file } = self;
        let filed = match (file, &decode.facts) {
            (Some(file), Some(facts)) => file.tell(facts, decode_hash, snapshot)?,
            _ => None,
        };
        let says = filed.as_ref().map(|filed| match filed.told.status {
            Status::Found => LocalSays::Found,
            Status::Absent => LocalSays::Absent,
            _ => LocalSays::Unclear,
        });
        let Some(word) = board.best(id, says) else { return Ok(unknown(decode)) };
        let (told, hash, basis) = match &word {
            Combined::Local { .. } => return Ok(filed.unwrap_or_else(|| unknown(decode))),
            Combined::Unanswered(outcome) => (tell_outcome(outcome), 0, None),
            Combined::United { column, names, found, missing } => {
                let (mut told, hash) = unite((column, names, found), snapshot, cache, united)?;
                let missing = missing.as_ref().and_then(|outcome| outcome.verdict().1);
                told.error = told.error.or_else(|| missing.map(Arc::from));
                (told, hash, Some(MatchBasis::ModelVariant))
            }
            Combined::Key { basis, .. } => {
                let (told, hash) = tell(&word, snapshot, cache)?;
                (told, hash, Some(*basis))
            }
            Combined::Inventory { .. } => return Ok(unknown(decode)),
        };
        Ok(RecallTold { basis: basis.filter(|_| told.has_answer()), told, hash })
    }
}

/// Campaigns found under several names, by those names.
type United = HashMap<Vec<u32>, (Told<RecallFacts>, u64)>;

/// The campaigns found under several names of one model, as one answer.
fn unite(
    (column, keys, names): (&Column, &KeySet, &[u32]),
    snapshot: &Snapshot<'_>,
    cache: &mut FactsCache<RecallFacts>,
    united: &mut United,
) -> Result<(Told<RecallFacts>, u64), Error> {
    if let Some(known) = united.get(names) {
        return Ok(known.clone());
    }
    let mut whole: Option<Told<RecallFacts>> = None;
    let mut campaigns: BTreeMap<String, Campaign> = BTreeMap::new();
    for &name in names {
        let (told, _) = tell_key(column, keys, name, snapshot, cache)?;
        let of = told.facts.iter().flat_map(|facts| &facts.campaigns);
        campaigns.extend(of.map(|campaign| (campaign.number.clone(), campaign.clone())));
        let whole = whole.get_or_insert_with(|| told.clone());
        // As old as its oldest part, and stale when one part is.
        whole.fetched_at = whole.fetched_at.min(told.fetched_at);
        whole.error = whole.error.take().or(told.error);
    }
    let facts = RecallFacts { campaigns: campaigns.into_values().collect() };
    let hash = fingerprint(&facts);
    let mut told = whole.unwrap_or_else(|| Told::not_requested(None));
    told.facts = Some(Arc::new(facts));
    united.insert(names.to_vec(), (told.clone(), hash));
    Ok((told, hash))
}

impl<'a> File<'a> {
    /// `None` where none was imported.
    fn open(snapshot: &'a Snapshot<'_>) -> Result<Option<Self>, Error> {
        let Some(info) = snapshot.recall_file()? else { return Ok(None) };
        Ok(Some(Self {
            info,
            label: Local::NhtsaFile.id().into(),
            filer: snapshot.recall_lookup()?,
            told: HashMap::new(),
            by_vehicle: HashMap::new(),
            facts: HashMap::new(),
            campaigns: 0,
        }))
    }

    /// What the file says of the vehicle that a decode names; `None` where it names none.
    fn tell(
        &mut self,
        decode: &DecodeFacts,
        decode_hash: u64,
        snapshot: &Snapshot<'_>,
    ) -> Result<Option<RecallTold>, Error> {
        if let Some(known) = self.told.get(&decode_hash) {
            return Ok(known.clone());
        }
        if self.told.len() >= FILED || self.campaigns >= FILED_CAMPAIGNS {
            self.forget();
        }
        let told = match decode.vehicle() {
            Some(vehicle) => Some(self.tell_vehicle(vehicle, snapshot)?),
            None => None,
        };
        self.told.insert(decode_hash, told.clone());
        Ok(told)
    }

    /// All at once, as what is told shares the campaigns.
    fn forget(&mut self) {
        self.told.clear();
        self.by_vehicle.clear();
        self.facts.clear();
        self.campaigns = 0;
    }

    fn tell_vehicle(
        &mut self,
        vehicle: Vehicle,
        snapshot: &Snapshot<'_>,
    ) -> Result<RecallTold, Error> {
        if let Some(known) = self.by_vehicle.get(&vehicle) {
            return Ok(known.clone());
        }
        let told = self.look_up(&vehicle, snapshot)?;
        self.by_vehicle.insert(vehicle, told.clone());
        Ok(told)
    }

    fn look_up(&mut self, vehicle: &Vehicle, snapshot: &Snapshot<'_>) -> Result<RecallTold, Error> {
        let (status, campaigns, basis) = match self.filer.find(vehicle)? {
            RecallMatch::Found(campaigns) => (Status::Found, campaigns, MatchBasis::ModelExact),
            RecallMatch::Variants { campaigns, .. } => {
                (Status::Found, campaigns, MatchBasis::ModelVariant)
            }
            RecallMatch::Zero => (Status::Absent, Vec::new(), MatchBasis::ModelExact),
            RecallMatch::UnknownYear | RecallMatch::Uncovered | RecallMatch::UnknownName => {
                let told = tell_outcome(&Outcome::Inconclusive);
                return Ok(RecallTold { told, basis: None, hash: 0 });
            }
        };
        let (facts, hash) = self.facts_of(campaigns, snapshot)?;
        let told = Told {
            status,
            vendor: Some(Arc::clone(&self.label)),
            fetched_at: Some(self.info.imported_at),
            error: None,
            facts: (status == Status::Found).then_some(facts),
        };
        Ok(RecallTold { told, basis: Some(basis), hash })
    }

    fn facts_of(
        &mut self,
        campaigns: Vec<CampaignId>,
        snapshot: &Snapshot<'_>,
    ) -> Result<(Arc<RecallFacts>, u64), Error> {
        if let Some(known) = self.facts.get(&campaigns) {
            return Ok(known.clone());
        }
        let facts = snapshot.recall_campaigns(&campaigns)?;
        self.campaigns += facts.campaigns.len();
        let hash = fingerprint(&facts);
        let known = (Arc::new(facts), hash);
        self.facts.insert(campaigns, known.clone());
        Ok(known)
    }
}

/// Nobody could say anything.
fn unknown(decode: &Told<DecodeFacts>) -> RecallTold {
    RecallTold { told: without_vehicle(decode), basis: None, hash: 0 }
}

/// Recalls of a row whose vehicle is not known: what decode waits for or failed
/// at; when it has answered, there is no vehicle to ask about.
fn without_vehicle(decode: &Told<DecodeFacts>) -> Told<RecallFacts> {
    match decode.status {
        Status::Pending | Status::Failed => Told {
            status: decode.status,
            vendor: None,
            fetched_at: None,
            error: decode.error.clone(),
            facts: None,
        },
        Status::Found | Status::Absent | Status::Refused | Status::NotRequested => {
            Told::not_requested(Some("vehicle_unknown".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;
    use crate::store::{RunLimits, Store, StoreSpec, import_recall_file};

    fn decode(model: &str, year: i32) -> DecodeFacts {
        let (make, model) = (Some("FORD".into()), Some(model.into()));
        DecodeFacts { make, model, model_year: Some(year), ..DecodeFacts::default() }
    }

    #[test]
    fn vehicles_with_the_same_campaigns_share_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, text) = (folder.path().join("s.db"), folder.path().join("recalls.txt"));
        let rows = ["2016", "2017", "9999"].map(|year| {
            format!(
                "1\t16V001000\tFORD\tF-150\t{year}\t\tBRAKES\tMaker\t\t\tV\t5\t\tMFR\tMaker\t\
                 20240105\t20240106\t\t\tIt fails.\tCrash.\tReplace.\t\t1\t\t\t\tNo\tYes\n"
            )
        });
        std::fs::write(&text, rows.concat()).expect("written");
        let (durability, limits) = (Durability::Normal, RunLimits::default());
        let spec = StoreSpec { path: &path, durability, must_exist: false, limits };
        import_recall_file(&spec, &text, false, 1_800_000_000_000_000, |_| ()).expect("imported");
        let store = Store::peek(&path).expect("readable").expect("there");
        let snapshot = store.snapshot().expect("a view");
        let mut file = File::open(&snapshot).expect("readable").expect("imported");
        let mut tell = |model, year, hash| {
            let told = file.tell(&decode(model, year), hash, &snapshot).expect("readable");
            told.expect("a vehicle").told
        };

        let first = tell("F-150", 2016, 1).facts.expect("found");
        for (model, year, hash) in [("F-150", 2016, 2), ("F-150", 2017, 3), ("F150", 2016, 4)] {
            let other = tell(model, year, hash).facts.expect("found");
            assert!(Arc::ptr_eq(&first, &other), "{model} {year}");
        }
        let unknown = tell("F-150", 2018, 5);
        assert!(!unknown.has_answer(), "a campaign without a year may be about it");
    }
}
