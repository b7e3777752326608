//! What a replaced store knew beyond the backup that replaces it.
//!
//! Rows are matched by what they say, not by their ids: after an earlier restore
//! the same id may be another row's.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::domain::{Error, Micros};
use crate::store::admin::backup::is_as_written;
use crate::store::answers::recalls::statuses;
use crate::store::{as_text, failed, output_snapshots};

/// What was merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Calls that the backup did not know.
    pub calls: u64,
    /// What they cost, or may have cost.
    pub spent: Micros,
    /// Answers that the backup did not know, or only older ones.
    pub answers: u64,
    /// Whether the imported recall file was another one: it is the backup's now.
    pub recall_file_differs: bool,
}

/// Makes everything that `store` knows beyond `copy` known to it, in one
/// transaction: the ledger, the answers, and what is under way.
pub(super) fn merge(copy: &Connection, store: &Path) -> Result<Merged, Error> {
    let failed = failed("cannot carry over what is", store);
    let path = as_text(store, store)?;
    copy.execute("ATTACH ?1 AS theirs", [path]).map_err(&failed)?;
    let merged = in_transaction(copy).map_err(&failed)?;
    copy.execute_batch("DETACH theirs").map_err(&failed)?;
    Ok(merged)
}

fn in_transaction(copy: &Connection) -> rusqlite::Result<Merged> {
    copy.execute_batch("BEGIN IMMEDIATE")?;
    copy.execute_batch(ACCOUNTS_SOURCES_RUNS)?;
    let calls = calls(copy)?;
    copy.execute_batch(REPLIES)?;
    copy.execute_batch(UNDER_WAY)?;
    copy.execute_batch(ANSWERS_WANTED)?;
    bodies(copy)?;
    let answers = copy.execute(ANSWERS, [])? as u64;
    copy.execute_batch(HISTORY_AND_LISTS)?;
    statuses::merge(copy)?;
    output_snapshots::merge(copy)?;
    let merged = Merged {
        calls,
        spent: copy.query_row(SPENT, [], |row| row.get(0)).map(Micros)?,
        answers,
        recall_file_differs: copy.query_row(RECALL_FILES_DIFFER, [], |row| row.get(0))?,
    };
    copy.execute_batch(DROP_STAGED)?;
    copy.execute_batch("COMMIT")?;
    Ok(merged)
}

/// A run that the backup saw under way has ended since.
const ACCOUNTS_SOURCES_RUNS: &str = "
    INSERT INTO main.accounts (vendor, origin, account)
    SELECT vendor, origin, account FROM theirs.accounts WHERE true ORDER BY id ON CONFLICT DO NOTHING;
    CREATE TEMP TABLE account_of AS
    SELECT theirs.id AS theirs, ours.id AS ours
    FROM theirs.accounts AS theirs JOIN main.accounts AS ours USING (vendor, origin, account);

    INSERT INTO main.sources (dataset, vendor, endpoint, origin)
    SELECT dataset, vendor, endpoint, origin FROM theirs.sources WHERE true ORDER BY id ON CONFLICT DO NOTHING;
    CREATE TEMP TABLE source_of AS
    SELECT theirs.id AS theirs, ours.id AS ours
    FROM theirs.sources AS theirs JOIN main.sources AS ours USING (vendor, endpoint, origin);

    INSERT INTO main.runs (run_id, boot_id, pid, version, command, started_at, ended_at, exit_code, report, os_user, output)
    SELECT run_id, boot_id, pid, version, command, started_at, ended_at, exit_code, report, os_user, output
    FROM theirs.runs WHERE true ORDER BY id
    ON CONFLICT (run_id) DO UPDATE SET
        ended_at = excluded.ended_at, exit_code = excluded.exit_code, report = excluded.report
    WHERE excluded.ended_at IS NOT NULL;
    CREATE TEMP TABLE run_of AS
    SELECT theirs.id AS theirs, ours.id AS ours
    FROM theirs.runs AS theirs JOIN main.runs AS ours USING (run_id);

    -- A forgotten VIN is a hash among a call's keys: calls are distinguished by their
    -- place among those that were reserved at the same moment.
    CREATE TEMP TABLE known_calls AS
    SELECT id, run, source, reserved_wall, reserved_boot,
           row_number() OVER (PARTITION BY run, source, reserved_wall, reserved_boot ORDER BY id) AS place
    FROM main.calls;
    CREATE INDEX temp.known_calls_by_run ON known_calls (run, reserved_wall);
    CREATE TEMP TABLE call_of (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL, is_new INTEGER NOT NULL);
    INSERT OR IGNORE INTO call_of
    SELECT theirs.id, ours.id, 0
    FROM (SELECT id, run, source, reserved_wall, reserved_boot,
                 row_number() OVER (PARTITION BY run, source, reserved_wall, reserved_boot ORDER BY id) AS place
          FROM theirs.calls) AS theirs
    JOIN run_of ON run_of.theirs = theirs.run
    JOIN source_of ON source_of.theirs = theirs.source
    JOIN known_calls AS ours ON ours.run = run_of.ours AND ours.reserved_wall = theirs.reserved_wall
        AND ours.source = source_of.ours AND ours.reserved_boot = theirs.reserved_boot AND ours.place = theirs.place;";

