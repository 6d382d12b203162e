-- +goose Up

-- What is said of a platform. created_by '' = nobody did: its first job made it.
ALTER TABLE platforms ADD COLUMN description        text NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN max_jobs           bigint; -- null = no limit, as below
ALTER TABLE platforms ADD COLUMN max_running        bigint;
ALTER TABLE platforms ADD COLUMN events_per_second  bigint;
ALTER TABLE platforms ADD COLUMN creates_per_minute bigint;
ALTER TABLE platforms ADD COLUMN handlers           bytea;  -- JSON: names that its jobs may use; null = all
ALTER TABLE platforms ADD COLUMN created_at         bigint;
ALTER TABLE platforms ADD COLUMN created_by         text NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN updated_at         bigint;
ALTER TABLE platforms ADD COLUMN updated_by         text NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN deleted_at         bigint;
-- Finds the few whose running executions are counted.
CREATE INDEX platforms_limited ON platforms (slug) WHERE max_running IS NOT NULL;

-- Executions that were claimed for platforms with a limit. Those that do not run any more
-- do not count, and go with the next claim.
CREATE TABLE limited_runs (
    platform bigint NOT NULL, -- platforms.seq
    k        bigint NOT NULL,
    PRIMARY KEY (platform, k)
);
