-- What other programs keep beside a fill-up and an expense.
ALTER TABLE fuel_entries ADD COLUMN IF NOT EXISTS notes TEXT;
ALTER TABLE expenses
  -- Kilometres.
  ADD COLUMN IF NOT EXISTS odometer_reading NUMERIC;

-- Lines of files that filled in an entry of the machine instead of becoming one: when they come again, they are known.
CREATE TABLE attached_lines (
  -- Made from the car and what the line says.
  id UUID PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- The entry that it filled in.
  row_id UUID NOT NULL,
  attached_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX attached_lines_by_car ON attached_lines (car_id);
SELECT carvetka_protect('attached_lines',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
