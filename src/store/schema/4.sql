-- Schema version 4: what each run wrote.

-- Its output's absolute path, links followed; null where that was stdout, or where it
-- wrote none. It is known from the start, so a run that was killed has it too.
ALTER TABLE runs ADD COLUMN output TEXT;
