-- What people reckon in: Carvetka's own table, made only where it is absent. Columns that are needed beside it are added and
-- nothing is taken away.
CREATE TABLE IF NOT EXISTS user_preferences (
  user_id UUID PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
ALTER TABLE user_preferences
  -- ISO 4217.
  ADD COLUMN IF NOT EXISTS currency TEXT,
  -- IANA, such as Europe/Berlin: by whose clock days and months are reckoned.
  ADD COLUMN IF NOT EXISTS time_zone TEXT,
  -- 'metric', 'us' or 'uk': how pages show amounts. The books are metric.
  ADD COLUMN IF NOT EXISTS units TEXT;
SELECT carvetka_protect_own('user_preferences', ARRAY['user_id', 'created_at', 'currency'], 'user_id = (SELECT auth.uid())');

-- By whose clock a trip was in business hours changes with the zone, and what is estimated with the currency.
CREATE FUNCTION carvetka_preferences_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM carvetka_mark_car_dirty(id, 'epoch', 'a person changed the currency or the zone') FROM cars WHERE user_id = NEW.user_id;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_fold_anew
  AFTER UPDATE ON user_preferences
  FOR EACH ROW WHEN ((OLD.currency, OLD.time_zone) IS DISTINCT FROM (NEW.currency, NEW.time_zone))
  EXECUTE FUNCTION carvetka_preferences_changed();
CREATE TRIGGER carvetka_fold_anew_first
  AFTER INSERT ON user_preferences
  FOR EACH ROW WHEN (num_nonnulls(NEW.currency, NEW.time_zone) > 0)
  EXECUTE FUNCTION carvetka_preferences_changed();
