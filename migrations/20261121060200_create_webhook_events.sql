-- Everything that was delivered, as the bytes that the signature covers.
--
-- Uniqueness of the event id cannot live in a table that is partitioned by time, since a repeated delivery
-- comes at another time: it lives in the table of claims.
CREATE TABLE event_claims (
  event_id TEXT COLLATE "C" PRIMARY KEY,
  claimed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX event_claims_by_age ON event_claims USING brin (claimed_at);

CREATE TYPE delivery_source AS ENUM ('webhook', 'poll', 'manual');

CREATE TABLE webhook_events (
  id UUID NOT NULL,
  event_id TEXT COLLATE "C" NOT NULL,
  event_type TEXT NOT NULL,
  source delivery_source NOT NULL,
  -- Smartcar's id of the (first) vehicle; empty if the event names none.
  vehicle_id TEXT NOT NULL,
  -- Smartcar's id of the user whose consent it comes from; null in forms that do not name one.
  user_id TEXT,
  body BYTEA NOT NULL,
  -- Set where positions were removed from the body for want of consent: SHA-256 of what was signed.
  original_sha256 BYTEA CHECK (octet_length(original_sha256) = 32),
  -- Smartcar's ids of the vehicles in it that nobody has connected yet: connecting one folds its part.
  waiting TEXT[] NOT NULL,
  -- Nothing of it waits.
  processed BOOLEAN NOT NULL CHECK (processed = (cardinality(waiting) = 0)),
  error TEXT,
  received_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
CREATE TABLE webhook_events_default PARTITION OF webhook_events DEFAULT;
CREATE INDEX webhook_events_waiting ON webhook_events USING gin (waiting) WHERE NOT processed;
CREATE INDEX webhook_events_unprocessed ON webhook_events (received_at) WHERE NOT processed;
CREATE INDEX webhook_events_by_event ON webhook_events (event_id);

-- Not every server is built with lz4; the default compression is slower and as good otherwise.
DO $$
BEGIN
  ALTER TABLE webhook_events ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  RAISE NOTICE 'this server has no lz4: bodies are compressed with pglz';
END $$;

-- Bytes as JSON, null where they are none. (A generated column cannot do this: convert_from is not immutable.)
CREATE FUNCTION carvetka_as_json(body BYTEA) RETURNS JSONB
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN convert_from(body, 'UTF8')::jsonb;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

-- A table of this name is the web app's own log from before: it keeps its rows under another name.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'smartcar_webhook_events')
  THEN
    ALTER TABLE smartcar_webhook_events RENAME TO smartcar_webhook_events_before_sync;
  END IF;
END $$;

CREATE VIEW smartcar_webhook_events AS
  SELECT id, event_id, event_type, vehicle_id, carvetka_as_json(body) AS payload, processed, error, received_at
  FROM webhook_events;
