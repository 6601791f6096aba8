-- The state after all of the tail: readings that come after it are folded without folding the tail again. Only the head's
-- is kept.
ALTER TABLE vehicle_states ADD COLUMN tip_until TIMESTAMPTZ, ADD COLUMN tip JSON;
