-- The settled state changes once in hours, what comes after it with each delivery: so that the one need not be read and written
-- with the other, it has a column of its own, which PostgreSQL keeps apart as soon as the row grows longer than this. Neither is
-- compressed, which costs more time than it saves room.
ALTER TABLE vehicle_states
  ADD COLUMN settled BYTEA,
  ALTER COLUMN settled SET STORAGE EXTERNAL,
  ALTER COLUMN memory SET STORAGE MAIN;
ALTER TABLE vehicle_states SET (toast_tuple_target = 5000);
COMMENT ON COLUMN vehicle_states.settled IS 'The settled state.';
COMMENT ON COLUMN vehicle_states.memory IS
  'Tail and tip, and which rows of the books later readings may change; state, tail and tip beside it are those of older programs.';
