//! The contest: which races are run, and how often.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate::fleet::Fleet;
use crate::ground::{Ground, Input};
use crate::race::{Race, Time};
use crate::rivals::{Clients, Rivals};
use crate::vendor::{Form, Vendor};
use crate::{Result, table};

/// Distinct VINs of the large fleet; the small one has a tenth.
pub(crate) const VINS: usize = 1_000_000;

/// VINs of a call, the vendor's limit.
pub(crate) const BATCH: usize = 20;

/// Calls on their way at once.
pub(crate) const IN_FLIGHT: usize = 16;

/// The most memory where kinds share the answers.
const MEGABYTES: f64 = 350.0;

/// Runs the races whose names start with one of `chosen`, all where none is chosen, and
/// prints the figures.
pub(crate) fn run(chosen: &[&str]) -> Result<()> {
    // Cargo adds `--bench` to what was typed.
    let names: Vec<&str> = chosen.iter().copied().filter(|name| !name.starts_with('-')).collect();
    let vins = number("VINRICH_BENCH_VINS")?.unwrap_or(VINS);
    let pairs = number("VINRICH_BENCH_PAIRS")?.unwrap_or(5);

    let ground = Ground::new()?;
    let rivals = Rivals::find("rivals.py", "VINRICH_BENCH_PYTHON")?;
    let clients = Clients::find("clients.py", "VINRICH_BENCH_CLIENTS")?;
    let vendors = [Vendor::start(Form::Shared)?, Vendor::start(Form::Different)?];
    let (large, small) = (ground.fleet(vins)?, ground.fleet(vins.div_ceil(10))?);
    let course =
        Course { names, rivals: rivals.as_ref(), clients: clients.as_ref(), ground: &ground };

    table::print_head((course.rivals, course.clients), vins, pairs);
    let mut races = Vec::new();
    for (vendor, least) in vendors.iter().zip([0.7, 0.35]) {
        races.extend(course.known(&large, vendor, least)?);
    }
    for (input, most) in [(&large, [2.0, 4.0]), (&small, [3.0, 4.5])] {
        for (vendor, most) in vendors.iter().zip(most) {
            races.extend(course.first(input, vendor, most));
        }
    }
    races.extend(course.offline(vins)?);
    races.extend(course.commands()?);
    if races.is_empty() {
        return Err("no race has a name that starts so".into());
    }

    for pair in 1..=pairs {
        for race in &mut races {
            println!("pair {pair} of {pairs}: {}", race.name);
            race.run_pair(pair)?;
        }
    }
    table::print(&races, vendors.iter().map(Vendor::cpu).sum());
    Ok(())
}

fn number(variable: &str) -> Result<Option<usize>> {
    match env::var(variable) {
        Ok(text) => {
            let number = text.parse().map_err(|_| format!("`{variable}` is not a number"))?;
            Ok(Some(number))
        }
        Err(_) => Ok(None),
    }
}

/// The data of the offline decoder that `make vpic-data` fetches, where it has been.
fn decoder_data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("target-data/vpic.rkyv");
    data.is_file().then_some(data)
}

/// Calls that ask for every VIN of a fleet once.
fn calls(fleet: Fleet) -> usize {
    fleet.distinct.div_ceil(BATCH)
}

/// What the races are made of.
struct Course<'a> {
    names: Vec<&'a str>,
    rivals: Option<&'a Rivals>,
    clients: Option<&'a Clients>,
    ground: &'a Ground,
}

