//! A run that is stopped at any moment, as by Ctrl-Z, beside another on its store: the
//! other waits for it or ends with 79, names it, and nothing paid for is lost.
//!
//! The moments are diced. Ten of them; `VINRICH_STOPS=500` makes that as many.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::command::{Running, Setup, eventually, vins_in};
use crate::support::{Work, number_in, say, seed};

const THEIRS: [&str; 6] = ["enrich", "theirs.csv", "-o", "theirs-out.csv", "--with", "decode"];
const OURS: [&str; 6] = ["enrich", "ours.csv", "-o", "ours-out.csv", "--with", "decode"];

/// VINs of the run that is stopped, and of the other.
const THEIR_VINS: usize = 300;
const OUR_VINS: usize = 200;

/// Tries on one store, of which the first makes it.
const TRIES: usize = 10;

/// Calls on their way at once.
const CONCURRENCY: usize = 2;

/// One try on a store.
struct Try<'a> {
    work: &'a Work,
    dice: &'a mut fastrand::Rng,
    theirs: Vec<String>,
    ours: Vec<String>,
    story: String,
    found: &'a mut BTreeMap<&'static str, usize>,
    /// Calls of which nobody knows how they ended, before.
    unknown: usize,
}

impl<'a> Try<'a> {
    fn new(
        work: &'a Work,
        number: usize,
        dice: &'a mut fastrand::Rng,
        found: &'a mut BTreeMap<&'static str, usize>,
    ) -> Self {
        let first = number % TRIES * (THEIR_VINS + OUR_VINS);
        let theirs = vins_in(first..first + THEIR_VINS);
        let ours = vins_in(first + THEIR_VINS..first + THEIR_VINS + OUR_VINS);
        let story = format!("try {number}");
        Self { work, dice, theirs, ours, story, found, unknown: unknown(work) }
    }

    fn count(&mut self, what: &'static str) {
        *self.found.entry(what).or_default() += 1;
    }

    /// Stops their run `within` so long after its start, and lets ours meet it.
    fn play(&mut self, within: Duration) {
        let waits = self.dice.bool();
        let general = if waits { "max_wait = '1h'" } else { "max_wait = '0s'" };
        let carvin = format!("quotas = []\nconcurrency = {CONCURRENCY}");
        self.work.configure(&Setup { general, carvin: &carvin, ..Setup::default() });
        for (name, vins) in [("theirs.csv", &self.theirs), ("ours.csv", &self.ours)] {
            self.work.write(name, &format!("vin\n{}\n", vins.join("\n")));
        }
        let mut neighbour = self.work.start(&THEIRS);
        let beside = self.dice.bool().then(|| self.work.start(&OURS));
        let is_beside = beside.is_some();
        std::thread::sleep(within.mul_f64(self.dice.f64()));
        neighbour.signal("STOP");
        let ours = beside.unwrap_or_else(|| self.work.start(&OURS));
        self.story = format!("{}, {general}, stopped {}", self.story, neighbour.is_running());
        let met = match (waits, is_beside) {
            // One that asks nothing more waits in silence, to keep how it ended.
            (true, true) => Met::Waiting(ours),
            (true, false) => self.wait(&neighbour, ours),
            (false, _) => self.give_up(&neighbour, ours),
        };
        let is_killed = match met {
            Met::Waiting(ours) => {
                self.count("waited or worked");
                let is_killed = self.leave(neighbour);
                let ended = ours.end();
                assert_eq!(ended.code, Some(0), "{}: {}", self.story, ended.stderr);
                is_killed
            }
            Met::Ended(rescue) => {
                let is_killed = self.leave(neighbour);
                if let Some(rescue) = rescue {
                    self.count("gave up with answers");
                    self.work.vinrich(&["store", "restore", &rescue]).exits(0);
                }
                is_killed
            }
        };
        self.assert_whole(is_killed);
    }

