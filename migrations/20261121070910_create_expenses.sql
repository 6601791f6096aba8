-- What the car costs: Carvetka's own table, made only where it is absent. Columns that are needed beside it are added
-- and nothing is taken away.
CREATE TABLE IF NOT EXISTS expenses (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  category TEXT NOT NULL,
  amount NUMERIC NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE expenses
  -- ISO 4217.
  ADD COLUMN IF NOT EXISTS currency TEXT,
  ADD COLUMN IF NOT EXISTS occurred_at TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS notes TEXT,
  -- 'manual', 'smartcar_sync' or 'import'.
  ADD COLUMN IF NOT EXISTS source_type TEXT NOT NULL DEFAULT 'manual',
  ADD COLUMN IF NOT EXISTS source_id UUID;
CREATE INDEX IF NOT EXISTS expenses_by_car ON expenses (car_id, occurred_at);
