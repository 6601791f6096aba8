-- Places that people marked. They belong to a person and count for all of their cars.
CREATE TABLE geofences (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  name TEXT NOT NULL,
  -- A circle has a centre and a radius, a polygon its corners: [[latitude, longitude], …] without the first again at the end.
  latitude DOUBLE PRECISION,
  longitude DOUBLE PRECISION,
  radius_m INTEGER,
  corners JSONB,
  -- Where places overlap, the higher one gives its name; of equal ones the smaller.
  priority SMALLINT NOT NULL DEFAULT 0,
  -- Positions in here are never stored: the place's id is, in their stead.
  is_private BOOLEAN NOT NULL DEFAULT false,
  -- The tariff of who charges here.
  tariff_id UUID,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT circle_or_polygon CHECK (
    (num_nulls(latitude, longitude, radius_m) = 0 AND corners IS NULL)
    OR (num_nonnulls(latitude, longitude, radius_m) = 0 AND corners IS NOT NULL)),
  CONSTRAINT on_earth CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
  -- Meters: smaller ones are within the error of a fix, larger ones are no places.
  CONSTRAINT radius CHECK (radius_m BETWEEN 75 AND 50000)
);
CREATE INDEX geofences_by_user ON geofences (user_id, id);
SELECT carvetka_protect_own('geofences', ARRAY['id', 'user_id', 'name'], 'user_id = (SELECT auth.uid())');

-- When cars came, went, stayed and passed.
CREATE TABLE geofence_events (
  id UUID PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  geofence_id UUID NOT NULL,
  -- As it was called then.
  name TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  -- 'enter', 'exit', 'dwell' or 'passed'.
  passage TEXT NOT NULL,
  inferred BOOLEAN NOT NULL,
  confidence NUMERIC,
  evidence JSONB,
  evidence_until TIMESTAMPTZ,
  -- Of what the machine wrote: whether a fold gives the same row is seen by this alone.
  digest BIGINT,
  source_id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX geofence_events_by_car ON geofence_events (car_id, at);
CREATE INDEX geofence_events_by_source ON geofence_events (source_id, evidence_until);
SELECT carvetka_protect('geofence_events',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
