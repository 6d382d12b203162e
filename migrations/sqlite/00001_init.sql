-- +goose Up

-- Instants are microseconds since 1970 UTC; enums are the small numbers of
-- store/internal/stored/codes.go. Jobs and platforms are referred to by small
-- integers.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE platforms (
    seq  INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO platforms (seq, slug) VALUES (1, 'default');

-- The wide row: what people say about a job. It is read on change and cached.
CREATE TABLE jobs (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE,
    platform     TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    live         INTEGER NOT NULL, -- 1 = neither ended nor deleted: its name is taken
    type         INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    priority     INTEGER NOT NULL,
    handler      TEXT    NOT NULL,
    revision     INTEGER NOT NULL,
    spec         BLOB    NOT NULL, -- JSON of job.Spec
    anchor       INTEGER NOT NULL,
    seed         TEXT    NOT NULL,
    reason       TEXT    NOT NULL DEFAULT '', -- of status
    pause_reason TEXT    NOT NULL DEFAULT '',
    created_by   TEXT    NOT NULL,
    updated_by   TEXT    NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    paused_at    INTEGER,
    completed_at INTEGER,
    cancelled_at INTEGER,
    deleted_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX jobs_name ON jobs (platform, name) WHERE live = 1;
CREATE INDEX jobs_by_name ON jobs (name, seq);
CREATE INDEX jobs_created ON jobs (created_at, seq);
CREATE INDEX jobs_status ON jobs (status, seq);

CREATE TABLE job_tags (
    tag TEXT    NOT NULL,
    job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    PRIMARY KEY (tag, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_tags_job ON job_tags (job);

-- The narrow hot row of a job: its cursor. It alone changes when a slot fires.
CREATE TABLE cursors (
    job         INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    next_run    INTEGER,                    -- first slot not accounted for; null = none
    revision    INTEGER NOT NULL,           -- of the definition that plans
    numbers     INTEGER NOT NULL DEFAULT 0, -- run numbers handed out
    runs        INTEGER NOT NULL DEFAULT 0, -- executions that were not skipped
    occurrences INTEGER NOT NULL DEFAULT 0, -- slots that became executions
    skipped     INTEGER NOT NULL DEFAULT 0, -- slots recorded as not run
    live        ANY,                        -- executions that may not be over: k, or packed k's; see live.go
    ending      INTEGER NOT NULL DEFAULT 0  -- 1 = no further slot; the job ends with its last execution
) STRICT;
CREATE INDEX cursors_due ON cursors (next_run) WHERE next_run IS NOT NULL;
CREATE INDEX cursors_ending ON cursors (ending) WHERE ending = 1;

-- Figures of settled executions, folded from counter_deltas.
CREATE TABLE counters (
    job         INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    success     INTEGER NOT NULL DEFAULT 0,
    failed      INTEGER NOT NULL DEFAULT 0,
    timeout     INTEGER NOT NULL DEFAULT 0,
    cancelled   INTEGER NOT NULL DEFAULT 0,
    duration_us INTEGER NOT NULL DEFAULT 0, -- of successful executions
    last_status INTEGER NOT NULL DEFAULT 0,
    last_run    INTEGER,                    -- newest start
    pruned      INTEGER NOT NULL DEFAULT 0  -- execution rows that retention removed
) STRICT;
CREATE TABLE counter_deltas (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    data BLOB NOT NULL -- packed; see counters.go
) STRICT;

-- One row per due time, event or manual trigger. k is the first half of the id (a
-- version 7 UUID: time and counter), so rows append in order of creation.
CREATE TABLE executions (
    k           INTEGER PRIMARY KEY,
    lo          INTEGER NOT NULL, -- second half of the id
    job         INTEGER NOT NULL,
    n           INTEGER NOT NULL, -- the N of JOB/N
    at          INTEGER NOT NULL, -- scheduled_at
    trigger     INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    retries     INTEGER NOT NULL DEFAULT 0,
    lost        INTEGER NOT NULL DEFAULT 0,
    token       INTEGER NOT NULL DEFAULT 0,
    session     INTEGER NOT NULL DEFAULT 0, -- of the last claim
    occurrence  INTEGER NOT NULL DEFAULT 0,
    revision    INTEGER NOT NULL,
    flags       INTEGER NOT NULL DEFAULT 0,
    skip        INTEGER NOT NULL DEFAULT 0, -- reason
    queued      INTEGER,                    -- 1 = waits for another run of its job, 2 = held while its job is paused
    class       INTEGER,                    -- platform and priority, once it waits: platforms.seq * 4 + rank
    ready_at    INTEGER,                    -- waits for a worker from then on; null otherwise
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    first_start INTEGER,                    -- when attempt 1 started, once there is another
    finished_at INTEGER
) STRICT;
-- Exactly one row per slot. Time comes first, so that entries append.
CREATE UNIQUE INDEX executions_slot ON executions (at, job) WHERE trigger = 0;
CREATE UNIQUE INDEX executions_number ON executions (job, n);
-- Class comes first, so that a flood hides neither what is urgent nor other platforms.
CREATE INDEX executions_ready ON executions (class, ready_at) WHERE ready_at IS NOT NULL AND queued IS NULL;
CREATE INDEX executions_queued ON executions (job, k) WHERE queued IS NOT NULL;

-- What only some executions have.
CREATE TABLE execution_inputs (
    k            INTEGER PRIMARY KEY,
    payload      BLOB,
    triggered_by TEXT NOT NULL DEFAULT '',
    retry_of     INTEGER, -- k, with the second half of the id
    retry_of_lo  INTEGER,
    trace_id     TEXT NOT NULL DEFAULT '',
    parent_span  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX execution_retry_of ON execution_inputs (retry_of) WHERE retry_of IS NOT NULL;
CREATE TABLE execution_results (
    k           INTEGER PRIMARY KEY,
    result      BLOB,
    exit_code   INTEGER,
    error       TEXT NOT NULL DEFAULT '',
    error_class TEXT NOT NULL DEFAULT '',
    error_stack TEXT NOT NULL DEFAULT '',
    detail      TEXT NOT NULL DEFAULT '' -- of a skip
) STRICT;
-- Executions that ended otherwise than well, so that finding them reads few rows.
CREATE TABLE failures (
    job    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    status INTEGER NOT NULL,
    k      INTEGER NOT NULL,
    PRIMARY KEY (job, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters (
    k      INTEGER PRIMARY KEY,
    job    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    reason TEXT    NOT NULL
) STRICT;
-- Attempts that ended without ending their execution.
CREATE TABLE attempts (
    k           INTEGER NOT NULL,
    token       INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    session     INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    retry_at    INTEGER,
    exit_code   INTEGER,
    error       TEXT NOT NULL DEFAULT '',
    error_class TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (k, token)
) STRICT, WITHOUT ROWID;

-- Adjacent slots that ended alike.
CREATE TABLE ranges (
    job     INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    reason  INTEGER NOT NULL,
    PRIMARY KEY (job, from_at)
) STRICT, WITHOUT ROWID;

-- Which definition planned which stretch of time.
CREATE TABLE epochs (
    job        INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    after_at   INTEGER NOT NULL,
    until_at   INTEGER,
    definition BLOB NOT NULL, -- JSON of job.Epoch
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

-- Leases. claims finds the work of a dead session without an index on status.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    node         TEXT NOT NULL,
    version      TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    lease_until  INTEGER NOT NULL,
    closed_at    INTEGER
) STRICT;
CREATE TABLE claims (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL,
    data    BLOB    NOT NULL -- packed k's
) STRICT;
CREATE INDEX claims_session ON claims (session);
CREATE TABLE cancels (
    k            INTEGER PRIMARY KEY,
    session      INTEGER NOT NULL,
    requested_at INTEGER NOT NULL,
    requested_by TEXT NOT NULL,
    reason       TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    data BLOB    NOT NULL -- packed; see events.go
) STRICT;

CREATE TABLE logs (
    k       INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    level   INTEGER NOT NULL,
    stream  TEXT    NOT NULL,
    message TEXT    NOT NULL,
    context BLOB,
    PRIMARY KEY (k, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE log_sizes (
    k     INTEGER PRIMARY KEY,
    job   INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX log_sizes_job ON log_sizes (job, k);

CREATE TABLE idempotency (
    platform   TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    id         BLOB    NOT NULL, -- of what was created
    created_at INTEGER NOT NULL,
    PRIMARY KEY (platform, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (platform, created_at);
