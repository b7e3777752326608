//! What a run left in its store: the calls of the ledger, and the answers.

use std::path::Path;

use rusqlite::Connection;

use super::Work;

impl Work {
    /// The store, opened.
    #[track_caller]
    pub(crate) fn db(&self) -> Connection {
        Connection::open(self.store()).expect("the store opens")
    }

    /// A number from the store.
    #[track_caller]
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.db().query_row(sql, [], |row| row.get(0)).expect("a number")
    }

    /// The store is sound.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let wrong = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
        assert_eq!(self.number(wrong), 0);
    }
}

/// A store, counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    /// Calls that were sent, or that were tried to be.
    pub(crate) calls: usize,
    /// Those of them that never left this machine.
    pub(crate) not_sent: usize,
    /// Calls that nobody has closed.
    pub(crate) open: usize,
    /// Answers kept.
    pub(crate) answers: usize,
    /// Bodies kept.
    pub(crate) bodies: usize,
}

impl Ledger {
    pub(crate) fn of(store: &Path) -> Self {
        let store = Connection::open(store).expect("the store");
        let count = |sql: &str| {
            let count: i64 = store.query_row(sql, [], |row| row.get(0)).expect("a count");
            usize::try_from(count).expect("a count")
        };
        let ended =
            |state: &str| count(&format!("SELECT count(*) FROM replies WHERE state = '{state}'"));
        let all = count("SELECT count(*) FROM calls");
        Self {
            calls: all - ended("released"),
            not_sent: ended("not_sent"),
            open: count("SELECT count(*) FROM calls WHERE id NOT IN (SELECT call FROM replies)"),
            answers: count("SELECT count(*) FROM answers"),
            bodies: count("SELECT count(*) FROM bodies"),
        }
    }
}
