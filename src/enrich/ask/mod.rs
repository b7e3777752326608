//! Asking: for each step of a chain, what the board leaves open is asked, and
//! the board reads what the store knows then.
//!
//! The loop is the same for a run and for a plan: what differs is the [`Gate`],
//! which sends questions ([`Doors`]) or only counts them. Wave 1 asks about VINs
//! (decode, listings), wave 2 about what wave 1 made known (recalls by vehicle,
//! the dealers behind listings), wave 3 about vehicles like those.

mod catalogue;
mod comparables;
mod dealers;
mod doors;
mod zeros;

use std::cell::RefCell;

use crate::config::Local;
use crate::domain::{Dataset, Error, KeySet, Times};
use crate::enrich::board::{
    Answers, Ask, Beside, Board, ByVin, Column, Decodes, FiledWords, InventoryWords, LocalSays,
    LocalWords, Open, StepWords, Test, Vehicles, View,
};
use crate::enrich::chain::{Chain, Chains, Source};
use crate::enrich::plan::Plan;
use crate::enrich::report::DatasetReport;
use crate::reference::vpic::Offline;
use crate::store::Snapshot;

pub(crate) use doors::Doors;

/// Where questions go: to the vendors, or to a counter.
pub(crate) trait Gate {
    /// Whether nothing is sent: what is being asked for stays unknown.
    const COUNTS_ONLY: bool;

    /// The store as it is now; `None` where there is none yet.
    fn snapshot(&self) -> Result<Option<Snapshot<'_>>, Error>;

    /// The time now, and when the run started.
    fn times(&self) -> Times;

    /// Asks about the keys `ids`, and puts what came of it into the column.
    async fn ask(
        &self,
        question: Question<'_>,
        column: &mut Column,
        ids: Vec<u32>,
    ) -> Result<Asked, Error>;

    /// How many of `want` calls fit into those limits that no run would wait for.
    async fn room(&self, source: &Source, want: u64) -> Result<u64, Error>;

    /// Reads a list whole unless a fresh reading is there.
    async fn renew(
        &self,
        chain: &Chain,
        words: &mut InventoryWords,
        open: &mut [Open],
    ) -> Result<(), Error>;

    /// Why nothing may be spent on asking `source` about `what`, where it may not.
    fn may_not_pay(&self, source: &Source, what: &str) -> Option<String>;

    /// Hits and misses, as they are found.
    fn note(&self, report: &DatasetReport);

    /// The vehicles behind `vins`, once decodes were asked for.
    fn vehicles(&self, decodes: Decodes<'_>, vins: &KeySet) -> Result<Vehicles, Error>;

    /// So many `vehicles` may be asked about under other names, as a list of models
    /// that is not known yet turns out.
    fn may_rename(&self, main: &Column, vehicles: u64);

    /// So many more calls may follow, as vehicles that are not known yet turn out.
    fn may_also_ask(&self, dataset: Dataset, source: &Source, calls: u64);
}

/// A question about the `open` keys of a chain.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) chain: &'q Chain,
    pub(crate) keys: &'q KeySet,
    pub(crate) open: &'q [Open],
}

/// What came of a question.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// The vendor refuses this kind of request as such, whatever the keys.
    pub(crate) shape_refused: bool,
}

/// Asks the steps of every chain for what the store does not know.
pub(crate) struct Asker<'a, G> {
    /// What the run shall do.
    pub(crate) plan: &'a Plan,
    /// The steps.
    pub(crate) chains: &'a Chains,
    /// The offline decoder, where the decode chain has it.
    pub(crate) offline: Option<Offline>,
    /// Where questions go.
    pub(crate) gate: G,
    /// What the recall file said so far.
    filed: RefCell<FiledWords>,
}

impl<'a, G: Gate> Asker<'a, G> {
    /// One that has asked nothing yet.
    pub(crate) fn new(
        plan: &'a Plan,
        chains: &'a Chains,
        offline: Option<Offline>,
        gate: G,
    ) -> Self {
        Self { plan, chains, offline, gate, filed: RefCell::default() }
    }

