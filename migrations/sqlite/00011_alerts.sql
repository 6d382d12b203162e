-- +goose Up

-- Alert rules. A deleted one stays as a mark, so that no store begins with it again.
CREATE TABLE alert_rules (
    seq        INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE,
    platform   TEXT    NOT NULL, -- '*' = all
    name       TEXT    NOT NULL,
    rule       BLOB    NOT NULL, -- JSON of stored.AlertRule
    seed       TEXT    NOT NULL, -- which of the rules that every store begins with; '' = none
    pending    INTEGER,          -- since when its gauge is beyond its value
    revision   INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    updated_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alert_rules_name ON alert_rules (platform, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX alert_rules_seed ON alert_rules (seed) WHERE seed <> '';

-- Alerts, open and resolved. One of a key is open at a time.
CREATE TABLE alerts (
    seq         INTEGER PRIMARY KEY,
    key         TEXT    NOT NULL, -- id of the rule, and of the job
    platform    TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('firing', 'acknowledged', 'silenced', 'resolved')),
    severity    TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    fired_at    INTEGER NOT NULL,
    until       INTEGER,          -- when an acknowledgement or a silence ends
    resolved_at INTEGER,
    data        BLOB    NOT NULL  -- JSON of alert.Alert
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE resolved_at IS NULL;
CREATE INDEX alerts_key ON alerts (key, seq);

-- What channels are told. due_at is null once that is over.
CREATE TABLE alert_notices (
    id         BLOB    PRIMARY KEY,
    channel    TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    due_at     INTEGER,
    taken_till INTEGER NOT NULL, -- lease of whoever sends it
    attempts   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    error      TEXT    NOT NULL,
    body       BLOB    NOT NULL  -- JSON of alert.Notice
) STRICT;
CREATE INDEX alert_notices_due ON alert_notices (due_at) WHERE due_at IS NOT NULL;

-- Jobs whose due times went by with nobody there, until a run is right again.
CREATE TABLE misses (
    job    INTEGER PRIMARY KEY,
    count  INTEGER NOT NULL,
    at     INTEGER NOT NULL, -- when that was found out last
    raised INTEGER NOT NULL  -- 1 = an alert was raised about it
) STRICT;

-- Jobs that say what is expected of their runs. It looks for the words, so that nothing
-- more is written with a job.
CREATE INDEX jobs_expecting ON jobs (seq) WHERE deleted_at IS NULL AND (
    instr(spec, CAST('"start_within_ms":' AS BLOB)) > 0 OR instr(spec, CAST('"finish_within_ms":' AS BLOB)) > 0
    OR instr(spec, CAST('"min_duration_ms":' AS BLOB)) > 0 OR instr(spec, CAST('"max_gap_ms":' AS BLOB)) > 0);
