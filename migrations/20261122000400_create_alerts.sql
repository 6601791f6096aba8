-- What is not as it should be with a car, by the car's own time.
CREATE TABLE alerts (
  id UUID PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  at TIMESTAMPTZ NOT NULL,
  -- 'fuel_drop', 'moved_without_driving', 'left_its_place', …
  kind TEXT NOT NULL,
  -- What the kind needs to be told to a person.
  details JSONB NOT NULL,
  confidence NUMERIC,
  evidence JSONB,
  evidence_until TIMESTAMPTZ,
  -- Of what the machine wrote: whether a fold gives the same row is seen by this alone.
  digest BIGINT,
  source_id UUID NOT NULL,
  -- A person saw it, or threw it away.
  seen_at TIMESTAMPTZ,
  dismissed_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX alerts_by_car ON alerts (car_id, at);
CREATE INDEX alerts_by_source ON alerts (source_id, evidence_until);
SELECT carvetka_protect('alerts',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