    /// Both waves. Decode and recalls go on while listings are asked.
    pub(crate) async fn ask(&self, vins: &'a KeySet) -> Result<Answers<'a>, Error> {
        let vehicles = async {
            let decode = self.dataset(Dataset::Decode, vins, None).await?;
            let vehicles = self.vehicles(vins, decode.as_ref())?;
            let recalls = self.dataset(Dataset::Recalls, vins, vehicles).await?;
            Ok((decode, recalls))
        };
        let listings = async {
            let listings = self.dataset(Dataset::Listings, vins, None).await?;
            let dealers = match &listings {
                Some(board) => self.dealers(board).await?,
                None => Vec::new(),
            };
            Ok((listings, dealers))
        };
        let ((decode, recalls), (listings, dealers)) = tokio::try_join!(vehicles, listings)?;
        let comparables = match &listings {
            Some(board) => {
                let vehicles = recalls.as_ref().and_then(|board| board.vehicles.as_ref());
                self.comparables(board, decode.as_ref(), vehicles).await?
            }
            None => Vec::new(),
        };
        Ok(Answers { vins, decode, recalls, listings, dealers, comparables })
    }

    /// The vehicles behind `vins`, where recalls are asked by vehicle.
    pub(crate) async fn vehicles_behind(
        &self,
        vins: &'a KeySet,
    ) -> Result<Option<Vehicles>, Error> {
        let decode = self.dataset(Dataset::Decode, vins, None).await?;
        self.vehicles(vins, decode.as_ref())
    }

    /// Asks the steps of a chain one after the other, each about what no earlier
    /// one has settled.
    async fn dataset(
        &self,
        dataset: Dataset,
        vins: &'a KeySet,
        vehicles: Option<Vehicles>,
    ) -> Result<Option<Board<'a>>, Error> {
        let Some(chain) = self.chains.by_dataset.get(&dataset) else { return Ok(None) };
        let mut board = Board::new(chain, vins, vehicles);
        let mut open = vec![Open::Yes; vins.len()];
        for place in 0..board.steps.len() {
            self.step(&mut board, place, &mut open).await?;
            if place + 1 < board.steps.len() {
                board.close_settled(place, &mut open);
            }
        }
        Ok(Some(board))
    }

    async fn step(
        &self,
        board: &mut Board<'a>,
        place: usize,
        open: &mut [Open],
    ) -> Result<(), Error> {
        let Board { chain, vins, vehicles, steps } = board;
        let is_last = place + 1 == steps.len();
        match (&mut steps[place], vehicles.as_ref()) {
            (StepWords::ByVin(by_vin), _) => {
                self.by_vin(Question { chain, keys: vins, open }, by_vin).await
            }
            (StepWords::ByVehicle { main, test }, Some(vehicles)) => {
                let about = zeros::ByVehicle { chain, vins, vehicles };
                if let Test::Catalogue(of) = test {
                    let wanted = vehicles.versions_of_open(open);
                    return self.with_catalogue(about, main, of, &wanted).await;
                }
                let wanted = vehicles.of_open(open);
                match test {
                    Test::Probe(probe) => self.with_probes(about, main, probe, wanted).await,
                    Test::None | Test::Catalogue(_) => {
                        self.column(about.question(&wanted), main).await.map(drop)
                    }
                }
            }
            (StepWords::ByVehicle { .. }, None) => Ok(()),
            (StepWords::Inventory(words), _) => self.gate.renew(chain, words, open).await,
            // What nobody asks after is looked up when rows are written.
            (StepWords::Local(_), _) if is_last => Ok(()),
            (StepWords::Local(words), vehicles) => self.look_up(words, vins, vehicles, open),
        }
    }

    /// Asks a source about VINs: with the years that rows state where it takes them, then
    /// without; where it refuses such requests, the dearer endpoint that may stand in.
    async fn by_vin(&self, question: Question<'_>, by_vin: &mut ByVin) -> Result<(), Error> {
        let mut without_year = None;
        if let Some(of_year) = &mut by_vin.of_year {
            self.column(question, of_year).await?;
            let open = without_year.insert(question.open.to_vec());
            by_vin.settled = of_year.close_found(open);
        }
        let open = without_year.as_deref().unwrap_or(question.open);
        let question = Question { open, ..question };
        let cheap = &mut by_vin.main;
        let asked = self.column(question, cheap).await?;
        let Some(dearer) = cheap.source.dearer().filter(|_| asked.shape_refused) else {
            return Ok(());
        };
        let mut refused = vec![Open::No; question.open.len()];
        for (id, _) in cheap.outcomes.drain() {
            refused[id as usize] = question.open[id as usize];
        }
        // What the cheap one knows still counts.
        self.read(question.chain, question.keys, cheap)?;
        let mut column = Column::new(dearer);
        self.column(Question { open: &refused, ..question }, &mut column).await?;
        column.report = DatasetReport::default();
        by_vin.dearer = Some(column);
        Ok(())
    }

