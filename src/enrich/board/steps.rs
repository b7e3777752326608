//! What each kind of step keeps of its words, and how it combines them.

use std::sync::Arc;

use super::Vehicles;
use super::catalogue::Catalogue;
use super::column::{Ask, Column, Open, View};
use super::combined::Combined;
use super::word::{Rank, Said};
use crate::config::Local;
use crate::domain::facts::MatchBasis;
use crate::domain::{Error, KeyKind, KeySet, Outcome, Timestamp};
use crate::enrich::chain::{Source, Step};
use crate::enrich::inventory::{Inventory, Known, Renewed};
use crate::enrich::report::DatasetReport;

/// What one step says.
#[derive(Debug)]
pub(crate) enum StepWords {
    /// Asked by VIN.
    ByVin(Box<ByVin>),
    /// Asked by vehicle, its zeros put to the test.
    ByVehicle { main: Box<Column>, test: Test },
    /// A list that is read whole.
    Inventory(Box<InventoryWords>),
    /// Data on this machine.
    Local(LocalWords),
}

/// What a source says of VINs, the first of equals first.
#[derive(Debug)]
pub(crate) struct ByVin {
    /// Asked first about the VINs whose rows state a year that they leave open, where there
    /// are any; what it finds settles them.
    pub(crate) of_year: Option<Column>,
    /// How many it settled.
    pub(crate) settled: u64,
    /// Asked about all others.
    pub(crate) main: Column,
    /// Stood in for the other.
    pub(crate) dearer: Option<Column>,
}

/// How a zero asked by vehicle is put to the test: the source may know the model
/// by another name.
#[derive(Debug)]
pub(crate) enum Test {
    /// It cannot be: every zero is inconclusive.
    None,
    /// By one call by VIN.
    Probe(Box<Probe>),
    /// It is asked under the names in the source's own lists of models.
    Catalogue(Box<Catalogue>),
}

/// Answers by VIN to zeros asked by vehicle.
#[derive(Debug)]
pub(crate) struct Probe {
    /// By VIN.
    pub(crate) column: Column,
    /// For each group of versions, the VIN whose answer speaks for it.
    vins: Vec<Option<ProbeVin>>,
}

/// The VIN that speaks for a group of versions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeVin {
    /// Its number.
    pub(crate) vin: u32,
    order: (bool, u8),
    /// The latest answer about any VIN of the group.
    pub(crate) answered_at: Option<Timestamp>,
    /// Whether one of them need not be asked.
    pub(crate) is_fresh: bool,
}

/// What reading an inventory came to.
#[derive(Debug)]
pub(crate) struct InventoryWords {
    pub(crate) source: Source,
    pub(crate) inventory: Option<Arc<Inventory>>,
    /// Why it was not renewed, for the VINs that were looked for.
    outcome: Option<Outcome>,
    looked_for: Vec<bool>,
    /// Whether a plan does not know what it will say.
    is_assumed: bool,
    pub(crate) report: DatasetReport,
    pub(crate) warning: Option<String>,
}

/// What data on this machine say.
#[derive(Debug)]
pub(crate) struct LocalWords {
    pub(crate) local: Local,
    /// By VIN (decoder) or by version (recall file), as far as it was looked up.
    pub(crate) says: Vec<Option<LocalSays>>,
}

/// What data on this machine say of one VIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocalSays {
    /// They know it.
    Found,
    /// There is nothing.
    Absent,
    /// They cannot tell.
    Unclear,
}

impl StepWords {
    pub(super) fn of(step: &Step, vins: &KeySet) -> Self {
        let source = match step {
            Step::Local(local) => {
                return Self::Local(LocalWords { local: *local, says: Vec::new() });
            }
            Step::Remote(source) => source,
        };
        let column = || Column::new(source.clone());
        match source.key_kind() {
            KeyKind::Page => Self::Inventory(Box::new(InventoryWords::new(source.clone()))),
            KeyKind::Vehicle => {
                Self::ByVehicle { main: Box::new(column()), test: Test::of(source) }
            }
            KeyKind::Vin | KeyKind::VinOfYear | KeyKind::Task | KeyKind::Name => {
                let of_year = source.of_year().filter(|_| vins.has_open_years()).map(Column::new);
                Self::ByVin(Box::new(ByVin { of_year, settled: 0, main: column(), dearer: None }))
            }
        }
    }

    /// Every endpoint that was asked something, in the order of asking.
    pub(super) fn columns(&self) -> Vec<&Column> {
        match self {
            Self::ByVin(by_vin) => by_vin.columns().collect(),
            Self::ByVehicle { main, test: Test::None } => vec![main],
            Self::ByVehicle { main, test: Test::Probe(probe) } => vec![main, &probe.column],
            Self::ByVehicle { main, test: Test::Catalogue(of) } => {
                vec![main, &of.lists, &of.near]
            }
            Self::Inventory(_) | Self::Local(_) => Vec::new(),
        }
    }

