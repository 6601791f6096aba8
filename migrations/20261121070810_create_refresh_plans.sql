-- Which consents the scheduler has asked a worker to renew: apart from the consents themselves, whose tokens are
-- nobody's business who plans.
CREATE TABLE refresh_plans (
  grant_id UUID PRIMARY KEY REFERENCES smartcar_grants (id) ON DELETE CASCADE,
  -- The pair that was to be renewed. Another one: it was.
  token_version BIGINT NOT NULL,
  -- Nobody asks again until then.
  lease_until TIMESTAMPTZ NOT NULL,
  -- How often somebody asked for this pair.
  asked SMALLINT NOT NULL CHECK (asked > 0)
);
SELECT carvetka_protect('refresh_plans');
