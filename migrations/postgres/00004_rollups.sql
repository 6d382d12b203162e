-- +goose Up

-- Sums of how executions ended, by time: of a job (its number), of a platform (its
-- number, negative), of all (0). Retention of executions does not touch them.
CREATE TABLE rollups (
    owner bigint  NOT NULL,
    span  integer NOT NULL, -- seconds: a minute, an hour, a day
    start bigint  NOT NULL,
    data  bytea   NOT NULL, -- packed; see store/internal/stored/tally.go
    PRIMARY KEY (owner, span, start)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 1);

-- The hour that a job is in, which its counters have: null = it never ran.
ALTER TABLE counters ADD COLUMN hour_at   bigint;
ALTER TABLE counters ADD COLUMN hour_data bytea; -- as rollups.data

-- What failures say, by day.
CREATE TABLE failure_patterns (
    job     bigint NOT NULL,
    day     bigint NOT NULL,
    print   bigint NOT NULL, -- of class and message; 0 = all those for which a day had no room
    class   text   NOT NULL,
    message text   NOT NULL,
    count   bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (job, day, print)
) WITH (fillfactor = 80);