    /// Whether what it says of a VIN rests on what a plan assumes.
    pub(super) fn is_assumed(&self, vin: u32, vehicles: Option<&Vehicles>) -> bool {
        match self {
            Self::ByVin(by_vin) => by_vin.columns().any(|column| column.is_assumed(vin)),
            Self::ByVehicle { main, test } => {
                vehicles.is_some_and(|vehicles| test.is_assumed(main, vehicles, vin))
            }
            Self::Inventory(words) => words.is_assumed,
            Self::Local(_) => false,
        }
    }

    pub(super) fn read(
        &mut self,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        view: View<'_>,
    ) -> Result<(), Error> {
        match (self, vehicles) {
            (Self::ByVin(by_vin), _) => {
                by_vin.columns_mut().try_for_each(|column| column.read(vins, view))
            }
            (Self::ByVehicle { main, test: Test::None }, Some(vehicles)) => {
                main.read(&vehicles.keys, view)
            }
            (Self::ByVehicle { main, test: Test::Probe(probe) }, Some(vehicles)) => {
                main.read(&vehicles.keys, view)?;
                probe.column.read(vins, view)?;
                probe.choose(vins, vehicles, None);
                Ok(())
            }
            (Self::ByVehicle { main, test: Test::Catalogue(of) }, Some(vehicles)) => {
                of.read(main, vehicles, view)
            }
            (Self::ByVehicle { .. } | Self::Inventory(_) | Self::Local(_), _) => Ok(()),
        }
    }
}

impl ByVin {
    pub(super) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.of_year.iter().chain([&self.main]).chain(&self.dearer)
    }

    /// Hits and misses before anything is asked, a VIN that has two questions counted once.
    pub(crate) fn report(&self) -> DatasetReport {
        let of_main = &self.main.report;
        let (keys, hits) = (of_main.keys + self.settled, of_main.hits + self.settled);
        DatasetReport { keys, hits, ..of_main.clone() }
    }

    fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        self.of_year.iter_mut().chain([&mut self.main]).chain(&mut self.dearer)
    }
}

impl Test {
    fn of(source: &Source) -> Self {
        if let Some(by_vin) = source.confirming() {
            return Self::Probe(Box::new(Probe { column: Column::new(by_vin), vins: Vec::new() }));
        }
        match source.catalogue() {
            Some(models) => Self::Catalogue(Box::new(Catalogue::new(models))),
            None => Self::None,
        }
    }

    fn is_assumed(&self, main: &Column, vehicles: &Vehicles, vin: u32) -> bool {
        let of_main = || vehicles.vehicle_of(vin).is_some_and(|id| main.is_assumed(id));
        match self {
            Self::None => of_main(),
            Self::Probe(probe) => {
                let group = vehicles.group_of(vin).and_then(|group| probe.vin_of(group));
                of_main() || group.is_some_and(|of| probe.column.is_assumed(of.vin))
            }
            Self::Catalogue(of) => {
                vehicles.version_of(vin).is_some_and(|version| of.is_assumed(main, version))
            }
        }
    }
}

impl Probe {
    /// Chooses the VIN that speaks for each group: one with a fresh answer; else the one
    /// whose campaigns are known, so that they are renewed; else the one asked before; else
    /// the smallest. With `ask`, an answer that is to be asked for again is not fresh.
    pub(crate) fn choose(&mut self, vins: &KeySet, vehicles: &Vehicles, ask: Option<Ask>) {
        self.vins.clear();
        self.vins.resize(vehicles.groups.len(), None);
        for vin in vins.ids() {
            let Some(group) = vehicles.group_of(vin) else { continue };
            let word = self.column.word(vin);
            let order = word.as_probe();
            let place = &mut self.vins[group as usize];
            let probe =
                place.get_or_insert(ProbeVin { vin, order, answered_at: None, is_fresh: false });
            // The smallest comes first.
            if order < probe.order {
                (probe.vin, probe.order) = (vin, order);
            }
            probe.answered_at = probe.answered_at.max(word.kept_at());
            probe.is_fresh |= word.fresh && !ask.is_some_and(|ask| ask.again(word));
        }
    }

    /// Who speaks for a group.
    pub(crate) fn vin_of(&self, group: u32) -> Option<ProbeVin> {
        self.vins.get(group as usize).copied().flatten()
    }
}

/// One step's answers by vehicle: what they say once their zeros were put to the test.
pub(super) struct Zero<'b> {
    pub(super) main: &'b Column,
    pub(super) test: &'b Test,
    pub(super) vins: &'b KeySet,
    pub(super) vehicles: &'b Vehicles,
}

