-- +goose Up

-- What jobs were before they were changed; what a job is stands in jobs. The newest 100
-- of each are kept.
CREATE TABLE revisions (
    job        bigint   NOT NULL,
    revision   bigint   NOT NULL,
    changed_at bigint   NOT NULL,
    changed_by text     NOT NULL, -- '' = schedd itself
    status     smallint NOT NULL,
    reason     text     NOT NULL, -- of status
    spec       bytea    NOT NULL, -- JSON of job.Spec
    PRIMARY KEY (job, revision)
);
