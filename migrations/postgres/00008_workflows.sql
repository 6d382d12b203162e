-- +goose Up

-- Revisions of workflows. live = 1 is the newest of one in use.
CREATE TABLE workflows (
    platform   text     COLLATE "C" NOT NULL,
    name       text     COLLATE "C" NOT NULL,
    revision   bigint  NOT NULL,
    live       smallint NOT NULL CHECK (live IN (0, 1)),
    definition bytea   NOT NULL, -- JSON of workflow.Definition
    jobs       bytea   NOT NULL, -- JSON: ids of the jobs of its steps, by step
    created_at bigint  NOT NULL,
    created_by text     COLLATE "C" NOT NULL,
    PRIMARY KEY (platform, name, revision)
);
CREATE UNIQUE INDEX workflows_live ON workflows (platform, name) WHERE live = 1;

-- What the execution of a workflow keeps between the steps.
CREATE TABLE flows (
    k          bigint PRIMARY KEY,
    platform   text     COLLATE "C" NOT NULL,
    name       text     COLLATE "C" NOT NULL,
    revision   bigint  NOT NULL,
    round      integer NOT NULL, -- one more with each retry
    started_at bigint  NOT NULL, -- of the round
    engine_id  text     COLLATE "C" NOT NULL, -- what an external engine calls it
    secret     text     COLLATE "C" NOT NULL, -- that the engine must know to reply
    reply      bytea             -- JSON of the engine; null = none yet
);
-- Finds the runs of a workflow.
CREATE INDEX flows_name ON flows (platform, name, k);

-- Executions that are steps, with the execution that they belong to.
CREATE TABLE flow_steps (
    k      bigint PRIMARY KEY,
    parent bigint  NOT NULL,
    round  integer NOT NULL,
    step   text     COLLATE "C" NOT NULL,
    item   integer NOT NULL,          -- of the step's list, -1 = it has none
    seen   smallint NOT NULL DEFAULT 0 -- 1 = its parent has looked at its end
);
-- Keeps steps from being started twice, and finds those of an execution.
CREATE UNIQUE INDEX flow_steps_parent ON flow_steps (parent, round, step, item);
-- Finds steps that somebody waits for.
CREATE INDEX flow_steps_unseen ON flow_steps (parent) WHERE seen = 0;
