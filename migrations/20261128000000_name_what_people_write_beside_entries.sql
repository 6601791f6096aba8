-- What people write beside an entry of the machine, and beside the expense of a charging session. A value cannot be used in the
-- transaction that adds it: this is all that this migration does.
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'noted';
ALTER TYPE decision_verdict ADD VALUE IF NOT EXISTS 'expense_noted';
