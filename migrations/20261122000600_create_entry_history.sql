-- What an entry said before late data, changed rules or a person changed it.
CREATE TABLE entry_history (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  row_id UUID NOT NULL,
  -- The table.
  kind TEXT NOT NULL,
  -- 'amended', 'retracted' by the machine; 'edited', 'confirmed', 'rejected', 'merged', 'split', 'deleted', 'undone' by a person.
  what TEXT NOT NULL,
  -- The row as it was.
  before JSONB NOT NULL,
  changed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX entry_history_by_row ON entry_history (row_id, id);
CREATE INDEX entry_history_by_car ON entry_history (car_id, changed_at);
SELECT carvetka_protect('entry_history',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
