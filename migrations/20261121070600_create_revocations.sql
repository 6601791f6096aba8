-- Consents that people took back and that the platform has not confirmed yet: it is asked again until it does.
CREATE TABLE pending_revocations (
  -- smartcar_vehicles.id
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  smartcar_vehicle_id TEXT NOT NULL,
  smartcar_user_id TEXT,
  -- Its tokens are kept for this, and forgotten after it.
  grant_id UUID REFERENCES smartcar_grants (id) ON DELETE SET NULL,
  asked_at TIMESTAMPTZ NOT NULL,
  next_try_at TIMESTAMPTZ NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX pending_revocations_by_time ON pending_revocations (next_try_at);
CREATE INDEX pending_revocations_by_grant ON pending_revocations (grant_id);
