-- +goose Up

-- Revisions of workflows. live = 1 is the newest of one in use.
CREATE TABLE workflows (
    platform   TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    live       INTEGER NOT NULL CHECK (live IN (0, 1)),
    definition BLOB    NOT NULL, -- JSON of workflow.Definition
    jobs       BLOB    NOT NULL, -- JSON: ids of the jobs of its steps, by step
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    PRIMARY KEY (platform, name, revision)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX workflows_live ON workflows (platform, name) WHERE live = 1;

-- What the execution of a workflow keeps between the steps.
CREATE TABLE flows (
    k          INTEGER PRIMARY KEY,
    platform   TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    round      INTEGER NOT NULL, -- one more with each retry
    started_at INTEGER NOT NULL, -- of the round
    engine_id  TEXT    NOT NULL, -- what an external engine calls it
    secret     TEXT    NOT NULL, -- that the engine must know to reply
    reply      BLOB              -- JSON of the engine; null = none yet
) STRICT;
-- Finds the runs of a workflow.
CREATE INDEX flows_name ON flows (platform, name, k);

-- Executions that are steps, with the execution that they belong to.
CREATE TABLE flow_steps (
    k      INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    round  INTEGER NOT NULL,
    step   TEXT    NOT NULL,
    item   INTEGER NOT NULL,          -- of the step's list, -1 = it has none
    seen   INTEGER NOT NULL DEFAULT 0 -- 1 = its parent has looked at its end
) STRICT;
-- Keeps steps from being started twice, and finds those of an execution.
CREATE UNIQUE INDEX flow_steps_parent ON flow_steps (parent, round, step, item);
-- Finds steps that somebody waits for.
CREATE INDEX flow_steps_unseen ON flow_steps (parent) WHERE seen = 0;
