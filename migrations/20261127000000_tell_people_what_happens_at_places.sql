-- Of what happens at a place its person is told.
ALTER TABLE geofences
  -- Of 'enter', 'exit', 'dwell' and 'passed'.
  ADD COLUMN tells TEXT[] NOT NULL DEFAULT '{enter,exit}',
  ADD CONSTRAINT tells_what_happens CHECK (
    tells <@ ARRAY['enter', 'exit', 'dwell', 'passed'] AND cardinality(tells) <= 4 AND coalesce(array_ndims(tells), 1) = 1);

-- Since when, and until when: what happened before somebody wanted to know is nobody's news, and what they were told stays when
-- they want to know no more.
CREATE TABLE geofence_tellings (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  geofence_id UUID NOT NULL REFERENCES geofences (id) ON DELETE CASCADE,
  -- As in geofences.tells.
  passage TEXT NOT NULL,
  told_from TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- Exclusive; null: until further notice.
  told_until TIMESTAMPTZ,
  CONSTRAINT passages CHECK (passage IN ('enter', 'exit', 'dwell', 'passed')),
  CONSTRAINT ends_after_it_begins CHECK (told_until > told_from)
);
CREATE INDEX geofence_tellings_by_geofence ON geofence_tellings (geofence_id, told_from);
CREATE UNIQUE INDEX one_telling_goes_on ON geofence_tellings (geofence_id, passage) WHERE told_until IS NULL;
SELECT carvetka_protect('geofence_tellings',
  'EXISTS (SELECT FROM geofences AS own WHERE own.id = geofence_id AND own.user_id = (SELECT auth.uid()))');

CREATE FUNCTION carvetka_geofence_tells() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE geofence_tellings SET told_until = greatest(now(), told_from + interval '1 millisecond')
  WHERE geofence_id = NEW.id AND told_until IS NULL AND passage <> ALL (NEW.tells);
  INSERT INTO geofence_tellings (geofence_id, passage) SELECT NEW.id, passage FROM unnest(NEW.tells) AS passage
  ON CONFLICT (geofence_id, passage) WHERE told_until IS NULL DO NOTHING;
  IF TG_OP = 'UPDATE' THEN
    PERFORM carvetka_mark_users_cars_dirty(NEW.user_id, now(), 'a person said of what a place tells');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_tell
  AFTER INSERT ON geofences
  FOR EACH ROW EXECUTE FUNCTION carvetka_geofence_tells();
CREATE TRIGGER carvetka_tell_from_now_on
  AFTER UPDATE ON geofences
  FOR EACH ROW WHEN (OLD.tells IS DISTINCT FROM NEW.tells)
  EXECUTE FUNCTION carvetka_geofence_tells();

-- The places that there are tell, too, from now on.
INSERT INTO geofence_tellings (geofence_id, passage) SELECT id, passage FROM geofences CROSS JOIN unnest(tells) AS passage;
