//! Pruning: what is older than the operator wants to keep is removed, in many
//! small transactions, so that it can be looked at meanwhile.

use std::path::Path;

use rusqlite::{Connection, named_params, params};

use crate::domain::{Dataset, Error, Key, Page, Timestamp};
use crate::store::admin::maintain;
use crate::store::run_locks::InUse;
use crate::store::{failed, open, output_snapshots};

/// What is to go.
#[derive(Clone, Copy, Debug)]
pub struct PruneSpec {
    /// Answers fetched, and snapshots of outputs taken, before this time.
    pub answers_before: Timestamp,
    /// Calls reserved before this time, and runs that began before it and have
    /// no others. The caller makes sure that no window still counts them.
    pub calls_before: Timestamp,
    /// Answers of this dataset alone, no calls, and no snapshots of outputs.
    pub dataset: Option<Dataset>,
    /// Nothing is removed, only counted.
    pub dry_run: bool,
}

/// What went, or would go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pruned {
    /// Latest answers.
    pub answers: u64,
    /// Pages of lists among them.
    pub pages: u64,
    /// Earlier answers.
    pub history: u64,
    /// Bodies that no answer uses any more.
    pub bodies: u64,
    /// Ledger rows.
    pub calls: u64,
    /// Runs.
    pub runs: u64,
    /// Snapshots of outputs.
    pub snapshots: u64,
    /// The file's size before and after, with its log.
    pub bytes: (u64, u64),
}

/// Prunes the store at `path`; `None` where there is none.
pub fn prune(path: &Path, spec: &PruneSpec) -> Result<Option<Pruned>, Error> {
    if !open::check(path)? {
        return Ok(None);
    }
    // A run that goes on counts on answers that it has found fresh.
    let _alone = if spec.dry_run { None } else { Some(InUse::alone(path)?) };
    let db = maintain::connect(path)?;
    let before = maintain::size(path);
    let prune = || {
        let mut pruned = list(&db, spec)?;
        if !spec.dry_run {
            remove(&db, spec)?;
            pruned.bodies = maintain::sweep_bodies(&db)?;
            maintain::give_back(&db)?;
        }
        Ok(pruned)
    };
    let pruned = prune().map_err(failed("cannot prune", path))?;
    Ok(Some(Pruned { bytes: (before, maintain::size(path)), ..pruned }))
}

/// Answers and earlier ones of the datasets wanted, fetched too long ago. Pages
/// are sorted out below. What a call that acts has done stays: forgotten, it
/// would be done, and paid for, again.
const IS_OLD: &str = "
    fetched_at < :before
    AND (:dataset IS NULL OR source IN (SELECT id FROM sources WHERE dataset = :dataset))";

/// Before and behind all pages among the stored keys.
const PAGES: (&str, &str) = ("\u{1d}", "\u{1e}");

/// Lists what is to go in temporary tables, without a write lock.
fn list(db: &Connection, spec: &PruneSpec) -> rusqlite::Result<Pruned> {
    db.execute_batch(
        "CREATE TEMP TABLE old_answers (n INTEGER PRIMARY KEY, source INTEGER, key TEXT);
         CREATE TEMP TABLE old_history (n INTEGER PRIMARY KEY, source INTEGER, key TEXT, fetched_at INTEGER);
         CREATE TEMP TABLE old_calls (n INTEGER PRIMARY KEY, id INTEGER);
         BEGIN DEFERRED;",
    )?;
    let before = spec.answers_before;
    let dataset = spec.dataset.map(Dataset::name);
    let answers = db.execute(
        &format!(
            "INSERT INTO old_answers (source, key) SELECT source, key FROM answers AS old
             WHERE {IS_OLD} AND NOT (key >= :pages AND key < :behind)
               AND NOT EXISTS (SELECT 1 FROM operations AS still
                               WHERE still.source = old.source AND still.key = old.key)"
        ),
        named_params! { ":before": before, ":dataset": dataset, ":pages": PAGES.0, ":behind": PAGES.1 },
    )?;
    let pages = list_pages(db, spec, dataset)?;
    let history = db.execute(
        &format!(
            "INSERT INTO old_history (source, key, fetched_at)
             SELECT source, key, fetched_at FROM answer_history WHERE {IS_OLD}"
        ),
        named_params! { ":before": before, ":dataset": dataset },
    )?;
    let (mut calls, mut runs, mut snapshots) = (0, 0, 0);
    if spec.dataset.is_none() {
        calls = db.execute(
            "INSERT INTO old_calls (id) SELECT calls.id FROM calls
             CROSS JOIN runs ON runs.id = calls.run
             WHERE calls.reserved_wall < ?1 AND runs.ended_at IS NOT NULL
               AND EXISTS (SELECT 1 FROM replies WHERE replies.call = calls.id)
               AND NOT EXISTS (SELECT 1 FROM operations AS still
                               WHERE still.source = calls.source AND still.key = calls.keys
                                 AND still.settled IS NULL)",
            [spec.calls_before],
        )?;
        runs = count_runs(db, spec)?;
        snapshots = output_snapshots::count_before(db, before)?;
    }
    let bodies = if spec.dry_run { count_bodies(db)? } else { 0 };
    db.execute_batch("COMMIT")?;
    Ok(Pruned {
        answers: answers as u64 + pages,
        pages,
        history: history as u64,
        calls: calls as u64,
        runs,
        snapshots,
        bodies,
        bytes: (0, 0),
    })
}