    /// Asks one vendor of listings about something beside them; what the store knows of
    /// it is used even where it may not be asked.
    async fn beside(
        &self,
        (source, what): (Source, &str),
        chain: &Chain,
        (keys, mut open): (KeySet, Vec<Open>),
    ) -> Result<Beside, Error> {
        let mut column = Column::new(source);
        let unasked = self.gate.may_not_pay(&column.source, what);
        if unasked.is_some() {
            for open in &mut open {
                *open = (*open).min(Open::Perhaps);
            }
        }
        // A plan says what the answers would cost.
        if unasked.is_none() || G::COUNTS_ONLY {
            self.column(Question { chain, keys: &keys, open: &open }, &mut column).await?;
        }
        Ok(Beside { keys, column, unasked })
    }

    /// Reads a column, and asks about the `open` keys that have no fresh answer.
    async fn column(&self, question: Question<'_>, column: &mut Column) -> Result<Asked, Error> {
        self.read(question.chain, question.keys, column)?;
        self.ask_open(question, column).await
    }

    /// Asks about the `open` keys of a column that was read.
    async fn ask_open(&self, question: Question<'_>, column: &mut Column) -> Result<Asked, Error> {
        let Question { chain, keys, open } = question;
        let missing = column.missing(keys, open, self.again(chain));
        column.report.add(&missing.report);
        self.gate.note(&missing.report);
        if missing.keys.is_empty() {
            return Ok(Asked::default());
        }
        self.gate.ask(question, column, missing.keys).await
    }

    fn read(&self, chain: &Chain, keys: &KeySet, column: &mut Column) -> Result<(), Error> {
        let snapshot = self.gate.snapshot()?;
        column.read(keys, self.view(chain, snapshot.as_ref()))
    }

    fn view<'s>(&self, chain: &Chain, snapshot: Option<&'s Snapshot<'s>>) -> View<'s> {
        View { snapshot, freshness: chain.freshness, times: self.gate.times() }
    }

    /// Whether fresh answers of a chain are asked for again.
    fn again(&self, chain: &Chain) -> Ask {
        let refresh = self.plan.datasets.refresh.contains(&chain.dataset);
        Ask { refresh, started: self.gate.times().started }
    }

    /// The distinct vehicles among the decoded VINs, where recalls need them.
    fn vehicles(
        &self,
        vins: &KeySet,
        decode: Option<&Board<'_>>,
    ) -> Result<Option<Vehicles>, Error> {
        let recalls = self.chains.by_dataset.get(&Dataset::Recalls);
        if !recalls.is_some_and(Chain::is_by_vehicle) {
            return Ok(None);
        }
        self.vehicles_of(vins, decode).map(Some)
    }

    /// The distinct vehicles among the decoded VINs.
    fn vehicles_of(&self, vins: &KeySet, decode: Option<&Board<'_>>) -> Result<Vehicles, Error> {
        let snapshot = self.gate.snapshot()?;
        let (offline, snapshot) = (self.offline.as_ref(), snapshot.as_ref());
        self.gate.vehicles(Decodes { board: decode, offline, snapshot }, vins)
    }

    /// What data on this machine say of the VINs that are open.
    fn look_up(
        &self,
        words: &mut LocalWords,
        vins: &KeySet,
        vehicles: Option<&Vehicles>,
        open: &[Open],
    ) -> Result<(), Error> {
        match (words.local, vehicles, &self.offline) {
            (Local::Vpic, _, Some(offline)) => {
                words.says = vec![None; vins.len()];
                let ids = vins.ids().filter(|&id| open[id as usize] != Open::No);
                offline.each(vins, &ids.collect::<Vec<_>>(), |id, decoded| {
                    let found = decoded.is_found();
                    let says = if found { LocalSays::Found } else { LocalSays::Absent };
                    words.says[id as usize] = Some(says);
                });
            }
            (Local::NhtsaFile, Some(vehicles), _) => {
                if let Some(snapshot) = self.gate.snapshot()? {
                    words.says =
                        vehicles.in_recall_file(&snapshot, &mut self.filed.borrow_mut())?;
                }
            }
            (Local::Vpic | Local::NhtsaFile, _, _) => {}
        }
        Ok(())
    }
}
