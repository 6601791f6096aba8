-- What the fold remembers is bytes now, half as long as a page at most: neither compressed (which costs more time than it saves
-- room) nor kept apart (which is another table and another index to write with each delivery).
ALTER TABLE vehicle_states SET (toast_tuple_target = 8160);
COMMENT ON COLUMN vehicle_states.memory IS
  'State, tail and tip, and which rows of the books later readings may change; state, tail and tip beside it are those of older programs.';
