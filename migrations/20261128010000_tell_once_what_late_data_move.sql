-- An alert that late data move to another moment is another row, and to people the same news: who was told is not told again, who saw it
-- has seen it, and a message that still waits tells of the new row. What is news for a second time, because it happened twice, is told.

-- Whether an alert that was taken back and one that came in its place are one to people.
CREATE FUNCTION carvetka_is_same_news(gone alerts, moved alerts) RETURNS boolean
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT gone.car_id = moved.car_id AND gone.kind = moved.kind AND CASE
    -- Who came, and did not leave in between, came once; and likewise who left. What nobody knew before, late data show to have
    -- been earlier; later only by as much as lies between two fixes.
    WHEN gone.kind IN ('place_entered', 'place_stayed', 'place_left') THEN
      gone.details ->> 'geofenceId' = moved.details ->> 'geofenceId'
      AND moved.at <= gone.at + interval '1 hour'
      AND NOT EXISTS (
        SELECT FROM geofence_events AS turn
        WHERE turn.car_id = gone.car_id AND turn.geofence_id = (gone.details ->> 'geofenceId')::uuid
          AND turn.passage = CASE gone.kind WHEN 'place_left' THEN 'enter' ELSE 'exit' END
          AND turn.at > least(gone.at, moved.at) AND turn.at < greatest(gone.at, moved.at))
    -- Who only goes past is seen by the two fixes around, which lie half an hour apart at most.
    WHEN gone.kind = 'place_passed' THEN
      gone.details ->> 'geofenceId' = moved.details ->> 'geofenceId'
      AND moved.at BETWEEN gone.at - interval '30 minutes' AND gone.at + interval '30 minutes'
    -- The same in the same words, within the time in which no alert comes twice.
    ELSE gone.details = moved.details
      AND moved.at BETWEEN gone.at - interval '24 hours' AND gone.at + interval '24 hours'
  END;
$$;

CREATE FUNCTION carvetka_alert_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  told notifications;
  heir UUID;
BEGIN
  -- Whoever decides now how it is told comes first.
  SELECT * INTO told FROM notifications WHERE alert_id = OLD.id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  -- The nearest of those of which nobody was told yet.
  SELECT moved.id INTO heir
  FROM alerts AS moved JOIN notifications AS note ON note.alert_id = moved.id
  WHERE moved.car_id = OLD.car_id AND moved.kind = OLD.kind AND note.planned_at IS NULL AND note.read_at IS NULL
    AND carvetka_is_same_news(OLD, moved)
  ORDER BY abs(extract(epoch FROM moved.at - OLD.at)), moved.id LIMIT 1;
  IF heir IS NULL THEN
    RETURN NULL;
  END IF;
  UPDATE alerts SET seen_at = coalesce(seen_at, OLD.seen_at), dismissed_at = coalesce(dismissed_at, OLD.dismissed_at)
  WHERE id = heir AND (OLD.seen_at IS NOT NULL OR OLD.dismissed_at IS NOT NULL);
  UPDATE notifications SET planned_at = told.planned_at, read_at = told.read_at, created_at = told.created_at
  WHERE alert_id = heir;
  -- Whoever has such a message in hand may find that nothing is left to tell in it: then it is not theirs any more.
  UPDATE outgoing_messages SET alert_ids = array_replace(alert_ids, OLD.id, heir), sending_until = NULL
  WHERE user_id = told.user_id AND state = 'waits' AND alert_ids @> ARRAY[OLD.id];
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_alert_moved
  AFTER DELETE ON alerts
  FOR EACH ROW WHEN (carvetka_is_machine())
  EXECUTE FUNCTION carvetka_alert_moved();
