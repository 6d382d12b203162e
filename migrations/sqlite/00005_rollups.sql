-- +goose Up

-- Sums of how executions ended, by time: of a job (its number), of a platform (its
-- number, negative), of all (0). Retention of executions does not touch them.
CREATE TABLE rollups (
    owner INTEGER NOT NULL,
    span  INTEGER NOT NULL, -- seconds: a minute, an hour, a day
    start INTEGER NOT NULL,
    data  BLOB    NOT NULL, -- packed; see store/internal/stored/tally.go
    PRIMARY KEY (owner, span, start)
) STRICT, WITHOUT ROWID;

-- The hour that a job is in, which its counters have: null = it never ran.
ALTER TABLE counters ADD COLUMN hour_at   INTEGER;
ALTER TABLE counters ADD COLUMN hour_data BLOB; -- as rollups.data

-- What failures say, by day.
CREATE TABLE failure_patterns (
    job     INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    print   INTEGER NOT NULL, -- of class and message; 0 = all those for which a day had no room
    class   TEXT    NOT NULL,
    message TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (job, day, print)
) STRICT, WITHOUT ROWID;

-- Counting jobs takes off those that are deleted.
CREATE INDEX jobs_deleted ON jobs (seq) WHERE deleted_at IS NOT NULL;
