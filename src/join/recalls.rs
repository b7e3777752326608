//! The recalls of a VIN, by every source of the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{tell_outcome, tell_pick};
use crate::answers::{Picks, RecallReplies, Shelf, StagePicks, Times, Vehicles, Verdict};
use crate::config::Local;
use crate::error::Error;
use crate::facts::{Campaign, DecodeFacts, MatchBasis, RecallFacts, fingerprint};
use crate::key::Vehicle;
use crate::keyset::KeySet;
use crate::outcome::{Outcome, Status};
use crate::panel::Chain;
use crate::record::Told;
use crate::store::{Filed, RecallFileInfo, Snapshot};

/// Vehicles whose filed recalls are kept for rows to come.
const FILED: usize = 65_536;

/// What is known about the recalls of a run.
pub(super) struct Recalls<'a> {
    stages: Vec<StagePicks<'a>>,
    vehicles: Option<&'a Vehicles>,
    shelf: Shelf<RecallFacts>,
    united: United,
    file: Option<File>,
}

/// The imported recall file, at its place in the chain.
struct File {
    after: usize,
    info: RecallFileInfo,
    label: Arc<str>,
    /// What it tells, by the fingerprint of the decode that names the vehicle.
    told: HashMap<u64, Option<RecallTold>>,
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
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        replies: Option<&'a RecallReplies>,
        vins: &KeySet,
        times: Times,
    ) -> Result<Self, Error> {
        let vehicles = replies.and_then(|replies| replies.vehicles.as_ref());
        let stages = replies.map_or(&[][..], |replies| &replies.stages);
        let load = |stage| StagePicks::load(snapshot, chain, stage, vins, vehicles, times);
        let file = match chain.local.filter(|place| place.local == Local::NhtsaFile) {
            Some(place) => snapshot.recall_file()?.map(|info| File {
                after: place.after,
                info,
                label: Local::NhtsaFile.id().into(),
                told: HashMap::new(),
            }),
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

impl File {
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
        if self.told.len() >= FILED {
            self.told.clear();
        }
        let told = match decode.vehicle() {
            Some(vehicle) => Some(self.look_up(&vehicle, snapshot)?),
            None => None,
        };
        self.told.insert(decode_hash, told.clone());
        Ok(told)
    }

    fn look_up(&self, vehicle: &Vehicle, snapshot: &Snapshot<'_>) -> Result<RecallTold, Error> {
        let (status, campaigns, basis) = match snapshot.filed(vehicle)? {
            Filed::Found(campaigns) => (Status::Found, campaigns, MatchBasis::ModelExact),
            Filed::Variants { campaigns, .. } => {
                (Status::Found, campaigns, MatchBasis::ModelVariant)
            }
            Filed::Zero => (Status::Absent, Vec::new(), MatchBasis::ModelExact),
            Filed::Uncovered | Filed::UnknownName => {
                let told = tell_outcome(&Outcome::Inconclusive);
                return Ok(RecallTold { told, basis: None, hash: 0 });
            }
        };
        let facts = snapshot.filed_campaigns(&campaigns)?;
        let hash = fingerprint(&facts);
        let told = Told {
            status,
            vendor: Some(Arc::clone(&self.label)),
            fetched_at: Some(self.info.imported_at),
            error: None,
            facts: (status == Status::Found).then(|| Arc::new(facts)),
        };
        Ok(RecallTold { told, basis: Some(basis), hash })
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
