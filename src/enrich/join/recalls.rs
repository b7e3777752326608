//! The recalls of a VIN, by every source of the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{tell_outcome, tell_pick};
use crate::config::Local;
use crate::domain::error::Error;
use crate::domain::facts::{Campaign, DecodeFacts, MatchBasis, RecallFacts, fingerprint};
use crate::domain::freshness::Times;
use crate::domain::key::Vehicle;
use crate::domain::key_set::KeySet;
use crate::domain::outcome::{Outcome, Status};
use crate::enrich::board::{Picks, RecallReplies, Shelf, StagePicks, Vehicles, Verdict};
use crate::enrich::chain::Chain;
use crate::output::record::Told;
use crate::store::{CampaignId, Filed, Filer, RecallFileInfo, Snapshot};

/// Decodes whose filed recalls are kept for rows to come.
const FILED: usize = 65_536;

/// Campaigns kept with their texts for rows to come; one is about 2 kB.
const FILED_CAMPAIGNS: usize = 32_768;

/// What is known about the recalls of a run.
pub(super) struct Recalls<'a> {
    stages: Vec<StagePicks<'a>>,
    vehicles: Option<&'a Vehicles>,
    shelf: Shelf<RecallFacts>,
    united: United,
    file: Option<File<'a>>,
}

/// The imported recall file, at its place in the chain.
struct File<'a> {
    after: usize,
    info: RecallFileInfo,
    label: Arc<str>,
    filer: Filer<'a>,
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
    pub(super) fn load(
        snapshot: &'a Snapshot<'_>,
        chain: &Chain,
        replies: Option<&'a RecallReplies>,
        vins: &KeySet,
        times: Times,
    ) -> Result<Self, Error> {
        let vehicles = replies.and_then(|replies| replies.vehicles.as_ref());
        let stages = replies.map_or(&[][..], |replies| &replies.stages);
        let load = |stage| StagePicks::load(snapshot, chain, stage, vins, vehicles, times);
        let file = match chain.local.filter(|place| place.local == Local::NhtsaFile) {
            Some(place) => File::open(snapshot, place.after)?,
            None => None,
        };
        Ok(Self {
            stages: stages.iter().map(load).collect::<Result<_, _>>()?,
            vehicles,
            shelf: Shelf::default(),
            united: HashMap::new(),
            file,
        })
    }

    pub(super) fn stale(&self) -> u64 {
        self.stages.iter().map(StagePicks::stale).sum()
    }

    /// What is told of the VIN numbered `id`: what the first source says that
    /// settles it, else the best of what is known.
    pub(super) fn tell(
        &mut self,
        id: u32,
        vins: &KeySet,
        decode: &Told<DecodeFacts>,
        decode_hash: u64,
        snapshot: &Snapshot<'_>,
    ) -> Result<RecallTold, Error> {
        let Self { stages, vehicles, shelf, united, file } = self;
        let mut best: Option<Word<'_>> = None;
        for place in 0..=stages.len() {
            let filed = match (file.as_mut().filter(|file| file.after == place), &decode.facts) {
                (Some(file), Some(facts)) => {
                    file.tell(facts, decode_hash, snapshot)?.map(Word::Filed)
                }
                _ => None,
            };
            let stage = stages.get(place).and_then(|stage| stage.verdict(id, vins, *vehicles));
            for word in filed.into_iter().chain(stage.map(Word::Asked)) {
                if word.is_found() && word.settles() {
                    return word.tell(snapshot, shelf, united);
                }
                // A zero that holds beats all but a find that another source has.
                let settled = best.as_ref().is_some_and(Word::settles);
                let better = best.as_ref().is_none_or(|best| word.rank() < best.rank());
                if !settled && (word.settles() || better) {
                    best = Some(word);
                }
            }
        }
        best.map_or_else(|| Ok(unknown(decode)), |word| word.tell(snapshot, shelf, united))
    }
}

/// What one source says.
enum Word<'p> {
    Filed(RecallTold),
    Asked(Verdict<'p>),
}

impl Word<'_> {
    fn settles(&self) -> bool {
        match self {
            Self::Filed(told) => told.told.has_answer(),
            Self::Asked(verdict) => verdict.settles(),
        }
    }

    fn is_found(&self) -> bool {
        match self {
            Self::Filed(told) => told.told.status == Status::Found,
            Self::Asked(verdict) => verdict.is_found(),
        }
    }

    /// The smaller, the better.
    fn rank(&self) -> u8 {
        match self {
            Self::Filed(_) => Verdict::Outcome(Outcome::Inconclusive).rank(),
            Self::Asked(verdict) => verdict.rank(),
        }
    }

    fn tell(
        self,
        snapshot: &Snapshot<'_>,
        shelf: &mut Shelf<RecallFacts>,
        united: &mut United,
    ) -> Result<RecallTold, Error> {
        let (told, hash, basis) = match self {
            Self::Filed(told) => return Ok(told),
            Self::Asked(Verdict::Outcome(outcome)) => (tell_outcome(&outcome), 0, None),
            Self::Asked(Verdict::Pick(picks, pick, key, basis)) => {
                let (told, hash) = tell_pick(picks, pick, &key, snapshot, shelf)?;
                (told, hash, Some(basis))
            }
            Self::Asked(Verdict::Variants(picks, keys, names, open)) => {
                let (mut told, hash) = unite(picks, keys, &names, snapshot, shelf, united)?;
                let missing = open.and_then(|outcome| outcome.verdict().1);
                told.error = told.error.or_else(|| missing.map(Arc::from));
                (told, hash, Some(MatchBasis::ModelVariant))
            }
        };
        Ok(RecallTold { basis: basis.filter(|_| told.has_answer()), told, hash })
    }
}

/// Campaigns found under several names, by those names.
type United = HashMap<Vec<u32>, (Told<RecallFacts>, u64)>;

/// The campaigns found under several names of one model, as one answer.
fn unite(
    picks: &Picks,
    keys: &KeySet,
    names: &[u32],
    snapshot: &Snapshot<'_>,
    shelf: &mut Shelf<RecallFacts>,
    united: &mut United,
) -> Result<(Told<RecallFacts>, u64), Error> {
    if let Some(known) = united.get(names) {
        return Ok(known.clone());
    }
    let mut whole: Option<Told<RecallFacts>> = None;
    let mut campaigns: BTreeMap<String, Campaign> = BTreeMap::new();
    for &name in names {
        let (told, _) = tell_pick(picks, picks.get(name), &keys.key(name), snapshot, shelf)?;
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
    fn open(snapshot: &'a Snapshot<'_>, after: usize) -> Result<Option<Self>, Error> {
        let Some(info) = snapshot.recall_file()? else { return Ok(None) };
        Ok(Some(Self {
            after,
            info,
            label: Local::NhtsaFile.id().into(),
            filer: snapshot.filer()?,
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
            Filed::Found(campaigns) => (Status::Found, campaigns, MatchBasis::ModelExact),
            Filed::Variants { campaigns, .. } => {
                (Status::Found, campaigns, MatchBasis::ModelVariant)
            }
            Filed::Zero => (Status::Absent, Vec::new(), MatchBasis::ModelExact),
            Filed::UnknownYear | Filed::Uncovered | Filed::UnknownName => {
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
        let facts = snapshot.filed_campaigns(&campaigns)?;
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
        let mut file = File::open(&snapshot, 0).expect("readable").expect("imported");
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
