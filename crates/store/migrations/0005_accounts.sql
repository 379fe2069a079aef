-- A user may be in several organisations, with a role in each. Who was there before owns its organisation; those of
-- the first one operate the installation.
CREATE TABLE membership (
    user_id TEXT NOT NULL REFERENCES user (id),
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'developer', 'admin', 'owner')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, organisation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_organisation ON membership (organisation_id, created_at, user_id);
INSERT INTO membership (user_id, organisation_id, role, created_at)
    SELECT id, organisation_id, 'owner', created_at FROM user;

ALTER TABLE user ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service_account'));
ALTER TABLE user ADD COLUMN is_operator INTEGER NOT NULL DEFAULT 0 CHECK (is_operator IN (0, 1));
UPDATE user SET is_operator = 1
    WHERE organisation_id = (SELECT id FROM organisation ORDER BY created_at, id LIMIT 1);
ALTER TABLE user DROP COLUMN organisation_id;

-- Tokens that were there go on working as they did.
ALTER TABLE token ADD COLUMN level TEXT NOT NULL DEFAULT 'manage' CHECK (level IN ('read', 'deploy', 'manage'));
ALTER TABLE token ADD COLUMN organisation_id TEXT REFERENCES organisation (id);
ALTER TABLE token ADD COLUMN application_id TEXT REFERENCES application (id);
ALTER TABLE token ADD COLUMN expires_at INTEGER;
ALTER TABLE token ADD COLUMN last_used_at INTEGER;
CREATE INDEX token_organisation ON token (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX token_application ON token (application_id) WHERE application_id IS NOT NULL;

CREATE TABLE invitation (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'developer', 'admin', 'owner')),
    hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invitation_organisation ON invitation (organisation_id, created_at, id);

-- Where it came from and what came of it; from now on nothing takes an entry back.
ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done'
    CHECK (outcome IN ('done', 'begun', 'succeeded', 'failed'));
ALTER TABLE audit ADD COLUMN organisation_id TEXT;
UPDATE audit SET organisation_id = coalesce(
    (SELECT organisation_id FROM application WHERE application.id = audit.application_id),
    (SELECT id FROM organisation ORDER BY created_at, id LIMIT 1));
CREATE INDEX audit_organisation ON audit (organisation_id, number) WHERE organisation_id IS NOT NULL;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