/// Enters the calls that the backup does not know, in their order.
fn calls(copy: &Connection) -> rusqlite::Result<u64> {
    let mut missing = copy.prepare(
        "SELECT calls.id, account_of.ours, source_of.ours, run_of.ours,
                reserved_wall, reserved_boot, price, keys
         FROM theirs.calls AS calls
         JOIN account_of ON account_of.theirs = calls.account
         JOIN source_of ON source_of.theirs = calls.source
         JOIN run_of ON run_of.theirs = calls.run
         WHERE calls.id NOT IN (SELECT theirs FROM call_of) ORDER BY calls.id",
    )?;
    let mut enter = copy.prepare(
        "INSERT INTO main.calls (account, source, run, reserved_wall, reserved_boot, price, keys)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut note = copy.prepare("INSERT INTO call_of VALUES (?1, ?2, 1)")?;
    let mut rows = missing.query([])?;
    let mut entered = Vec::new();
    while let Some(row) = rows.next()? {
        let ours = enter.insert(params![
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, i64>(4)?,
            row.get::<_, i64>(5)?,
            row.get::<_, i64>(6)?,
            row.get::<_, String>(7)?,
        ])?;
        entered.push((row.get::<_, i64>(0)?, ours));
    }
    for (theirs, ours) in &entered {
        note.execute([theirs, ours])?;
    }
    Ok(entered.len() as u64)
}

/// The run that made a call knows better how it ended than the run that found
/// the first one dead.
const REPLIES: &str = "
    INSERT INTO main.replies (call, answered_wall, answered_boot, state, http_status, charged, request_id)
    SELECT call_of.ours, answered_wall, answered_boot, state, http_status, charged, request_id
    FROM theirs.replies JOIN call_of ON call_of.theirs = theirs.replies.call
    WHERE true
    ON CONFLICT (call) DO UPDATE SET
        answered_wall = excluded.answered_wall, answered_boot = excluded.answered_boot,
        state = excluded.state, http_status = excluded.http_status,
        charged = excluded.charged, request_id = excluded.request_id
    WHERE excluded.state <> 'unknown' OR main.replies.state = 'unknown';";

/// What acts is never sent again for having been forgotten, and a vendor's word
/// to wait still holds.
const UNDER_WAY: &str = "
    INSERT INTO main.operations (source, key, idempotency_key, frozen_at, settled)
    SELECT source_of.ours, key, idempotency_key, frozen_at,
           CASE WHEN operations.settled IS NULL THEN NULL ELSE coalesce(call_of.ours, 0) END
    FROM theirs.operations AS operations
    JOIN source_of ON source_of.theirs = operations.source
    LEFT JOIN call_of ON call_of.theirs = operations.settled
    WHERE true
    ON CONFLICT (source, key) DO UPDATE SET
        idempotency_key = excluded.idempotency_key, frozen_at = excluded.frozen_at, settled = excluded.settled
    WHERE excluded.frozen_at >= main.operations.frozen_at;

    INSERT INTO main.waits (account, boot_id, until_wall, until_boot, why)
    SELECT account_of.ours, boot_id, until_wall, until_boot, why
    FROM theirs.waits JOIN account_of ON account_of.theirs = theirs.waits.account
    WHERE true
    ON CONFLICT (account) DO UPDATE SET
        boot_id = excluded.boot_id, until_wall = excluded.until_wall,
        until_boot = excluded.until_boot, why = excluded.why
    WHERE excluded.until_wall >= main.waits.until_wall;";

const ANSWERS_WANTED: &str = "
    CREATE TEMP TABLE newer AS
    SELECT source_of.ours AS source, theirs.key, theirs.status, theirs.detail, theirs.body,
           theirs.fetched_at, theirs.expires_at, coalesce(call_of.ours, 0) AS call
    FROM theirs.answers AS theirs
    JOIN source_of ON source_of.theirs = theirs.source
    LEFT JOIN call_of ON call_of.theirs = theirs.call
    LEFT JOIN main.answers AS ours ON ours.source = source_of.ours AND ours.key = theirs.key
    WHERE ours.key IS NULL OR theirs.fetched_at > ours.fetched_at;
    CREATE TEMP TABLE body_of (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL);";

/// Takes over the bodies that newer answers and the history speak in, except
/// those that are not what was written.
fn bodies(copy: &Connection) -> rusqlite::Result<()> {
    let mut wanted = copy.prepare(
        "SELECT id, hash, body FROM theirs.bodies
         WHERE id IN (SELECT body FROM newer UNION SELECT body FROM theirs.answer_history)",
    )?;
    let mut find = copy.prepare("SELECT id FROM main.bodies WHERE hash = ?1")?;
    let mut insert = copy.prepare("INSERT INTO main.bodies (hash, body) VALUES (?1, ?2)")?;
    let mut note = copy.prepare("INSERT INTO body_of VALUES (?1, ?2)")?;
    let mut rows = wanted.query([])?;
    while let Some(row) = rows.next()? {
        let (theirs, hash, body): (i64, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !is_as_written(&hash, &body) {
            continue;
        }
        let ours = match find.query_row([&hash], |row| row.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => insert.insert(params![hash, body])?,
            found => found?,
        };
        note.execute([theirs, ours])?;
    }
    Ok(())
}

const ANSWERS: &str = "
    INSERT INTO main.answers (source, key, status, detail, body, fetched_at, expires_at, call)
    SELECT source, key, status, detail, body_of.ours, fetched_at, expires_at, call
    FROM newer LEFT JOIN body_of ON body_of.theirs = newer.body
    WHERE newer.body IS NULL OR body_of.ours IS NOT NULL
    ON CONFLICT (source, key) DO UPDATE SET
        status = excluded.status, detail = excluded.detail, body = excluded.body,
        fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, call = excluded.call";

/// An inventory's pages are answers: whole there, it is whole here.
const HISTORY_AND_LISTS: &str = "
    INSERT INTO main.answer_history (source, key, fetched_at, status, detail, body, call)
    SELECT source_of.ours, key, fetched_at, status, detail, body_of.ours, coalesce(call_of.ours, 0)
    FROM theirs.answer_history AS history
    JOIN source_of ON source_of.theirs = history.source
    LEFT JOIN call_of ON call_of.theirs = history.call
    LEFT JOIN body_of ON body_of.theirs = history.body
    WHERE history.body IS NULL OR body_of.ours IS NOT NULL
    ON CONFLICT DO NOTHING;

    INSERT INTO main.inventories (source, list, snapshot, pages, completed_at)
    SELECT source_of.ours, list, snapshot, pages, completed_at
    FROM theirs.inventories JOIN source_of ON source_of.theirs = theirs.inventories.source
    WHERE true
    ON CONFLICT (source, list) DO UPDATE SET
        snapshot = excluded.snapshot, pages = excluded.pages, completed_at = excluded.completed_at
    WHERE excluded.completed_at > main.inventories.completed_at;";

const SPENT: &str = "
    SELECT coalesce(sum(coalesce(replies.charged, calls.price)), 0)
    FROM call_of JOIN main.calls ON calls.id = call_of.ours
    LEFT JOIN main.replies ON replies.call = calls.id
    WHERE call_of.is_new";

const RECALL_FILES_DIFFER: &str = "
    SELECT EXISTS (SELECT part, hash FROM theirs.recall_files
                   EXCEPT SELECT part, hash FROM main.recall_files)";

const DROP_STAGED: &str = "
    DROP TABLE account_of; DROP TABLE source_of; DROP TABLE run_of; DROP TABLE known_calls;
    DROP TABLE call_of; DROP TABLE newer; DROP TABLE body_of;";
