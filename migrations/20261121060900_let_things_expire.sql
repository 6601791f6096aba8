-- What has a time limit can be found by its age, and leaves in one piece where that is possible.

-- Claims are deleted by age. In a table whose freed space is used again, a block range index soon says of every
-- range that it may hold old rows. All claims of a batch have the same moment, so that this index stays small.
DROP INDEX event_claims_by_age;
CREATE INDEX event_claims_by_age ON event_claims (claimed_at);

CREATE INDEX parked_messages_settled ON parked_messages (settled_at) WHERE settled_at IS NOT NULL;

ALTER TABLE parked_messages
  -- Since then the body holds no position, whoever's it was. Null: nobody has looked.
  ADD COLUMN without_positions_since TIMESTAMPTZ,
  -- Set where positions were removed: SHA-256 of what was parked.
  ADD COLUMN original_sha256 BYTEA CHECK (octet_length(original_sha256) = 32);
CREATE INDEX parked_messages_not_looked_over ON parked_messages (parked_at) WHERE without_positions_since IS NULL;

-- Drops the oldest partition of the events if all of it is before this moment; null if there is none such. Says how
-- many of its events still waited for their connection.
--
-- Everyone who reads or writes events waits while the drop waits for them, hence its limit: the caller tries again
-- later. (DETACH … CONCURRENTLY would not make them wait, but is refused beside a default partition.)
CREATE FUNCTION carvetka_drop_oldest_events(before TIMESTAMPTZ, OUT dropped TEXT, OUT waiting BIGINT)
LANGUAGE plpgsql SET lock_timeout = '5s' AS $$
BEGIN
  -- One at a time, and not while others make partitions. Nobody waits for who waits here.
  PERFORM pg_advisory_xact_lock(hashtext('carvetka_make_partitions'));
  SELECT child.name INTO dropped
  FROM (
    SELECT oid::regclass::text AS name,
      substring(pg_get_expr(relpartbound, oid) FROM $re$TO \('([^']+)'\)$re$)::timestamptz AS until
    FROM pg_class JOIN pg_inherits ON inhrelid = oid
    WHERE inhparent = 'webhook_events'::regclass
  ) AS child
  WHERE child.until <= before ORDER BY child.until LIMIT 1;
  IF dropped IS NOT NULL THEN
    EXECUTE format('SELECT count(*) FROM %s WHERE NOT processed', dropped) INTO waiting;
    PERFORM set_config('lock_timeout', '500ms', true);
    EXECUTE format('DROP TABLE %s', dropped);
  END IF;
END $$;
