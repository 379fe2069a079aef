-- Backups outlive the environments and instances that they are of: these are named without being referred to.
CREATE TABLE backup (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    environment_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('MANUAL', 'SCHEDULED', 'SAFETY', 'FINAL', 'UPLOAD')),
    notes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'COMPLETED', 'DELETING')),
    success TEXT CHECK (success IN ('SUCCESS', 'PARTIAL', 'FAILURE')),
    scheduled_for_deletion_at INTEGER,
    operation_id TEXT,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK ((ended_at IS NULL) = (state IN ('WAITING', 'RUNNING'))),
    CHECK ((ended_at IS NULL) = (success IS NULL))
) STRICT;
CREATE INDEX backup_list ON backup (created_at, id);
CREATE INDEX backup_organisation ON backup (organisation_id, created_at, id);
CREATE INDEX backup_environment ON backup (environment_id, created_at, id);
CREATE INDEX backup_deletion ON backup (scheduled_for_deletion_at, id)
    WHERE state = 'COMPLETED' AND scheduled_for_deletion_at IS NOT NULL;
CREATE INDEX backup_deleting ON backup (id) WHERE state = 'DELETING';

-- The archive of one instance: its row is there before anything of it is written.
CREATE TABLE instance_backup (
    id TEXT NOT NULL PRIMARY KEY,
    backup_id TEXT NOT NULL REFERENCES backup (id),
    instance_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    driver TEXT NOT NULL,
    prefix TEXT NOT NULL,
    format TEXT NOT NULL,
    target TEXT NOT NULL,
    object TEXT NOT NULL,
    key_secret TEXT NOT NULL,
    server_version TEXT,
    content_bytes INTEGER,
    content_sha256 TEXT,
    stored_bytes INTEGER,
    stored_sha256 TEXT,
    errors TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    UNIQUE (backup_id, instance_id),
    UNIQUE (target, object),
    CHECK ((content_bytes IS NULL) = (stored_sha256 IS NULL)),
    CHECK (ended_at IS NOT NULL OR content_bytes IS NULL)
) STRICT;
CREATE INDEX instance_backup_list ON instance_backup (created_at, id);
CREATE INDEX instance_backup_instance ON instance_backup (instance_id, created_at, id);
CREATE INDEX instance_backup_key ON instance_backup (key_secret);
CREATE UNIQUE INDEX instance_backup_written ON instance_backup (instance_id)
    WHERE started_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE backup_download (
    id TEXT NOT NULL PRIMARY KEY,
    backup_id TEXT NOT NULL REFERENCES backup (id),
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX backup_download_backup ON backup_download (backup_id, ends_at);

CREATE TABLE instance_download (
    id TEXT NOT NULL PRIMARY KEY,
    download_id TEXT NOT NULL REFERENCES backup_download (id),
    instance_backup_id TEXT NOT NULL REFERENCES instance_backup (id),
    link TEXT NOT NULL,
    link_hash TEXT NOT NULL UNIQUE,
    UNIQUE (download_id, instance_backup_id)
) STRICT;
CREATE INDEX instance_download_backup ON instance_download (instance_backup_id);
CREATE INDEX instance_download_link ON instance_download (link);

CREATE TABLE upload (
    id TEXT NOT NULL PRIMARY KEY,
    instance_backup_id TEXT NOT NULL UNIQUE REFERENCES instance_backup (id),
    link_hash TEXT NOT NULL UNIQUE,
    finish_hash TEXT NOT NULL UNIQUE,
    most_bytes INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    received TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE restore (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    backup_id TEXT NOT NULL REFERENCES backup (id),
    environment_id TEXT NOT NULL,
    notes TEXT NOT NULL,
    success TEXT CHECK (success IN ('SUCCESS', 'PARTIAL', 'FAILURE')),
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK ((ended_at IS NULL) = (success IS NULL))
) STRICT;
CREATE INDEX restore_organisation ON restore (organisation_id);
CREATE INDEX restore_backup ON restore (backup_id, ended_at);

CREATE TABLE instance_restore (
    id TEXT NOT NULL PRIMARY KEY,
    restore_id TEXT NOT NULL REFERENCES restore (id),
    instance_backup_id TEXT NOT NULL REFERENCES instance_backup (id),
    instance_id TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    safety_id TEXT,
    errors TEXT NOT NULL,
    ended_at INTEGER,
    UNIQUE (restore_id, instance_id)
) STRICT;
CREATE INDEX instance_restore_backup ON instance_restore (instance_backup_id);
