-- Costs name the versions that they were reckoned with, so a version that a person corrects stays readable; it counts nowhere
-- any more.
ALTER TABLE tariff_versions ADD COLUMN superseded_at TIMESTAMPTZ;
DROP INDEX tariff_versions_by_tariff;
CREATE UNIQUE INDEX tariff_versions_by_tariff ON tariff_versions (tariff_id, valid_from) WHERE superseded_at IS NULL;
ALTER TABLE tariff_versions
  ADD CONSTRAINT currency_is_iso_4217 CHECK (currency ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT parts_have_names CHECK (jsonb_typeof(parts) = 'object');

CREATE FUNCTION carvetka_mark_users_cars_dirty(person UUID, since TIMESTAMPTZ, reason TEXT) RETURNS void
LANGUAGE sql AS $$
  SELECT carvetka_mark_car_dirty(id, since, reason) FROM cars WHERE user_id = person;
$$;

-- Whoever changes what charging costs has the cars priced anew from the first moment on at which it counts otherwise than before.
CREATE FUNCTION carvetka_tariff_version_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  since TIMESTAMPTZ = coalesce(NEW.valid_from, OLD.valid_from);
BEGIN
  IF TG_OP = 'UPDATE' THEN
    -- Where only its end is another one, it counts otherwise from the earlier end on: least() leaves out what is null.
    since = CASE
      WHEN (OLD.valid_from, OLD.currency, OLD.zone, OLD.parts, OLD.superseded_at)
        IS DISTINCT FROM (NEW.valid_from, NEW.currency, NEW.zone, NEW.parts, NEW.superseded_at)
      THEN least(OLD.valid_from, NEW.valid_from)
      ELSE least(OLD.valid_to, NEW.valid_to)
    END;
  END IF;
  PERFORM carvetka_mark_users_cars_dirty(user_id, since, 'a person changed a tariff') 
  FROM tariffs WHERE id = coalesce(NEW.tariff_id, OLD.tariff_id);
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_price_anew
  AFTER INSERT OR DELETE ON tariff_versions
  FOR EACH ROW EXECUTE FUNCTION carvetka_tariff_version_changed();
CREATE TRIGGER carvetka_price_anew_from_then
  AFTER UPDATE ON tariff_versions
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
  EXECUTE FUNCTION carvetka_tariff_version_changed();

-- Where a tariff counts is not dated: it does so for all that its versions cover.
CREATE FUNCTION carvetka_tariff_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM carvetka_mark_users_cars_dirty(OLD.user_id, min(valid_from), 'a person changed a tariff')
  FROM tariff_versions WHERE tariff_id = OLD.id AND superseded_at IS NULL HAVING min(valid_from) IS NOT NULL;
  RETURN OLD;
END $$;

CREATE TRIGGER carvetka_price_anew
  AFTER UPDATE ON tariffs
  FOR EACH ROW WHEN ((OLD.network, OLD.is_default) IS DISTINCT FROM (NEW.network, NEW.is_default))
  EXECUTE FUNCTION carvetka_tariff_changed();
-- Before: its versions go with it.
CREATE TRIGGER carvetka_price_anew_without
  BEFORE DELETE ON tariffs
  FOR EACH ROW EXECUTE FUNCTION carvetka_tariff_changed();
