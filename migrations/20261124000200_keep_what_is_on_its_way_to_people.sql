-- Messages to people outside of their page: on their way, sent, or given up.
CREATE TABLE outgoing_messages (
  -- What the receiver knows it by, however often it is sent: `webhook-id`, and the Message-ID of an e-mail.
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook')),
  -- Of webhooks.
  endpoint_id UUID REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  about TEXT NOT NULL CHECK (about IN ('alerts', 'found_later', 'confirmation', 'test')),
  -- No foreign keys: what is taken back before it is sent is left out.
  alert_ids UUID[] NOT NULL DEFAULT '{}',
  -- Others may come with it until it is sent.
  gathers BOOLEAN NOT NULL,
  due_at TIMESTAMPTZ NOT NULL,
  -- Until then a worker was asked to send it, and until then one is sending it.
  asked_until TIMESTAMPTZ,
  sending_until TIMESTAMPTZ,
  attempts SMALLINT NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waits' CHECK (state IN ('waits', 'sent', 'dropped', 'given_up')),
  -- What went wrong last.
  why TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  CHECK ((state = 'waits') = (ended_at IS NULL)),
  CHECK ((channel = 'webhook') = (endpoint_id IS NOT NULL))
);
CREATE INDEX outgoing_messages_due ON outgoing_messages (due_at) WHERE state = 'waits';
CREATE INDEX outgoing_messages_ended ON outgoing_messages (ended_at) WHERE state <> 'waits';
CREATE INDEX outgoing_messages_by_user ON outgoing_messages (user_id, created_at);
SELECT carvetka_protect('outgoing_messages');
