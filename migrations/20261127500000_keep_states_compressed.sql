-- States come compressed: the memory of a head is one or two kilobytes then. It stays in its row, and several versions of the row
-- find place in a page, so that an update needs no entry in an index. The settled state, which most deliveries neither read nor
-- write, lies outside, or each of them would copy it.
ALTER TABLE vehicle_states SET (toast_tuple_target = 512, fillfactor = 60);
COMMENT ON COLUMN vehicle_states.settled IS 'The settled state, compressed.';
COMMENT ON COLUMN vehicle_states.memory IS
  'Tail and tip, and which rows of the books later readings may change, compressed; state, tail and tip beside it are those of older programs.';
