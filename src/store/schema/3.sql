-- Schema version 3: who ran, and the waits that vendors asked for.

-- The operating system's name for whoever started the run; empty where unknown.
ALTER TABLE runs ADD COLUMN os_user TEXT NOT NULL DEFAULT '';

-- A vendor's word, not over yet, that this account should wait: the one that
-- lasts longest. Within the boot in which it was heard it ends at `until_boot`,
-- by the clock that nobody can set; after a reboot at `until_wall`.
CREATE TABLE waits (
    account    INTEGER PRIMARY KEY REFERENCES accounts (id),
    boot_id    TEXT NOT NULL,
    until_wall INTEGER NOT NULL,
    until_boot INTEGER NOT NULL,
    why        TEXT NOT NULL
) STRICT;

-- The calls of one run: listed, counted, and closed when it died.
CREATE INDEX calls_by_run ON calls (run);
