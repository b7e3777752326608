//! A command that is killed, again and again from the same start, and run to
//! the end each time.

use super::oracle::{Oracle, Score};
use super::outputs::{self, Rows};
use super::site::{Site, Start};
use super::strace::At;
use super::vendor::Moment;
use super::victim::Fate;

/// The exit code of a run that left something to its operator.
const SOME_FAILED: i32 = 3;

/// A command to be killed, and what is there when it starts.
pub(super) struct Scene {
    /// Tables of the configuration.
    pub(super) tables: &'static str,
    pub(super) words: &'static [&'static str],
    /// Files that the command writes, and that are compared with a clean run's.
    pub(super) outputs: &'static [&'static str],
    /// Other files that may be there at the end.
    pub(super) inputs: &'static [&'static str],
    pub(super) prepare: fn(&Site),
    /// The vendor is a new one each time, since it remembers what was done.
    pub(super) remembered: bool,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            tables: "",
            words: &[],
            outputs: &[],
            inputs: &[],
            prepare: |_| {},
            remembered: false,
        }
    }
}

/// Where a command is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Strike {
    Call(At),
    /// By the vendor, at the n-th reply.
    Reply(usize, Moment),
}

impl Strike {
    /// Runs a command that dies there, unless it never gets there.
    fn hit(self, site: &Site, words: &[&str]) -> Fate {
        match self {
            Self::Call(at) => at.kill(site, words),
            Self::Reply(nth, moment) => {
                let victim = site.start(words);
                site.vendor.kill_at(nth, moment, victim.killer());
                victim.end()
            }
        }
    }

    fn name(self) -> String {
        match self {
            Self::Call(at) => at.name(),
            Self::Reply(nth, moment) => format!("reply {nth}, {moment:?}"),
        }
    }
}

impl Scene {
    /// Sets the scene, and measures a run without kills.
    pub(super) fn stage(&self) -> Stage<'_> {
        let site = Site::with(self.tables);
        (self.prepare)(&site);
        let start = site.keep();
        site.vendor.take_heard();
        let fate = site.run(self.words);
        assert_eq!(fate.code, Some(0), "{}", fate.stderr);
        let rows = |output: &&str| outputs::rows(&site.work.path(output)).expect("readable");
        let clean = self.outputs.iter().map(rows).collect();
        let calls = site.vendor.take_heard().len();
        Stage { scene: self, site, start, calls, clean, score: Score::default() }
    }
}

/// A scene that is set.
pub(super) struct Stage<'s> {
    scene: &'s Scene,
    site: Site,
    start: Start,
    /// Calls of a run without kills.
    pub(super) calls: usize,
    /// Its outputs' rows.
    clean: Vec<Rows>,
    pub(super) score: Score,
}

impl Stage<'_> {
    /// Kills the command there, and runs it to the end. `false` when it was not
    /// killed, since it never got there.
    pub(super) fn attempt(&mut self, strike: Strike) -> bool {
        if self.scene.remembered {
            self.site = Site::with(self.scene.tables);
        }
        self.site.begin_at(&self.start);
        let score = self.play(strike);
        self.score += &score;
        score.kills > 0
    }

    fn play(&self, strike: Strike) -> Score {
        let (scene, site, name) = (self.scene, &self.site, strike.name());
        let mut oracle = Oracle::new(site, scene.outputs);
        oracle.score.planned = self.calls;
        let mut fate = strike.hit(site, scene.words);
        if fate.was_killed() {
            let is_clean = |name: &str, rows: &Rows| self.clean_rows(name) == Some(rows);
            oracle.after_kill(&name, is_clean);
            fate = site.run(scene.words);
        }
        oracle.after_run(&name);
        let expected: Vec<&str> = scene.inputs.iter().chain(scene.outputs).copied().collect();
        oracle.at_end(&name, &expected);
        let is_good = match fate.code {
            Some(0) => true,
            Some(SOME_FAILED) => scene.remembered,
            _ => false,
        };
        if !is_good {
            oracle.complain(&name, &format!("exit {:?}, {}", fate.code, fate.stderr));
        }
        for output in scene.outputs {
            self.compare(&name, output, &mut oracle);
        }
        oracle.score
    }

    /// The rows of an output are a clean run's. Where an operation cannot be
    /// repeated, a row may say instead that its outcome is unknown, but only if
    /// the vendor never heard of it.
    fn compare(&self, when: &str, output: &str, oracle: &mut Oracle<'_>) {
        let clean = self.clean_rows(output).expect("an output");
        let rows = match outputs::rows(&self.site.work.path(output)) {
            Ok(rows) => rows,
            Err(error) => return oracle.complain(when, &error),
        };
        let same = rows.len() == clean.len()
            && rows.iter().zip(clean).all(|(row, clean)| {
                let is_unknown = self.scene.remembered
                    && row.get("photo_error").is_some_and(|error| error == "outcome_unknown")
                    && !oracle.has_acted_on(&clean["vin"]);
                row == clean || is_unknown
            });
        if !same {
            oracle.complain(when, &format!("`{output}` is not a clean run's: {rows:?}"));
        }
    }

    fn clean_rows(&self, output: &str) -> Option<&Rows> {
        let place = self.scene.outputs.iter().position(|name| *name == output)?;
        self.clean.get(place)
    }
}
