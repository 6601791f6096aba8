-- What people may tell of a car beside its sizes.
ALTER TABLE cars
  -- Between empty and full when it was new.
  ADD COLUMN IF NOT EXISTS battery_usable_kwh NUMERIC,
  -- 'lfp' or 'nickel'.
  ADD COLUMN IF NOT EXISTS battery_chemistry TEXT,
  -- The share of the grid's energy that reaches the battery.
  ADD COLUMN IF NOT EXISTS charger_efficiency NUMERIC;

-- How often something changed that people told: as long as this is the same, a worker need not ask again. One without a row: never.
CREATE TABLE setup_versions (
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  version BIGINT NOT NULL
);
SELECT carvetka_protect('setup_versions');

-- Whoever changes what rules know has the cars folded anew. So it is here that the change is counted.
CREATE OR REPLACE FUNCTION carvetka_mark_dirty(vehicle UUID, since TIMESTAMPTZ, reason TEXT) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO setup_versions AS known (vehicle_id, version) VALUES (vehicle, 1)
  ON CONFLICT (vehicle_id) DO UPDATE SET version = known.version + 1;
  INSERT INTO dirty_vehicles (vehicle_id, dirty_since, why) VALUES (vehicle, since, reason)
  ON CONFLICT (vehicle_id) DO UPDATE
    SET dirty_since = least(dirty_vehicles.dirty_since, excluded.dirty_since), why = excluded.why,
        version = excluded.version, marked_at = excluded.marked_at, leased_until = NULL, asked = 0;
$$;

-- What kind of car it is counts for all of its days.
CREATE FUNCTION carvetka_car_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM carvetka_mark_car_dirty(NEW.id, 'epoch', 'a person changed what is known of the car');
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_fold_anew
  AFTER UPDATE ON cars
  FOR EACH ROW WHEN (
    (OLD.user_id, OLD.make::text, OLD.powertrain::text, OLD.tank_capacity_l, OLD.battery_capacity_kwh, OLD.battery_usable_kwh,
      OLD.battery_chemistry, OLD.charger_efficiency)
    IS DISTINCT FROM
    (NEW.user_id, NEW.make::text, NEW.powertrain::text, NEW.tank_capacity_l, NEW.battery_capacity_kwh, NEW.battery_usable_kwh,
      NEW.battery_chemistry, NEW.charger_efficiency))
  EXECUTE FUNCTION carvetka_car_changed();

-- The state after a car's settled days and what its tail holds in a form of our own, which is short. State, tail and tip beside
-- it are those of older programs.
ALTER TABLE vehicle_states
  ADD COLUMN memory BYTEA,
  ALTER COLUMN state SET DEFAULT 'null',
  ALTER COLUMN tail SET DEFAULT 'null';
