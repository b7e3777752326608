//! What must hold after every kill, and at the end.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::ops::AddAssign;
use std::path::PathBuf;

use super::outputs::{self, Rows};
use super::site::{CONCURRENCY, Site};
use super::store::{Call, Left, SourceKey};
use super::vendor::{Heard, vins_named_in};
use crate::support::say;

/// Replies of one vendor that a kill may lose: those in flight, and those that
/// wait for the writer. A slot is free once its reply is queued, and as many
/// calls as there are slots are reserved, in one transaction with the replies
/// before them: so many more may be sent before the next commit.
const LOST_BY_A_KILL: usize = CONCURRENCY + 2 * CONCURRENCY;

/// The vendors that these runs ask.
const VENDORS: usize = 2;

/// Calls that fill no window: they were never sent.
const NEVER_SENT: [&str; 2] = ["not_sent", "released"];

/// Endpoints that are asked anew whenever somebody wants to know.
const ASKED_ANEW: [&str; 1] = ["list"];

/// More of what is wrong is not worth reading.
const LONGEST_COMPLAINT: usize = 300;

/// The call that makes a photo request.
const PHOTO_REQUEST: &str = "POST /photo-requests";

/// What was counted, over any number of kills.
#[derive(Clone, Debug, Default)]
pub(super) struct Score {
    pub(super) kills: usize,
    pub(super) runs: usize,
    /// Calls that runs without kills would have made.
    pub(super) planned: usize,
    pub(super) made: usize,
    pub(super) lost: usize,
    pub(super) twice: usize,
    pub(super) missing: usize,
    pub(super) unreadable: usize,
    pub(super) looked: usize,
    pub(super) sound: usize,
    pub(super) extra_charges: usize,
    /// What else was wrong, in words.
    pub(super) complaints: Vec<String>,
}

impl Score {
    fn allowed(&self) -> usize {
        self.planned + self.kills * VENDORS * LOST_BY_A_KILL
    }

    /// Prints the score and fails unless nothing is wrong.
    #[track_caller]
    pub(super) fn check(&self, what: &str) {
        say(&format!("{what}: {self}"));
        let wrong = [self.lost, self.twice, self.missing, self.unreadable, self.extra_charges];
        let complaints = &self.complaints[..self.complaints.len().min(20)];
        assert!(complaints.is_empty(), "{what}: {self}\n{}", complaints.join("\n"));
        assert_eq!((wrong, self.looked), ([0; 5], self.sound), "{what}: {self}");
        assert!(self.made <= self.allowed(), "{what}: {self}");
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "kills {}, runs {}, calls planned {}, calls made {}, allowed {}, answers lost {}, \
             asked twice {}, missing from ledger {}, unreadable outputs {}, integrity ok {}/{}, \
             extra charges {}",
            self.kills,
            self.runs,
            self.planned,
            self.made,
            self.allowed(),
            self.lost,
            self.twice,
            self.missing,
            self.unreadable,
            self.sound,
            self.looked,
            self.extra_charges,
        )
    }
}

impl AddAssign<&Self> for Score {
    fn add_assign(&mut self, other: &Self) {
        self.kills += other.kills;
        self.runs += other.runs;
        self.planned += other.planned;
        self.made += other.made;
        self.lost += other.lost;
        self.twice += other.twice;
        self.missing += other.missing;
        self.unreadable += other.unreadable;
        self.looked += other.looked;
        self.sound += other.sound;
        self.extra_charges += other.extra_charges;
        self.complaints.extend_from_slice(&other.complaints);
    }
}

/// Whom a call asked, and about which VINs.
type Asked = (String, BTreeSet<String>);

