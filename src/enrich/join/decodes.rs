//! What a VIN decodes to, by vendors and by the offline decoder.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{answer_of, without_answer};
use crate::config::Local;
use crate::domain::facts::{DecodeFacts, Doubt, Doubts};
use crate::domain::{Error, Key, Outcome, Status, Timestamp};
use crate::enrich::board::{Board, Combined, FactsCache, LocalSays};
use crate::matching::conflicts::{Conflicts, MAKE, MODEL_YEAR, decode_conflicts, fill};
use crate::matching::model_year::local_is_right;

use crate::output::record::DatasetAnswer;
use crate::reference::vpic::Decoded;
use crate::reference::vpic::Offline;
use crate::store::Snapshot;

/// Second opinions kept for rows to come; beyond, all are dropped and worked out again.
const OPINIONS: usize = 32_768;

/// What is known about the decodes of a run.
pub(super) struct Decodes<'a> {
    pub(super) board: Option<Board<'a>>,
    offline: Option<Place>,
}

/// What was worked out for rows before, and is kept for rows to come.
#[derive(Default)]
pub(super) struct Cache {
    pub(super) facts: FactsCache<DecodeFacts>,
    opinions: Opinions,
}

/// Second opinions by whose answer it is, and the two fingerprints.
type Opinions = HashMap<(Option<Arc<str>>, u64, u64), Opinion>;

/// The offline decoder among those that are asked.
struct Place {
    label: Arc<str>,
    released_at: Timestamp,
}

/// A vendor's answer beside what the offline decoder says.
#[derive(Clone)]
struct Opinion {
    /// The answer, its empty fields filled.
    facts: Arc<DecodeFacts>,
    hash: u64,
    /// What they disagree about.
    conflicts: Option<Arc<Conflicts>>,
}

/// What a row gets.
pub(super) struct DecodeAnswer {
    pub(super) answer: DatasetAnswer<DecodeFacts>,
    pub(super) conflicts: Option<Arc<Conflicts>>,
    /// Of the facts.
    pub(super) hash: u64,
    /// What the offline decoder says, where it and the answer disagree about make or year
    /// and it is right.
    pub(super) right: Option<Decoded>,
}

impl DecodeAnswer {
    fn new(answer: DatasetAnswer<DecodeFacts>, hash: u64) -> Self {
        Self { answer, conflicts: None, hash, right: None }
    }

    /// The decode whose vehicle recalls are asked about, and its fingerprint.
    pub(super) fn for_recalls(&self) -> (DatasetAnswer<DecodeFacts>, u64) {
        match &self.right {
            None => (self.answer.clone(), self.hash),
            Some(Decoded { facts, hash, .. }) => {
                (DatasetAnswer { facts: Some(Arc::clone(facts)), ..self.answer.clone() }, *hash)
            }
        }
    }

    /// Why campaigns may not concern the vehicle: decoders disagree about its year, or about
    /// its make where the VIN does not tell which is right.
    pub(super) fn disputed(&self) -> Doubts {
        let differs =
            |field| self.conflicts.as_ref().is_some_and(|found| found.fields.contains(&field));
        let is_open = differs(MAKE) && self.right.is_none();
        let doubts = [(is_open, Doubt::Name), (differs(MODEL_YEAR), Doubt::Year)];
        let doubts = doubts.into_iter().filter_map(|(holds, doubt)| holds.then_some(doubt));
        doubts.fold(Doubts::NONE, Doubts::with)
    }
}

impl<'a> Decodes<'a> {
    pub(super) fn new(board: Option<Board<'a>>, offline: Option<&Offline>) -> Self {
        let offline = offline.map(|offline| Place {
            label: Local::Vpic.id().into(),
            released_at: offline.released_at(),
        });
        Self { board, offline }
    }

    /// What the row of the VIN numbered `id` gets. A vendor's answer is filled from the
    /// offline decoder's, and held against it.
    pub(super) fn answer(
        &self,
        id: u32,
        decoded: Option<&Decoded>,
        (snapshot, cache): (&Snapshot<'_>, &mut Cache),
    ) -> Result<DecodeAnswer, Error> {
        let decoded = decoded.filter(|_| self.offline.is_some());
        let says = decoded
            .map(|decoded| if decoded.is_found() { LocalSays::Found } else { LocalSays::Absent });
        let word = self.board.as_ref().and_then(|board| board.best(id, says));
        let (mut answer, hash) = match (&word, &self.offline, decoded) {
            (None, ..) => (DatasetAnswer::not_requested(None), 0),
            (Some(Combined::Local { .. }), Some(place), Some(decoded)) => {
                return Ok(place.answer(decoded));
            }
            (Some(word), ..) => answer_of(word, snapshot, &mut cache.facts)?,
        };
        let found = answer.facts.take().filter(|_| answer.status == Status::Found);
        let (Some(facts), Some(decoded)) = (found.clone(), decoded) else {
            answer.facts = found;
            return Ok(DecodeAnswer::new(answer, hash));
        };
        let key = self.board.as_ref().map(|board| board.vins.key(id));
        let vin = key.as_ref().and_then(Key::vin);
        let is_right = vin.is_some_and(|vin| local_is_right(vin, &facts, &decoded.facts));
        let Opinion { facts, hash, conflicts } =
            second_opinion(&mut cache.opinions, (facts, hash), &answer, decoded);
        answer.facts = Some(facts);
        let right = is_right.then(|| decoded.clone());
        Ok(DecodeAnswer { answer, conflicts, hash, right })
    }
}

impl Place {
    fn answer(&self, decoded: &Decoded) -> DecodeAnswer {
        let found = decoded.is_found();
        let outcome = if found { Outcome::Found } else { Outcome::Absent };
        let answer = DatasetAnswer {
            vendor: Some(Arc::clone(&self.label)),
            fetched_at: Some(self.released_at),
            facts: found.then(|| Arc::clone(&decoded.facts)),
            ..without_answer(&outcome)
        };
        DecodeAnswer::new(answer, if found { decoded.hash } else { 0 })
    }
}

/// A vendor's answer filled from, and held against, the offline decoder's.
fn second_opinion(
    opinions: &mut Opinions,
    (facts, hash): (Arc<DecodeFacts>, u64),
    answer: &DatasetAnswer<DecodeFacts>,
    decoded: &Decoded,
) -> Opinion {
    let about = (answer.vendor.clone(), hash, decoded.hash);
    if let Some(known) = opinions.get(&about) {
        return known.clone();
    }
    if opinions.len() >= OPINIONS {
        opinions.clear();
    }
    let vendor = answer.vendor.as_deref().unwrap_or_default();
    let conflicts = decode_conflicts(&facts, vendor, &decoded.facts, Local::Vpic.id());
    let mut filled = DecodeFacts::clone(&facts);
    let opinion = if fill(&mut filled, &decoded.facts) {
        Opinion { hash: filled.fingerprint(), facts: Arc::new(filled), conflicts: None }
    } else {
        Opinion { facts, hash, conflicts: None }
    };
    let opinion = Opinion { conflicts: conflicts.map(Arc::new), ..opinion };
    opinions.insert(about, opinion.clone());
    opinion
}
