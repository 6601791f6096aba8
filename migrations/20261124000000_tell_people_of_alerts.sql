-- That a person is told of an alert: written with the alert itself, so that no crash comes between. It holds no words; those
-- are the alert's own, and what the machine takes back is not told any more.
CREATE TABLE notifications (
  -- No foreign key: an alert that is taken back and found again is known already, and nobody is told twice.
  alert_id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  created_at TIMESTAMPTZ NOT NULL,
  -- The person read it in their page.
  read_at TIMESTAMPTZ,
  -- It was decided what is sent of it.
  planned_at TIMESTAMPTZ,
  -- Until then a worker was asked to decide.
  asked_until TIMESTAMPTZ
);
CREATE INDEX notifications_by_user ON notifications (user_id, created_at);
CREATE INDEX notifications_by_car ON notifications (car_id);
CREATE INDEX notifications_to_plan ON notifications (created_at) WHERE planned_at IS NULL;
SELECT carvetka_protect('notifications', 'user_id = (SELECT auth.uid())');

CREATE FUNCTION carvetka_notify() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO notifications (alert_id, user_id, car_id, created_at)
  SELECT NEW.id, user_id, NEW.car_id, NEW.created_at FROM cars WHERE id = NEW.car_id
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER carvetka_notify AFTER INSERT ON alerts FOR EACH ROW EXECUTE FUNCTION carvetka_notify();
