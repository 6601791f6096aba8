-- Files that people brought into their books, so that they can take them out again.
CREATE TABLE book_imports (
  id UUID PRIMARY KEY,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  -- Who wrote the file: 'carvetka', 'fuelio', 'lubelogger', 'teslamate' or 'csv'.
  program TEXT NOT NULL,
  -- Lines that became entries, that filled in an entry of the machine, and entries of the machine whose place lines took.
  written BIGINT NOT NULL,
  attached BIGINT NOT NULL,
  replaced BIGINT NOT NULL,
  imported_at TIMESTAMPTZ NOT NULL,
  undone_at TIMESTAMPTZ
);
CREATE INDEX book_imports_by_car ON book_imports (car_id, imported_at);
SELECT carvetka_protect('book_imports',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');

-- What an import did to which entry.
CREATE TABLE book_import_rows (
  import_id UUID NOT NULL REFERENCES book_imports (id) ON DELETE CASCADE,
  row_id UUID NOT NULL,
  -- The table.
  book TEXT NOT NULL,
  what TEXT NOT NULL,
  -- The row as the import left it; null where it took it away.
  said JSONB,
  PRIMARY KEY (import_id, row_id),
  CONSTRAINT what_was_done CHECK (what IN ('written', 'attached', 'replaced') AND (what = 'replaced') = (said IS NULL))
);
SELECT carvetka_protect('book_import_rows');
