-- +goose Up

-- What jobs were before they were changed; what a job is stands in jobs. The newest 100
-- of each are kept.
CREATE TABLE revisions (
    job        INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL, -- '' = schedd itself
    status     INTEGER NOT NULL,
    reason     TEXT    NOT NULL, -- of status
    spec       BLOB    NOT NULL, -- JSON of job.Spec
    PRIMARY KEY (job, revision)
) STRICT, WITHOUT ROWID;