impl<'b> Zero<'b> {
    /// What the step says about a VIN; `None` where its vehicle is not known.
    ///
    /// A zero asked by vehicle proves nothing by itself. It counts once a call by
    /// VIN confirmed it, or once the source's own lists have a name that is surely
    /// the vehicle's; else it is inconclusive.
    pub(super) fn word(&self, vin: u32) -> Option<Combined<'b>> {
        if let Test::Catalogue(catalogue) = self.test {
            return catalogue.word(self.main, self.vehicles, self.vehicles.version_of(vin)?);
        }
        let vehicle = self.vehicles.vehicle_of(vin)?;
        let word = self.main.word(vehicle);
        let probe = match self.test {
            Test::Probe(probe) => Some(&**probe),
            Test::None | Test::Catalogue(_) => None,
        };
        if let Some(probe) = probe {
            let own = probe.column.word(vin);
            if own.is_found() && own.rank() <= word.rank() {
                return Some(self.by_vin(probe, vin, MatchBasis::Vin));
            }
        }
        let is_zero = word.is_absent();
        let is_inconclusive = self.main.outcome(vehicle) == Some(&Outcome::Inconclusive);
        Some(match probe {
            _ if !is_zero && !is_inconclusive => self.asked(vehicle, MatchBasis::ModelExact),
            Some(probe) => self.probed(probe, vin, vehicle),
            None => Combined::Unanswered(Outcome::Inconclusive),
        })
    }

    fn asked(&self, vehicle: u32, basis: MatchBasis) -> Combined<'b> {
        Combined::Key { column: self.main, keys: &self.vehicles.keys, id: vehicle, basis }
    }

    fn by_vin(&self, probe: &'b Probe, vin: u32, basis: MatchBasis) -> Combined<'b> {
        Combined::Key { column: &probe.column, keys: self.vins, id: vin, basis }
    }

    /// A zero asked by vehicle: confirmed by VIN, contradicted by VIN, or inconclusive.
    ///
    /// Campaigns that a VIN of the same make, model, year, series and powertrain has
    /// count for its siblings too, as `model_variant`: the vendor knows the model by
    /// another name, and a zero would be false.
    fn probed(&self, probe: &'b Probe, vin: u32, vehicle: u32) -> Combined<'b> {
        let group = self.vehicles.group_of(vin);
        let Some(ProbeVin { vin: speaker, .. }) = group.and_then(|group| probe.vin_of(group))
        else {
            return Combined::Unanswered(Outcome::Inconclusive);
        };
        let confirmed = probe.column.word(speaker);
        let basis = if speaker == vin { MatchBasis::Vin } else { MatchBasis::ModelExact };
        match confirmed.said {
            // A zero is as old as the older of the two that make it, and as stale.
            Said::Absent if confirmed.standing() < self.main.word(vehicle).standing() => {
                self.by_vin(probe, speaker, basis)
            }
            Said::Absent => self.asked(vehicle, basis),
            Said::Found => self.by_vin(probe, speaker, MatchBasis::ModelVariant),
            Said::Unanswered => Combined::Unanswered(
                probe.column.outcome(speaker).cloned().unwrap_or(Outcome::Inconclusive),
            ),
            Said::Refused | Said::Nothing => Combined::Unanswered(Outcome::Inconclusive),
        }
    }
}

impl InventoryWords {
    fn new(source: Source) -> Self {
        Self {
            source,
            inventory: None,
            outcome: None,
            looked_for: Vec::new(),
            is_assumed: false,
            report: DatasetReport::default(),
            warning: None,
        }
    }

    /// What reading it came to, for the VINs still `open`.
    pub(crate) fn renewed(&mut self, renewed: Renewed, open: &[Open]) {
        self.looked_for = open.iter().map(|open| *open != Open::No).collect();
        let keys = self.looked_for.iter().filter(|looked_for| **looked_for).count() as u64;
        self.report.keys += keys;
        match renewed.known {
            Known::Never => self.report.misses += keys,
            Known::Fresh => self.report.hits += keys,
            Known::Expired => self.report.stale += keys,
        }
        self.inventory = renewed.inventory;
        self.warning = renewed.warning;
        self.outcome = renewed.outcome;
    }

    /// Takes it that the inventory to be read has none of the VINs.
    pub(crate) fn assume(&mut self) {
        self.is_assumed = true;
    }

    pub(super) fn word(&self, vin: u32, vins: &KeySet) -> Option<Combined<'_>> {
        let wanted = self.looked_for.get(vin as usize).is_some_and(|wanted| *wanted);
        let outcome = self.outcome.as_ref().filter(|_| wanted);
        let Some(inventory) = self.inventory.as_deref() else {
            return outcome.cloned().map(Combined::Unanswered);
        };
        let listed = vins.key(vin).vin().is_some_and(|vin| inventory.listings(vin).is_some());
        if !listed && !inventory.proves_absence() {
            let why = outcome.cloned().unwrap_or(Outcome::Inconclusive);
            return Some(Combined::Unanswered(why));
        }
        let word = Combined::Inventory { inventory, source: &self.source, listed };
        Some(match outcome {
            Some(outcome) if Rank::of_outcome(outcome) < word.rank() => {
                Combined::Unanswered(outcome.clone())
            }
            _ => word,
        })
    }

    /// Why there is no new reading, though one was wanted.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}

impl LocalWords {
    pub(super) fn says(&self, vin: u32, version: Option<u32>) -> Option<LocalSays> {
        let key = match self.local {
            Local::Vpic => vin,
            Local::NhtsaFile => version?,
        };
        self.says.get(key as usize).copied().flatten()
    }
}
