-- +goose Up

-- Alert rules. A deleted one stays as a mark, so that no store begins with it again.
CREATE TABLE alert_rules (
    seq        bigint PRIMARY KEY,
    id         bytea   NOT NULL UNIQUE,
    platform   text   COLLATE "C" NOT NULL, -- '*' = all
    name       text   COLLATE "C" NOT NULL,
    rule       bytea   NOT NULL, -- JSON of stored.AlertRule
    seed       text   COLLATE "C" NOT NULL, -- which of the rules that every store begins with; '' = none
    pending    bigint,          -- since when its gauge is beyond its value
    revision   bigint NOT NULL,
    created_by text   COLLATE "C" NOT NULL,
    updated_by text   COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint
);
CREATE UNIQUE INDEX alert_rules_name ON alert_rules (platform, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX alert_rules_seed ON alert_rules (seed) WHERE seed <> '';

-- Alerts, open and resolved. One of a key is open at a time.
CREATE TABLE alerts (
    seq         bigint PRIMARY KEY,
    key         text   COLLATE "C" NOT NULL, -- id of the rule, and of the job
    platform    text   COLLATE "C" NOT NULL,
    state       text   NOT NULL CHECK (state IN ('firing', 'acknowledged', 'silenced', 'resolved')),
    severity    text   NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    fired_at    bigint NOT NULL,
    until       bigint,          -- when an acknowledgement or a silence ends
    resolved_at bigint,
    data        bytea   NOT NULL  -- JSON of alert.Alert
);
CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE resolved_at IS NULL;
CREATE INDEX alerts_key ON alerts (key, seq);

-- What channels are told. due_at is null once that is over.
CREATE TABLE alert_notices (
    id         bytea PRIMARY KEY,
    channel    text   COLLATE "C" NOT NULL,
    state      text   NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    due_at     bigint,
    taken_till bigint NOT NULL, -- lease of whoever sends it
    attempts   bigint NOT NULL,
    created_at bigint NOT NULL,
    ended_at   bigint,
    error      text   COLLATE "C" NOT NULL,
    body       bytea   NOT NULL  -- JSON of alert.Notice
);
CREATE INDEX alert_notices_due ON alert_notices (due_at) WHERE due_at IS NOT NULL;

-- Jobs whose due times went by with nobody there, until a run is right again.
CREATE TABLE misses (
    job    bigint PRIMARY KEY,
    count  bigint NOT NULL,
    at     bigint NOT NULL, -- when that was found out last
    raised bigint NOT NULL  -- 1 = an alert was raised about it
);

-- Jobs that say what is expected of their runs. It looks for the words, so that nothing
-- more is written with a job.
CREATE INDEX jobs_expecting ON jobs (seq) WHERE deleted_at IS NULL AND (
    position('"start_within_ms":'::bytea in spec) > 0 OR position('"finish_within_ms":'::bytea in spec) > 0
    OR position('"min_duration_ms":'::bytea in spec) > 0 OR position('"max_gap_ms":'::bytea in spec) > 0);
