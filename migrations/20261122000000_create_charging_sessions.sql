-- When the car was at the plug, from plug to unplug. Written by the machine; people correct it.
CREATE TYPE entry_state AS ENUM ('candidate', 'recorded', 'hidden', 'confirmed');

CREATE TABLE charging_sessions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- It began after the first of these moments and not after the second; the same where that is known exactly.
  started_after TIMESTAMPTZ NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  -- Likewise the end; both null while it goes on, as far as the car said.
  ended_after TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  -- Percent.
  start_soc NUMERIC,
  end_soc NUMERIC,
  -- What reached the battery, how far that may be off, and where it is from.
  energy_kwh NUMERIC,
  energy_plus_minus_kwh NUMERIC,
  energy_source TEXT,
  -- What came from the grid.
  grid_kwh NUMERIC,
  grid_plus_minus_kwh NUMERIC,
  -- 'AC' or 'DC'.
  current_type TEXT,
  peak_kw NUMERIC,
  odometer_reading NUMERIC,
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  -- The privacy zone in which it was.
  private_zone TEXT,
  -- The geofence in which it was, by its id.
  place_id UUID,
  -- [{"startedAfter", "startedAt", "endedAfter", "endedAt", "startSoc", "endSoc", "kwh"}, …], oldest first.
  segments JSONB NOT NULL DEFAULT '[]',
  -- [{"from", "to", "kwh"}, …]: the energy over time.
  flow JSONB NOT NULL DEFAULT '[]',
  -- Nobody saw it: found from two levels.
  inferred BOOLEAN NOT NULL DEFAULT false,
  -- The expected cost, and between what it lies. Null: no price is known. Zero: free.
  cost NUMERIC,
  cost_low NUMERIC,
  cost_high NUMERIC,
  currency TEXT,
  -- The share of the energy that has a price: below 1 the cost is partial.
  cost_share NUMERIC,
  -- How it adds up: [{"from", "to", "kwh", "price", "amount", "what"}, …], and the tariff versions that were used.
  cost_parts JSONB,
  tariff_versions UUID[] NOT NULL DEFAULT '{}',
  expense_id UUID,
  state entry_state NOT NULL DEFAULT 'recorded',
  confidence NUMERIC,
  evidence JSONB,
  -- The moment of the newest reading that it rests on; null on what is a person's.
  evidence_until TIMESTAMPTZ,
  -- Of what the machine wrote: whether a fold gives the same row is seen by this alone.
  digest BIGINT,
  -- 'manual', 'smartcar_sync' or 'import'.
  source_type TEXT NOT NULL DEFAULT 'manual',
  -- For 'smartcar_sync': smartcar_vehicles.id.
  source_id UUID,
  notes TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT end_is_whole CHECK (num_nulls(ended_after, ended_at) IN (0, 2)),
  CONSTRAINT starts_before_it_ends CHECK (started_after <= started_at AND ended_after <= ended_at AND started_after <= ended_at)
);
CREATE INDEX charging_sessions_by_car ON charging_sessions (car_id, started_at);
CREATE INDEX charging_sessions_by_source ON charging_sessions (source_id, evidence_until) WHERE evidence_until IS NOT NULL;
SELECT carvetka_protect_own('charging_sessions', ARRAY['id', 'car_id', 'started_after'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
