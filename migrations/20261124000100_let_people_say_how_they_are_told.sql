-- How people want to be told, beside their page.
CREATE TABLE notification_preferences (
  user_id UUID PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  -- An address that its owner confirmed.
  email TEXT,
  -- Minutes of the person's own day: nothing is sent from the first to the second, over midnight, too.
  quiet_from SMALLINT CHECK (quiet_from BETWEEN 0 AND 1439),
  quiet_to SMALLINT CHECK (quiet_to BETWEEN 0 AND 1439),
  -- What cannot wait is sent in quiet hours, too.
  urgent_always BOOLEAN NOT NULL DEFAULT true,
  -- The minute of the day at which is told what was found late.
  digest_at SMALLINT NOT NULL DEFAULT 480 CHECK (digest_at BETWEEN 0 AND 1439),
  -- So long an e-mail waits for others to come with it.
  gather_minutes SMALLINT NOT NULL DEFAULT 5 CHECK (gather_minutes BETWEEN 0 AND 1440),
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
SELECT carvetka_protect('notification_preferences');

-- Kinds of alerts that a person wants, or not, in a channel. What they said nothing of, they want.
CREATE TABLE notification_choices (
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  -- As in alerts.
  kind TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('page', 'email', 'webhook')),
  wanted BOOLEAN NOT NULL,
  PRIMARY KEY (user_id, kind, channel)
);
SELECT carvetka_protect('notification_choices');

-- An address that is not confirmed yet: the code that was sent there says whose it is.
CREATE TABLE email_confirmations (
  user_id UUID PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  email TEXT NOT NULL,
  -- Sealed.
  code TEXT NOT NULL,
  asked_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  -- Wrong codes that were tried.
  tries SMALLINT NOT NULL DEFAULT 0,
  -- How often a code was asked for since then.
  asked_times SMALLINT NOT NULL DEFAULT 1,
  asked_first_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX email_confirmations_by_end ON email_confirmations (expires_at);
SELECT carvetka_protect('email_confirmations');

-- Where programs of a person's are told.
CREATE TABLE webhook_endpoints (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  -- Sealed. The former one signs, too, for a while after it was changed.
  secret TEXT NOT NULL,
  former_secret TEXT,
  former_until TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL,
  -- Nothing is sent there any more, and why.
  disabled_at TIMESTAMPTZ,
  why_disabled TEXT,
  CHECK ((former_secret IS NULL) = (former_until IS NULL))
);
CREATE INDEX webhook_endpoints_by_user ON webhook_endpoints (user_id, created_at);
SELECT carvetka_protect('webhook_endpoints');
