//! What a VIN decodes to, by vendors and by the offline decoder.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{tell, tell_outcome};
use crate::config::Local;
use crate::domain::error::Error;
use crate::domain::facts::{DecodeFacts, fingerprint};
use crate::domain::key::Key;
use crate::enrich::board::{Picks, Shelf};
use crate::matching::conflicts::{Conflicts, decode_conflicts, fill};

use crate::domain::outcome::{Outcome, Status};
use crate::output::record::Told;
use crate::reference::vpic::Decoded;
use crate::reference::vpic::Offline;
use crate::store::Snapshot;

/// Second opinions kept for rows to come; beyond, all are dropped and worked out again.
const OPINIONS: usize = 32_768;

/// What is known about the decodes of a run.
pub(super) struct Decodes {
    picks: Option<Picks>,
    shelf: Shelf<DecodeFacts>,
    offline: Option<Place>,
    opinions: Opinions,
}

/// Second opinions by whose answer it is, and the two fingerprints.
type Opinions = HashMap<(Option<Arc<str>>, u64, u64), Opinion>;

/// The offline decoder among those that are asked.
struct Place {
    label: Arc<str>,
    released_at: i64,
    leads: bool,
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

/// What a row is told.
pub(super) struct DecodeTold {
    pub(super) told: Told<DecodeFacts>,
    pub(super) conflicts: Option<Arc<Conflicts>>,
    /// Of the facts.
    pub(super) hash: u64,
}

impl Decodes {
    pub(super) fn new(picks: Option<Picks>, offline: Option<&Offline>) -> Self {
        let offline = offline.map(|offline| Place {
            label: Local::Vpic.id().into(),
            released_at: offline.released_at(),
            leads: offline.leads(),
        });
        Self { picks, shelf: Shelf::default(), offline, opinions: HashMap::new() }
    }

    pub(super) fn stale(&self) -> u64 {
        self.picks.as_ref().map_or(0, Picks::stale)
    }

    /// What is told of the VIN numbered `id`. A vendor's answer comes first and is
    /// filled from the offline decoder, unless that comes first in the chain.
    pub(super) fn tell(
        &mut self,
        id: u32,
        key: &Key,
        decoded: Option<&Decoded>,
        snapshot: &Snapshot<'_>,
    ) -> Result<DecodeTold, Error> {
        let (Some(place), Some(decoded)) = (&self.offline, decoded) else {
            let (told, hash) = tell(self.picks.as_ref(), id, key, snapshot, &mut self.shelf)?;
            return Ok(DecodeTold { told, conflicts: None, hash });
        };
        if place.leads && decoded.is_found() {
            return Ok(place.tell(decoded));
        }
        let (mut told, hash) = tell(self.picks.as_ref(), id, key, snapshot, &mut self.shelf)?;
        match told.facts.take().filter(|_| told.status == Status::Found) {
            Some(facts) => {
                let Opinion { facts, hash, conflicts } =
                    second_opinion(&mut self.opinions, (facts, hash), &told, decoded);
                told.facts = Some(facts);
                Ok(DecodeTold { told, conflicts, hash })
            }
            None if decoded.is_found() => Ok(place.tell(decoded)),
            None if matches!(told.status, Status::NotRequested | Status::Refused) => {
                Ok(DecodeTold {
                    told: Told {
                        vendor: Some(Arc::clone(&place.label)),
                        fetched_at: Some(place.released_at),
                        ..tell_outcome(&Outcome::Absent)
                    },
                    conflicts: None,
                    hash: 0,
                })
            }
            None => Ok(DecodeTold { told, conflicts: None, hash }),
        }
    }
}

impl Place {
    fn tell(&self, decoded: &Decoded) -> DecodeTold {
        let told = Told {
            status: Status::Found,
            vendor: Some(Arc::clone(&self.label)),
            fetched_at: Some(self.released_at),
            error: None,
            facts: Some(Arc::clone(&decoded.facts)),
        };
        DecodeTold { told, conflicts: None, hash: decoded.hash }
    }
}

/// A vendor's answer filled from, and held against, the offline decoder's.
fn second_opinion(
    opinions: &mut Opinions,
    (facts, hash): (Arc<DecodeFacts>, u64),
    told: &Told<DecodeFacts>,
    decoded: &Decoded,
) -> Opinion {
    let about = (told.vendor.clone(), hash, decoded.hash);
    if let Some(known) = opinions.get(&about) {
        return known.clone();
    }
    if opinions.len() >= OPINIONS {
        opinions.clear();
    }
    let vendor = told.vendor.as_deref().unwrap_or_default();
    let conflicts = decode_conflicts(&facts, vendor, &decoded.facts, Local::Vpic.id());
    let mut filled = DecodeFacts::clone(&facts);
    let opinion = if fill(&mut filled, &decoded.facts) {
        Opinion { hash: fingerprint(&filled), facts: Arc::new(filled), conflicts: None }
    } else {
        Opinion { facts, hash, conflicts: None }
    };
    let opinion = Opinion { conflicts: conflicts.map(Arc::new), ..opinion };
    opinions.insert(about, opinion.clone());
    opinion
}