/// Lists old pages. A whole reading of a list goes as one, once its last page is old.
fn list_pages(db: &Connection, spec: &PruneSpec, dataset: Option<&str>) -> rusqlite::Result<u64> {
    let mut find = db.prepare(&format!(
        "SELECT source, key FROM answers WHERE {IS_OLD} AND key >= :pages AND key < :behind"
    ))?;
    let mut whole = db.prepare(
        "SELECT 1 FROM inventories
         WHERE source = ?1 AND list = ?2 AND snapshot = ?3 AND completed_at >= ?4",
    )?;
    let mut insert = db.prepare("INSERT INTO old_answers (source, key) VALUES (?1, ?2)")?;
    let mut rows = find.query(named_params! {
        ":before": spec.answers_before, ":dataset": dataset, ":pages": PAGES.0, ":behind": PAGES.1
    })?;
    let mut pages = 0;
    while let Some(row) = rows.next()? {
        let (source, key): (i64, String) = (row.get(0)?, row.get(1)?);
        let Some(Key::Page(Page { list, snapshot, .. })) = Key::from_stored(&key) else { continue };
        if !whole.exists(params![source, list, snapshot, spec.answers_before])? {
            insert.execute(params![source, key])?;
            pages += 1;
        }
    }
    Ok(pages)
}

fn count_runs(db: &Connection, spec: &PruneSpec) -> rusqlite::Result<u64> {
    db.query_row(
        "SELECT count(*) FROM runs
         WHERE ended_at IS NOT NULL AND started_at < ?1
           AND id NOT IN (SELECT run FROM calls WHERE id NOT IN (SELECT id FROM old_calls))",
        [spec.calls_before],
        |row| row.get::<_, i64>(0).map(i64::unsigned_abs),
    )
}

/// Bodies that would be unused.
fn count_bodies(db: &Connection) -> rusqlite::Result<u64> {
    db.execute_batch(
        "CREATE INDEX temp.answers_by_key ON old_answers (source, key);
         CREATE INDEX temp.history_by_key ON old_history (source, key, fetched_at);",
    )?;
    let bodies = maintain::number(
        db,
        "SELECT count(*) FROM bodies WHERE id NOT IN (
             SELECT body FROM answers WHERE body IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM old_answers AS old
                 WHERE old.source = answers.source AND old.key = answers.key)
             UNION SELECT body FROM answer_history AS earlier WHERE body IS NOT NULL AND NOT EXISTS (
                 SELECT 1 FROM old_history AS old
                 WHERE old.source = earlier.source AND old.key = earlier.key
                   AND old.fetched_at = earlier.fetched_at))",
    )?;
    Ok(bodies.unsigned_abs())
}

/// Removes what was listed. What was fetched or frozen anew since stays.
fn remove(db: &Connection, spec: &PruneSpec) -> rusqlite::Result<()> {
    let listed = |table: &str, columns: &str| {
        format!("({columns}) IN (SELECT {columns} FROM {table} WHERE n > :from AND n <= :to)")
    };
    // First of all: a list without its row is not whole, and is read again.
    maintain::transaction(db, || {
        db.execute("DELETE FROM inventories WHERE completed_at < ?1 AND (?2 IS NULL OR source IN (SELECT id FROM sources WHERE dataset = ?2))",
            params![spec.answers_before, spec.dataset.map(Dataset::name)])
    })?;
    in_chunks(db, "old_answers", |from, to| {
        let these = listed("old_answers", "source, key");
        db.execute(
            &format!("DELETE FROM answers WHERE {these} AND fetched_at < :before"),
            named_params! { ":from": from, ":to": to, ":before": spec.answers_before },
        )
    })?;
    in_chunks(db, "old_history", |from, to| {
        let these = listed("old_history", "source, key, fetched_at");
        db.execute(
            &format!("DELETE FROM answer_history WHERE {these}"),
            named_params! { ":from": from, ":to": to },
        )
    })?;
    in_chunks(db, "old_calls", |from, to| {
        for (table, column) in [("replies", "call"), ("calls", "id")] {
            db.execute(
                &format!("DELETE FROM {table} WHERE {column} IN (SELECT id FROM old_calls WHERE n > ?1 AND n <= ?2)"),
                [from, to],
            )?;
        }
        Ok(0)
    })?;
    if spec.dataset.is_none() {
        maintain::transaction(db, || {
            db.execute(
                "DELETE FROM runs WHERE ended_at IS NOT NULL AND started_at < ?1
                     AND id NOT IN (SELECT run FROM calls)",
                [spec.calls_before],
            )
        })?;
        output_snapshots::remove_before(db, spec.answers_before)?;
    }
    Ok(())
}

/// Carries out `work` for each stretch of a list, in a transaction each.
fn in_chunks(
    db: &Connection,
    list: &str,
    work: impl Fn(i64, i64) -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    let last = maintain::number(db, &format!("SELECT coalesce(max(n), 0) FROM {list}"))?;
    let mut from = 0;
    while from < last {
        let to = from + maintain::CHUNK;
        maintain::transaction(db, || work(from, to))?;
        from = to;
    }
    Ok(())
}