    /// Ours waits for as long as it takes.
    fn wait(&mut self, neighbour: &Running, mut ours: Running) -> Met {
        let stderr = format!("/proc/{}/fd/2", ours.pid());
        let named = format!("(pid {}, stopped) holds the write lock", neighbour.pid());
        let mut is_waiting = false;
        eventually(&format!("{}: it waits or ends", self.story), || {
            is_waiting = std::fs::read_to_string(&stderr).is_ok_and(|said| said.contains(&named));
            is_waiting || !ours.is_running()
        });
        if is_waiting && ours.is_running() {
            return Met::Waiting(ours);
        }
        let ended = ours.end();
        assert_eq!(ended.code, Some(0), "{}: {}", self.story, ended.stderr);
        self.count("was not in the way");
        Met::Ended(None)
    }

    /// Ours does not wait at all.
    fn give_up(&mut self, neighbour: &Running, ours: Running) -> Met {
        let ended = ours.end();
        if ended.code == Some(0) {
            self.count("was not in the way");
            return Met::Ended(None);
        }
        self.count("gave up");
        assert_eq!(ended.code, Some(79), "{}: {}", self.story, ended.stderr);
        let named = format!("(pid {}, stopped)", neighbour.pid());
        assert!(ended.stderr.contains(&named), "{}: {}", self.story, ended.stderr);
        let rescue = ended.stderr.split_once("`vinrich store restore ");
        let rescue = rescue.and_then(|(_, rest)| rest.split_once('`'));
        Met::Ended(rescue.map(|(file, _)| file.to_owned()))
    }

    /// Lets the neighbour go on to its end, or kills it: whether it did.
    fn leave(&mut self, mut neighbour: Running) -> bool {
        let is_killed = neighbour.is_running() && self.dice.u8(..4) == 0;
        if is_killed {
            self.count("killed");
            neighbour.kill();
        } else {
            if neighbour.is_running() {
                neighbour.signal("CONT");
            }
            let ended = neighbour.end();
            assert_eq!(ended.code, Some(0), "{}, theirs: {}", self.story, ended.stderr);
        }
        is_killed
    }

    /// Both end well now, and only what a kill cost is asked twice.
    fn assert_whole(&self, is_killed: bool) {
        for words in [&OURS, &THEIRS] {
            let ended = self.work.vinrich(words);
            assert_eq!(ended.code, Some(0), "{}, again: {}", self.story, ended.stderr);
        }
        let times = self.work.decodes_by_vin();
        let again = |vins: &[String]| vins.iter().map(|vin| times[vin] - 1).sum::<usize>();
        assert_eq!(again(&self.ours), 0, "{}", self.story);
        // What a kill cost was not committed: nobody knows how those calls ended.
        let (again, unknown) = (again(&self.theirs), unknown(self.work) - self.unknown);
        let story = format!("{}, killed {is_killed}: {again}, {unknown} calls", self.story);
        assert!(again <= unknown * 20 && (is_killed || unknown == 0), "{story}");
        self.work.assert_sound();
    }
}

/// Calls that died with their run.
fn unknown(work: &Work) -> usize {
    let has_store = work.store().exists();
    let count = || work.number("SELECT count(*) FROM replies WHERE state = 'unknown'");
    if has_store { count().try_into().expect("a count") } else { 0 }
}

/// How ours met the neighbour.
enum Met {
    /// It waits for it.
    Waiting(Running),
    /// It has ended, with a copy of what it held.
    Ended(Option<String>),
}

#[test]
fn a_neighbour_stopped_at_any_moment_costs_nothing() {
    let mut dice = fastrand::Rng::with_seed(seed());
    let mut found = BTreeMap::new();
    let mut work = None;
    // Replaced by what the latest undisturbed run took.
    let mut within = Duration::from_millis(400);
    for number in 0..number_in("VINRICH_STOPS").unwrap_or(6) {
        if number % TRIES == 0 {
            work = Some(Work::with_faults(&[]));
        }
        let work = work.as_ref().expect("the first try makes it");
        Try::new(work, number, &mut dice, &mut found).play(within);
        if number % TRIES == 0 {
            let (started, list) = (Instant::now(), vins_in(900_000..900_000 + THEIR_VINS));
            work.write("theirs.csv", &format!("vin\n{}\n", list.join("\n")));
            work.vinrich(&THEIRS).exits(0);
            within = started.elapsed();
        }
    }
    say(&format!("the stopped neighbour: {found:?}"));
}
