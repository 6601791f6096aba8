-- Who agreed to what, and when they took it back: connections and consents are forgotten, that there was one is not.
CREATE TABLE consents (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  -- No foreign key: that somebody agreed stays known when the car is gone.
  car_id UUID NOT NULL,
  -- 'given', 'withdrawn', or 'forgotten': what the car had told was deleted.
  what TEXT NOT NULL CHECK (what IN ('given', 'withdrawn', 'forgotten')),
  -- Whether positions may be kept.
  location BOOLEAN NOT NULL,
  -- What the platform may be asked for; empty where it is not known any more.
  scopes TEXT[] NOT NULL,
  at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX consents_by_user ON consents (user_id, at);
SELECT carvetka_protect('consents', 'user_id = (SELECT auth.uid())');

INSERT INTO consents (user_id, car_id, what, location, scopes, at)
SELECT car.user_id, car.id, 'given', vehicle.location_consent, coalesce(consent.scopes, '{}'),
  coalesce(vehicle.connected_at::timestamptz, now())
FROM smartcar_vehicles AS vehicle
JOIN cars AS car ON car.id = vehicle.car_id
LEFT JOIN smartcar_grants AS consent ON consent.id = vehicle.grant_id
WHERE vehicle.status <> 'disconnected';

CREATE FUNCTION carvetka_remember_consent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  said smartcar_vehicles := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  word TEXT := CASE
    WHEN TG_OP = 'DELETE' THEN 'forgotten'
    WHEN NEW.status = 'disconnected' THEN 'withdrawn'
    ELSE 'given' END;
BEGIN
  INSERT INTO consents (user_id, car_id, what, location, scopes)
  -- A car that is deleted is gone already: then the connection says whose it was.
  SELECT person.id, said.car_id, word, said.location_consent,
    coalesce((SELECT scopes FROM smartcar_grants WHERE id = said.grant_id), '{}')
  FROM auth.users AS person
  WHERE person.id = coalesce((SELECT user_id FROM cars WHERE id = said.car_id), said.user_id) AND said.car_id IS NOT NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_remember_consent_given AFTER INSERT ON smartcar_vehicles
  FOR EACH ROW WHEN (NEW.status <> 'disconnected') EXECUTE FUNCTION carvetka_remember_consent();
CREATE TRIGGER carvetka_remember_consent_changed AFTER UPDATE OF status, grant_id, car_id, location_consent ON smartcar_vehicles
  FOR EACH ROW WHEN (
    (OLD.status = 'disconnected') <> (NEW.status = 'disconnected')
    OR (NEW.status <> 'disconnected'
      AND (OLD.grant_id, OLD.car_id, OLD.location_consent) IS DISTINCT FROM (NEW.grant_id, NEW.car_id, NEW.location_consent)
      AND NEW.grant_id IS NOT NULL))
  EXECUTE FUNCTION carvetka_remember_consent();
CREATE TRIGGER carvetka_remember_consent_forgotten AFTER DELETE ON smartcar_vehicles
  FOR EACH ROW EXECUTE FUNCTION carvetka_remember_consent();
