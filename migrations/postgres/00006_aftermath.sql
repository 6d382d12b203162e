-- +goose Up

-- When a paused job resumes by itself.
ALTER TABLE jobs ADD COLUMN pause_until bigint;
CREATE INDEX jobs_pause_until ON jobs (pause_until) WHERE pause_until IS NOT NULL;

-- Final failures of jobs that say what is to follow them. A row is written with the dead
-- letter, in one transaction.
CREATE TABLE aftermaths (
    k       bigint   PRIMARY KEY,
    job     bigint   NOT NULL,
    at      bigint   NOT NULL,
    state   smallint NOT NULL, -- 0 = to be done, 1 = begun, 2 = done
    session bigint   NOT NULL, -- that began it; 0 = none
    outcome bytea             -- JSON of job.HookRun; null = no handler ran
);
CREATE INDEX aftermaths_open ON aftermaths (at, k) WHERE state < 2;
