-- +goose Up

-- Who may use the API over the network. Of a token only the hash of its secret is here.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    platform   TEXT    NOT NULL, -- '*' = all
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    hash       TEXT    NOT NULL, -- SHA-256 of the secret, in hexadecimal
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT    NOT NULL,
    used_at    INTEGER -- to the hour; null = never
) STRICT, WITHOUT ROWID;
-- Finds a token by its name, and keeps names apart.
CREATE UNIQUE INDEX tokens_name ON tokens (platform, name) WHERE revoked_at IS NULL;
