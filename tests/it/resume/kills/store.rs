//! What a store holds, read from a copy: opening the store itself would mend
//! what the next run is to mend.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

/// A source and a key, as stored.
pub(super) type SourceKey = (i64, String);

/// A call in the ledger.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: i64,
    pub(super) vendor: String,
    pub(super) endpoint: String,
    pub(super) source: i64,
    pub(super) keys: Vec<String>,
    /// `None` while nobody knows how it ended.
    pub(super) state: Option<String>,
}

/// A store as a kill left it.
pub(super) struct Left {
    db: Connection,
    /// Whether the tables were made.
    has_tables: bool,
    _copy: tempfile::TempDir,
}

impl Left {
    /// Copies the store at `path` and opens the copy; `None` where there is none yet.
    pub(super) fn at(path: &Path) -> Option<Self> {
        if !path.exists() {
            return None;
        }
        let copy = tempfile::tempdir().expect("a folder");
        let name = path.file_name().expect("a name").to_owned();
        for ending in ["", "-wal", "-journal"] {
            let mut name = name.clone();
            name.push(ending);
            let from = path.with_file_name(&name);
            if from.exists() {
                fs::copy(from, copy.path().join(&name)).expect("a file is copied");
            }
        }
        let db = Connection::open(copy.path().join(&name)).expect("the store opens");
        let has_tables = db
            .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'calls'", [], |_| Ok(()))
            .optional()
            .expect("a schema");
        Some(Self { db, has_tables: has_tables.is_some(), _copy: copy })
    }

    /// What is wrong with the file.
    pub(super) fn damage(&self) -> Option<String> {
        let text = |pragma: &str| -> String {
            self.db
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
                .unwrap_or_else(|error| error.to_string())
        };
        let found = text("integrity_check");
        if found != "ok" {
            return Some(found);
        }
        let broken = self.db.query_row("PRAGMA foreign_key_check", [], |_| Ok(())).optional();
        match broken {
            Ok(None) => {}
            other => return Some(format!("foreign keys: {other:?}")),
        }
        if !self.has_tables {
            return None;
        }
        let vacuum: i64 =
            self.db.query_row("PRAGMA auto_vacuum", [], |row| row.get(0)).expect("a mode");
        (vacuum != 2).then(|| format!("auto_vacuum is {vacuum}"))
    }

    /// The calls after `last`.
    pub(super) fn calls_after(&self, last: i64) -> Vec<Call> {
        if !self.has_tables {
            return Vec::new();
        }
        let mut find = self
            .db
            .prepare(
                "SELECT calls.id, accounts.vendor, sources.endpoint, calls.source, calls.keys, replies.state
                 FROM calls JOIN accounts ON accounts.id = calls.account JOIN sources ON sources.id = calls.source
                 LEFT JOIN replies ON replies.call = calls.id WHERE calls.id > ?1 ORDER BY calls.id",
            )
            .expect("a ledger");
        let calls = find.query_map([last], |row| {
            Ok(Call {
                id: row.get(0)?,
                vendor: row.get(1)?,
                endpoint: row.get(2)?,
                source: row.get(3)?,
                keys: row.get::<_, String>(4)?.split('\n').map(str::to_owned).collect(),
                state: row.get(5)?,
            })
        });
        calls.and_then(Iterator::collect).expect("calls")
    }

    /// The keys whose latest answer came after the call `last`.
    pub(super) fn answered_after(&self, last: i64) -> Vec<SourceKey> {
        if !self.has_tables {
            return Vec::new();
        }
        let mut find =
            self.db.prepare("SELECT source, key FROM answers WHERE call > ?1").expect("answers");
        let keys = find.query_map([last], |row| Ok((row.get(0)?, row.get(1)?)));
        keys.and_then(Iterator::collect).expect("keys")
    }

    /// Whether the store holds an answer, with its words.
    pub(super) fn answers(&self, (source, key): &SourceKey) -> bool {
        self.db
            .prepare_cached(
                "SELECT 1 FROM answers JOIN bodies ON bodies.id = answers.body WHERE source = ?1 AND key = ?2",
            )
            .and_then(|mut find| find.exists(params![source, key]))
            .expect("an answer")
    }

    /// How many answers there are.
    pub(super) fn answer_count(&self) -> usize {
        self.count("SELECT count(*) FROM answers")
    }

    /// A number that the store tells; 0 while it has no tables.
    pub(super) fn count(&self, query: &str) -> usize {
        if !self.has_tables {
            return 0;
        }
        let count: i64 = self.db.query_row(query, [], |row| row.get(0)).expect("a count");
        usize::try_from(count).expect("no less than nothing")
    }
}
