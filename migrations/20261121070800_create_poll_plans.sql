-- When each connected car is looked at next, and what came of asking Smartcar for it: what the scheduler plans by. A
-- car whose connection is not active has no row, and is never asked for.
CREATE TABLE poll_plans (
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- When the scheduler looks at this car next. Whether it is polled is decided then.
  next_poll_at TIMESTAMPTZ NOT NULL,

  -- It has been due since then, and nobody has asked for it: both, or none.
  wanted_since TIMESTAMPTZ,
  -- Nothing was heard of it since then; 1970-01-01 if nothing ever was. The longest silent are asked for first.
  silent_since TIMESTAMPTZ,
  CONSTRAINT wanted_is_whole CHECK ((wanted_since IS NULL) = (silent_since IS NULL)),
  -- A scheduler is about to ask for it, until then. The value is its sign: another lease has another one.
  lease_until TIMESTAMPTZ,

  -- When a job was published, and how many were since one was answered: a job lies in its queue until it is done.
  asked_at TIMESTAMPTZ,
  unanswered SMALLINT NOT NULL DEFAULT 0 CHECK (unanswered >= 0),
  -- A worker asks Smartcar right now, or died doing so, until then.
  polling_until TIMESTAMPTZ,
  -- When Smartcar last answered.
  last_polled_at TIMESTAMPTZ,
  -- Smartcar said that asking sooner does not help, or asking failed again and again.
  asleep_until TIMESTAMPTZ,
  -- How often asking failed since it last succeeded.
  failures SMALLINT NOT NULL DEFAULT 0 CHECK (failures >= 0)
) WITH (fillfactor = 85);
CREATE INDEX poll_plans_by_time ON poll_plans (next_poll_at);
CREATE INDEX poll_plans_wanted ON poll_plans (silent_since) WHERE wanted_since IS NOT NULL;

-- What each car's silences were like: written by workers as webhooks come, and therefore apart from the plans. Answers
-- to polls do not count, or the asking would itself be learned.
CREATE TABLE vehicle_cadences (
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  -- To the minute: when the newest webhook came.
  heard_at TIMESTAMPTZ,
  -- When the first one came: a rhythm needs some days to show.
  learning_since TIMESTAMPTZ,
  -- About the longest of its usual silences: a longer one pulls it half of the way, and it fades over a fortnight.
  long_gap_seconds DOUBLE PRECISION CHECK (long_gap_seconds BETWEEN 0 AND 86400),
  CONSTRAINT learned_is_whole
    CHECK (num_nulls(heard_at, learning_since) IN (0, 2) AND (long_gap_seconds IS NULL OR heard_at IS NOT NULL))
) WITH (fillfactor = 70);

-- How many polls may still be asked for, by all schedulers together: a bucket that fills up again as time goes by.
CREATE TABLE poll_pace (
  only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Null: full.
  allowance DOUBLE PRECISION,
  counted_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO poll_pace DEFAULT VALUES;

SELECT carvetka_protect(name::regclass) FROM unnest(ARRAY['poll_plans', 'vehicle_cadences', 'poll_pace']) AS name;

-- A plan comes with its connection, and goes when nothing may be asked any more. With the rights of its owner: who
-- connects a car need not be able to write plans.
CREATE FUNCTION carvetka_plan_polls() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO vehicle_cadences (vehicle_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  IF NEW.status = 'active' AND coalesce(NEW.is_active, true) AND NEW.car_id IS NOT NULL THEN
    -- Connecting brings a first answer with it; half an hour later it is looked whether there was one.
    INSERT INTO poll_plans (vehicle_id, next_poll_at) VALUES (NEW.id, now() + interval '30 minutes')
    ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM poll_plans WHERE vehicle_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER carvetka_plan_polls AFTER INSERT OR UPDATE OF status, is_active, car_id ON smartcar_vehicles
FOR EACH ROW EXECUTE FUNCTION carvetka_plan_polls();

-- Cars that are connected already are looked at one after the other, within an hour.
INSERT INTO vehicle_cadences (vehicle_id, heard_at, learning_since)
SELECT id, last_synced_at, last_synced_at FROM smartcar_vehicles;
INSERT INTO poll_plans (vehicle_id, next_poll_at)
SELECT id, now() + random() * interval '1 hour' FROM smartcar_vehicles
WHERE status = 'active' AND coalesce(is_active, true) AND car_id IS NOT NULL;
