//! Looking back without asking anybody: past runs, what is kept, what is used up.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::ledger::Limits;
use super::message::Usage;
use super::others::load_account;
use super::{AccountId, Snapshots, failed, open, runs};
use crate::clock::Clock;
use crate::error::Error;
use crate::money::Micros;

/// A run that this store remembers. Times are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Its id.
    pub run_id: String,
    /// The vinrich that ran.
    pub version: String,
    /// Its command line.
    pub command: String,
    /// When it started.
    pub started_at: i64,
    /// When it ended, if it said so.
    pub ended_at: Option<i64>,
    /// How it stands.
    pub state: RunState,
    /// Calls in the ledger.
    pub calls: u64,
    /// What they cost.
    pub spent: Micros,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It ended with this exit code.
    Ended(u8),
    /// It is under way.
    Running,
    /// It was killed; the next run takes in what it left.
    Died,
}

/// What is kept of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `decode`, `recalls` or `listings`.
    pub dataset: String,
    /// The vendor's id.
    pub vendor: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// Its address and `live`, `test` or `sandbox`.
    pub origin: String,
    /// Answers.
    pub answers: u64,
    /// Those that found something.
    pub found: u64,
    /// Those that are due for renewal.
    pub expired: u64,
    /// Replaced answers.
    pub history: u64,
    /// When the oldest answer was fetched.
    pub oldest: Option<i64>,
    /// When the newest was.
    pub newest: Option<i64>,
}

/// How large the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of the file, without its write-ahead log.
    pub bytes: u64,
    /// Distinct answer bodies.
    pub bodies: u64,
    /// Calls in the ledger.
    pub calls: u64,
}

/// What an account has used up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountUsage {
    /// Calls by quota window.
    pub windows: Vec<Usage>,
    /// Money by spend limit.
    pub spent: Vec<Micros>,
}

/// The columns of [`PastRun`], in order.
const RUN: &str = "SELECT run_id, version, command, started_at, ended_at, exit_code,
    (SELECT count(*) FROM calls WHERE calls.run = runs.id),
    (SELECT coalesce(sum(charged), 0) FROM calls JOIN replies ON replies.call = calls.id
      WHERE calls.run = runs.id)
    FROM runs";

impl Snapshots {
    /// The latest `most` runs, the newest first.
    pub fn runs(&self, most: u32) -> Result<Vec<PastRun>, Error> {
        let list = || {
            let mut find = self.reader.prepare(&format!("{RUN} ORDER BY id DESC LIMIT ?1"))?;
            find.query_map([most], |row| self.past_run(row))?.collect::<Result<_, _>>()
        };
        list().map_err(failed("cannot list the runs", &self.path))
    }

    /// The run whose id begins with `id`, the newest if several do, and its
    /// report as JSON.
    pub fn run(&self, id: &str) -> Result<Option<(PastRun, Option<String>)>, Error> {
        let find = || {
            let one =
                format!("{RUN} WHERE substr(run_id, 1, length(?1)) = ?1 ORDER BY id DESC LIMIT 1");
            let Some(run) =
                self.reader.query_row(&one, [id], |row| self.past_run(row)).optional()?
            else {
                return Ok(None);
            };
            let report = self.reader.query_row(
                "SELECT report FROM runs WHERE run_id = ?1",
                [&run.run_id],
                |row| row.get(0),
            )?;
            Ok(Some((run, report)))
        };
        find().map_err(failed("cannot find the run", &self.path))
    }

    /// What is kept, endpoint by endpoint; `now` in microseconds since 1970.
    pub fn kept(&self, now: i64) -> Result<Vec<Kept>, Error> {
        let list = || {
            let mut find = self.reader.prepare(
                "SELECT dataset, vendor, endpoint, origin, count(key), coalesce(sum(status = 0), 0),
                    coalesce(sum(expires_at <= ?1), 0), min(fetched_at), max(fetched_at),
                    (SELECT count(*) FROM answer_history WHERE answer_history.source = sources.id)
                 FROM sources LEFT JOIN answers ON answers.source = sources.id
                 GROUP BY sources.id ORDER BY dataset, vendor, endpoint, origin",
            )?;
            let kept = |row: &Row<'_>| {
                Ok(Kept {
                    dataset: row.get(0)?,
                    vendor: row.get(1)?,
                    endpoint: row.get(2)?,
                    origin: row.get(3)?,
                    answers: number(row, 4)?,
                    found: number(row, 5)?,
                    expired: number(row, 6)?,
                    oldest: row.get(7)?,
                    newest: row.get(8)?,
                    history: number(row, 9)?,
                })
            };
            find.query_map([now], kept)?.collect::<Result<_, _>>()
        };
        list().map_err(failed("cannot count the answers", &self.path))
    }

    /// How large the store is.
    pub fn sizes(&self) -> Result<Sizes, Error> {
        let sizes = self.reader.query_row(
            "SELECT page_count * page_size, (SELECT count(*) FROM bodies), (SELECT count(*) FROM calls)
             FROM pragma_page_count(), pragma_page_size()",
            [],
            |row| Ok(Sizes { bytes: number(row, 0)?, bodies: number(row, 1)?, calls: number(row, 2)? }),
        );
        sizes.map_err(failed("cannot measure", &self.path))
    }

    /// The key that hashes API keys into account names.
    pub fn install_key(&self) -> Result<Vec<u8>, Error> {
        open::install_key(&self.reader, &self.path)
    }

    /// What the account of `vendor` at `origin` has used up of `limits`;
    /// nothing where it never made a call.
    pub fn usage(
        &self,
        [vendor, origin, account]: [&str; 3],
        limits: &Limits,
        clock: &dyn Clock,
    ) -> Result<AccountUsage, Error> {
        account_usage(&self.reader, [vendor, origin, account], limits, clock)
            .map_err(failed("cannot count the calls", &self.path))
    }

    fn past_run(&self, row: &Row<'_>) -> rusqlite::Result<PastRun> {
        let run_id: String = row.get(0)?;
        let ended_at: Option<i64> = row.get(4)?;
        let exit_code: Option<u8> = row.get(5)?;
        let state = match exit_code {
            Some(code) => RunState::Ended(code),
            None if runs::is_alive(&self.path, &run_id) => RunState::Running,
            None => RunState::Died,
        };
        Ok(PastRun {
            run_id,
            version: row.get(1)?,
            command: row.get(2)?,
            started_at: row.get(3)?,
            ended_at,
            state,
            calls: number(row, 6)?,
            spent: Micros(row.get(7)?),
        })
    }
}

