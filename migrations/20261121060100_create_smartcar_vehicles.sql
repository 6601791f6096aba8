-- A connection: one person's consent to read one car. Two people may connect the same car, each with their own.
CREATE TABLE IF NOT EXISTS smartcar_vehicles (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID REFERENCES cars (id) ON DELETE CASCADE,
  user_id UUID REFERENCES auth.users (id) ON DELETE CASCADE,
  smartcar_vehicle_id TEXT NOT NULL,
  connected_at TIMESTAMPTZ DEFAULT now(),
  -- To the minute: the newest delivery that was folded.
  last_synced_at TIMESTAMPTZ,
  is_active BOOLEAN DEFAULT true,
  created_at TIMESTAMPTZ DEFAULT now()
);

CREATE TYPE connection_status AS ENUM ('active', 'reauth_required', 'disconnected');

ALTER TABLE smartcar_vehicles
  -- Null on connections from before it was asked for: then any user's delivery of this vehicle is meant.
  ADD COLUMN IF NOT EXISTS smartcar_user_id TEXT,
  ADD COLUMN IF NOT EXISTS grant_id UUID,
  ADD COLUMN IF NOT EXISTS status connection_status NOT NULL DEFAULT 'active',
  -- Without it no position of this car is stored, in whatever signal it comes.
  ADD COLUMN IF NOT EXISTS location_consent BOOLEAN NOT NULL DEFAULT false;

CREATE UNIQUE INDEX IF NOT EXISTS smartcar_vehicles_by_consent
  ON smartcar_vehicles (smartcar_vehicle_id, smartcar_user_id);
CREATE INDEX IF NOT EXISTS smartcar_vehicles_by_car ON smartcar_vehicles (car_id);

-- A car is written by one connection at a time, or its book would be written twice. Of several the newest stays.
UPDATE smartcar_vehicles AS older SET status = 'disconnected', is_active = false
WHERE older.car_id IS NOT NULL AND EXISTS (
  SELECT FROM smartcar_vehicles AS newer
  WHERE newer.car_id = older.car_id AND (newer.connected_at, newer.id) > (older.connected_at, older.id));
CREATE UNIQUE INDEX smartcar_vehicles_one_a_car ON smartcar_vehicles (car_id) WHERE status <> 'disconnected';

-- Errors of a connection that the platform told us of and has not yet told us to be over.
CREATE TABLE vehicle_errors (
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  -- The platform's own words: 'CONNECTED_SERVICES_ACCOUNT', 'AUTHENTICATION_FAILED'.
  type TEXT NOT NULL,
  -- Empty where the platform names none.
  code TEXT NOT NULL,
  is_open BOOLEAN NOT NULL,
  -- Only the user can mend it, by connecting again.
  needs_reauthentication BOOLEAN NOT NULL,
  -- For the user, in the platform's words.
  message TEXT,
  resolution_url TEXT,
  -- When the platform said so. The newest word counts, whatever came first.
  said_at TIMESTAMPTZ NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (vehicle_id, type, code)
);
