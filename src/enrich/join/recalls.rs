//! The recalls of a VIN, by every source of the chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use super::{answer_of, answer_without_facts, without_answer};
use crate::config::Local;
use crate::domain::facts::{Campaign, DecodeFacts, Doubts, MatchBasis, RecallDoubt, RecallFacts};
use crate::domain::{Error, Exit, Outcome, Status, Vehicle};
use crate::enrich::board::{Board, Combined, FactsCache, LocalSays, United};
use crate::matching::descriptor::Descriptor;
use crate::output::record::DatasetAnswer;
use crate::store::{CampaignId, RecallFileInfo, RecallLookup, RecallMatch, RecallsFound, Snapshot};

/// Decodes whose filed recalls are kept for rows to come.
const FILED: usize = 65_536;

/// Campaigns kept with their texts for rows to come; one is about 2 kB.
const FILED_CAMPAIGNS: usize = 32_768;

/// What is known about the recalls of a run.
pub(super) struct Recalls<'a> {
    board: Board<'a>,
    united: Unions,
    file: Option<File<'a>>,
}

/// What was worked out for rows before, and is kept for rows to come.
#[derive(Default)]
pub(super) struct Cache {
    facts: FactsCache<RecallFacts>,
    filed: FiledAnswers,
}

/// The imported recall file.
struct File<'a> {
    info: RecallFileInfo,
    label: Arc<str>,
    snapshot: &'a Snapshot<'a>,
    /// Once it was needed.
    lookup: Option<RecallLookup<'a>>,
}

/// What the recall file said of vehicles.
#[derive(Default)]
struct FiledAnswers {
    /// What it tells, by the fingerprint of the decode that names the vehicle.
    answer: HashMap<u64, Option<RecallAnswer>>,
    /// The same by the version of the vehicle, which many decodes name.
    by_version: HashMap<(Vehicle, Descriptor), RecallAnswer>,
    /// Campaigns as facts: many vehicles have the same ones.
    facts: HashMap<Vec<(CampaignId, Doubts)>, Filed>,
    /// How many campaigns `facts` holds.
    campaigns: usize,
}

/// Campaigns, and those of them that are in doubt.
type Filed = (Arc<RecallFacts>, Option<Arc<RecallDoubt>>);

/// What a row gets.
#[derive(Clone)]
pub(super) struct RecallAnswer {
    pub(super) answer: DatasetAnswer<RecallFacts>,
    pub(super) basis: Option<MatchBasis>,
    /// Those of its campaigns that may not concern the vehicle.
    pub(super) doubt: Option<Arc<RecallDoubt>>,
}

impl RecallAnswer {
    /// An answer without a doubt.
    fn sure(answer: DatasetAnswer<RecallFacts>, basis: Option<MatchBasis>) -> Self {
        Self { answer, basis, doubt: None }
    }

    /// The same where these `doubts` are about the vehicle that was asked about: all of its
    /// campaigns are in doubt, and so is that there are none. What was asked by VIN is sure.
    pub(super) fn with(self, doubts: Doubts) -> Self {
        if doubts.is_empty() || self.basis.is_none_or(|basis| basis == MatchBasis::Vin) {
            return self;
        }
        let known = self.doubt.as_ref().map_or(Doubts::NONE, |doubt| doubt.reasons);
        let facts = self.answer.facts.as_ref().filter(|_| self.answer.status == Status::Found);
        let campaigns = facts.iter().flat_map(|facts| &facts.campaigns);
        let reasons = known.and(doubts);
        let doubt = RecallDoubt::of(campaigns.map(|of| (of.number.as_str(), reasons)));
        let doubt = doubt.unwrap_or_else(|| RecallDoubt { reasons, campaigns: Vec::new() });
        Self { doubt: Some(Arc::new(doubt)), ..self }
    }
}

impl<'a> Recalls<'a> {
    pub(super) fn new(board: Board<'a>, snapshot: &'a Snapshot<'a>) -> Result<Self, Error> {
        let file = match board.chain.local() {
            Some(Local::NhtsaFile) => File::open(snapshot)?,
            Some(Local::Vpic) | None => None,
        };
        Ok(Self { board, united: HashMap::new(), file })
    }

