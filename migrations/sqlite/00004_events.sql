-- +goose Up

-- Event rules, and what comes in for them. The small numbers are those of
-- store/internal/stored/codes.go.

-- One row. Who holds it decides about events: one transaction at a time, on any node, so
-- that events act in the order in which they came.
CREATE TABLE event_state (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    version   INTEGER NOT NULL, -- rises with every change of what listens
    listening INTEGER NOT NULL, -- 1 = something listens to events of the outbox
    position  INTEGER NOT NULL  -- in the outbox, up to which they were decided about
) STRICT;
INSERT INTO event_state (one, version, listening, position) VALUES (1, 1, 0, 0);

CREATE TABLE event_rules (
    seq            INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE,
    platform       TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    rule           BLOB    NOT NULL, -- JSON of stored.Rule
    revision       INTEGER NOT NULL,
    triggered      INTEGER NOT NULL DEFAULT 0,
    succeeded      INTEGER NOT NULL DEFAULT 0,
    failed         INTEGER NOT NULL DEFAULT 0,
    deduplicated   INTEGER NOT NULL DEFAULT 0,
    cancelled      INTEGER NOT NULL DEFAULT 0,
    last_triggered INTEGER,
    last_error     TEXT    NOT NULL DEFAULT '',
    last_error_at  INTEGER,
    created_by     TEXT    NOT NULL,
    updated_by     TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_rules_name ON event_rules (platform, name);

-- What came in. k is the first half of an id like those of executions.
CREATE TABLE events (
    k           INTEGER PRIMARY KEY,
    lo          INTEGER NOT NULL, -- second half
    id          TEXT    NOT NULL, -- the sender's, or that of k and lo
    platform    TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    data        BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    depth       INTEGER NOT NULL,
    execution   BLOB, -- that sent it
    trace_id    TEXT    NOT NULL,
    parent_span TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_id ON events (platform, id);
-- Those that were not decided about.
CREATE TABLE event_inbox (
    k INTEGER PRIMARY KEY
) STRICT;

-- What a listener did, or is about to do, about an event. rule is the number of the rule,
-- or minus that of the job that listens for itself.
CREATE TABLE event_acts (
    rule     INTEGER NOT NULL,
    event    TEXT    NOT NULL, -- id
    at       INTEGER NOT NULL, -- of the decision, or of the act
    state    INTEGER NOT NULL,
    depth    INTEGER NOT NULL,
    due_at   INTEGER,          -- waits until then; null otherwise
    grp      TEXT    NOT NULL DEFAULT '', -- = and the group that it is debounced with; '' = none
    act      BLOB,             -- JSON of event.Act, while it waits
    job      INTEGER,          -- that was made, run or cancelled
    k        INTEGER,          -- execution that was made
    detail   TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (rule, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_acts_due ON event_acts (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX event_acts_group ON event_acts (rule, grp) WHERE due_at IS NOT NULL AND grp <> '';
CREATE INDEX event_acts_job ON event_acts (job) WHERE job IS NOT NULL;
CREATE INDEX event_acts_k ON event_acts (k) WHERE k IS NOT NULL;
CREATE INDEX event_acts_at ON event_acts (at);

-- Dedupe keys of acts.
CREATE TABLE event_keys (
    rule  INTEGER NOT NULL,
    key   TEXT    NOT NULL,
    until INTEGER NOT NULL, -- remembered until then, and as long as the job is live
    job   INTEGER,          -- that was made
    PRIMARY KEY (rule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_keys_until ON event_keys (until);

-- By which events jobs are cancelled: see job.CancelOn. job 0 stands for an event that
-- came before its job.
CREATE TABLE cancel_keys (
    platform TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    job      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (platform, event, key, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX cancel_keys_job ON cancel_keys (job, at);
-- Which fields of events such keys are made of.
CREATE TABLE cancel_shapes (
    platform TEXT NOT NULL,
    event    TEXT NOT NULL,
    fields   TEXT NOT NULL,
    PRIMARY KEY (platform, event, fields)
) STRICT, WITHOUT ROWID;
