-- A key has a role and belongs to an organisation, and can be revoked. A table of its own, because
-- a default on an added column would stay, and a key must never get a role by default.
CREATE TABLE keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    -- SHA-256 of the key. The key itself is stored nowhere.
    hash            BLOB    NOT NULL UNIQUE,
    role            TEXT    NOT NULL CHECK (role IN ('admin', 'ingest', 'read')),
    -- NULL reaches the events of every organisation.
    organization_id TEXT,
    created_at      INTEGER NOT NULL,
    -- A revoked key stays in the list, so that it can be told later when it was good.
    revoked_at      INTEGER
) STRICT;

-- What a key could do before there were roles.
INSERT INTO keys (id, hash, role, organization_id, created_at, revoked_at)
SELECT id, hash, 'admin', NULL, created_at, NULL FROM api_keys;

DROP TABLE api_keys;
