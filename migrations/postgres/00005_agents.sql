-- +goose Up

-- Programs that run jobs of handler_type agent.
CREATE TABLE agents (
    platform     text    COLLATE "C" NOT NULL,
    name         text    COLLATE "C" NOT NULL,
    type         text    COLLATE "C" NOT NULL, -- what jobs ask for
    transport    text    NOT NULL CHECK (transport IN ('http', 'redis')),
    endpoint     text    NOT NULL, -- '' = the stream of its type
    capacity     bigint  NOT NULL,
    heartbeat_ms bigint  NOT NULL, -- how often it says that it lives; 0 = never
    enabled      boolean NOT NULL,
    description  text    NOT NULL,
    seen_at      bigint,
    created_at   bigint  NOT NULL,
    created_by   text    NOT NULL,
    updated_at   bigint  NOT NULL,
    updated_by   text    NOT NULL,
    PRIMARY KEY (platform, name)
);

-- What agents are busy with. A row of a session that is over counts no more.
CREATE TABLE agent_tasks (
    task     text   COLLATE "C" PRIMARY KEY,
    platform text   COLLATE "C" NOT NULL,
    agent    text   COLLATE "C" NOT NULL,
    session  bigint NOT NULL
);
