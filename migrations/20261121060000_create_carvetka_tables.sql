-- Carvetka's own tables, made only where they are absent: on Carvetka's database they are there already and
-- belong to the web app. Columns that the machine needs beside them are added and nothing is taken away.
CREATE SCHEMA IF NOT EXISTS auth;

CREATE TABLE IF NOT EXISTS auth.users (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  email TEXT
);

CREATE TABLE IF NOT EXISTS cars (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  make TEXT,
  model TEXT,
  year INTEGER,
  vin TEXT
);
ALTER TABLE cars
  ADD COLUMN IF NOT EXISTS powertrain TEXT,
  ADD COLUMN IF NOT EXISTS tank_capacity_l NUMERIC,
  ADD COLUMN IF NOT EXISTS battery_capacity_kwh NUMERIC;

-- The mileage book.
CREATE TABLE IF NOT EXISTS meter_entries (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- Kilometres.
  odometer_reading NUMERIC NOT NULL,
  entry_date TIMESTAMPTZ NOT NULL,
  -- 'manual', 'smartcar_sync' or 'import'.
  source_type TEXT NOT NULL DEFAULT 'manual',
  -- For 'smartcar_sync': smartcar_vehicles.id.
  source_id UUID,
  notes TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE meter_entries
  -- Which readings the entry rests on, by which rules, and how sure they are.
  ADD COLUMN IF NOT EXISTS evidence JSONB,
  -- The moment of the newest of these readings: an entry changes only by folding on from before it.
  ADD COLUMN IF NOT EXISTS evidence_until TIMESTAMPTZ;
CREATE INDEX IF NOT EXISTS meter_entries_by_car ON meter_entries (car_id, entry_date);
CREATE INDEX IF NOT EXISTS meter_entries_by_evidence ON meter_entries (source_id, evidence_until)
  WHERE evidence_until IS NOT NULL;

-- What a person should look at.
CREATE TABLE IF NOT EXISTS issues (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  description TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE issues
  -- 'suggested' until a person takes it up.
  ADD COLUMN IF NOT EXISTS status TEXT,
  ADD COLUMN IF NOT EXISTS occurred_at TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS source_type TEXT,
  ADD COLUMN IF NOT EXISTS source_id UUID,
  ADD COLUMN IF NOT EXISTS evidence JSONB,
  ADD COLUMN IF NOT EXISTS evidence_until TIMESTAMPTZ;
CREATE INDEX IF NOT EXISTS issues_by_evidence ON issues (source_id, evidence_until)
  WHERE evidence_until IS NOT NULL;
