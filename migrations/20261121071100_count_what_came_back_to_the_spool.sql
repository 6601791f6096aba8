-- How often a row of the spool was in hand when its worker ended: written before the work begins, in a transaction of
-- its own, and taken away with the row. The broker counts such returns by itself; here nobody else does.
CREATE TABLE ingest_spool_returns (
  -- ingest_spool.id
  spool_id BIGINT PRIMARY KEY,
  times INTEGER NOT NULL
);
