-- Schema version 2: calls that act, and inventories.

-- What an acting call does, frozen before it is first sent. A key stays frozen
-- until its call is answered: a retry and a restart resend the same bytes under
-- the same idempotency key. `settled` is the call that was answered.
CREATE TABLE operations (
    source          INTEGER NOT NULL REFERENCES sources (id),
    key             TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    frozen_at       INTEGER NOT NULL,
    settled         INTEGER,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

-- The latest whole snapshot of a paged list. Its pages are answers whose keys
-- name the list, the snapshot and the page; a snapshot without a row here is
-- not complete and counts for nothing.
CREATE TABLE inventories (
    source       INTEGER NOT NULL REFERENCES sources (id),
    list         TEXT NOT NULL,
    snapshot     INTEGER NOT NULL,
    pages        INTEGER NOT NULL,
    completed_at INTEGER NOT NULL,
    PRIMARY KEY (source, list)
) STRICT, WITHOUT ROWID;
