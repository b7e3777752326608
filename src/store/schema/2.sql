-- Schema version 2: calls that act, inventories, the recall file.

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

-- NHTSA's recall file as imported: the parts that are held. `hash` is the
-- SHA-256 of the text inside, `newest` the latest day it names, in days since
-- 1970, `warnings` a JSON list. Importing a part replaces all of it in one
-- transaction.
CREATE TABLE recall_files (
    id          INTEGER PRIMARY KEY,
    part        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    hash        BLOB NOT NULL,
    imported_at INTEGER NOT NULL,
    newest      INTEGER,
    rows        INTEGER NOT NULL,
    campaigns   INTEGER NOT NULL,
    vehicles    INTEGER NOT NULL,
    warnings    TEXT NOT NULL
) STRICT;

-- A campaign with its texts, once for all the vehicles it names.
CREATE TABLE recall_campaigns (
    id           INTEGER PRIMARY KEY,
    file         INTEGER NOT NULL REFERENCES recall_files (id),
    number       TEXT NOT NULL,
    component    TEXT,
    summary      TEXT,
    consequence  TEXT,
    remedy       TEXT,
    manufacturer TEXT,
    park_it      INTEGER,
    park_outside INTEGER,
    reported_on  INTEGER
) STRICT;

-- Every model the file names, in any year. `make` is folded to letters and
-- digits, `model` is in upper case with single spaces.
CREATE TABLE recall_models (
    make  TEXT NOT NULL,
    model TEXT NOT NULL,
    file  INTEGER NOT NULL REFERENCES recall_files (id),
    id    INTEGER NOT NULL,
    PRIMARY KEY (make, model, file)
) STRICT, WITHOUT ROWID;

-- `year` is 0 where the file tells none.
CREATE TABLE recall_vehicles (
    model    INTEGER NOT NULL,
    year     INTEGER NOT NULL,
    campaign INTEGER NOT NULL,
    PRIMARY KEY (model, year, campaign)
) STRICT, WITHOUT ROWID;
