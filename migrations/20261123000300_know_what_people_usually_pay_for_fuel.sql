-- What people usually pay at the pump, and in which language pages speak with them.
ALTER TABLE user_preferences
  -- Money a litre, in their currency: counts for fill-ups before which they wrote down no price of their own.
  ADD COLUMN IF NOT EXISTS fuel_price_per_litre NUMERIC,
  -- 'en' or 'de'.
  ADD COLUMN IF NOT EXISTS language TEXT;

DROP TRIGGER carvetka_fold_anew ON user_preferences;
CREATE TRIGGER carvetka_fold_anew
  AFTER UPDATE ON user_preferences
  FOR EACH ROW WHEN ((OLD.currency::text, OLD.time_zone::text, OLD.fuel_price_per_litre)
    IS DISTINCT FROM (NEW.currency::text, NEW.time_zone::text, NEW.fuel_price_per_litre))
  EXECUTE FUNCTION carvetka_preferences_changed();
DROP TRIGGER carvetka_fold_anew_first ON user_preferences;
CREATE TRIGGER carvetka_fold_anew_first
  AFTER INSERT ON user_preferences
  FOR EACH ROW WHEN (num_nonnulls(NEW.currency, NEW.time_zone, NEW.fuel_price_per_litre) > 0)
  EXECUTE FUNCTION carvetka_preferences_changed();
