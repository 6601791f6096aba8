-- What the machine wrote, took back and kept out, for people to see.
CREATE TABLE IF NOT EXISTS smartcar_sync_logs (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  smartcar_vehicle_id UUID REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  -- 'odometer', 'fuel', 'location', …
  sync_type TEXT NOT NULL,
  -- Names what was written: meter_entry_id and what was done to it.
  data JSONB NOT NULL,
  synced_at TIMESTAMPTZ DEFAULT now()
);
CREATE INDEX IF NOT EXISTS smartcar_sync_logs_by_vehicle ON smartcar_sync_logs (smartcar_vehicle_id, synced_at);

-- Readings that are kept out of the book until others agree with them.
CREATE TABLE quarantined_readings (
  id UUID PRIMARY KEY,
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  at TIMESTAMPTZ NOT NULL,
  signal TEXT NOT NULL,
  value TEXT NOT NULL,
  why TEXT NOT NULL,
  evidence_until TIMESTAMPTZ NOT NULL
);
CREATE INDEX quarantined_readings_by_evidence ON quarantined_readings (vehicle_id, evidence_until);

-- Messages that no retry will help: a person looks at them, mends the cause, and replays or discards them.
CREATE TYPE parked_state AS ENUM ('parked', 'replayed', 'discarded');

CREATE TABLE parked_messages (
  id UUID PRIMARY KEY,
  -- The queue that it was taken from.
  queue TEXT NOT NULL,
  -- The event id or job name: the same message parks once.
  message_key TEXT COLLATE "C" NOT NULL UNIQUE,
  why TEXT NOT NULL,
  body BYTEA NOT NULL,
  headers JSONB NOT NULL,
  state parked_state NOT NULL DEFAULT 'parked',
  parked_at TIMESTAMPTZ NOT NULL,
  settled_at TIMESTAMPTZ,
  CONSTRAINT settled_when_not_parked CHECK ((state = 'parked') = (settled_at IS NULL))
);
CREATE INDEX parked_messages_waiting ON parked_messages (parked_at) WHERE state = 'parked';