impl<'a> Course<'a> {
    fn is_chosen(&self, race: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| race.starts_with(name))
    }

    /// A fleet that the store knows, against `DuckDB`, which has the same facts in a
    /// Parquet file of its own.
    fn known(&self, input: &'a Input, vendor: &'a Vendor, least: f64) -> Result<Option<Race<'a>>> {
        let name = format!("known fleet of {}, {}", input.fleet.distinct, vendor.form.meaning());
        if !self.is_chosen(&name) {
            return Ok(None);
        }
        let ground = Rc::new(self.ground.inner()?);
        ground.enrich(input, vendor, calls(input.fleet))?;
        let run = Rc::clone(&ground);
        let vinrich = Box::new(move || run.enrich(input, vendor, 0));
        let mut race = Race::new(name, Time::AtLeast(least), vinrich);
        if vendor.form == Form::Shared {
            race = race.below_megabytes(MEGABYTES);
        }
        let Some(rivals) = self.rivals else { return Ok(Some(race)) };
        let facts = ground.path("facts.parquet");
        rivals.prepare("facts", &[&ground.output(), &facts])?;
        let join = move || {
            let out = ground.path("joined.parquet");
            let paths: [&dyn AsRef<_>; 4] = [&input.path, &facts, &out, &ground.report()];
            ground.measured(&mut rivals.job("join", &paths), input.fleet.rows())
        };
        Ok(Some(race.against(rivals.versions.duckdb_name(), Box::new(join))))
    }

    /// A fleet that an empty store knows nothing of, against the bare client, and against
    /// others where they are wanted.
    fn first(&self, input: &'a Input, vendor: &'a Vendor, most: f64) -> Option<Race<'a>> {
        let name = format!("first run of {}, {}", input.fleet.distinct, vendor.form.meaning());
        if !self.is_chosen(&name) {
            return None;
        }
        let ground = self.ground;
        let vinrich = move || ground.inner()?.enrich(input, vendor, calls(input.fleet));
        let mut race = Race::new(name, Time::AtMost(most), Box::new(vinrich));
        if vendor.form == Form::Shared {
            race = race.below_megabytes(MEGABYTES);
        }
        let bare = move || ground.inner()?.bare(input, vendor);
        race = race.against("bare client".into(), Box::new(bare));
        let Some(clients) = self.clients else { return Some(race) };
        for client in ["aiohttp", "dlt"] {
            let run = move || {
                let ground = ground.inner()?;
                let (out, report) = (ground.path("client.parquet"), ground.report());
                let arguments: [&dyn AsRef<_>; 4] = [&vendor.port, &input.path, &out, &report];
                ground.measured(&mut clients.job(client, &arguments), input.fleet.rows())
            };
            race = race.against(client.into(), Box::new(run));
        }
        Some(race)
    }

    /// VINs of kinds that exist, decoded on this machine, against the decoder's own
    /// Parquet path, which reads the distinct VINs from Parquet.
    fn offline(&self, vins: usize) -> Result<Option<Race<'a>>> {
        let name = format!("offline decode of {vins}");
        let (Some(rivals), Some(data)) = (self.rivals, decoder_data()) else {
            println!("the offline decode was skipped: it takes ultravin and `make vpic-data`");
            return Ok(None);
        };
        if !self.is_chosen(&name) {
            return Ok(None);
        }
        let ground = self.ground;
        let input = Rc::new(ground.real_fleet(rivals, vins)?);
        let list = ground.path("vins.parquet");
        rivals.prepare("vins", &[&input.path, &list])?;
        let distinct = input.fleet.distinct;
        let vinrich = move || ground.inner()?.decode(&input, &data);
        let own = move || {
            let (out, report) = (ground.path("decoded.parquet"), ground.report());
            let paths: [&dyn AsRef<_>; 3] = [&list, &out, &report];
            let measured = ground.measured(&mut rivals.job("decode", &paths), distinct);
            fs::remove_file(out)?;
            measured
        };
        let race = Race::new(name, Time::AtLeast(1.5), Box::new(vinrich));
        Ok(Some(race.against(rivals.versions.ultravin_name(), Box::new(own))))
    }

    /// What is typed to look at something.
    fn commands(&self) -> Result<Vec<Race<'a>>> {
        let version = Time::Within(Duration::from_millis(10));
        let mut races =
            vec![Race::new("command `--version`".into(), version, Box::new(Ground::version))];
        if let Some(data) = decoder_data() {
            let ground = self.ground.inner()?;
            let decode = Box::new(move || ground.decode_one(&data));
            let within = Time::Within(Duration::from_millis(100));
            races.push(Race::new("command `decode` of one VIN".into(), within, decode));
        }
        races.retain(|race| self.is_chosen(&race.name));
        Ok(races)
    }
}
