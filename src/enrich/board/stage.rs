//! What one source says about the recalls of a VIN, and whether that settles it.
//!
//! A zero asked by vehicle proves nothing by itself: the source may know the
//! model by another name. It counts once a call by VIN confirmed it, or once the
//! source's own list of models has the very name; else it is inconclusive.

use super::{Catalogued, Pick, Picks, Replies, Stage, Vehicles};
use crate::domain::error::Error;
use crate::domain::facts::MatchBasis;
use crate::domain::freshness::Times;
use crate::domain::key::{Key, KeyKind};
use crate::domain::key_set::KeySet;
use crate::domain::outcome::Outcome;
use crate::enrich::chain::Chain;
use crate::store::{Answered, Snapshot};

/// What one source has said about recalls.
#[derive(Debug)]
pub struct StagePicks<'a> {
    by: KeyKind,
    main: Picks,
    confirmed: Option<Confirmed>,
    catalogued: Option<(&'a Catalogued, Picks)>,
}

/// Answers by VIN to zeros asked by vehicle.
#[derive(Debug)]
struct Confirmed {
    picks: Picks,
    /// For each vehicle, the VIN whose answer speaks for it.
    spokesman: Vec<Option<u32>>,
}

/// What one source says about the recalls of one VIN.
#[derive(Debug)]
pub enum Verdict<'p> {
    /// What is known about one key.
    Pick(&'p Picks, &'p Pick, Key, MatchBasis),
    /// The campaigns found under other names of the model, and why one of the
    /// names has no answer.
    Variants(&'p Picks, &'p KeySet, Vec<u32>, Option<Outcome>),
    /// No answer, and why.
    Outcome(Outcome),
}

impl<'a> StagePicks<'a> {
    /// Picks what the store holds of the source's answers.
    pub fn load(
        snapshot: &Snapshot<'_>,
        chain: &Chain,
        stage: &'a Stage,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        times: Times,
    ) -> Result<Self, Error> {
        let load =
            |replies: &Replies, keys: &KeySet| Picks::load(snapshot, chain, replies, keys, times);
        let keys = match (stage.by, vehicles) {
            (KeyKind::Vehicle, Some(vehicles)) => &vehicles.keys,
            _ => vins,
        };
        let confirmed = match (&stage.confirmed, vehicles) {
            (Some(replies), Some(vehicles)) => {
                Some(Confirmed::new(load(replies, vins)?, vins, vehicles))
            }
            _ => None,
        };
        let catalogued = stage.catalogued.as_ref();
        let catalogued = catalogued
            .map(|of| Ok::<_, Error>((of, load(&of.variants, &of.names)?)))
            .transpose()?;
        Ok(Self { by: stage.by, main: load(&stage.main, keys)?, confirmed, catalogued })
    }

    /// Expired answers that are written though they have expired.
    pub fn stale(&self) -> u64 {
        self.main.stale()
    }

    /// What the source says about `vin`; `None` where it was asked by vehicle
    /// and the vehicle is not known.
    pub fn verdict(
        &self,
        vin: u32,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
    ) -> Option<Verdict<'_>> {
        if self.by == KeyKind::Vin {
            let pick = self.main.get(vin);
            return Some(Verdict::Pick(&self.main, pick, vins.key(vin), MatchBasis::Vin));
        }
        let vehicles = vehicles?;
        let vehicle = vehicles.of[vin as usize]?;
        let pick = self.main.get(vehicle);
        if let Some(Confirmed { picks, .. }) = &self.confirmed
            && picks.get(vin).is(Answered::Found)
            && picks.get(vin).rank() <= pick.rank()
        {
            return Some(Verdict::Pick(picks, picks.get(vin), vins.key(vin), MatchBasis::Vin));
        }
        let told = |basis| Verdict::Pick(&self.main, pick, vehicles.keys.key(vehicle), basis);
        let zero = pick.is(Answered::Absent);
        Some(if !zero && !pick.is_inconclusive() {
            let renamed = matches!(pick, Pick::Outcome(_)).then(|| self.renamed(vehicle)).flatten();
            renamed.unwrap_or_else(|| told(MatchBasis::ModelExact))
        } else if let Some(confirmed) = &self.confirmed {
            confirmed.verdict(vin, vehicle, vins, told)
        } else if let Some((catalogued, variants)) = &self.catalogued {
            by_catalogue(catalogued, variants, vehicle, zero)
                .unwrap_or_else(|| told(MatchBasis::ModelExact))
        } else {
            Verdict::Outcome(Outcome::Inconclusive)
        })
    }
}

