//! The recalls of a VIN, by every source of the chain.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{Times, tell_outcome, tell_pick};
use crate::answers::{Picks, RecallReplies, Shelf, StagePicks, Vehicles, Verdict};
use crate::config::Local;
use crate::error::Error;
use crate::facts::{DecodeFacts, MatchBasis, RecallFacts, fingerprint};
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
    /// Campaigns under several names, by the bodies of their answers.
    united: HashMap<Vec<u32>, (Arc<RecallFacts>, u64)>,
    file: Option<File>,
}

/// The imported recall file, at its place in the chain.
struct File {
    after: usize,
    info: RecallFileInfo,
    label: Arc<str>,
    /// What it tells, by the fingerprint of the decode that names the vehicle.
    told: HashMap<u64, RecallTold>,
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
        let mut best: Option<(u8, Option<Verdict<'_>>)> = None;
        let mut filed = None;
        for place in 0..=self.stages.len() {
            if let Some(file) = self.file.as_mut().filter(|file| file.after == place)
                && let Some(facts) = &decode.facts
            {
                let told = file.tell(facts, decode_hash, snapshot)?;
                if told.told.has_answer() {
                    filed = Some(told);
                    if best.as_ref().is_none_or(|(rank, _)| *rank > FILE_RANK) {
                        best = None;
                        break;
                    }
                }
            }
            let Some(stage) = self.stages.get(place) else { break };
            let Some(verdict) = stage.verdict(id, vins, self.vehicles) else { continue };
            let (rank, settles) = (verdict.rank(), verdict.settles());
            if settles || best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, Some(verdict)));
            }
            if settles {
                break;
            }
        }
        match best {
            Some((_, Some(verdict))) => tell_verdict(verdict, snapshot, &mut self.shelf, &mut self.united),
            _ => Ok(filed.unwrap_or_else(|| RecallTold { told: without_vehicle(decode), basis: None, hash: 0 })),
        }
    }
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

