//! Killed at random, on one store that grows: there is always something to ask.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use super::kills_wanted;
use super::oracle::Oracle;
use super::outputs::{self, Rows};
use super::site::Site;
use super::vendor::Moment;
use super::victim::Fate;
use crate::support::command::vins_in;
use crate::support::{number_in, say};

const WORDS: [&str; 6] = ["enrich", "vins.csv", "-o", "out.csv", "--report", "report.json"];
const OUTPUTS: [&str; 2] = ["out.csv", "report.json"];
const TABLES: &str = "[datasets.recalls]\nvendors = ['carvin']\nkey = 'vin'";

/// Kills of the short form.
const KILLS: usize = 24;

/// New vehicles at a time: a full batch of decodes and one more.
const NEW: usize = 21;

/// Vehicles asked about before that stay in the input.
const OLD: usize = 20;

/// How often a long form says how far it is.
const NEWS: Duration = Duration::from_mins(1);

#[test]
fn a_store_that_grows_through_kills_loses_nothing() {
    let wanted = kills_wanted().unwrap_or(KILLS);
    let seed = number_in("VINRICH_SEED").map_or(4, |seed| seed as u64);
    let measured = Measured::of_a_clean_run();
    let site = Site::with(TABLES);
    let mut growing = Growing {
        oracle: Oracle::new(&site, &OUTPUTS),
        site: &site,
        random: fastrand::Rng::with_seed(seed),
        measured,
        new: 0..0,
    };
    let started = Instant::now();
    let mut told = Instant::now();
    while growing.oracle.score.kills < wanted {
        growing.live();
        if told.elapsed() > NEWS {
            told = Instant::now();
            let minutes = started.elapsed().as_secs() / 60;
            say(&format!("growing, {minutes} min: {}", growing.oracle.score));
        }
    }
    growing.end();
    growing.oracle.score.check("growing");
}

/// What a run about new vehicles does when nobody kills it.
struct Measured {
    calls: usize,
    takes: Duration,
}

impl Measured {
    fn of_a_clean_run() -> Self {
        let site = Site::with(TABLES);
        // The store is there already: later ones do not make it either.
        site.work.write_vins(&[]);
        site.run(&WORDS);
        site.work.write_vins(&vins_in(0..NEW));
        site.vendor.take_heard();
        let started = Instant::now();
        let fate = site.run(&WORDS);
        assert_eq!(fate.code, Some(0), "{}", fate.stderr);
        Self { takes: started.elapsed(), calls: site.vendor.take_heard().len() }
    }
}

/// One store and its many lives.
struct Growing<'a> {
    site: &'a Site,
    oracle: Oracle<'a>,
    random: fastrand::Rng,
    measured: Measured,
    /// The serial numbers of the vehicles that are new in the input.
    new: Range<usize>,
}

impl Growing<'_> {
    /// One run, killed or not.
    fn live(&mut self) {
        // Now and then a run has nothing to ask, and is killed while it writes.
        if self.open_vehicles() == 0 && self.random.u8(..4) > 0 {
            self.new = self.new.end..self.new.end + NEW;
            self.oracle.score.planned += self.measured.calls;
        }
        self.site.work.write_vins(&vins_in(self.new.start.saturating_sub(OLD)..self.new.end));
        self.oracle.note_outputs(&OUTPUTS);
        let (name, fate) = self.run();
        let rows = self.new.end - self.new.start.saturating_sub(OLD);
        let is_whole = |name: &str, written: &Rows| {
            let is_found =
                |row: &std::collections::BTreeMap<String, String>| row["decode_status"] == "found";
            name != "out.csv" || (written.len() == rows && written.iter().all(is_found))
        };
        if fate.was_killed() {
            self.oracle.after_kill(&name, is_whole);
            return;
        }
        assert_eq!(fate.code, Some(0), "{name}: {}", fate.stderr);
        self.oracle.after_run(&name);
        let written = outputs::rows(&self.site.work.path("out.csv")).expect("readable");
        assert!(is_whole("out.csv", &written), "{name}: {written:?}");
    }

    /// Starts a run that is killed by the vendor or the clock, unless it is quicker.
    fn run(&mut self) -> (String, Fate) {
        let open = self.open_vehicles();
        let victim = self.site.start(&WORDS);
        let killer = victim.killer();
        let nth = self.random.usize(..open + 2) + 1;
        let moment = match self.random.u8(..5) {
            0 if open > 0 => Moment::Before,
            1 if open > 0 => Moment::Inside,
            2 if open > 0 => Moment::After(Duration::from_micros(self.random.u64(..3000))),
            _ => {
                let after = self.measured.takes.mul_f64(self.random.f64());
                thread::sleep(after);
                killer.kill();
                return (format!("after {after:?}"), victim.end());
            }
        };
        self.site.vendor.kill_at(nth, moment, killer);
        (format!("{moment:?} {nth}"), victim.end())
    }

    /// New vehicles of which the store does not hold decode, recalls and listings.
    fn open_vehicles(&self) -> usize {
        let vins = vins_in(self.new.clone());
        vins.iter().filter(|vin| self.oracle.answers_about(vin) < 3).count()
    }

    /// A last run about all vehicles, compared with that of a store nobody hurt.
    fn end(&mut self) {
        let all = vins_in(0..self.new.end);
        let clean = Site::with(TABLES);
        for site in [self.site, &clean] {
            site.work.write_vins(&all);
            let fate = site.run(&WORDS);
            assert_eq!(fate.code, Some(0), "{}", fate.stderr);
        }
        self.oracle.after_run("the last run");
        self.oracle.at_end("the last run", &["vins.csv", "out.csv", "report.json"]);
        let [hurt, clean] =
            [self.site, &clean].map(|site| outputs::rows(&site.work.path("out.csv")));
        if hurt.is_err() || hurt != clean {
            self.oracle.complain("the last run", "its output is not a clean run's");
        }
        let fate = self.site.run(&WORDS);
        assert_eq!(fate.code, Some(0), "{}", fate.stderr);
        let asked = self.site.vendor.take_heard();
        if !asked.is_empty() {
            self.oracle.complain("the run after it", &format!("asks again: {asked:?}"));
        }
    }
}
