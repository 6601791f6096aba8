-- Decisions about entries that last: they name the stretch of time that the entry had when a person decided, so that they find
-- it again whatever row it is in.
ALTER TABLE decisions
  ADD COLUMN started_after TIMESTAMPTZ,
  ADD COLUMN started_at TIMESTAMPTZ,
  ADD COLUMN ended_after TIMESTAMPTZ,
  ADD COLUMN ended_at TIMESTAMPTZ,
  -- Of 'split': where the second part begins, and with odometer_km what the counter showed there.
  ADD COLUMN split_at TIMESTAMPTZ,
  -- Of 'priced'.
  ADD COLUMN amount NUMERIC,
  ADD COLUMN currency TEXT,
  -- Of 'purposed'.
  ADD COLUMN purpose TEXT,
  -- People decide one thing after the other, in one transaction, too.
  ALTER COLUMN decided_at SET DEFAULT clock_timestamp(),
  ADD CONSTRAINT stretches_are_whole CHECK (num_nulls(started_after, started_at, ended_after, ended_at)
    = CASE WHEN kind IN ('fuel_entry', 'charging_session', 'trip') THEN 0 ELSE 4 END),
  ADD CONSTRAINT splits_have_a_moment CHECK ((verdict = 'split') = (split_at IS NOT NULL)),
  ADD CONSTRAINT prices_are_whole CHECK (
    num_nonnulls(amount, currency) = CASE WHEN verdict = 'priced' THEN 2 ELSE 0 END),
  ADD CONSTRAINT purposes_are_told CHECK ((verdict = 'purposed') = (purpose IS NOT NULL));
CREATE INDEX decisions_by_end ON decisions (car_id, (coalesce(ended_at, at)));
CREATE INDEX charging_sessions_by_people ON charging_sessions (car_id, (coalesce(ended_at, started_at)))
  WHERE evidence_until IS NULL;
CREATE INDEX trips_by_people ON trips (car_id, (coalesce(ended_at, started_at))) WHERE evidence_until IS NULL;

-- Which kind of decision is about the rows of a table.
CREATE FUNCTION carvetka_kind_of(book TEXT) RETURNS decision_kind
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE book WHEN 'fuel_entries' THEN 'fuel_entry' WHEN 'charging_sessions' THEN 'charging_session'
    WHEN 'trips' THEN 'trip' END::decision_kind;
$$;

-- When a row of these books began, for a car that is to be folded anew from there.
CREATE FUNCTION carvetka_beginning(entry JSONB) RETURNS TIMESTAMPTZ
LANGUAGE sql STABLE AS $$
  SELECT coalesce(entry ->> 'started_after', entry ->> 'filled_after', entry ->> 'filled_at')::timestamptz;
$$;

-- Keeps what a person decided about a row that said this. What goes on lasts as far as is known.
CREATE FUNCTION carvetka_decide(book TEXT, verdict decision_verdict, entry JSONB, details JSONB DEFAULT '{}') RETURNS void
LANGUAGE sql AS $$
  INSERT INTO decisions (car_id, kind, verdict, row_id, at, started_after, started_at, ended_after, ended_at,
    split_at, odometer_km, amount, currency, purpose)
  SELECT (entry ->> 'car_id')::uuid, carvetka_kind_of(book), verdict, (entry ->> 'id')::uuid, began, began,
    coalesce(entry ->> 'started_at', entry ->> 'filled_at')::timestamptz,
    coalesce((entry ->> 'ended_after')::timestamptz, CASE WHEN book = 'fuel_entries' THEN began ELSE known END),
    coalesce((entry ->> 'ended_at')::timestamptz, known),
    (details ->> 'split_at')::timestamptz, (details ->> 'odometer_km')::numeric, (details ->> 'amount')::numeric,
    details ->> 'currency', details ->> 'purpose'
  FROM carvetka_beginning(entry) AS began,
    LATERAL (SELECT coalesce(CASE WHEN book = 'fuel_entries' THEN entry ->> 'filled_at' END,
      greatest((entry ->> 'evidence_until')::timestamptz, (entry ->> 'started_at')::timestamptz)::text)::timestamptz) AS last (known);
$$;

-- Keeps what a row said before a person changed it.
CREATE FUNCTION carvetka_remember(book TEXT, what TEXT, entry JSONB) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO entry_history (car_id, row_id, kind, what, before, changed_at)
  VALUES ((entry ->> 'car_id')::uuid, (entry ->> 'id')::uuid, book, what, entry, now());