/// A count or a length: SQLite's integers have a sign, ours have none.
fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::unsigned_abs)
}

fn account_usage(
    db: &Connection,
    [vendor, origin, account]: [&str; 3],
    limits: &Limits,
    clock: &dyn Clock,
) -> rusqlite::Result<AccountUsage> {
    let id: Option<i64> = db
        .query_row(
            "SELECT id FROM accounts WHERE vendor = ?1 AND origin = ?2 AND account = ?3",
            params![vendor, origin, account],
            |row| row.get(0),
        )
        .optional()?;
    let now = clock.now();
    let calls = match id {
        Some(id) => load_account(db, clock.boot_id(), AccountId(id), limits, now)?,
        None => super::ledger::Account::default(),
    };
    let spent = limits.spend.iter().map(|spend| calls.spent(spend.span, now)).collect();
    Ok(AccountUsage { windows: Usage::of(&calls, limits, now), spent })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::path::Path;

    use super::*;
    use crate::clock::SystemClock;
    use crate::config::Durability;
    use crate::store::ledger::{Span, SpendWindow, Window};
    use crate::store::{RunInfo, RunLimits, Store, StoreSpec};

    fn open(path: &Path, run_id: &str) -> Store {
        let spec = StoreSpec {
            path,
            durability: Durability::Normal,
            must_exist: false,
            reread: |_| Vec::new(),
            limits: RunLimits::default(),
        };
        let clock = SystemClock::new();
        let run = RunInfo {
            run_id: run_id.into(),
            boot_id: clock.boot_id().into(),
            command: "vinrich enrich".into(),
            started: clock.now(),
        };
        Store::open(&spec, &run).unwrap()
    }

    #[test]
    fn a_run_is_running_then_ended_or_dead() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.db");
        assert!(Store::peek(&path).unwrap().is_none());
        let states = || {
            let runs = Store::peek(&path).unwrap().unwrap().runs(9).unwrap();
            runs.into_iter().map(|run| (run.run_id, run.state)).collect::<Vec<_>>()
        };
        let first = open(&path, "run-1");
        assert_eq!(states(), [("run-1".to_owned(), RunState::Running)]);
        first.finish(1_000_000, 75, "{}").unwrap();
        drop(open(&path, "run-2"));
        assert_eq!(
            states(),
            [("run-2".to_owned(), RunState::Died), ("run-1".to_owned(), RunState::Ended(75))]
        );

        let store = Store::peek(&path).unwrap().unwrap();
        assert_eq!(store.runs(1).unwrap().len(), 1);
        let (run, report) = store.run("run-1").unwrap().unwrap();
        assert_eq!((run.ended_at, report.as_deref()), (Some(1_000_000), Some("{}")));
        let (newest, report) = store.run("run").unwrap().unwrap();
        assert_eq!((newest.run_id.as_str(), report), ("run-2", None));
        assert!(store.run("run-3").unwrap().is_none());
    }

    #[test]
    fn a_new_store_is_empty_and_has_used_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.db");
        open(&path, "run").finish(1, 0, "{}").unwrap();
        let store = Store::peek(&path).unwrap().unwrap();
        assert_eq!(store.kept(0).unwrap(), []);
        let sizes = store.sizes().unwrap();
        assert_eq!((sizes.bodies, sizes.calls), (0, 0));
        assert_eq!(sizes.bytes, std::fs::metadata(&path).unwrap().len());
        let day = Span::Sliding(std::time::Duration::from_hours(24));
        let limits = Limits {
            windows: vec![Window { calls: 100, span: day }],
            spend: vec![SpendWindow { amount: Micros(1), span: day }],
        };
        let used =
            store.usage(["carvin", "nowhere", "none"], &limits, &SystemClock::new()).unwrap();
        assert_eq!(used.windows, [Usage { used: 0, next_free: None }]);
        assert_eq!(used.spent, [Micros::ZERO]);
    }
}
