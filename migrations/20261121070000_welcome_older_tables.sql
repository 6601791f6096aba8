-- What an older web app made more narrowly than we need it: nothing is taken away that somebody reads.

-- Where sources are an enum, the machine's may be missing. A value cannot be used in the transaction that adds it: this
-- is all that this migration does with it.
DO $$
DECLARE
  kind REGTYPE;
  word TEXT;
BEGIN
  FOR kind IN
    SELECT DISTINCT atttypid::regtype
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = current_schema()::regnamespace
    JOIN pg_type ON pg_type.oid = atttypid AND typtype = 'e'
    WHERE relname IN ('meter_entries', 'fuel_entries', 'expenses', 'issues') AND attname = 'source_type'
      AND NOT attisdropped
  LOOP
    FOREACH word IN ARRAY ARRAY['manual', 'smartcar_sync', 'import'] LOOP
      EXECUTE format('ALTER TYPE %s ADD VALUE IF NOT EXISTS %L', kind, word);
    END LOOP;
  END LOOP;
END $$;

ALTER TABLE cars
  ADD COLUMN IF NOT EXISTS make TEXT,
  ADD COLUMN IF NOT EXISTS model TEXT,
  ADD COLUMN IF NOT EXISTS year INTEGER,
  ADD COLUMN IF NOT EXISTS vin TEXT;
ALTER TABLE meter_entries
  ADD COLUMN IF NOT EXISTS notes TEXT,
  ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ NOT NULL DEFAULT now();
ALTER TABLE issues
  ADD COLUMN IF NOT EXISTS description TEXT,
  ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ NOT NULL DEFAULT now();
ALTER TABLE smartcar_vehicles
  ADD COLUMN IF NOT EXISTS last_synced_at TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ DEFAULT now();

-- Tokens stood beside each vehicle. Now they belong to grants, and a vehicle may have none of its own; and two people
-- may connect one vehicle.
DO $$
DECLARE
  name TEXT;
BEGIN
  FOR name IN
    SELECT attname FROM pg_attribute
    WHERE attrelid = 'smartcar_vehicles'::regclass AND attnotnull AND NOT attisdropped
      AND attname IN ('access_token', 'refresh_token', 'token_expires_at')
  LOOP
    EXECUTE format('ALTER TABLE smartcar_vehicles ALTER COLUMN %I DROP NOT NULL', name);
  END LOOP;
  FOR name IN
    SELECT conname FROM pg_constraint
    WHERE conrelid = 'smartcar_vehicles'::regclass AND contype = 'u' AND conkey = ARRAY[(
      SELECT attnum FROM pg_attribute
      WHERE attrelid = 'smartcar_vehicles'::regclass AND attname = 'smartcar_vehicle_id'
    )]
  LOOP
    EXECUTE format('ALTER TABLE smartcar_vehicles DROP CONSTRAINT %I', name);
  END LOOP;
END $$;
