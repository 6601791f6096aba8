-- Replays of all cars that were begun and have not come to their end: the next one like it goes on where it was.
CREATE TABLE replay_runs (
  -- Today's rules when it began, and from when on it folds: 1970-01-01 for everything.
  rules_version INTEGER NOT NULL,
  since TIMESTAMPTZ NOT NULL,
  began_at TIMESTAMPTZ NOT NULL,
  -- Vehicles are replayed in the order of their ids; all up to this one are done.
  done_until UUID NOT NULL,
  -- How many that were, and of how many the books changed.
  vehicles BIGINT NOT NULL CHECK (vehicles >= 0),
  changed BIGINT NOT NULL CHECK (changed >= 0),
  PRIMARY KEY (rules_version, since)
);
SELECT carvetka_protect('replay_runs');
