-- Where the car went, from one standing to the next. Written by the machine; people say what for.
CREATE TABLE trips (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- It began after the first of these moments and not after the second.
  started_after TIMESTAMPTZ NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  -- Likewise the end; both null while it goes on, as far as the car said.
  ended_after TIMESTAMPTZ,
  ended_at TIMESTAMPTZ,
  distance_km NUMERIC NOT NULL,
  odometer_before NUMERIC,
  odometer_after NUMERIC,
  from_latitude DOUBLE PRECISION,
  from_longitude DOUBLE PRECISION,
  from_private_zone TEXT,
  from_place_id UUID,
  to_latitude DOUBLE PRECISION,
  to_longitude DOUBLE PRECISION,
  to_private_zone TEXT,
  to_place_id UUID,
  -- 'drive', or 'movement': so many kilometres in a long time without readings, one drive or several.
  what TEXT NOT NULL DEFAULT 'drive',
  -- 'business' or 'private'; null: nobody said, and no rule fits.
  purpose TEXT,
  -- Percent of the tank and of the battery, where enough was used to be measured.
  fuel_used_percent NUMERIC,
  charge_used_percent NUMERIC,
  state entry_state NOT NULL DEFAULT 'recorded',
  confidence NUMERIC,
  evidence JSONB,
  evidence_until TIMESTAMPTZ,
  -- Of what the machine wrote: whether a fold gives the same row is seen by this alone.
  digest BIGINT,
  source_type TEXT NOT NULL DEFAULT 'manual',
  source_id UUID,
  notes TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT purposes CHECK (purpose IN ('business', 'private')),
  CONSTRAINT end_is_whole CHECK (num_nulls(ended_after, ended_at) IN (0, 2)),
  CONSTRAINT starts_before_it_ends CHECK (started_after <= started_at AND ended_after <= ended_at AND started_after <= ended_at)
);
CREATE INDEX trips_by_car ON trips (car_id, started_at);
CREATE INDEX trips_by_source ON trips (source_id, evidence_until) WHERE evidence_until IS NOT NULL;
SELECT carvetka_protect_own('trips', ARRAY['id', 'car_id', 'started_after'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
