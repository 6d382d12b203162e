-- +goose Up

-- Programs that run jobs of handler_type agent.
CREATE TABLE agents (
    platform     TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    type         TEXT    NOT NULL, -- what jobs ask for
    transport    TEXT    NOT NULL CHECK (transport IN ('http', 'redis')),
    endpoint     TEXT    NOT NULL, -- '' = the stream of its type
    capacity     INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL, -- how often it says that it lives; 0 = never
    enabled      INTEGER NOT NULL,
    description  TEXT    NOT NULL,
    seen_at      INTEGER,
    created_at   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    updated_at   INTEGER NOT NULL,
    updated_by   TEXT    NOT NULL,
    PRIMARY KEY (platform, name)
) STRICT, WITHOUT ROWID;

-- What agents are busy with. A row of a session that is over counts no more.
CREATE TABLE agent_tasks (
    task     TEXT PRIMARY KEY,
    platform TEXT    NOT NULL,
    agent    TEXT    NOT NULL,
    session  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
