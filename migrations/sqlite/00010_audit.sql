-- +goose Up

-- Who changed what. Rows are written with the changes, and never changed themselves.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    platform   TEXT    NOT NULL, -- '' = all
    changed_by TEXT    NOT NULL,
    via        TEXT    NOT NULL, -- how they were known
    action     TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- of what changed, with its id and name
    object     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    before     BLOB,             -- JSON, secrets masked; null = there was nothing
    after      BLOB,             -- JSON, secrets masked; null = there is nothing
    reason     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    trace_id   TEXT    NOT NULL
) STRICT;
-- Reads one platform's rows in order.
CREATE INDEX audit_platform ON audit (platform, seq);
-- Forgets the oldest.
CREATE INDEX audit_at ON audit (at);

-- +goose StatementBegin
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'rows of audit are never changed');
END;
-- +goose StatementEnd
