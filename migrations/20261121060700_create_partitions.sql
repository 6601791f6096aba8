-- Partitions are made ahead of time; what finds none lands in the default one and is moved when it gets one.
CREATE FUNCTION carvetka_make_partition(parent TEXT, key TEXT, name TEXT, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass(name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION)', name, parent);
  EXECUTE format(
    'WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %4$L AND %2$I < %5$L RETURNING *) INSERT INTO %3$I SELECT * FROM moved',
    parent || '_default', key, name, from_at, to_at);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, from_at, to_at);
  RETURN true;
END $$;

-- Makes what is absent of the partitions from a week (events) or two months (readings) ago until `ahead` from
-- now, and says how many it made.
CREATE FUNCTION carvetka_make_partitions(now_at TIMESTAMPTZ, ahead INTERVAL) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  made integer := 0;
  start TIMESTAMPTZ;
BEGIN
  -- One at a time, whoever asks.
  PERFORM pg_advisory_xact_lock(hashtext('carvetka_make_partitions'));
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

SELECT carvetka_make_partitions(now(), '8 days');
