-- A note is about an entry and not about its row: when late data move the entry to another row, or take it back and find it again, the
-- note goes along. row_id is the row that it stands in now; the stretch is that of the entry when it was written.
ALTER TABLE decisions
  ADD COLUMN note TEXT,
  ADD CONSTRAINT notes_have_words CHECK ((verdict IN ('noted', 'expense_noted')) = (note IS NOT NULL));

CREATE OR REPLACE FUNCTION carvetka_decide(book TEXT, verdict decision_verdict, entry JSONB, details JSONB DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO decisions (car_id, kind, verdict, row_id, at, started_after, started_at, ended_after, ended_at,
    split_at, odometer_km, amount, currency, purpose, note)
  SELECT (entry ->> 'car_id')::uuid, carvetka_kind_of(book), verdict, (entry ->> 'id')::uuid, began, began,
    coalesce(entry ->> 'started_at', entry ->> 'filled_at')::timestamptz,
    coalesce((entry ->> 'ended_after')::timestamptz, CASE WHEN book = 'fuel_entries' THEN began ELSE known END),
    coalesce((entry ->> 'ended_at')::timestamptz, known),
    (details ->> 'split_at')::timestamptz, (details ->> 'odometer_km')::numeric, (details ->> 'amount')::numeric,
    details ->> 'currency', details ->> 'purpose', details ->> 'note'
  FROM carvetka_beginning(entry) AS began,
    LATERAL (SELECT coalesce(CASE WHEN book = 'fuel_entries' THEN entry ->> 'filled_at' END,
      greatest((entry ->> 'evidence_until')::timestamptz, (entry ->> 'started_at')::timestamptz)::text)::timestamptz) AS last (known);
$$;

-- Only people decide: that the machine keeps where a note stands brings no new fold.
CREATE OR REPLACE FUNCTION carvetka_person_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND carvetka_is_machine() THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    PERFORM carvetka_mark_car_dirty(OLD.car_id, OLD.at, 'a person took a decision back');
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM carvetka_mark_car_dirty(NEW.car_id, NEW.at, 'a person decided');
  END IF;
  RETURN NULL;
END $$;

-- What a person wrote beside this row, in the place of what stood there.
CREATE FUNCTION carvetka_note(book TEXT, about decision_verdict, entry JSONB, words TEXT) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM decisions
  WHERE car_id = (entry ->> 'car_id')::uuid AND row_id = (entry ->> 'id')::uuid AND verdict = about;
  IF btrim(words) <> '' THEN
    PERFORM carvetka_decide(book, about, entry, jsonb_build_object('note', words));
  END IF;
END $$;

CREATE FUNCTION carvetka_person_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  session JSONB;
BEGIN
  -- An edit is taken back as a whole, with what it said in the note.
  IF OLD.evidence_until IS NOT NULL AND NEW.evidence_until IS NULL
    AND carvetka_what_changed(to_jsonb(OLD), to_jsonb(NEW)) = 'edited'
  THEN
    RETURN NULL;
  END IF;
  IF TG_TABLE_NAME <> 'expenses' THEN
    PERFORM carvetka_note(TG_TABLE_NAME, 'noted', to_jsonb(OLD), NEW.notes);
    RETURN NULL;
  END IF;
  SELECT to_jsonb(one) INTO session FROM charging_sessions AS one
  WHERE one.expense_id = OLD.id AND one.car_id = OLD.car_id LIMIT 1;
  IF session IS NOT NULL THEN
    PERFORM carvetka_note('charging_sessions', 'expense_noted', session || jsonb_build_object('id', OLD.id), NEW.notes);
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  book TEXT;
BEGIN
  FOREACH book IN ARRAY ARRAY['fuel_entries', 'charging_sessions', 'trips', 'expenses'] LOOP
    EXECUTE format('CREATE TRIGGER carvetka_notes_stay AFTER UPDATE OF notes ON %I
      FOR EACH ROW WHEN (NOT carvetka_is_machine() AND OLD.notes IS DISTINCT FROM NEW.notes
        AND OLD.source_type::text = ''smartcar_sync'')
      EXECUTE FUNCTION carvetka_person_noted()', book);
  END LOOP;
END $$;

-- What people have written beside the machine's rows by now.
SELECT carvetka_note('fuel_entries', 'noted', to_jsonb(entry), entry.notes) FROM fuel_entries AS entry
WHERE evidence_until IS NOT NULL AND notes IS NOT NULL;
SELECT carvetka_note('charging_sessions', 'noted', to_jsonb(entry), entry.notes) FROM charging_sessions AS entry
WHERE evidence_until IS NOT NULL AND notes IS NOT NULL;
SELECT carvetka_note('trips', 'noted', to_jsonb(entry), entry.notes) FROM trips AS entry
WHERE evidence_until IS NOT NULL AND notes IS NOT NULL;
SELECT carvetka_note('charging_sessions', 'expense_noted', to_jsonb(session) || jsonb_build_object('id', expense.id), expense.notes)
FROM expenses AS expense JOIN charging_sessions AS session ON session.expense_id = expense.id AND session.car_id = expense.car_id
WHERE expense.evidence_until IS NOT NULL AND expense.notes <> 'Charging, synced from Smartcar';
