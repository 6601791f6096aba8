-- What the fold remembers of each car: the state in which each of its days ended; the newest is the head. A
-- cache: it can always be folded again from the readings.
CREATE TABLE vehicle_states (
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  -- The UTC day of settled_until; 1970-01-01 while nothing is settled.
  day DATE NOT NULL,
  -- Everything up to here is in the state, nothing after it. Null: nothing is settled.
  settled_until TIMESTAMPTZ,
  -- Which rules folded it.
  rules_version INTEGER NOT NULL,
  state JSON NOT NULL,
  -- The folded signals' readings after settled_until. Only the head's is kept.
  tail JSON NOT NULL,
  PRIMARY KEY (vehicle_id, day)
) WITH (fillfactor = 70);

-- Cars whose book does not follow from the readings and facts any more: they are folded anew from here on.
CREATE TABLE dirty_vehicles (
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  dirty_since TIMESTAMPTZ NOT NULL,
  why TEXT NOT NULL,
  -- Another one with each mark: who heeds a mark takes away the one that was seen, and no newer one.
  version UUID NOT NULL DEFAULT gen_random_uuid(),
  marked_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- A replay was asked for and may be under way until then.
  leased_until TIMESTAMPTZ,
  -- How often a replay was asked for without this mark being heeded.
  asked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX dirty_vehicles_by_age ON dirty_vehicles (marked_at);

-- On a person's behalf: what a person did is looked at at once.
CREATE FUNCTION carvetka_mark_dirty(vehicle UUID, since TIMESTAMPTZ, reason TEXT) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO dirty_vehicles (vehicle_id, dirty_since, why) VALUES (vehicle, since, reason)
  ON CONFLICT (vehicle_id) DO UPDATE
    SET dirty_since = least(dirty_vehicles.dirty_since, excluded.dirty_since), why = excluded.why,
        version = excluded.version, marked_at = excluded.marked_at, leased_until = NULL, asked = 0;
$$;
