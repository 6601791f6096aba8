-- One consent of a person: one pair of tokens (v2; none with v3), and the vehicles that were chosen with it.
CREATE TYPE smartcar_api_version AS ENUM ('v2', 'v3');

CREATE TABLE smartcar_grants (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  api_version smartcar_api_version NOT NULL,
  -- Null on grants from before it was asked for.
  smartcar_user_id TEXT COLLATE "C",
  -- What we called the user when they were sent to the consent page. One and the same for all grants of a user.
  external_id TEXT,
  scopes TEXT[] NOT NULL,

  -- Sealed: see the crate `vault`. All of these, or none.
  access_token TEXT CHECK (starts_with(access_token, 'v1.')),
  refresh_token TEXT CHECK (starts_with(refresh_token, 'v1.')),
  token_expires_at TIMESTAMPTZ,
  refresh_expires_at TIMESTAMPTZ,
  CONSTRAINT tokens_are_whole
    CHECK (num_nulls(access_token, refresh_token, token_expires_at, refresh_expires_at) IN (0, 4)),
  CONSTRAINT version_3_has_no_tokens CHECK (api_version = 'v2' OR access_token IS NULL),
  -- Raised with each pair: who renews a pair replaces the one that was seen, and no newer one.
  token_version BIGINT NOT NULL DEFAULT 0,

  -- Somebody is renewing the pair, until then at the latest. The refresh token of before stays valid for a minute: who
  -- takes over from a process that died still comes in time.
  refresh_lease UUID,
  refresh_leased_until TIMESTAMPTZ,
  CONSTRAINT lease_is_whole CHECK ((refresh_lease IS NULL) = (refresh_leased_until IS NULL)),

  -- The platform refuses to renew: only the person can mend it.
  reauth_reason TEXT,
  reauth_since TIMESTAMPTZ,
  CONSTRAINT reauth_is_whole CHECK ((reauth_reason IS NULL) = (reauth_since IS NULL)),

  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX smartcar_grants_by_user ON smartcar_grants (user_id);
CREATE UNIQUE INDEX smartcar_grants_one_of_v3 ON smartcar_grants (user_id, smartcar_user_id) WHERE api_version = 'v3';
CREATE INDEX smartcar_grants_expiring ON smartcar_grants (token_expires_at)
  WHERE refresh_token IS NOT NULL AND reauth_since IS NULL;
CREATE INDEX smartcar_grants_ending ON smartcar_grants (refresh_expires_at)
  WHERE refresh_token IS NOT NULL AND reauth_since IS NULL;

ALTER TABLE smartcar_vehicles
  -- As the platform named them with the consent. A vehicle may come back under another id: its VIN stays.
  ADD COLUMN IF NOT EXISTS vin TEXT,
  ADD COLUMN IF NOT EXISTS make TEXT,
  ADD COLUMN IF NOT EXISTS model TEXT,
  ADD COLUMN IF NOT EXISTS year INTEGER,
  -- Not checked for rows of before.
  ADD CONSTRAINT smartcar_vehicles_have_a_grant FOREIGN KEY (grant_id) REFERENCES smartcar_grants (id)
    ON DELETE SET NULL NOT VALID;
CREATE INDEX smartcar_vehicles_by_grant ON smartcar_vehicles (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX smartcar_vehicles_by_user ON smartcar_vehicles (user_id);