$$;

-- What a write to a row of the machine was about: 'noted', 'priced' and 'purposed' leave all else to the machine, anything
-- more makes the row the person's.
CREATE FUNCTION carvetka_what_changed(before JSONB, after JSONB) RETURNS TEXT
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN changed <@ ARRAY['notes'] THEN 'noted'
    WHEN changed <@ ARRAY['cost', 'currency', 'notes'] AND before ? 'cost' THEN 'priced'
    WHEN changed <@ ARRAY['amount', 'currency'] AND before ? 'amount' THEN 'priced'
    WHEN changed <@ ARRAY['purpose', 'notes'] THEN 'purposed'
    WHEN changed <@ ARRAY['state', 'notes'] THEN 'confirmed'
    ELSE 'edited'
  END
  FROM (SELECT coalesce(array_agg(key), '{}') AS changed FROM jsonb_each(after)
    WHERE value IS DISTINCT FROM before -> key AND key NOT IN ('evidence_until', 'digest')) AS difference;
$$;

-- The row becomes the person's: without a moment of evidence the machine leaves it alone.
CREATE FUNCTION carvetka_take_over_entry() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF carvetka_what_changed(to_jsonb(OLD), to_jsonb(NEW)) NOT IN ('edited', 'confirmed') THEN
    -- The row does not say any more what the machine wrote: it is written anew even if that is the same.
    NEW.digest = NULL;
    RETURN NEW;
  END IF;
  IF TG_TABLE_NAME IN ('charging_sessions', 'trips') AND to_jsonb(OLD) ->> 'ended_at' IS NULL THEN
    -- PostgREST answers 409 with these words.
    RAISE EXCEPTION 'This entry is still going on. Its price and its purpose can be changed now, all else when it has ended.'
      USING ERRCODE = 'PT409';
  END IF;
  NEW.evidence_until = NULL;
  IF TG_TABLE_NAME <> 'expenses' THEN
    NEW.state = 'confirmed';
  END IF;
  RETURN NEW;
END $$;

DO $$
DECLARE
  book TEXT;