/// Watches one store, and the outputs beside it.
pub(super) struct Oracle<'a> {
    site: &'a Site,
    pub(super) score: Score,
    /// Every answer the store was seen to hold.
    held: HashSet<SourceKey>,
    /// How many of those are about each key.
    answers_by_key: HashMap<String, usize>,
    /// The latest call that was seen in the ledger.
    last_call: i64,
    /// Calls of the ledger without a request at the vendor, of each kind;
    /// negative: requests that are not in the ledger.
    unheard: BTreeMap<Asked, i64>,
    /// Calls that the vendor answered and the ledger holds as such.
    answered: usize,
    /// What calls that act did at the vendor, by what it was to be: the charges.
    acts: BTreeMap<Asked, BTreeSet<String>>,
    /// What the outputs were before the run that is to be killed.
    before: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl<'a> Oracle<'a> {
    /// Looks at what is there now.
    pub(super) fn new(site: &'a Site, outputs: &[&str]) -> Self {
        let mut oracle = Self {
            site,
            score: Score::default(),
            held: HashSet::new(),
            answers_by_key: HashMap::new(),
            last_call: 0,
            unheard: BTreeMap::new(),
            answered: 0,
            acts: BTreeMap::new(),
            before: BTreeMap::new(),
        };
        site.vendor.take_heard();
        if let Some(left) = Left::at(&site.work.store()) {
            oracle.hold(left.answered_after(i64::MIN));
            oracle.last_call = left.calls_after(0).last().map_or(0, |call| call.id);
        }
        oracle.note_outputs(outputs);
        oracle
    }

    /// Remembers the outputs as they are.
    pub(super) fn note_outputs(&mut self, outputs: &[&str]) {
        let read = |name: &&str| {
            let path = self.site.work.path(name);
            let bytes = std::fs::read(&path).ok();
            (path, bytes)
        };
        self.before = outputs.iter().map(read).collect();
    }

    /// How many sources have answered about `key`.
    pub(super) fn answers_about(&self, key: &str) -> usize {
        self.answers_by_key.get(key).copied().unwrap_or(0)
    }

    /// Whether the vendor was heard to act on `vin`.
    pub(super) fn has_acted_on(&self, vin: &str) -> bool {
        self.acts.keys().any(|(_, vins)| vins.contains(vin))
    }

    pub(super) fn complain(&mut self, when: &str, what: &str) {
        let what: String = what.chars().take(LONGEST_COMPLAINT).collect();
        self.score.complaints.push(format!("{when}: {what}"));
    }

    /// What must hold after a kill. `whole` are the rows that each output may have
    /// instead of the old ones.
    pub(super) fn after_kill(&mut self, kill: &str, is_whole: impl Fn(&str, &Rows) -> bool) {
        self.score.kills += 1;
        let heard = self.look(kill);
        self.check_requests(kill, &heard);
        let mut wrongs = Vec::new();
        for (path, before) in &self.before {
            let now = std::fs::read(path).ok();
            if now == *before {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let wrong = match outputs::rows(path) {
                Ok(rows) if is_whole(&name, &rows) => continue,
                Ok(rows) => format!("`{name}` has {} rows, neither old nor new", rows.len()),
                Err(error) => error,
            };
            wrongs.push(wrong);
        }
        self.score.unreadable += wrongs.len();
        for wrong in wrongs {
            self.complain(kill, &wrong);
        }
    }

    /// What must hold after a run that nobody killed.
    pub(super) fn after_run(&mut self, when: &str) {
        let heard = self.look(when);
        self.check_requests(when, &heard);
    }

    /// What must hold at the very end: what was ever held is there, and no file
    /// lies about but `expected`.
    pub(super) fn at_end(&mut self, when: &str, expected: &[&str]) {
        let files = self.site.files();
        let is_expected = |file: &&String| {
            // The lock that every writer shares stays, so that no two can hold it.
            let ours = ["vinrich.toml", "store/vinrich.db", "store/vinrich.db.runs/in-use"];
            expected.contains(&file.as_str()) || ours.contains(&file.as_str())
        };
        let left: Vec<&String> = files.iter().filter(|file| !is_expected(file)).collect();
        if !left.is_empty() {
            self.complain(when, &format!("left behind: {left:?}"));
        }
        let store = Left::at(&self.site.work.store()).expect("a store");
        let lost = self.held.iter().filter(|held| !store.answers(held)).count();
        self.score.lost += lost;
        let open = store.count(
            "SELECT (SELECT count(*) FROM calls WHERE id NOT IN (SELECT call FROM replies))
                  + (SELECT count(*) FROM runs WHERE ended_at IS NULL)",
        );
        if open > 0 {
            self.complain(when, &format!("{open} calls and runs are still open"));
        }
    }

    /// Looks at the store, and takes what the vendor heard.
    fn look(&mut self, when: &str) -> Vec<Heard> {
        self.score.runs += 1;
        let heard = self.site.vendor.take_heard();
        self.score.made += heard.len();
        let Some(left) = Left::at(&self.site.work.store()) else { return heard };
        self.score.looked += 1;
        match left.damage() {
            None => self.score.sound += 1,
            Some(damage) => self.complain(when, &damage),
        }
        let calls = left.calls_after(self.last_call);
        let new = left.answered_after(self.last_call);
        for call in &calls {
            self.take_call(when, call, &left);
        }
        self.last_call = calls.last().map_or(self.last_call, |call| call.id);
        self.hold(new);
        let count = left.answer_count();
        if count < self.held.len() {
            self.score.lost += self.held.len() - count;
            self.score.complaints.push(format!("{when}: {count} of {} answers", self.held.len()));
        }
        heard
    }

    fn hold(&mut self, answers: Vec<SourceKey>) {
        for answer in answers {
            if self.held.insert(answer.clone()) {
                *self.answers_by_key.entry(answer.1).or_default() += 1;
            }
        }
    }

    fn take_call(&mut self, when: &str, call: &Call, left: &Left) {
        if call.state.as_deref().is_some_and(|state| NEVER_SENT.contains(&state)) {
            return;
        }
        let of_call = |key: &String| (call.source, key.clone());
        if !ASKED_ANEW.contains(&call.endpoint.as_str()) {
            let twice = call.keys.iter().filter(|key| self.held.contains(&of_call(key))).count();
            self.score.twice += twice;
            if twice > 0 {
                self.complain(when, &format!("{call:?} asks what is known"));
            }
        }
        if call.state.as_deref() == Some("ok") {
            self.answered += 1;
            let lost = call.keys.iter().filter(|key| !left.answers(&of_call(key))).count();
            self.score.lost += lost;
            if lost > 0 {
                self.complain(when, &format!("{call:?} has lost answers"));
            }
        }
        let asked = (call.vendor.clone(), vins_named_in(&call.keys.join("\n")));
        *self.unheard.entry(asked).or_default() += 1;
    }

    /// Counts what a request did, if it acts: under an idempotency key the vendor
    /// does a thing once, without one each time.
    fn take_act(&mut self, when: &str, heard: &Heard) {
        let charge = match &heard.idempotency_key {
            Some(key) => key.clone(),
            None if heard.what == PHOTO_REQUEST => self.score.made.to_string(),
            None => return,
        };
        let charges = self.acts.entry((heard.vendor.clone(), heard.vins.clone())).or_default();
        if charges.insert(charge) && charges.len() > 1 {
            self.score.extra_charges += 1;
            self.complain(when, &format!("done once more: {heard:?}"));
        }
    }

    fn check_requests(&mut self, when: &str, heard: &[Heard]) {
        for heard in heard {
            self.take_act(when, heard);
            let asked = (heard.vendor.clone(), heard.vins.clone());
            let unheard = self.unheard.entry(asked).or_default();
            *unheard -= 1;
            if *unheard < 0 {
                self.score.missing += 1;
                self.complain(when, &format!("not in the ledger: {heard:?}"));
            }
        }
        let unanswered = self.score.made.saturating_sub(self.answered);
        let most = self.score.kills * VENDORS * LOST_BY_A_KILL;
        if unanswered > most {
            let kills = self.score.kills;
            self.complain(
                when,
                &format!("{unanswered} calls brought nothing, after {kills} kills"),
            );
        }
        if self.score.planned > 0 && self.answered > self.score.planned {
            let (answered, planned) = (self.answered, self.score.planned);
            self.complain(when, &format!("{answered} calls were answered, of {planned} planned"));
        }
    }
}
