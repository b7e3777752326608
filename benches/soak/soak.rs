//! Nights of one fleet, and what became of them. `make soak` plays many large
//! ones, a test a few small ones by the same code.

mod figures;
mod run;
mod store;
pub(crate) mod vendor;
mod verdict;
#[path = "../enrich/vehicles.rs"]
mod vehicles;
#[path = "../enrich/vins.rs"]
mod vins;
mod world;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use figures::Night;
use run::Runner;
pub(crate) use verdict::judge;
use world::World;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Between two nights, so that their answers can be told apart by age.
const DAY: Duration = Duration::from_secs(3);

/// What a soak is to be like.
pub(crate) struct Spec {
    /// Distinct VINs.
    pub(crate) vins: usize,
    /// Where the vendor listens.
    pub(crate) port: u16,
    /// The program.
    pub(crate) executable: PathBuf,
    /// Further nights follow for so long.
    pub(crate) lasting: Duration,
    /// Nights at least.
    pub(crate) nights: usize,
    /// Kills in each night but the first of many.
    pub(crate) kills: usize,
}

/// Plays all nights in a folder of its own below `folder`, and tells each as it ends.
pub(crate) fn run(spec: &Spec, folder: &Path, tell: &mut dyn FnMut(String)) -> Result<Vec<Night>> {
    let work = TempDir::new_in(folder)?;
    let world = World::new(spec.vins);
    world.write_input(&work.path().join("fleet.csv"))?;
    let runner = Runner::new(spec, work.path(), &world)?;
    let started = Instant::now();
    let mut nights = Vec::new();
    tell(Night::heading());
    while nights.len() < spec.nights || started.elapsed() < spec.lasting {
        if !nights.is_empty() {
            thread::sleep(DAY);
        }
        // The first one shows what an undisturbed night takes.
        let kills = if nights.is_empty() && spec.nights == 1 { 0 } else { spec.kills };
        let night = runner.night(nights.len() + 1, kills)?;
        tell(night.line());
        nights.push(night);
    }
    Ok(nights)
}