impl StagePicks<'_> {
    /// What was found under the vehicle's other names: it counts whatever keeps the
    /// vehicle from being asked about under its own.
    fn renamed(&self, vehicle: u32) -> Option<Verdict<'_>> {
        let (catalogued, variants) = self.catalogued.as_ref()?;
        let verdict = by_catalogue(catalogued, variants, vehicle, false)?;
        verdict.is_found().then_some(verdict)
    }
}

impl Confirmed {
    fn new(picks: Picks, vins: &KeySet, vehicles: &Vehicles) -> Self {
        let mut spokesman = vec![None; vehicles.keys.len()];
        for vin in vins.sorted() {
            let Some(vehicle) = vehicles.of[vin as usize] else { continue };
            let spokesman = &mut spokesman[vehicle as usize];
            let rank = |vin: u32| (!picks.get(vin).is_fresh(), picks.get(vin).rank());
            if spokesman.is_none_or(|known| rank(vin) < rank(known)) {
                *spokesman = Some(vin);
            }
        }
        Self { picks, spokesman }
    }

    /// A zero asked by vehicle: confirmed by VIN, contradicted by VIN, or inconclusive.
    ///
    /// Campaigns that a VIN of the same make, model and year has are told for its
    /// siblings too, as `model_variant`: the vendor knows the model by another
    /// name, and a zero would be false.
    fn verdict<'p>(
        &'p self,
        vin: u32,
        vehicle: u32,
        vins: &KeySet,
        zero: impl FnOnce(MatchBasis) -> Verdict<'p>,
    ) -> Verdict<'p> {
        let Some(speaker) = self.spokesman[vehicle as usize] else {
            return Verdict::Outcome(Outcome::Inconclusive);
        };
        let pick = self.picks.get(speaker);
        let basis = if speaker == vin { MatchBasis::Vin } else { MatchBasis::ModelExact };
        match pick {
            _ if pick.is(Answered::Absent) => match zero(basis) {
                // A zero is as old as the older of the two that make it, and as stale.
                Verdict::Pick(_, asked, ..) if pick.standing() < asked.standing() => {
                    Verdict::Pick(&self.picks, pick, vins.key(speaker), basis)
                }
                zero => zero,
            },
            _ if pick.is(Answered::Found) => {
                Verdict::Pick(&self.picks, pick, vins.key(speaker), MatchBasis::ModelVariant)
            }
            Pick::Outcome(outcome) => Verdict::Outcome(Outcome::clone(outcome)),
            Pick::Held { .. } | Pick::Nothing => Verdict::Outcome(Outcome::Inconclusive),
        }
    }
}

/// A zero held against the list of models; `None` where that confirms it.
fn by_catalogue<'p>(
    catalogued: &'p Catalogued,
    variants: &'p Picks,
    vehicle: u32,
    zero: bool,
) -> Option<Verdict<'p>> {
    if catalogued.listed[vehicle as usize] {
        // A zero under a listed name is one; an unclear reply was given in haste.
        return if zero { None } else { Some(Verdict::Outcome(Outcome::Inconclusive)) };
    }
    let names = catalogued.other_names.get(&vehicle).map_or(&[][..], Vec::as_slice);
    let found: Vec<u32> =
        names.iter().copied().filter(|&name| variants.get(name).is(Answered::Found)).collect();
    let open = names.iter().find_map(|&name| match variants.get(name) {
        Pick::Outcome(outcome) => Some(Outcome::clone(outcome)),
        _ => None,
    });
    Some(if found.is_empty() {
        Verdict::Outcome(open.unwrap_or(Outcome::Inconclusive))
    } else {
        Verdict::Variants(variants, &catalogued.names, found, open)
    })
}

impl Verdict<'_> {
    /// Whether no later source need be asked.
    pub fn settles(&self) -> bool {
        match self {
            Self::Pick(_, pick, ..) => {
                pick.is_fresh() && (pick.is(Answered::Found) || pick.is(Answered::Absent))
            }
            Self::Variants(picks, _, names, open) => {
                open.is_none() && names.iter().all(|&name| picks.get(name).is_fresh())
            }
            Self::Outcome(_) => false,
        }
    }

    /// Whether it names campaigns.
    pub fn is_found(&self) -> bool {
        match self {
            Self::Pick(_, pick, ..) => pick.is(Answered::Found),
            Self::Variants(..) => true,
            Self::Outcome(_) => false,
        }
    }

    /// The smaller, the better, over several sources.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Pick(_, pick, ..) => pick.rank(),
            Self::Variants(picks, _, names, _) => {
                names.iter().map(|&name| picks.get(name).rank()).max().unwrap_or(u8::MAX)
            }
            Self::Outcome(outcome) => Pick::rank_of(outcome),
        }
    }
}
