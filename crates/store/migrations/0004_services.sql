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
