-- What people may decide about fill-ups, charging sessions and trips. A value cannot be used in the transaction that adds it:
-- this is all that this migration does.
ALTER TYPE decision_kind ADD VALUE IF NOT EXISTS 'fuel_entry';
ALTER TYPE decision_kind ADD VALUE IF NOT EXISTS 'charging_session';
ALTER TYPE decision_kind ADD VALUE IF NOT EXISTS 'trip';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'confirmed';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'merged';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'split';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'priced';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'purposed';
-- The session's cost is not to be booked as an expense.
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'unbooked';
