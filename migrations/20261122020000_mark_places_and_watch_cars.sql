-- Which trips are for what: the first rule of a person that fits a trip counts.
CREATE TABLE purpose_rules (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  -- Asked in this order.
  rank INTEGER NOT NULL,
  -- 'business' or 'private'.
  purpose TEXT NOT NULL,
  -- One of these is where the trip began or ended; empty: anywhere.
  geofence_ids UUID[] NOT NULL DEFAULT '{}',
  -- Monday first, of the day on which it began.
  weekdays BOOLEAN[] NOT NULL DEFAULT '{t,t,t,t,t,t,t}',
  -- Between these minutes of the day it began, by the person's clock: from inclusive, to exclusive, across midnight if `to` is not
  -- after `from`.
  from_minute SMALLINT NOT NULL DEFAULT 0,
  to_minute SMALLINT NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT purposes CHECK (purpose IN ('business', 'private')),
  CONSTRAINT a_week CHECK (cardinality(weekdays) = 7 AND array_position(weekdays, NULL) IS NULL),
  CONSTRAINT of_a_day CHECK (from_minute BETWEEN 0 AND 1439 AND to_minute BETWEEN 0 AND 1439),
  CONSTRAINT each_fence CHECK (array_position(geofence_ids, NULL) IS NULL)
);
CREATE INDEX purpose_rules_by_user ON purpose_rules (user_id, rank, id);
SELECT carvetka_protect_own('purpose_rules', ARRAY['id', 'user_id', 'rank'], 'user_id = (SELECT auth.uid())');

-- When people want(ed) to be told that the standing car leaves its place.
CREATE TABLE car_watches (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  watched_from TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- Exclusive; null: until further notice.
  watched_until TIMESTAMPTZ,
  CONSTRAINT ends_after_it_begins CHECK (watched_until > watched_from)
);
CREATE INDEX car_watches_by_car ON car_watches (car_id, watched_from);
CREATE UNIQUE INDEX one_watch_goes_on ON car_watches (car_id) WHERE watched_until IS NULL;
SELECT carvetka_protect_own('car_watches', ARRAY['id', 'car_id', 'watched_from'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');

-- A place names what happened there at any time, so whoever changes one has all of it looked at anew. What else a place says
-- (whether it is private) is asked with every delivery.
CREATE FUNCTION carvetka_geofence_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM carvetka_mark_users_cars_dirty(OLD.user_id, 'epoch', 'a person changed a place');
  END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.user_id <> OLD.user_id) THEN
    PERFORM carvetka_mark_users_cars_dirty(NEW.user_id, 'epoch', 'a person marked a place');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_fold_anew
  AFTER INSERT OR DELETE ON geofences
  FOR EACH ROW EXECUTE FUNCTION carvetka_geofence_changed();
CREATE TRIGGER carvetka_fold_anew_from_then
  AFTER UPDATE ON geofences
  FOR EACH ROW WHEN (
    (OLD.user_id, OLD.name, OLD.latitude, OLD.longitude, OLD.radius_m, OLD.corners, OLD.priority, OLD.tariff_id)
    IS DISTINCT FROM
    (NEW.user_id, NEW.name, NEW.latitude, NEW.longitude, NEW.radius_m, NEW.corners, NEW.priority, NEW.tariff_id))
  EXECUTE FUNCTION carvetka_geofence_changed();

CREATE FUNCTION carvetka_purpose_rule_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM carvetka_mark_users_cars_dirty(coalesce(NEW.user_id, OLD.user_id), 'epoch', 'a person said what trips are for');
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_fold_anew
  AFTER INSERT OR DELETE OR UPDATE ON purpose_rules
  FOR EACH ROW EXECUTE FUNCTION carvetka_purpose_rule_changed();

CREATE FUNCTION carvetka_watch_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM carvetka_mark_car_dirty(coalesce(NEW.car_id, OLD.car_id), CASE
    WHEN TG_OP = 'UPDATE' AND OLD.watched_from = NEW.watched_from THEN least(OLD.watched_until, NEW.watched_until)
    ELSE least(OLD.watched_from, NEW.watched_from)
  END, 'a person watches the car, or does no more');
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_fold_anew
  AFTER INSERT OR DELETE OR UPDATE ON car_watches
  FOR EACH ROW EXECUTE FUNCTION carvetka_watch_changed();
