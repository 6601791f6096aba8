-- People win: what a person decided of the machine's entries, as dated facts that outlive every fold.
CREATE TYPE decision_kind AS ENUM ('meter_entry', 'issue', 'odometer');
CREATE TYPE decision_verdict AS ENUM ('edited', 'deleted', 'replaced');

CREATE TABLE decisions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  kind decision_kind NOT NULL,
  verdict decision_verdict NOT NULL,
  -- The row that was decided about; null for what is no row ('replaced': the counter was changed).
  row_id UUID,
  -- The entry as the machine had written it: its moment and, for mileage, its kilometres.
  at TIMESTAMPTZ NOT NULL,
  odometer_km NUMERIC,
  decided_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT kind_and_verdict_fit CHECK ((kind = 'odometer') = (verdict = 'replaced')),
  CONSTRAINT entries_have_a_row CHECK ((kind = 'odometer') = (row_id IS NULL)),
  CONSTRAINT meter_entries_have_km CHECK (kind <> 'meter_entry' OR odometer_km IS NOT NULL)
);
CREATE INDEX decisions_by_car ON decisions (car_id, at);
CREATE INDEX decisions_by_row ON decisions (row_id);

-- The pipeline says of itself that it is no person, for one transaction (set_config(…, true)).
CREATE FUNCTION carvetka_is_machine() RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('carvetka.machine', true), '') = 'on' $$;

CREATE FUNCTION carvetka_mark_car_dirty(car UUID, since TIMESTAMPTZ, reason TEXT) RETURNS void
LANGUAGE sql AS $$
  SELECT carvetka_mark_dirty(id, since, reason) FROM smartcar_vehicles WHERE car_id = car;
$$;

-- The functions below run with the rights of their owner: who may write the book need not be able to write what
-- the machine keeps beside it, and so cannot forge it.

-- What a person changed is a person's from then on. Without a moment of evidence the machine leaves a row alone;
-- set on the row itself, so that no write of the machine that is under way meanwhile overrides it.
CREATE FUNCTION carvetka_take_over() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.evidence_until = NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER carvetka_take_over
  BEFORE UPDATE ON meter_entries
  FOR EACH ROW WHEN (OLD.evidence_until IS NOT NULL AND NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_take_over();
CREATE TRIGGER carvetka_take_over
  BEFORE UPDATE ON issues
  FOR EACH ROW WHEN (OLD.evidence_until IS NOT NULL AND NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_take_over();

-- Every write to the mileage book that is not the machine's: an edit or a deletion of the machine's entry
-- becomes a decision, and the car is folded anew from there on.
CREATE FUNCTION carvetka_person_wrote_meter_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.source_type::text = 'smartcar_sync'
    -- A car that is deleted takes its book with it: nobody decided about the entries.
    AND EXISTS (SELECT FROM cars WHERE id = OLD.car_id)
    AND NOT EXISTS (SELECT FROM decisions WHERE row_id = OLD.id AND verdict = 'deleted')
  THEN
    INSERT INTO decisions (car_id, kind, verdict, row_id, at, odometer_km)
    SELECT OLD.car_id, 'meter_entry',
      CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'edited' END::decision_verdict,
      OLD.id,
      -- What the machine had written stands in the first decision about this row.
      coalesce(first.at, OLD.entry_date::timestamptz), coalesce(first.odometer_km, OLD.odometer_reading)
    FROM (SELECT) AS always
    LEFT JOIN LATERAL (
      SELECT at, odometer_km FROM decisions WHERE row_id = OLD.id ORDER BY decided_at LIMIT 1
    ) AS first ON true;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    PERFORM carvetka_mark_car_dirty(OLD.car_id, OLD.entry_date::timestamptz, 'a person changed the mileage book');
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM carvetka_mark_car_dirty(NEW.car_id, NEW.entry_date::timestamptz, 'a person changed the mileage book');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_people_win
  AFTER INSERT OR UPDATE OR DELETE ON meter_entries
  FOR EACH ROW WHEN (NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_person_wrote_meter_entry();

-- A suggested issue that a person took up, changed or threw away is theirs.
CREATE FUNCTION carvetka_person_wrote_issue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT FROM cars WHERE id = OLD.car_id) THEN
    INSERT INTO decisions (car_id, kind, verdict, row_id, at)
    VALUES (OLD.car_id, 'issue', CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'edited' END::decision_verdict,
      OLD.id, OLD.occurred_at);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_people_win
  AFTER UPDATE OR DELETE ON issues
  FOR EACH ROW WHEN (OLD.evidence_until IS NOT NULL AND NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_person_wrote_issue();

CREATE FUNCTION carvetka_person_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM carvetka_mark_car_dirty(OLD.car_id, OLD.at, 'a person took a decision back');
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM carvetka_mark_car_dirty(NEW.car_id, NEW.at, 'a person decided');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_people_win
  AFTER INSERT OR UPDATE OR DELETE ON decisions
  FOR EACH ROW EXECUTE FUNCTION carvetka_person_decided();
