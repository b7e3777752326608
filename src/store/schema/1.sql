-- Schema version 1. Times are microseconds since 1970 UTC (`_wall`, `_at`) or since
-- boot (`_boot`); money is in millionths of a US dollar.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- An account at a vendor: quotas and spend limits count per row of this table.
-- `account` is a keyed hash of the API key.
CREATE TABLE accounts (
    id      INTEGER PRIMARY KEY,
    vendor  TEXT NOT NULL,
    origin  TEXT NOT NULL,
    account TEXT NOT NULL,
    UNIQUE (vendor, origin, account)
) STRICT;

-- What answers are kept under: one endpoint of one vendor at one origin.
CREATE TABLE sources (
    id       INTEGER PRIMARY KEY,
    dataset  TEXT NOT NULL,
    vendor   TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    origin   TEXT NOT NULL,
    UNIQUE (vendor, endpoint, origin)
) STRICT;

CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    run_id     TEXT NOT NULL UNIQUE,
    boot_id    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    version    TEXT NOT NULL,
    command    TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    exit_code  INTEGER,
    report     TEXT
) STRICT;

-- The ledger. A row is committed before its call is sent; it is closed by the
-- row of `replies` with the same id.
CREATE TABLE calls (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account       INTEGER NOT NULL REFERENCES accounts (id),
    source        INTEGER NOT NULL REFERENCES sources (id),
    run           INTEGER NOT NULL REFERENCES runs (id),
    reserved_wall INTEGER NOT NULL,
    reserved_boot INTEGER NOT NULL,
    price         INTEGER NOT NULL,
    keys          TEXT NOT NULL
) STRICT;
CREATE INDEX calls_by_account ON calls (account, reserved_wall);

-- How a call ended: `ok`, `not_sent` (no connection), `released` (reserved, but
-- given back), `unknown` (its run died), or a fault's code.
CREATE TABLE replies (
    call          INTEGER PRIMARY KEY REFERENCES calls (id),
    answered_wall INTEGER NOT NULL,
    answered_boot INTEGER NOT NULL,
    state         TEXT NOT NULL,
    http_status   INTEGER,
    charged       INTEGER NOT NULL,
    request_id    TEXT
) STRICT;

-- What was said, each wording once. Where answers share bodies, the VIN asked
-- about is replaced by a byte 0x00. `hash` is the first half of SHA-256.
CREATE TABLE bodies (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL
) STRICT;

-- The latest answer about each key. `status`: 0 found, 1 absent, 2 refused.
CREATE TABLE answers (
    source     INTEGER NOT NULL REFERENCES sources (id),
    key        TEXT NOT NULL,
    status     INTEGER NOT NULL,
    detail     TEXT,
    body       INTEGER REFERENCES bodies (id),
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    call       INTEGER NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer_history (
    source      INTEGER NOT NULL,
    key         TEXT NOT NULL,
    fetched_at  INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    detail      TEXT,
    body        INTEGER REFERENCES bodies (id),
    call        INTEGER NOT NULL,
    PRIMARY KEY (source, key, fetched_at)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER answers_replaced BEFORE UPDATE ON answers
WHEN old.fetched_at <> new.fetched_at
BEGIN
    INSERT OR REPLACE INTO answer_history (source, key, fetched_at, status, detail, body, call)
    VALUES (old.source, old.key, old.fetched_at, old.status, old.detail, old.body, old.call);
END;
