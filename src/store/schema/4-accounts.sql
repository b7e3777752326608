-- Within schema version 4: limits and answers belong to an account at an address, not to
-- an API key or to the way the address was typed. `accounts.account` is the user's name
-- for an account, and empty where all keys of the origin are one; before, it was a hash
-- of the key. `one_spelling` is the program's.

-- The latest of those that are one stays: a run that is under way goes on with it.
CREATE TEMP TABLE one_account AS
SELECT id AS old, max(id) OVER (PARTITION BY vendor, one_spelling(origin)) AS new FROM accounts;
UPDATE calls SET account = (SELECT new FROM one_account WHERE old = account)
WHERE account IN (SELECT old FROM one_account WHERE old <> new);
INSERT INTO waits (account, boot_id, until_wall, until_boot, why)
SELECT new, boot_id, until_wall, until_boot, why
FROM waits JOIN one_account ON old = account AND old <> new WHERE true
ON CONFLICT (account) DO UPDATE SET
    boot_id = excluded.boot_id, until_wall = excluded.until_wall,
    until_boot = excluded.until_boot, why = excluded.why
WHERE excluded.until_wall > waits.until_wall;
DELETE FROM waits WHERE account IN (SELECT old FROM one_account WHERE old <> new);
DELETE FROM accounts WHERE id IN (SELECT old FROM one_account WHERE old <> new);
UPDATE accounts SET origin = one_spelling(origin), account = '';
DROP TABLE one_account;

CREATE TEMP TABLE one_source AS
SELECT id AS old, max(id) OVER (PARTITION BY vendor, endpoint, one_spelling(origin)) AS new FROM sources;
DELETE FROM one_source WHERE old = new;
UPDATE calls SET source = (SELECT new FROM one_source WHERE old = source)
WHERE source IN (SELECT old FROM one_source);
INSERT OR IGNORE INTO answer_history (source, key, fetched_at, status, detail, body, call)
SELECT new, key, fetched_at, status, detail, body, call
FROM answer_history JOIN one_source ON old = source;
-- An answer that another one replaces goes to the history by itself; one that is older
-- than what is there goes at once.
INSERT OR IGNORE INTO answer_history (source, key, fetched_at, status, detail, body, call)
SELECT new, theirs.key, theirs.fetched_at, theirs.status, theirs.detail, theirs.body, theirs.call
FROM answers AS theirs JOIN one_source ON old = theirs.source
JOIN answers AS ours ON ours.source = new AND ours.key = theirs.key
WHERE theirs.fetched_at < ours.fetched_at;
INSERT INTO answers (source, key, status, detail, body, fetched_at, expires_at, call)
SELECT new, key, status, detail, body, fetched_at, expires_at, call
FROM answers JOIN one_source ON old = source WHERE true ORDER BY fetched_at, call
ON CONFLICT (source, key) DO UPDATE SET
    status = excluded.status, detail = excluded.detail, body = excluded.body,
    fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, call = excluded.call
WHERE excluded.fetched_at >= answers.fetched_at;
-- What was frozen last is what is wanted now: under its key it is sent again.
INSERT INTO operations (source, key, idempotency_key, frozen_at, settled)
SELECT new, key, idempotency_key, frozen_at, settled
FROM operations JOIN one_source ON old = source WHERE true ORDER BY frozen_at
ON CONFLICT (source, key) DO UPDATE SET
    idempotency_key = excluded.idempotency_key, frozen_at = excluded.frozen_at, settled = excluded.settled
WHERE excluded.frozen_at >= operations.frozen_at;
INSERT INTO inventories (source, list, snapshot, pages, completed_at)
SELECT new, list, snapshot, pages, completed_at
FROM inventories JOIN one_source ON old = source WHERE true
ON CONFLICT (source, list) DO UPDATE SET
    snapshot = excluded.snapshot, pages = excluded.pages, completed_at = excluded.completed_at
WHERE excluded.completed_at > inventories.completed_at;
DELETE FROM answer_history WHERE source IN (SELECT old FROM one_source);
DELETE FROM answers WHERE source IN (SELECT old FROM one_source);
DELETE FROM operations WHERE source IN (SELECT old FROM one_source);
DELETE FROM inventories WHERE source IN (SELECT old FROM one_source);
DELETE FROM sources WHERE id IN (SELECT old FROM one_source);
UPDATE sources SET origin = one_spelling(origin);
DROP TABLE one_source;