    /// What the row of the VIN numbered `id` gets.
    pub(super) fn answer(
        &mut self,
        id: u32,
        decode: &DatasetAnswer<DecodeFacts>,
        decode_hash: u64,
        (snapshot, cache): (&Snapshot<'_>, &mut Cache),
    ) -> Result<RecallAnswer, Error> {
        let Self { board, united, file } = self;
        let Cache { facts: cache, filed } = cache;
        let filed = match (file, &decode.facts) {
            (Some(file), Some(facts)) => file.answer(facts, decode_hash, filed)?,
            _ => None,
        };
        let says = filed.as_ref().map(|filed| match filed.answer.status {
            Status::Found => LocalSays::Found,
            Status::Absent => LocalSays::Absent,
            _ => LocalSays::Unclear,
        });
        let Some(word) = board.best(id, says) else { return Ok(unknown(decode)) };
        let (answer, basis) = match &word {
            Combined::Local { .. } => return Ok(filed.unwrap_or_else(|| unknown(decode))),
            Combined::Unanswered(outcome) => (without_answer(outcome), None),
            Combined::United(of) => return unite(of, snapshot, cache, united),
            Combined::Key { basis, .. } => (answer_of(&word, snapshot, cache)?.0, Some(*basis)),
            Combined::Inventory { .. } => return Ok(unknown(decode)),
        };
        Ok(RecallAnswer::sure(answer.clone(), basis.filter(|_| answer.has_answer())))
    }
}

/// What was said under several names, by those names and the lists that make a zero of it.
type Unions = HashMap<(Vec<(u32, Doubts)>, Vec<u32>), RecallAnswer>;

/// What was said under several names of one model, as one answer.
fn unite(
    of: &United<'_>,
    snapshot: &Snapshot<'_>,
    cache: &mut FactsCache<RecallFacts>,
    known: &mut Unions,
) -> Result<RecallAnswer, Error> {
    let lists = of.zero.map_or(&[][..], |(_, lists)| lists);
    let by = (if lists.is_empty() { &of.found } else { &of.names }.clone(), lists.to_vec());
    let mut united = if let Some(known) = known.get(&by) {
        known.clone()
    } else {
        let united = union_of(of, snapshot, cache)?;
        known.insert(by, united.clone());
        united
    };
    united.basis = Some(of.basis);
    if let (None, Some(missing)) = (&united.answer.error, &of.missing) {
        let (_, why, exit) = missing.verdict();
        (united.answer.error, united.answer.exit) = (why.map(Arc::from), exit);
    }
    Ok(united)
}

fn union_of(
    of: &United<'_>,
    snapshot: &Snapshot<'_>,
    cache: &mut FactsCache<RecallFacts>,
) -> Result<RecallAnswer, Error> {
    let mut whole: Option<DatasetAnswer<RecallFacts>> = None;
    for (column, id) in of.parts() {
        let answer = answer_without_facts(column, id);
        let whole = whole.get_or_insert_with(|| answer.clone());
        // As old as its oldest part, and stale when one part is.
        whole.fetched_at = whole.fetched_at.min(answer.fetched_at);
        if whole.error.is_none() {
            (whole.error, whole.exit) = (answer.error, answer.exit);
        }
    }
    let mut campaigns: BTreeMap<String, (Campaign, Doubts)> = BTreeMap::new();
    for (name, doubts) in &of.found {
        let facts = cache.facts(of.column, of.keys, *name, snapshot)?;
        for campaign in facts.iter().flat_map(|read| &read.facts.campaigns) {
            let known = campaigns
                .entry(campaign.number.clone())
                .or_insert_with(|| (campaign.clone(), *doubts));
            // What one name tells without a doubt is not in doubt.
            known.1 = known.1.or(*doubts);
        }
    }
    let (facts, doubt) = RecallDoubt::apart(campaigns);
    let mut answer = whole.unwrap_or_else(|| DatasetAnswer::not_requested(None));
    answer.facts = of.zero.is_none().then(|| Arc::new(facts));
    Ok(RecallAnswer { answer, basis: None, doubt: doubt.map(Arc::new) })
}

impl FiledAnswers {
    /// All at once, as the answers share the campaigns.
    fn forget(&mut self) {
        self.answer.clear();
        self.by_version.clear();
        self.facts.clear();
        self.campaigns = 0;
    }
}

impl<'a> File<'a> {
    /// `None` where none was imported.
    fn open(snapshot: &'a Snapshot<'a>) -> Result<Option<Self>, Error> {
        let Some(info) = snapshot.recall_file()? else { return Ok(None) };
        Ok(Some(Self { info, label: Local::NhtsaFile.id().into(), snapshot, lookup: None }))
    }

