//! What a person wants to see of the store: runs, quotas, sizes.

use crate::domain::{Error, Micros, Timestamp};
use crate::store::ledger::accounts::{Rows, counted_with, load_account};
use crate::store::ledger::windows::{Account, Limits};
use crate::store::transaction::Present;
use crate::store::{AccountName, Snapshot, failed, run_locks};

/// One run, as `vinrich runs` lists it.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its id; sorts by start time.
    pub run_id: String,
    /// The command line, without secrets.
    pub command: String,
    /// Where its output went, as [`real_path`](crate::files::real_path) says it;
    /// `None` for stdout, where it wrote none, and for runs before schema 4.
    pub output: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, or when it died and
    /// no run came after it.
    pub ended_at: Option<Timestamp>,
    /// What became of it.
    pub state: RunState,
    /// Calls it entered into the ledger.
    pub calls: u64,
    /// What they cost, or may have cost.
    pub spent: Micros,
    /// The JSON of its report; `None` until it has ended, and when it died.
    pub report: Option<String>,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It ended with this exit code.
    Ended(u8),
    /// Its process lives: it holds the run's lock.
    Running,
    /// It died without a word.
    Killed,
}

/// Which runs are wanted; by default all.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunFilter<'a> {
    /// Those whose id begins so.
    pub id: Option<&'a str>,
    /// Those that wrote here, as [`RunRecord::output`] says it.
    pub output: Option<&'a str>,
}

/// What the store holds of one endpoint's answers.
#[derive(Clone, Debug)]
pub struct SourceRecord {
    /// `decode`, `recalls` or `listings`.
    pub dataset: String,
    /// The vendor's id.
    pub vendor: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// `base_url` plus `live`, `test` or `sandbox`.
    pub origin: String,
    /// Answers.
    pub answers: u64,
    /// Answers that found something.
    pub found: u64,
    /// Distinct bodies they share.
    pub bodies: u64,
    /// The oldest and the newest.
    pub fetched: Option<(Timestamp, Timestamp)>,
}

/// The calls of one account to one endpoint that ended on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCalls {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// The endpoint's id.
    pub endpoint: String,
    /// Calls that cost something.
    pub charged_calls: u64,
    /// What they cost.
    pub charged: Micros,
    /// Calls that were sent and never answered: the vendor may have charged them.
    pub unanswered: u64,
}

