-- The fuel book: Carvetka's own table, made only where it is absent. Columns that are needed beside it are added and
-- nothing is taken away.
CREATE TABLE IF NOT EXISTS fuel_entries (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  filled_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE fuel_entries
  ADD COLUMN IF NOT EXISTS litres NUMERIC,
  -- Kilometres.
  ADD COLUMN IF NOT EXISTS odometer_reading NUMERIC,
  ADD COLUMN IF NOT EXISTS full_tank BOOLEAN,
  -- A fill-up before this one is not in the book, so no economy can be reckoned from it.
  ADD COLUMN IF NOT EXISTS missed_previous BOOLEAN,
  ADD COLUMN IF NOT EXISTS price_per_litre NUMERIC,
  ADD COLUMN IF NOT EXISTS total_cost NUMERIC,
  -- ISO 4217, of both amounts.
  ADD COLUMN IF NOT EXISTS currency TEXT,
  ADD COLUMN IF NOT EXISTS cost_is_estimate BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN IF NOT EXISTS economy_l_per_100km NUMERIC,
  -- What is known of the machine's rows; null on what a person wrote.
  ADD COLUMN IF NOT EXISTS state TEXT,
  ADD COLUMN IF NOT EXISTS confidence NUMERIC,
  ADD COLUMN IF NOT EXISTS evidence JSONB,
  ADD COLUMN IF NOT EXISTS evidence_until TIMESTAMPTZ,
  -- 'manual', 'smartcar_sync' or 'import'.
  ADD COLUMN IF NOT EXISTS source_type TEXT NOT NULL DEFAULT 'manual',
  -- For 'smartcar_sync': smartcar_vehicles.id.
  ADD COLUMN IF NOT EXISTS source_id UUID;
CREATE INDEX IF NOT EXISTS fuel_entries_by_car ON fuel_entries (car_id, filled_at);
