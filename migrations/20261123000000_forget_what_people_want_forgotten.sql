-- Vehicles whose data were deleted because a person wanted it or because their car is gone: what was still under way of them
-- then is thrown away when it arrives, instead of waiting for somebody who connects the vehicle.
--
-- Hashes: by them a delivery is recognised, and who reads this table learns of nobody.
CREATE TABLE erased_vehicles (
  -- SHA-256 of the platform's id of the vehicle.
  vehicle_hash BYTEA NOT NULL CHECK (octet_length(vehicle_hash) = 32),
  -- Likewise of its user; empty where it was not known whose consent it was: then any user's delivery is meant.
  user_hash BYTEA NOT NULL CHECK (octet_length(user_hash) IN (0, 32)),
  -- What was received up to then is never taken in, also if the vehicle is connected again.
  erased_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (vehicle_hash, user_hash)
);
SELECT carvetka_protect('erased_vehicles');

CREATE FUNCTION carvetka_note_erased(vehicle TEXT, person TEXT, moment TIMESTAMPTZ) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO erased_vehicles AS known (vehicle_hash, user_hash, erased_at)
  -- A connection whose vehicle went to another car has its own id before that of the vehicle.
  VALUES (sha256(convert_to(regexp_replace(vehicle, '^former:[^:]*:', ''), 'UTF8')),
    coalesce(sha256(convert_to(person, 'UTF8')), ''), moment)
  ON CONFLICT (vehicle_hash, user_hash) DO UPDATE SET erased_at = greatest(known.erased_at, excluded.erased_at);
$$;

CREATE OR REPLACE FUNCTION carvetka_forget_vehicles() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM vehicle_states USING gone WHERE vehicle_states.vehicle_id = gone.id;
  DELETE FROM smartcar_sync_logs USING gone WHERE smartcar_sync_logs.smartcar_vehicle_id = gone.id;
  DELETE FROM readings USING gone WHERE readings.vehicle_id = gone.id;
  DELETE FROM command_log USING gone WHERE command_log.vehicle_id = gone.id;
  -- The machine says for itself when it was, by its own clock.
  IF NOT carvetka_is_machine() THEN
    PERFORM carvetka_note_erased(gone.smartcar_vehicle_id, gone.smartcar_user_id, now()) FROM gone;
  END IF;
  RETURN NULL;
END $$;

-- The log of an older web app, where there was one, is kept under another name; what it holds of a vehicle goes with the rest.
CREATE FUNCTION carvetka_forget_older_log(vehicle TEXT) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM information_schema.columns WHERE table_schema = current_schema()
    AND table_name = 'smartcar_webhook_events_before_sync' AND column_name = 'vehicle_id')
  THEN
    EXECUTE 'DELETE FROM smartcar_webhook_events_before_sync WHERE vehicle_id::text = $1' USING vehicle;
  END IF;
END $$;

-- Who leaves altogether takes along what they said of places and prices. Not checked for rows of before.
ALTER TABLE geofences ADD CONSTRAINT geofences_are_somebodys
  FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE tariffs ADD CONSTRAINT tariffs_are_somebodys
  FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE purpose_rules ADD CONSTRAINT purpose_rules_are_somebodys
  FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