    /// What the file says of the vehicle that a decode names; `None` where it names none.
    fn answer(
        &mut self,
        decode: &DecodeFacts,
        decode_hash: u64,
        known: &mut FiledAnswers,
    ) -> Result<Option<RecallAnswer>, Error> {
        if let Some(known) = known.answer.get(&decode_hash) {
            return Ok(known.clone());
        }
        if known.answer.len() >= FILED || known.campaigns >= FILED_CAMPAIGNS {
            known.forget();
        }
        let answer = match decode.vehicle() {
            Some(vehicle) => Some(self.answer_about((vehicle, Descriptor::of(decode)), known)?),
            None => None,
        };
        known.answer.insert(decode_hash, answer.clone());
        Ok(answer)
    }

    fn answer_about(
        &mut self,
        version: (Vehicle, Descriptor),
        known: &mut FiledAnswers,
    ) -> Result<RecallAnswer, Error> {
        if let Some(known) = known.by_version.get(&version) {
            return Ok(known.clone());
        }
        let answer = self.look_up(&version, known)?;
        known.by_version.insert(version, answer.clone());
        Ok(answer)
    }

    fn look_up(
        &mut self,
        (vehicle, descriptor): &(Vehicle, Descriptor),
        known: &mut FiledAnswers,
    ) -> Result<RecallAnswer, Error> {
        let lookup = match &mut self.lookup {
            Some(lookup) => lookup,
            none => none.insert(self.snapshot.recall_lookup()?),
        };
        let (status, found) = match lookup.find(vehicle, descriptor)? {
            RecallMatch::Found(found) => (Status::Found, found),
            RecallMatch::Zero => {
                (Status::Absent, RecallsFound { is_exact: true, ..RecallsFound::default() })
            }
            RecallMatch::UnknownYear | RecallMatch::Uncovered | RecallMatch::UnknownName => {
                return Ok(RecallAnswer::sure(without_answer(&Outcome::Inconclusive), None));
            }
        };
        let (facts, doubt) = self.facts_of(found.campaigns, known)?;
        let answer = DatasetAnswer {
            status,
            vendor: Some(Arc::clone(&self.label)),
            fetched_at: Some(self.info.imported_at),
            error: None,
            exit: Exit::Success,
            facts: (status == Status::Found).then_some(facts),
        };
        let basis = if found.is_exact { MatchBasis::ModelExact } else { MatchBasis::ModelVariant };
        Ok(RecallAnswer { answer, basis: Some(basis), doubt })
    }

    fn facts_of(
        &self,
        campaigns: Vec<(CampaignId, Doubts)>,
        known: &mut FiledAnswers,
    ) -> Result<Filed, Error> {
        if let Some(known) = known.facts.get(&campaigns) {
            return Ok(known.clone());
        }
        let (facts, doubt) = self.snapshot.recall_campaigns(&campaigns)?;
        known.campaigns += facts.campaigns.len();
        let filed = (Arc::new(facts), doubt.map(Arc::new));
        known.facts.insert(campaigns, filed.clone());
        Ok(filed)
    }
}

/// Nobody could say anything.
fn unknown(decode: &DatasetAnswer<DecodeFacts>) -> RecallAnswer {
    RecallAnswer::sure(without_vehicle(decode), None)
}

/// Recalls of a row whose vehicle is not known: what decode waits for or failed
/// at; when it has answered, there is no vehicle to ask about.
fn without_vehicle(decode: &DatasetAnswer<DecodeFacts>) -> DatasetAnswer<RecallFacts> {
    match decode.status {
        Status::Pending | Status::Failed => DatasetAnswer {
            status: decode.status,
            vendor: None,
            fetched_at: None,
            error: decode.error.clone(),
            exit: decode.exit,
            facts: None,
        },
        Status::Found | Status::Absent | Status::Refused | Status::NotRequested => {
            DatasetAnswer::not_requested(Some("vehicle_unknown".into()))
        }
    }
}

#[cfg(test)]
#[path = "tests/recalls.rs"]
mod tests;
