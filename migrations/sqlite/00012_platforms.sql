-- +goose Up

-- What is said of a platform. created_by '' = nobody did: its first job made it.
ALTER TABLE platforms ADD COLUMN description        TEXT NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN max_jobs           INTEGER; -- null = no limit, as below
ALTER TABLE platforms ADD COLUMN max_running        INTEGER;
ALTER TABLE platforms ADD COLUMN events_per_second  INTEGER;
ALTER TABLE platforms ADD COLUMN creates_per_minute INTEGER;
ALTER TABLE platforms ADD COLUMN handlers           BLOB;    -- JSON: names that its jobs may use; null = all
ALTER TABLE platforms ADD COLUMN created_at         INTEGER;
ALTER TABLE platforms ADD COLUMN created_by         TEXT NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN updated_at         INTEGER;
ALTER TABLE platforms ADD COLUMN updated_by         TEXT NOT NULL DEFAULT '';
ALTER TABLE platforms ADD COLUMN deleted_at         INTEGER;
-- Finds the few whose running executions are counted.
CREATE INDEX platforms_limited ON platforms (slug) WHERE max_running IS NOT NULL;

-- Executions that were claimed for platforms with a limit. Those that do not run any more
-- do not count, and go with the next claim.
CREATE TABLE limited_runs (
    platform INTEGER NOT NULL, -- platforms.seq
    k        INTEGER NOT NULL,
    PRIMARY KEY (platform, k)
) STRICT, WITHOUT ROWID;
