-- People on their way to the consent page and back: one row for each state that was given out.
CREATE TABLE connect_attempts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  -- SHA-256 of the state and of what the browser keeps: who reads this table can bring nobody back.
  state_hash BYTEA NOT NULL UNIQUE CHECK (octet_length(state_hash) = 32),
  browser_hash BYTEA NOT NULL CHECK (octet_length(browser_hash) = 32),
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  car_id UUID NOT NULL REFERENCES cars (id) ON DELETE CASCADE,
  api_version smartcar_api_version NOT NULL,
  -- What we called the user. With v3 it proves whose consent it is.
  external_id TEXT NOT NULL,
  scopes TEXT[] NOT NULL,
  location_consent BOOLEAN NOT NULL,
  popup BOOLEAN NOT NULL,
  -- An absolute address of one of Carvetka's origins.
  return_to TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ,
  -- SHA-256 of the code that came back: no code buys tokens twice, whatever state it comes with.
  code_hash BYTEA UNIQUE CHECK (octet_length(code_hash) = 32),
  CONSTRAINT a_code_uses_it CHECK (code_hash IS NULL OR used_at IS NOT NULL)
);
CREATE INDEX connect_attempts_by_age ON connect_attempts (expires_at);
CREATE INDEX connect_attempts_by_user ON connect_attempts (user_id, created_at);
