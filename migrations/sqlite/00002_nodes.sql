-- +goose Up

-- What a session says of its node. Sessions from before say nothing.
ALTER TABLE sessions ADD COLUMN roles    TEXT    NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE sessions ADD COLUMN slots    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN commands INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN handlers TEXT    NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE sessions ADD COLUMN running  INTEGER NOT NULL DEFAULT 0;

-- Nodes that were asked to take no new work.
CREATE TABLE drains (
    node       TEXT PRIMARY KEY,
    drained_at INTEGER NOT NULL,
    drained_by TEXT    NOT NULL,
    reason     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What operators stopped. Ended ones stay for a while: they explain missed slots.
CREATE TABLE holds (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     INTEGER NOT NULL,
    platform TEXT    NOT NULL, -- '' = all
    since    INTEGER NOT NULL,
    until    INTEGER,
    ended_at INTEGER,
    held_by  TEXT    NOT NULL,
    reason   TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX holds_standing ON holds (kind, platform) WHERE ended_at IS NULL;

-- What one session at a time does for all.
CREATE TABLE duties (
    name        TEXT PRIMARY KEY,
    session     INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
