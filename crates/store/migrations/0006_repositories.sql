-- Repositories elsewhere that applications have their code in, with what reads them.
CREATE TABLE repository (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    url TEXT NOT NULL,
    -- With a user the secret is a password; with a type of key it is the private one.
    username TEXT,
    key_type TEXT,
    public_key TEXT,
    secret TEXT,
    state TEXT NOT NULL CHECK (state IN ('CLONING', 'CLONED', 'INVALID')),
    failure TEXT,
    created_at INTEGER NOT NULL,
    CHECK ((key_type IS NULL) = (public_key IS NULL)),
    CHECK (username IS NULL OR key_type IS NULL),
    CHECK ((secret IS NULL) = (username IS NULL AND key_type IS NULL))
) STRICT;
CREATE INDEX repository_organisation ON repository (organisation_id);
CREATE INDEX repository_secret ON repository (secret) WHERE secret IS NOT NULL;
-- Without one the code is in the application's own.
ALTER TABLE application ADD COLUMN repository_id TEXT REFERENCES repository (id);
CREATE UNIQUE INDEX application_repository ON application (repository_id) WHERE repository_id IS NOT NULL;
