-- Times are milliseconds since the epoch. Ids are UUIDv7 as text. Lists and documents are JSON as text.

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The keys that secrets are encrypted under: their ids and a value that proves the key, never the key.
CREATE TABLE store_key (
    id TEXT NOT NULL PRIMARY KEY,
    proof BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE secret (
    id TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES store_key (id),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX secret_key ON secret (key_id);

CREATE TABLE organisation (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE user (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX user_email ON user (email COLLATE NOCASE);

CREATE TABLE token (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user (id),
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX token_user ON token (user_id);

CREATE TABLE region (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    engine TEXT NOT NULL,
    domain TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE service (
    id TEXT NOT NULL PRIMARY KEY,
    region_id TEXT NOT NULL REFERENCES region (id),
    identifier TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    driver TEXT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    memory_bytes INTEGER NOT NULL,
    cpu_millis INTEGER NOT NULL,
    connection_limit INTEGER NOT NULL,
    offered INTEGER NOT NULL CHECK (offered IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX service_identifier ON service (region_id, identifier);

CREATE TABLE application (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    region_id TEXT NOT NULL REFERENCES region (id),
    release_commands TEXT NOT NULL,
    removing INTEGER NOT NULL CHECK (removing IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX application_organisation ON application (organisation_id, slug);
CREATE INDEX application_region ON application (region_id);

CREATE TABLE environment (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id),
    slug TEXT NOT NULL,
    position INTEGER NOT NULL,
    branch TEXT NOT NULL,
    subnet INTEGER NOT NULL,
    secret_key TEXT NOT NULL,
    running_release TEXT REFERENCES release (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX environment_slug ON environment (application_id, slug);
CREATE INDEX environment_secret_key ON environment (secret_key);
CREATE INDEX environment_running_release ON environment (running_release) WHERE running_release IS NOT NULL;

CREATE TABLE cluster (
    id TEXT NOT NULL PRIMARY KEY,
    region_id TEXT NOT NULL REFERENCES region (id),
    service_id TEXT NOT NULL REFERENCES service (id),
    kind TEXT NOT NULL CHECK (kind IN ('external', 'shared', 'private')),
    instance_id TEXT REFERENCES instance (id),
    host TEXT,
    port INTEGER,
    administrator TEXT NOT NULL,
    password TEXT NOT NULL,
    database TEXT,
    subnet INTEGER,
    state TEXT NOT NULL CHECK (state IN ('new', 'ready', 'removed')),
    created_at INTEGER NOT NULL,
    CHECK ((kind = 'private') = (instance_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX cluster_common ON cluster (service_id) WHERE kind <> 'private' AND state <> 'removed';
CREATE UNIQUE INDEX cluster_private ON cluster (instance_id) WHERE kind = 'private' AND state <> 'removed';
CREATE INDEX cluster_instance ON cluster (instance_id);
CREATE INDEX cluster_password ON cluster (password);
CREATE INDEX cluster_service ON cluster (service_id);

-- One space of numbers per region for the networks of environments and clusters.
CREATE TABLE subnet (
    region_id TEXT NOT NULL REFERENCES region (id),
    number INTEGER NOT NULL,
    environment_id TEXT UNIQUE REFERENCES environment (id),
    cluster_id TEXT UNIQUE REFERENCES cluster (id),
    PRIMARY KEY (region_id, number),
    CHECK ((environment_id IS NULL) <> (cluster_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE instance (
    id TEXT NOT NULL PRIMARY KEY,
    -- Never changes; here so that an application's list is one walk of an index.
    application_id TEXT NOT NULL REFERENCES application (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    service_id TEXT NOT NULL REFERENCES service (id),
    kind TEXT NOT NULL,
    prefix TEXT NOT NULL,
    url_scheme TEXT,
    state TEXT NOT NULL CHECK (state IN (
        'NEW', 'PROVISIONING', 'PENDING_ATTACHMENT', 'ATTACHED', 'PENDING_DETACHMENT', 'DETACHED', 'REMOVING', 'REMOVED')),
    state_before_removal TEXT,
    cluster_id TEXT REFERENCES cluster (id),
    generation INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The order of lists: databases, storage, then others; DEFAULT before other prefixes.
    sort_key TEXT NOT NULL GENERATED ALWAYS AS (
        CASE kind WHEN 'DATABASE' THEN '0' WHEN 'STORAGE' THEN '1' ELSE '2' END || kind || ' '
        || CASE prefix WHEN 'DEFAULT' THEN '0' ELSE '1' END || prefix) STORED
) STRICT;
CREATE UNIQUE INDEX instance_prefix ON instance (environment_id, kind, prefix) WHERE state <> 'REMOVED';
CREATE INDEX instance_list ON instance (sort_key, id, state);
CREATE INDEX instance_application ON instance (application_id, sort_key, id, state);
CREATE INDEX instance_environment ON instance (environment_id, sort_key, id, state);
CREATE INDEX instance_cluster ON instance (cluster_id, sort_key, id, state) WHERE cluster_id IS NOT NULL;
CREATE INDEX instance_service ON instance (service_id);

CREATE TABLE binding (
    id TEXT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL REFERENCES instance (id),
    generation INTEGER NOT NULL,
    password TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoking', 'revoked')),
    operation_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (instance_id, generation)
) STRICT;
CREATE INDEX binding_password ON binding (password);

CREATE TABLE variable (
    id TEXT NOT NULL PRIMARY KEY,
    -- The environment's; they never change, and lists are walks of an index with them.
    application_id TEXT NOT NULL REFERENCES application (id),
    position INTEGER NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    is_sensitive INTEGER NOT NULL CHECK (is_sensitive IN (0, 1)),
    overrides INTEGER NOT NULL CHECK (overrides IN (0, 1)),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (environment_id, name)
) STRICT;
CREATE INDEX variable_list ON variable (position, environment_id, name);
CREATE INDEX variable_application ON variable (application_id, position, environment_id, name);
CREATE INDEX variable_value ON variable (value);

CREATE TABLE deployment (
    id TEXT NOT NULL PRIMARY KEY,
    -- Never changes; here so that an application's list is one walk of an index.
    application_id TEXT NOT NULL REFERENCES application (id),
    environment_id TEXT NOT NULL REFERENCES environment (id),
    operation_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    -- Without a reference: the release is made while the deployment runs.
    release_id TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    instances TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN (
        'QUEUED', 'PROVISIONING', 'BUILDING', 'RELEASING', 'SCALING', 'CHECKING', 'SWITCHING',
        'COMPLETED', 'FAILED', 'CANCELLED')),
    failed_step TEXT,
    error TEXT,
    hint TEXT,
    commit_id TEXT,
    actor TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    UNIQUE (environment_id, number),
    CHECK ((ended_at IS NOT NULL) = (status IN ('COMPLETED', 'FAILED', 'CANCELLED')))
) STRICT;
CREATE UNIQUE INDEX deployment_unfinished ON deployment (environment_id) WHERE ended_at IS NULL;
CREATE INDEX deployment_unfinished_list ON deployment (started_at, id) WHERE ended_at IS NULL;
CREATE INDEX deployment_list ON deployment (started_at, id);
CREATE INDEX deployment_application ON deployment (application_id, started_at, id);
CREATE INDEX deployment_environment ON deployment (environment_id, started_at, id);

CREATE TABLE release (
    id TEXT NOT NULL PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    number INTEGER NOT NULL,
    deployment_id TEXT NOT NULL REFERENCES deployment (id),
    image TEXT NOT NULL,
    commit_id TEXT,
    processes TEXT NOT NULL,
    variables TEXT NOT NULL,
    bindings TEXT NOT NULL,
    hosts TEXT NOT NULL,
    rollback_of TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX release_number ON release (environment_id, number) WHERE number > 0;
CREATE INDEX release_environment ON release (environment_id);
CREATE INDEX release_deployment ON release (deployment_id);

-- The secrets that a release pins: they stay until it is forgotten.
CREATE TABLE release_secret (
    secret_id TEXT NOT NULL REFERENCES secret (id),
    release_id TEXT NOT NULL REFERENCES release (id),
    PRIMARY KEY (secret_id, release_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX release_secret_release ON release_secret (release_id);

-- Append-only. Without references: it outlives what it tells of.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    application_id TEXT,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_application ON audit (application_id, number) WHERE application_id IS NOT NULL;

CREATE TABLE operation (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    kind_version INTEGER NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    params TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    parent_id TEXT REFERENCES operation (id),
    idem_key TEXT,
    idem_hash TEXT,
    state TEXT NOT NULL CHECK (state IN (
        'pending', 'running', 'compensating', 'succeeded', 'rolled_back', 'needs_attention', 'abandoned')),
    cancel_requested_at INTEGER,
    cancel_by TEXT,
    next_run_at INTEGER NOT NULL,
    owner TEXT,
    lease_until INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    error TEXT,
    abandon_reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER,
    CHECK ((idem_key IS NULL) = (idem_hash IS NULL)),
    CHECK (state <> 'abandoned' OR length(abandon_reason) > 0)
) STRICT;
CREATE UNIQUE INDEX operation_idempotency ON operation (tenant, idem_key) WHERE idem_key IS NOT NULL;
CREATE UNIQUE INDEX operation_active ON operation (subject_kind, subject_id)
    WHERE state IN ('pending', 'running', 'compensating', 'needs_attention');
CREATE INDEX operation_due ON operation (next_run_at, id) WHERE state IN ('pending', 'running', 'compensating');
CREATE INDEX operation_list ON operation (created_at, id);
CREATE INDEX operation_tenant ON operation (tenant, created_at, id);
CREATE INDEX operation_subject ON operation (subject_kind, subject_id, created_at, id);
CREATE INDEX operation_state ON operation (state, created_at, id);
CREATE INDEX operation_parent ON operation (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE operation_step (
    operation_id TEXT NOT NULL REFERENCES operation (id),
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    pivot INTEGER NOT NULL CHECK (pivot IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('todo', 'started', 'done', 'failed', 'undo_started', 'undone')),
    attempt INTEGER NOT NULL,
    undo_attempt INTEGER NOT NULL,
    output TEXT,
    error TEXT,
    completed INTEGER NOT NULL CHECK (completed IN (0, 1)),
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (operation_id, seq),
    UNIQUE (operation_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation_event (
    operation_id TEXT NOT NULL REFERENCES operation (id),
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (operation_id, number)
) STRICT, WITHOUT ROWID;
