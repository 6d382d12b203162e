-- +goose Up

-- Who may use the API over the network. Of a token only the hash of its secret is here.
CREATE TABLE tokens (
    id         text   COLLATE "C" PRIMARY KEY,
    platform   text   COLLATE "C" NOT NULL, -- '*' = all
    name       text   COLLATE "C" NOT NULL,
    role       text   NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    hash       text   NOT NULL, -- SHA-256 of the secret, in hexadecimal
    created_at bigint NOT NULL,
    created_by text   NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    revoked_by text   NOT NULL,
    used_at    bigint -- to the hour; null = never
);
-- Finds a token by its name, and keeps names apart.
CREATE UNIQUE INDEX tokens_name ON tokens (platform, name) WHERE revoked_at IS NULL;