impl Snapshot<'_> {
    /// The latest runs that `filter` wants, the newest first.
    pub fn runs(&self, filter: RunFilter<'_>, most: u32) -> Result<Vec<RunRecord>, Error> {
        let read = || {
            self.db
                .prepare(
                    "SELECT run_id, command, output, started_at, ended_at, exit_code, report,
                            count(calls.id), coalesce(sum(coalesce(replies.charged, calls.price)), 0)
                     FROM (SELECT * FROM runs
                           WHERE (?1 IS NULL OR substr(run_id, 1, length(?1)) = ?1)
                             AND (?2 IS NULL OR output = ?2)
                           ORDER BY id DESC LIMIT ?3) AS runs
                     LEFT JOIN calls ON calls.run = runs.id AND NOT EXISTS (
                         SELECT 1 FROM replies
                         WHERE replies.call = calls.id AND replies.state = 'released')
                     LEFT JOIN replies ON replies.call = calls.id
                     GROUP BY runs.id ORDER BY runs.id DESC",
                )?
                .query_map((filter.id, filter.output, most), |row| self.run_record(row))?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot list the runs", &self.path))
    }

    /// What `of` makes of the report of the latest run that wrote to `output`, of which it
    /// makes something.
    pub fn find_report<T>(
        &self,
        output: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let read = || {
            let mut runs = self.db.prepare(
                "SELECT report FROM runs WHERE output = ?1 AND report IS NOT NULL ORDER BY id DESC",
            )?;
            let mut rows = runs.query([output])?;
            while let Some(row) = rows.next()? {
                let found = of(row.get_ref(0)?.as_str()?);
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        };
        read().map_err(failed("cannot read the reports of runs", &self.path))
    }

    fn run_record(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<RunRecord> {
        let run_id: String = row.get(0)?;
        let ended_at: Option<Timestamp> = row.get(4)?;
        let state = match row.get(5)? {
            Some(code) => RunState::Ended(code),
            None if ended_at.is_none() && run_locks::is_alive(&self.path, &run_id) => {
                RunState::Running
            }
            None => RunState::Killed,
        };
        Ok(RunRecord {
            run_id,
            command: row.get(1)?,
            output: row.get(2)?,
            started_at: row.get(3)?,
            ended_at,
            state,
            report: row.get(6)?,
            calls: row.get::<_, i64>(7)?.unsigned_abs(),
            spent: Micros(row.get(8)?),
        })
    }

    /// The latest moment that any run began or ended at.
    pub fn latest_moment(&self) -> Result<Option<Timestamp>, Error> {
        self.db
            .query_row("SELECT max(max(started_at, coalesce(ended_at, 0))) FROM runs", [], |row| {
                row.get(0)
            })
            .map_err(failed("cannot look for the latest run", &self.path))
    }

    /// What the store holds, by endpoint.
    pub fn sources(&self) -> Result<Vec<SourceRecord>, Error> {
        let read = || {
            self.db
                .prepare(
                    "SELECT sources.dataset, sources.vendor, sources.endpoint, sources.origin,
                            count(answers.key), count(answers.key) FILTER (WHERE answers.status = 0),
                            count(DISTINCT answers.body), min(answers.fetched_at), max(answers.fetched_at)
                     FROM sources LEFT JOIN answers ON answers.source = sources.id
                     GROUP BY sources.id
                     -- Unbilled calls about an account leave no answers.
                     HAVING sources.dataset <> 'none' OR count(answers.key) > 0
                     ORDER BY sources.dataset, sources.vendor, sources.endpoint",
                )?
                .query_map([], |row| {
                    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
                    let (oldest, newest): (Option<Timestamp>, Option<Timestamp>) = (row.get(7)?, row.get(8)?);
                    Ok(SourceRecord {
                        dataset: row.get(0)?,
                        vendor: row.get(1)?,
                        endpoint: row.get(2)?,
                        origin: row.get(3)?,
                        answers: count(4)?,
                        found: count(5)?,
                        bodies: count(6)?,
                        fetched: oldest.zip(newest),
                    })
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot count the answers", &self.path))
    }

    /// The calls that may still fill a window of an account.
    pub fn account(
        &self,
        name: &AccountName,
        limits: &Limits,
        present: Present<'_>,
    ) -> Result<Account, Error> {
        counted_with(self.db, name)
            .and_then(|rows| load_account(self.db, &rows, limits, present))
            .map_err(failed("cannot read the ledger", &self.path))
    }

    /// The names under which the ledger knows accounts of the same vendor and origin.
    pub fn named_accounts(&self, of: &AccountName) -> Result<Vec<AccountName>, Error> {
        let read = || {
            self.db
                .prepare(
                    "SELECT account FROM accounts
                     WHERE vendor = ?1 AND origin = ?2 AND account <> '' ORDER BY account",
                )?
                .query_map((of.vendor, &of.origin), |row| {
                    Ok(AccountName { account: row.get(0)?, ..of.clone() })
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot read the ledger", &self.path))
    }

    /// The calls of an account that ended at `since` or later, by UTC day and endpoint;
    /// none where it is unknown.
    pub fn calls_by_day(
        &self,
        name: &AccountName,
        since: Timestamp,
    ) -> Result<Vec<DayCalls>, Error> {
        let read = || {
            let Rows(rows) = counted_with(self.db, name)?;
            self.db
                .prepare(
                    "SELECT replies.answered_wall / 86400000000 AS day, sources.endpoint,
                            count(*) FILTER (WHERE replies.charged > 0), sum(replies.charged),
                            count(*) FILTER (WHERE replies.http_status IS NULL)
                     FROM calls
                     JOIN replies ON replies.call = calls.id
                     JOIN sources ON sources.id = calls.source
                     WHERE calls.account IN (SELECT value FROM json_each(?1))
                       AND replies.answered_wall >= ?2
                       AND replies.state NOT IN ('not_sent', 'released')
                     GROUP BY day, sources.endpoint ORDER BY day, sources.endpoint",
                )?
                .query_map((rows, since), |row| {
                    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
                    Ok(DayCalls {
                        day: row.get(0)?,
                        endpoint: row.get(1)?,
                        charged_calls: count(2)?,
                        charged: Micros(row.get(3)?),
                        unanswered: count(4)?,
                    })
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(failed("cannot read the ledger", &self.path))
    }
}
