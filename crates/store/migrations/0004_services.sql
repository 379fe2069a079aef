-- Credentials that a rotation replaced stay valid while they have sessions, and until then at the most.
ALTER TABLE binding ADD COLUMN grace_ends_at INTEGER;
CREATE INDEX binding_replaced ON binding (grace_ends_at, id) WHERE state = 'revoking' AND grace_ends_at IS NOT NULL;
-- A server of the operator may have its administration at another port than its type's usual one.
ALTER TABLE cluster ADD COLUMN administration_port INTEGER;
-- What only the driver of the cluster understands.
ALTER TABLE cluster ADD COLUMN settings TEXT;
-- Instances of a type of which Windlass makes nothing are the URLs that users give.
ALTER TABLE instance ADD COLUMN given_url TEXT;
CREATE INDEX instance_given_url ON instance (given_url) WHERE given_url IS NOT NULL;
-- What an instance may store, where its server can hold it to that.
ALTER TABLE service ADD COLUMN storage_bytes INTEGER;
-- Brokers that provide services, and the plans of theirs that are services here.
CREATE TABLE service_broker (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    region_id TEXT NOT NULL REFERENCES region (id),
    url TEXT NOT NULL,
    user TEXT NOT NULL,
    password TEXT NOT NULL,
    profile TEXT NOT NULL,
    ca_pem TEXT,
    created_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX service_broker_region ON service_broker (region_id);
CREATE INDEX service_broker_password ON service_broker (password);
CREATE TABLE service_broker_plan (
    plan TEXT NOT NULL PRIMARY KEY,
    broker_id TEXT NOT NULL REFERENCES service_broker (id),
    offering TEXT NOT NULL,
    service_id TEXT NOT NULL UNIQUE REFERENCES service (id),
    obstacle TEXT
) STRICT;
CREATE INDEX service_broker_plan_broker ON service_broker_plan (broker_id);
CREATE INDEX service_broker_plan_offering ON service_broker_plan (offering);
-- Whose names the variables of an instance have besides: those of a framework or a library.
ALTER TABLE instance ADD COLUMN profile TEXT;
-- What everybody may read, and a name of the user's for it: one instance's, unless a network of others answers there.
ALTER TABLE instance ADD COLUMN public INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instance ADD COLUMN media_domain TEXT;
ALTER TABLE instance ADD COLUMN media_domain_is_cdn INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX instance_media_domain ON instance (media_domain)
    WHERE media_domain IS NOT NULL AND media_domain_is_cdn = 0 AND state <> 'REMOVED';
