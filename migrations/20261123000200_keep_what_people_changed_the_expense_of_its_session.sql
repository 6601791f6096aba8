-- An expense of the machine that a person changes is theirs, and goes on being the expense of its charging session: what the one
-- costs, the other costs, and sums count it once.
ALTER TABLE decisions
  -- Of 'unbooked': the person's row that says what the session cost, if there is one.
  ADD COLUMN expense_id UUID,
  ADD CONSTRAINT expenses_are_of_sessions CHECK (expense_id IS NULL OR verdict = 'unbooked');
CREATE INDEX decisions_by_expense ON decisions (expense_id) WHERE expense_id IS NOT NULL;

CREATE OR REPLACE FUNCTION carvetka_person_wrote_expense() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  session JSONB;
  was TEXT := coalesce(current_setting('carvetka.machine', true), '');
  costs_otherwise BOOLEAN := TG_OP = 'UPDATE' AND NEW.currency IS NOT NULL
    AND (NEW.amount, NEW.currency::text) IS DISTINCT FROM (OLD.amount, OLD.currency::text);
  is_taken_over BOOLEAN := TG_OP = 'UPDATE' AND OLD.evidence_until IS NOT NULL AND NEW.evidence_until IS NULL;
BEGIN
  SELECT to_jsonb(one) INTO session FROM charging_sessions AS one
  WHERE one.expense_id = OLD.id AND one.car_id = OLD.car_id LIMIT 1;
  IF session IS NULL OR NOT EXISTS (SELECT FROM cars WHERE id = OLD.car_id) THEN
    RETURN NULL;
  END IF;
  PERFORM carvetka_remember('expenses', CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'edited' END, to_jsonb(OLD));
  IF session ->> 'evidence_until' IS NULL THEN
    -- The session is a person's: nobody else would say what it costs.
    PERFORM set_config('carvetka.machine', 'on', true);
    UPDATE charging_sessions
    SET cost = NEW.amount, cost_low = NEW.amount, cost_high = NEW.amount, currency = NEW.currency
    WHERE id = (session ->> 'id')::uuid AND costs_otherwise;
    UPDATE charging_sessions SET expense_id = NULL WHERE id = (session ->> 'id')::uuid AND TG_OP = 'DELETE';
    PERFORM set_config('carvetka.machine', was, true);
    RETURN NULL;
  END IF;
  -- Who changes anything of it says by that what it cost.
  IF costs_otherwise OR is_taken_over AND NEW.currency IS NOT NULL THEN
    PERFORM carvetka_decide('charging_sessions', 'priced', session,
      jsonb_build_object('amount', NEW.amount, 'currency', NEW.currency));
  END IF;
  IF is_taken_over OR TG_OP = 'DELETE' AND OLD.evidence_until IS NOT NULL THEN
    PERFORM carvetka_decide('charging_sessions', 'unbooked', session);
  END IF;
  UPDATE decisions SET expense_id = CASE TG_OP WHEN 'DELETE' THEN NULL ELSE NEW.id END
  WHERE car_id = OLD.car_id AND verdict = 'unbooked'
    AND (expense_id = OLD.id AND TG_OP = 'DELETE'
      OR is_taken_over AND expense_id IS NULL AND row_id = (session ->> 'id')::uuid);
  RETURN NULL;
END $$;

DROP TRIGGER carvetka_people_win ON expenses;
CREATE TRIGGER carvetka_people_win
  AFTER UPDATE OR DELETE ON expenses
  FOR EACH ROW WHEN (NOT carvetka_is_machine())
  EXECUTE FUNCTION carvetka_person_wrote_expense();

-- The other way round: another price of the session is another amount of the person's expense. (The machine's own it writes anew.)
CREATE FUNCTION carvetka_expense_follows_price() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  was TEXT := coalesce(current_setting('carvetka.machine', true), '');
BEGIN
  PERFORM set_config('carvetka.machine', 'on', true);
  UPDATE expenses SET amount = NEW.cost, currency = NEW.currency
  WHERE id = NEW.expense_id AND car_id = NEW.car_id AND evidence_until IS NULL AND source_type::text = 'smartcar_sync';
  PERFORM set_config('carvetka.machine', was, true);
  RETURN NULL;
END $$;
CREATE TRIGGER carvetka_expense_follows_price
  AFTER UPDATE OF cost, currency ON charging_sessions
  FOR EACH ROW WHEN (NOT carvetka_is_machine() AND NEW.expense_id IS NOT NULL AND NEW.cost IS NOT NULL AND NEW.currency IS NOT NULL
    AND (OLD.cost, OLD.currency) IS DISTINCT FROM (NEW.cost, NEW.currency))
  EXECUTE FUNCTION carvetka_expense_follows_price();
