-- +goose Up

-- Event rules, and what comes in for them. The small numbers are those of
-- store/internal/stored/codes.go.

-- One row. Who holds it decides about events: one transaction at a time, on any node, so
-- that events act in the order in which they came.
CREATE TABLE event_state (
    one       bigint PRIMARY KEY CHECK (one = 1),
    version   bigint NOT NULL, -- rises with every change of what listens
    listening bigint NOT NULL, -- 1 = something listens to events of the outbox
    position  bigint NOT NULL  -- in the outbox, up to which they were decided about
);
INSERT INTO event_state (one, version, listening, position) VALUES (1, 1, 0, 0);

CREATE TABLE event_rules (
    seq            bigint PRIMARY KEY,
    id             bytea    NOT NULL UNIQUE,
    platform       text COLLATE "C" NOT NULL,
    name           text COLLATE "C" NOT NULL,
    rule           bytea    NOT NULL, -- JSON of stored.Rule
    revision       bigint NOT NULL,
    triggered      bigint NOT NULL DEFAULT 0,
    succeeded      bigint NOT NULL DEFAULT 0,
    failed         bigint NOT NULL DEFAULT 0,
    deduplicated   bigint NOT NULL DEFAULT 0,
    cancelled      bigint NOT NULL DEFAULT 0,
    last_triggered bigint,
    last_error     text NOT NULL DEFAULT '',
    last_error_at  bigint,
    created_by     text COLLATE "C" NOT NULL,
    updated_by     text COLLATE "C" NOT NULL,
    created_at     bigint NOT NULL,
    updated_at     bigint NOT NULL
);
CREATE UNIQUE INDEX event_rules_name ON event_rules (platform, name);

-- What came in. k is the first half of an id like those of executions.
CREATE TABLE events (
    k           bigint PRIMARY KEY,
    lo          bigint NOT NULL, -- second half
    id          text COLLATE "C" NOT NULL, -- the sender's, or that of k and lo
    platform    text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    data        bytea    NOT NULL,
    at          bigint NOT NULL,
    depth       bigint NOT NULL,
    execution   bytea, -- that sent it
    trace_id    text NOT NULL,
    parent_span text NOT NULL
);
CREATE UNIQUE INDEX events_id ON events (platform, id);
-- Those that were not decided about.
CREATE TABLE event_inbox (
    k bigint PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 1);

-- What a listener did, or is about to do, about an event. rule is the number of the rule,
-- or minus that of the job that listens for itself.
CREATE TABLE event_acts (
    rule     bigint NOT NULL,
    event    text COLLATE "C" NOT NULL, -- id
    at       bigint NOT NULL, -- of the decision, or of the act
    state    bigint NOT NULL,
    depth    bigint NOT NULL,
    due_at   bigint,          -- waits until then; null otherwise
    grp      text COLLATE "C" NOT NULL DEFAULT '', -- = and the group that it is debounced with; '' = none
    act      bytea,             -- JSON of event.Act, while it waits
    job      bigint,          -- that was made, run or cancelled
    k        bigint,          -- execution that was made
    detail   text NOT NULL DEFAULT '',
    PRIMARY KEY (rule, event)
);
CREATE INDEX event_acts_due ON event_acts (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX event_acts_group ON event_acts (rule, grp) WHERE due_at IS NOT NULL AND grp <> '';
CREATE INDEX event_acts_job ON event_acts (job) WHERE job IS NOT NULL;
CREATE INDEX event_acts_k ON event_acts (k) WHERE k IS NOT NULL;
CREATE INDEX event_acts_at ON event_acts (at);

-- Dedupe keys of acts.
CREATE TABLE event_keys (
    rule  bigint NOT NULL,
    key   text COLLATE "C" NOT NULL,
    until bigint NOT NULL, -- remembered until then, and as long as the job is live
    job   bigint,          -- that was made
    PRIMARY KEY (rule, key)
);
CREATE INDEX event_keys_until ON event_keys (until);

-- By which events jobs are cancelled: see job.CancelOn. job 0 stands for an event that
-- came before its job.
CREATE TABLE cancel_keys (
    platform text COLLATE "C" NOT NULL,
    event    text COLLATE "C" NOT NULL,
    key      text COLLATE "C" NOT NULL,
    job      bigint NOT NULL,
    at       bigint NOT NULL,
    PRIMARY KEY (platform, event, key, job)
);
CREATE INDEX cancel_keys_job ON cancel_keys (job, at);
-- Which fields of events such keys are made of.
CREATE TABLE cancel_shapes (
    platform text COLLATE "C" NOT NULL,
    event    text COLLATE "C" NOT NULL,
    fields   text COLLATE "C" NOT NULL,
    PRIMARY KEY (platform, event, fields)
);
ALTER TABLE events ALTER COLUMN data SET STORAGE EXTERNAL;
