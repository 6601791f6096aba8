-- The second durable way of a delivery: what the door commits here while the broker does not confirm, it answers 200.
--
-- Transit, like a queue: workers take the rows within seconds. A row that is older than some minutes says that no
-- worker runs. The door's role needs no right but INSERT here; a worker's needs SELECT and DELETE.
CREATE TABLE ingest_spool (
  -- The order in which rows are taken. Nothing depends on it but that nobody waits for ever.
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Not unique: a delivery that reached both the broker and this table is a duplicate like any other, and
  -- event_claims absorbs it.
  event_id TEXT COLLATE "C" NOT NULL,
  source delivery_source NOT NULL,
  received_at TIMESTAMPTZ NOT NULL,
  -- The untouched bytes. Nobody has looked yet whether positions in them may be kept: hence the hurry.
  body BYTEA NOT NULL,
  -- The trace in which it came in, as https://www.w3.org/TR/trace-context/ writes it; null without tracing.
  traceparent TEXT,
  spooled_at TIMESTAMPTZ NOT NULL
) WITH (
  -- Rows come in bursts and are all deleted at once. By the default, vacuuming waits for a share of the table, and every
  -- look at an empty spool would walk over the dead rows of the last outage.
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 1000
);

-- Not every server is built with lz4; the default compression is slower and as good otherwise.
DO $$
BEGIN
  ALTER TABLE ingest_spool ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'this server has no lz4: bodies are compressed with pglz';
END $$;
