-- What the machine wrote into Carvetka's own books is compared by a digest, as everywhere: whether a fold gives the same row is
-- seen by this alone. Rows from before have none and get one when they are folded next.
ALTER TABLE meter_entries ADD COLUMN IF NOT EXISTS digest BIGINT;
ALTER TABLE issues ADD COLUMN IF NOT EXISTS digest BIGINT;
ALTER TABLE quarantined_readings ADD COLUMN digest BIGINT;

-- The machine's fill-ups.
ALTER TABLE fuel_entries
  ADD COLUMN IF NOT EXISTS digest BIGINT,
  -- It was filled after this moment and not after filled_at.
  ADD COLUMN IF NOT EXISTS filled_after TIMESTAMPTZ,
  -- Percent.
  ADD COLUMN IF NOT EXISTS level_before NUMERIC,
  ADD COLUMN IF NOT EXISTS level_after NUMERIC,
  -- How far the litres may be off.
  ADD COLUMN IF NOT EXISTS litres_plus_minus NUMERIC,
  ADD COLUMN IF NOT EXISTS latitude DOUBLE PRECISION,
  ADD COLUMN IF NOT EXISTS longitude DOUBLE PRECISION,
  -- The privacy zone in which it was.
  ADD COLUMN IF NOT EXISTS private_zone TEXT,
  -- The geofence in which it was, by its id.
  ADD COLUMN IF NOT EXISTS place_id UUID,
  -- As at the pump: from one full tank to the next.
  ADD COLUMN IF NOT EXISTS economy_at_pump_l_per_100km NUMERIC;
CREATE INDEX IF NOT EXISTS fuel_entries_by_source ON fuel_entries (source_id, evidence_until) WHERE evidence_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS fuel_entries_by_people ON fuel_entries (car_id, filled_at) WHERE evidence_until IS NULL;

-- What the machine's charging sessions cost.
ALTER TABLE expenses
  ADD COLUMN IF NOT EXISTS evidence_until TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS digest BIGINT;
CREATE INDEX IF NOT EXISTS expenses_by_source ON expenses (source_id, evidence_until) WHERE evidence_until IS NOT NULL;

-- Where an older web app made the kinds of expenses an enum, the machine's may be missing.
DO $$
DECLARE
  kind REGTYPE;
BEGIN
  SELECT atttypid::regtype INTO kind FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid AND typtype = 'e'
  WHERE attrelid = 'expenses'::regclass AND attname = 'category' AND NOT attisdropped;
  IF FOUND THEN
    EXECUTE format('ALTER TYPE %s ADD VALUE IF NOT EXISTS %L', kind, 'charging');
  END IF;
END $$;
