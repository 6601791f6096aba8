-- Partitions are made under a lock for which everyone waits who comes after it: behind a reader that stays for an hour, a dump for
-- example, all work with events and readings would stand still. So it has a limit, as the drop has: the caller tries again later,
-- and there are days in hand.
CREATE OR REPLACE FUNCTION carvetka_make_partitions(now_at TIMESTAMPTZ, ahead INTERVAL) RETURNS integer
LANGUAGE plpgsql SET lock_timeout = '5s' AS $$
DECLARE
  made integer := 0;
  start TIMESTAMPTZ;
BEGIN
  -- One at a time, whoever asks. Nobody waits for who waits here.
  PERFORM pg_advisory_xact_lock(hashtext('carvetka_make_partitions'));
  PERFORM set_config('lock_timeout', '500ms', true);
  FOR start IN SELECT generate_series(date_trunc('day', now_at - interval '7 days', 'UTC'), now_at + ahead, '1 day') LOOP
    IF carvetka_make_partition('webhook_events', 'received_at',
      'webhook_events_' || to_char(start AT TIME ZONE 'UTC', 'YYYYMMDD'), start, start + interval '1 day')
    THEN
      made := made + 1;
    END IF;
  END LOOP;
  FOR start IN SELECT month AT TIME ZONE 'UTC' FROM generate_series(
    date_trunc('month', (now_at - interval '2 months') AT TIME ZONE 'UTC'), (now_at + ahead) AT TIME ZONE 'UTC', '1 month') AS month
  LOOP
    IF carvetka_make_partition('readings', 'at',
      'readings_' || to_char(start AT TIME ZONE 'UTC', 'YYYYMM'), start,
      ((start AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC')
    THEN
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;
