//! What was said about a key, by whom and when.

use rusqlite::{Row, params};

use crate::domain::{Error, Key, Timestamp, Vin};
use crate::store::{Snapshot, failed};

/// One answer, and the call it came by.
#[derive(Clone, Debug)]
pub struct AnswerRecord {
    /// `decode`, `recalls`, `listings`, or `none` for lists and calls that act.
    pub dataset: String,
    /// The vendor's id.
    pub vendor: String,
    /// The endpoint's id.
    pub endpoint: String,
    /// `base_url` plus `live`, `test` or `sandbox`.
    pub origin: String,
    /// What it is about.
    pub key: Key,
    /// `found`, `absent` or `refused`.
    pub status: &'static str,
    /// Why it was refused.
    pub detail: Option<String>,
    /// Bytes of its words.
    pub body_bytes: u64,
    /// When it came.
    pub fetched_at: Timestamp,
    /// The call it came by.
    pub call: i64,
    /// The run that made the call; `None` once that was pruned.
    pub run_id: Option<String>,
    /// The vendor's name for the request.
    pub request_id: Option<String>,
    /// What the same source said before.
    pub earlier: Vec<EarlierAnswer>,
}

/// An answer that was replaced.
#[derive(Clone, Copy, Debug)]
pub struct EarlierAnswer {
    /// `found`, `absent` or `refused`.
    pub status: &'static str,
    /// When it came.
    pub fetched_at: Timestamp,
}

const ANSWER: &str = "
    SELECT sources.dataset, sources.vendor, sources.endpoint, sources.origin, answers.key,
           answers.status, answers.detail, coalesce(length(bodies.body), 0), answers.fetched_at,
           answers.call, runs.run_id, replies.request_id, sources.id
    FROM sources
    CROSS JOIN answers ON answers.source = sources.id
    LEFT JOIN bodies ON bodies.id = answers.body
    LEFT JOIN calls ON calls.id = answers.call
    LEFT JOIN runs ON runs.id = calls.run
    LEFT JOIN replies ON replies.call = answers.call";

impl Snapshot<'_> {
    /// What every source says of `key`.
    pub fn answers_about(&self, key: &Key) -> Result<Vec<AnswerRecord>, Error> {
        self.answers_where("answers.key = ?1 AND ?2 IS NULL", &key.to_stored(), None)
    }

    /// Pages of lists that name `vin`, and what calls that act were answered about it.
    pub fn answers_naming(&self, vin: &Vin) -> Result<Vec<AnswerRecord>, Error> {
        // Pages and tasks; everything else is asked about by its key.
        let mut found = self.answers_where(
            "answers.key >= ?1 AND answers.key < char(31) AND answers.key > char(29)
             AND (instr(answers.key, ?2) > 0 OR instr(bodies.body, CAST(?2 AS BLOB)) > 0)",
            "",
            Some(vin),
        )?;
        found.sort_by_key(|said| said.fetched_at);
        Ok(found)
    }

    fn answers_where(
        &self,
        condition: &str,
        key: &str,
        vin: Option<&Vin>,
    ) -> Result<Vec<AnswerRecord>, Error> {
        let read = || {
            let sql = format!("{ANSWER} WHERE {condition} ORDER BY sources.id, answers.key");
            let mut find = self.db.prepare(&sql)?;
            let mut rows = find.query(params![key, vin.map(Vin::as_str)])?;
            let mut said = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(key) = Key::from_stored(row.get_ref(4)?.as_str()?) else { continue };
                let earlier = self.earlier(row.get(12)?, &key)?;
                said.push(record(row, key, earlier)?);
            }
            Ok(said)
        };
        read().map_err(failed("cannot look up what was said", &self.path))
    }

    fn earlier(&self, source: i64, key: &Key) -> rusqlite::Result<Vec<EarlierAnswer>> {
        self.db
            .prepare_cached(
                "SELECT status, fetched_at FROM answer_history
                 WHERE source = ?1 AND key = ?2 ORDER BY fetched_at DESC",
            )?
            .query_map(params![source, key.to_stored()], |row| {
                Ok(EarlierAnswer { status: status(row.get(0)?), fetched_at: row.get(1)? })
            })?
            .collect()
    }
}

fn record(row: &Row<'_>, key: Key, earlier: Vec<EarlierAnswer>) -> rusqlite::Result<AnswerRecord> {
    Ok(AnswerRecord {
        dataset: row.get(0)?,
        vendor: row.get(1)?,
        endpoint: row.get(2)?,
        origin: row.get(3)?,
        key,
        status: status(row.get(5)?),
        detail: row.get(6)?,
        body_bytes: row.get::<_, i64>(7)?.unsigned_abs(),
        fetched_at: row.get(8)?,
        call: row.get(9)?,
        run_id: row.get(10)?,
        request_id: row.get(11)?,
        earlier,
    })
}

fn status(stored: u8) -> &'static str {
    match stored {
        0 => "found",
        1 => "absent",
        _ => "refused",
    }
}
