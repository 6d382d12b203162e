CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE platforms (
    seq  INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
) STRICT;
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
CREATE UNIQUE INDEX executions_slot ON executions (at, job) WHERE trigger = 0;
CREATE UNIQUE INDEX executions_number ON executions (job, n);
CREATE INDEX executions_ready ON executions (class, ready_at) WHERE ready_at IS NOT NULL AND queued IS NULL;
CREATE INDEX executions_queued ON executions (job, k) WHERE queued IS NOT NULL;
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
CREATE TABLE ranges (
    job     INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    reason  INTEGER NOT NULL,
    PRIMARY KEY (job, from_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE epochs (
    job        INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    after_at   INTEGER NOT NULL,
    until_at   INTEGER,
    definition BLOB NOT NULL, -- JSON of job.Epoch
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;
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
INSERT INTO goose_db_version VALUES (1, 0, 1, '2026-11-23 00:45:59');
INSERT INTO goose_db_version VALUES (2, 1, 1, '2026-11-23 00:45:59');
INSERT INTO meta VALUES ('instance', 'old');
INSERT INTO platforms VALUES (1, 'default');
INSERT INTO jobs VALUES (1, X'01A2044EC1C070008000000000000000', 'default', 'backup', 1, 0, 1, 2, 'noop', 1, X'7B226E616D65223A226261636B7570222C2274797065223A2263726F6E222C227363686564756C65223A222A202A202A202A202A222C2274696D657A6F6E65223A22555443222C226473745F706F6C696379223A226F6E6365222C226A69747465725F6D73223A302C226D697366697265223A22666972655F6F6E6365222C2268616E646C65725F6E616D65223A226E6F6F70222C2268616E646C65725F74797065223A2266756E6374696F6E222C227061796C6F6164223A6E756C6C2C226D61785F72657472696573223A302C2272657472795F64656C61795F6D73223A302C2272657472795F6261636B6F6666223A22222C2272657472795F6D61785F64656C61795F6D73223A302C2274696D656F75745F6D73223A302C227072696F72697479223A226D656469756D222C22636F6E63757272656E6379223A322C22616C6C6F775F6F7665726C6170223A747275652C226F7665726C6170223A22616C6C6F77222C226F6E5F6C6F7374223A227265747279222C2274616773223A6E756C6C7D', 1795368600000000, 'backup', '', '', 'uid:0', '', 1795368600000000, 1795368600000000, NULL, NULL, NULL, NULL);
INSERT INTO cursors VALUES (1, 1795368660000000, 1, 2, 2, 2, 0, 117661276569628673, 0);
INSERT INTO executions VALUES (117661276569628673, -9223372036854775808, 1, 1, 1795368480000000, 0, 1, 1, 0, 0, 1, 9, 1, 1, 0, 0, NULL, NULL, NULL, 1795368600000000, 1795368600000000, NULL, NULL);
INSERT INTO executions VALUES (117661276569628674, -9223372036854775808, 1, 2, 1795368540000000, 0, 3, 1, 0, 0, 1, 9, 2, 1, 0, 0, NULL, NULL, NULL, 1795368600000000, 1795368600000000, NULL, 1795368600000000);
INSERT INTO failures VALUES (1, 2, 3, 117661276569628674);
INSERT INTO dead_letters VALUES (117661276569628674, 1, 1795368600000000, 'permanent');
INSERT INTO sessions VALUES (9, 'node-a', 'v1', 1795368600000000, 1795368600000000, 1795372200000000, NULL);
INSERT INTO claims VALUES (1, 9, X'01A2044EC1C07001');
INSERT INTO sqlite_sequence VALUES ('goose_db_version', 2);
INSERT INTO sqlite_sequence VALUES ('jobs', 1);
INSERT INTO sqlite_sequence VALUES ('claims', 1);
