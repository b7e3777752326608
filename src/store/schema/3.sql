-- Schema version 3: who ran, and the waits that vendors asked for.

-- The operating system's name for whoever started the run; empty where unknown.
ALTER TABLE runs ADD COLUMN os_user TEXT NOT NULL DEFAULT '';

-- A vendor's word, not over yet, that this account should wait: the latest
-- one. `until_wall` is when it ends by the wall clock; within the boot in which
-- it was heard, `until_boot` says so too, and the later of both holds.
CREATE TABLE waits (
    account    INTEGER PRIMARY KEY REFERENCES accounts (id),
    boot_id    TEXT NOT NULL,
    until_wall INTEGER NOT NULL,
    until_boot INTEGER NOT NULL,
    why        TEXT NOT NULL
) STRICT;
