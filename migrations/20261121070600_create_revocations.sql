-- Consents that people took back and that the platform has not confirmed yet: it is asked again until it does.
CREATE TABLE pending_revocations (
  -- smartcar_vehicles.id. No foreign key: a consent outlives the car that is deleted.
  vehicle_id UUID PRIMARY KEY,
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

-- A car that is deleted from its garage takes its connection along: the platform has to be told all the same. With the
-- rights of its owner: who deletes a car need not be able to write this.
CREATE FUNCTION carvetka_revoke_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO pending_revocations (vehicle_id, smartcar_vehicle_id, smartcar_user_id, grant_id, asked_at, next_try_at)
  SELECT OLD.id, OLD.smartcar_vehicle_id, OLD.smartcar_user_id,
    (SELECT id FROM smartcar_grants WHERE id = OLD.grant_id), now(), now()
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER carvetka_revoke_deleted AFTER DELETE ON smartcar_vehicles
  FOR EACH ROW WHEN (OLD.status <> 'disconnected') EXECUTE FUNCTION carvetka_revoke_deleted();