BEGIN
  FOREACH book IN ARRAY ARRAY['fuel_entries', 'charging_sessions', 'trips', 'expenses'] LOOP
    EXECUTE format('CREATE TRIGGER carvetka_take_over BEFORE UPDATE ON %I
      FOR EACH ROW WHEN (OLD.evidence_until IS NOT NULL AND NOT carvetka_is_machine())
      EXECUTE FUNCTION carvetka_take_over_entry()', book);
  END LOOP;
END $$;

-- The cost of a session that is a person's is a person's.
CREATE FUNCTION carvetka_follow_session(session JSONB, is_gone BOOLEAN) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  was TEXT := coalesce(current_setting('carvetka.machine', true), '');
BEGIN
  PERFORM set_config('carvetka.machine', 'on', true);
  IF is_gone THEN
    DELETE FROM expenses WHERE id = (session ->> 'expense_id')::uuid AND source_type::text = 'smartcar_sync';
  ELSE
    UPDATE expenses SET evidence_until = NULL, amount = coalesce((session ->> 'cost')::numeric, amount),
      currency = coalesce(session ->> 'currency', currency::text)
    WHERE id = (session ->> 'expense_id')::uuid AND source_type::text = 'smartcar_sync';
  END IF;
  PERFORM set_config('carvetka.machine', was, true);
END $$;

-- A price or a purpose that a person takes back is the machine's again.
CREATE FUNCTION carvetka_take_back(book TEXT, verdict decision_verdict, entry JSONB) RETURNS void
LANGUAGE sql AS $$
  DELETE FROM decisions AS decision
  WHERE decision.car_id = (entry ->> 'car_id')::uuid AND decision.kind = carvetka_kind_of(book)
    AND decision.verdict = carvetka_take_back.verdict
    AND (decision.row_id = (entry ->> 'id')::uuid
      OR decision.started_at BETWEEN (entry ->> 'started_at')::timestamptz AND (entry ->> 'ended_after')::timestamptz);
$$;

-- Every write to these books that is not the machine's: what it says of the machine's entry becomes a decision, and the car is
-- folded anew from there on.
CREATE FUNCTION carvetka_person_wrote_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  before JSONB := to_jsonb(OLD);
  after JSONB := to_jsonb(NEW);
  of_machine BOOLEAN := coalesce(before ->> 'source_type' = 'smartcar_sync', false);
  what TEXT := CASE WHEN TG_OP = 'UPDATE' THEN carvetka_what_changed(before, after) END;
BEGIN
  -- A car that is deleted takes its books with it: nobody decided about the entries.
  IF NOT EXISTS (SELECT FROM cars WHERE id = (coalesce(after, before) ->> 'car_id')::uuid) THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    PERFORM carvetka_remember(TG_TABLE_NAME, 'deleted', before);
    IF of_machine THEN
      PERFORM carvetka_decide(TG_TABLE_NAME, 'deleted', before);
      IF TG_TABLE_NAME = 'charging_sessions' THEN
        PERFORM carvetka_follow_session(before, true);
      END IF;
    END IF;
  ELSIF TG_OP = 'UPDATE' AND what <> 'noted' THEN
    PERFORM carvetka_remember(TG_TABLE_NAME, CASE what WHEN 'confirmed' THEN what ELSE 'edited' END, before);
    IF OLD.evidence_until IS NOT NULL AND NEW.evidence_until IS NULL THEN
      PERFORM carvetka_decide(TG_TABLE_NAME, what::decision_verdict, before);
    ELSIF OLD.evidence_until IS NOT NULL AND what = 'priced' THEN
      IF after ->> 'cost' IS NULL OR after ->> 'currency' IS NULL THEN
        PERFORM carvetka_take_back(TG_TABLE_NAME, 'priced', before);
      ELSE
        PERFORM carvetka_decide(TG_TABLE_NAME, 'priced', before,
          jsonb_build_object('amount', after -> 'cost', 'currency', after -> 'currency'));
      END IF;
    ELSIF OLD.evidence_until IS NOT NULL AND what = 'purposed' THEN
      IF after ->> 'purpose' IS NULL THEN
        PERFORM carvetka_take_back(TG_TABLE_NAME, 'purposed', before);
      ELSE
        PERFORM carvetka_decide(TG_TABLE_NAME, 'purposed', before,
          jsonb_build_object('purpose', after -> 'purpose'));
      END IF;
    END IF;
    IF TG_TABLE_NAME = 'charging_sessions' AND of_machine AND NEW.evidence_until IS NULL THEN
      PERFORM carvetka_follow_session(after, false);
    END IF;
  END IF;
  IF before IS NOT NULL THEN
    PERFORM carvetka_mark_car_dirty(OLD.car_id, carvetka_beginning(before), 'a person changed a book');
  END IF;
  IF after IS NOT NULL THEN
    PERFORM carvetka_mark_car_dirty(NEW.car_id, carvetka_beginning(after), 'a person changed a book');
  END IF;
  RETURN NULL;
END $$;

DO $$
DECLARE
  book TEXT;
BEGIN
  FOREACH book IN ARRAY ARRAY['fuel_entries', 'charging_sessions', 'trips'] LOOP
    EXECUTE format('CREATE TRIGGER carvetka_people_win AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH ROW WHEN (NOT carvetka_is_machine())
      EXECUTE FUNCTION carvetka_person_wrote_entry()', book);
  END LOOP;
END $$;

-- An expense of the machine is a session's cost: another amount is its price, an expense that is thrown away or changed
-- otherwise is not the machine's to book.
CREATE FUNCTION carvetka_person_wrote_expense() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  session JSONB;
BEGIN
  SELECT to_jsonb(one) INTO session FROM charging_sessions AS one
  WHERE one.expense_id = OLD.id AND one.car_id = OLD.car_id AND one.evidence_until IS NOT NULL;
  IF session IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM carvetka_remember('expenses', CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'edited' END, to_jsonb(OLD));
  IF TG_OP = 'UPDATE' AND (NEW.amount, NEW.currency::text) IS DISTINCT FROM (OLD.amount, OLD.currency::text)
    AND NEW.currency IS NOT NULL
  THEN
    PERFORM carvetka_decide('charging_sessions', 'priced', session,
      jsonb_build_object('amount', NEW.amount, 'currency', NEW.currency));
  END IF;
  IF TG_OP = 'DELETE' OR NEW.evidence_until IS NULL THEN
    PERFORM carvetka_decide('charging_sessions', 'unbooked', session);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_people_win
  AFTER UPDATE OR DELETE ON expenses
  FOR EACH ROW WHEN (OLD.evidence_until IS NOT NULL AND NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_person_wrote_expense();
