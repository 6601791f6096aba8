-- What the cars said, each reading once: the truth from which everything else can be folded again.
CREATE TYPE reading_kind AS ENUM ('number', 'boolean', 'text', 'position', 'structure');
CREATE TYPE time_quality AS ENUM ('oem', 'fetched', 'delivered');

CREATE TABLE readings (
  -- smartcar_vehicles.id. No foreign key: it would be checked with every reading.
  vehicle_id UUID NOT NULL,
  -- The moment at the car.
  at TIMESTAMPTZ NOT NULL,
  signal TEXT COLLATE "C" NOT NULL,
  -- The canonical value in the signal's canonical unit, and its hash: values may be long, keys may not.
  kind reading_kind NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  value_hash BIGINT NOT NULL,
  quality time_quality NOT NULL,
  -- A manual sync brought it (too).
  by_hand BOOLEAN NOT NULL,
  -- The wire's number and unit, where they differ.
  original TEXT,
  PRIMARY KEY (vehicle_id, at, signal, value_hash)
) PARTITION BY RANGE (at);
CREATE TABLE readings_default PARTITION OF readings DEFAULT;

-- The last value of signals that the platform gives no time for. Never folded: it depends on arrival.
CREATE TABLE untimed_readings (
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  signal TEXT COLLATE "C" NOT NULL,
  kind reading_kind NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  received_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (vehicle_id, signal)
);
