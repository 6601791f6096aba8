-- What the battery holds, month by month, and how far that may be off.
CREATE TABLE battery_estimates (
  id UUID PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- The month's first moment.
  estimated_for TIMESTAMPTZ NOT NULL,
  usable_kwh NUMERIC NOT NULL,
  plus_minus_kwh NUMERIC NOT NULL,
  -- Of what it held when it was new; null where that is not known.
  health_percent NUMERIC,
  trend_percent_per_year NUMERIC,
  sessions INTEGER NOT NULL,
  confidence NUMERIC,
  evidence JSONB,
  evidence_until TIMESTAMPTZ,
  -- Of what the machine wrote: whether a fold gives the same row is seen by this alone.
  digest BIGINT,
  source_id UUID NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX battery_estimates_by_car ON battery_estimates (car_id, estimated_for);
CREATE INDEX battery_estimates_by_source ON battery_estimates (source_id, evidence_until);
SELECT carvetka_protect('battery_estimates',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
