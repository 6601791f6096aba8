-- How often the platform was asked, by all processes together, and when it may be asked again.

-- Calls for each vehicle and calendar month (UTC). Counted before a call is made: who dies in between has counted one
-- too many, and never one too few.
CREATE TABLE api_usage (
  -- smartcar_vehicles.id. No foreign key: what was spent was spent, also for a connection that is gone.
  vehicle_id UUID NOT NULL,
  -- The first day of the month.
  month DATE NOT NULL CHECK (extract(day FROM month) = 1),
  calls INTEGER NOT NULL CHECK (calls >= 0),
  PRIMARY KEY (vehicle_id, month)
) WITH (fillfactor = 80);
CREATE INDEX api_usage_by_month ON api_usage (month);

-- The application's own bucket at the platform, as far as we can know it.
CREATE TABLE api_bucket (
  only_one BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Null: full.
  calls DOUBLE PRECISION,
  counted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- The platform said that we ask too often: nobody asks before then.
  rests_until TIMESTAMPTZ
) WITH (fillfactor = 50);
INSERT INTO api_bucket DEFAULT VALUES;

-- Vehicles that are left alone for a while, because the platform or the car wants it.
CREATE TYPE rest_reason AS ENUM ('asleep', 'vehicle_limit', 'make_trouble', 'billing', 'owner_action');
CREATE TABLE vehicle_rests (
  vehicle_id UUID PRIMARY KEY REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  until TIMESTAMPTZ NOT NULL,
  why rest_reason NOT NULL
);

-- What a vehicle cannot say or do: not asked again until then.
CREATE TABLE vehicle_incapacities (
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  -- A signal's code, or the name of a command.
  what TEXT COLLATE "C" NOT NULL,
  until TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (vehicle_id, what)
);

-- Makers whose cars do not answer: after some failures in a row nobody asks, then one process tries.
CREATE TABLE make_circuits (
  -- Upper case.
  make TEXT COLLATE "C" PRIMARY KEY,
  failures INTEGER NOT NULL CHECK (failures > 0),
  failed_at TIMESTAMPTZ NOT NULL,
  -- Null: still closed, everybody asks.
  open_until TIMESTAMPTZ
);
