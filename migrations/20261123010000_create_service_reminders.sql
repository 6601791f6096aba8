-- What has to be done to a car again and again, or once. Carvetka's own table: made only where it is absent.
CREATE TABLE IF NOT EXISTS service_reminders (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  notes TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE service_reminders
  ADD COLUMN IF NOT EXISTS notes TEXT,
  ADD COLUMN IF NOT EXISTS created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- Each so far, each so many months; both: whichever comes first.
  ADD COLUMN IF NOT EXISTS interval_km NUMERIC CHECK (interval_km > 0),
  ADD COLUMN IF NOT EXISTS interval_months INTEGER CHECK (interval_months > 0),
  -- It begins anew when it is done.
  ADD COLUMN IF NOT EXISTS is_recurring BOOLEAN NOT NULL DEFAULT true,
  -- It keeps its grid, however early or late it is done.
  ADD COLUMN IF NOT EXISTS is_fixed BOOLEAN NOT NULL DEFAULT false,
  -- It is about the oil: the oil's life makes it due, too.
  ADD COLUMN IF NOT EXISTS watches_oil BOOLEAN NOT NULL DEFAULT false,
  -- From here on the interval counts; null: from when it was written down, and by the book.
  ADD COLUMN IF NOT EXISTS done_at TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS done_km NUMERIC,
  -- Done for good.
  ADD COLUMN IF NOT EXISTS finished_at TIMESTAMPTZ,
  ADD COLUMN IF NOT EXISTS snoozed_until TIMESTAMPTZ,
  -- Signs that it was done, up to then, were none.
  ADD COLUMN IF NOT EXISTS dismissed_until TIMESTAMPTZ,
  -- The stage of which people were told last, and when it was looked at last.
  ADD COLUMN IF NOT EXISTS told_stage TEXT,
  ADD COLUMN IF NOT EXISTS looked_at TIMESTAMPTZ;
CREATE INDEX IF NOT EXISTS service_reminders_by_car ON service_reminders (car_id);
CREATE INDEX IF NOT EXISTS service_reminders_by_look ON service_reminders (looked_at NULLS FIRST) WHERE finished_at IS NULL;
SELECT carvetka_protect_own('service_reminders', ARRAY['id', 'car_id', 'title', 'notes', 'created_at'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');

-- Silences of which people were told and that are not over.
CREATE INDEX alerts_of_silence ON alerts (source_id) WHERE kind = 'car_offline' AND details ->> 'overAt' IS NULL;
