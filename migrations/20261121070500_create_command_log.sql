-- What people told their cars to do: written before it is sent, and once more when it is known what came of it.
CREATE TYPE car_command AS ENUM ('lock', 'unlock', 'start_charge', 'stop_charge');
CREATE TYPE command_result AS ENUM ('sent', 'done', 'refused', 'unknown');

CREATE TABLE command_log (
  id UUID PRIMARY KEY,
  -- No foreign keys: what was done stays known when the car is gone.
  vehicle_id UUID NOT NULL,
  car_id UUID NOT NULL,
  user_id UUID NOT NULL,
  command car_command NOT NULL,
  -- 'sent' for more than some minutes: the process died, and the car may have done it.
  result command_result NOT NULL DEFAULT 'sent',
  -- The platform's type and code, or ours: why it was refused.
  reason TEXT,
  sent_at TIMESTAMPTZ NOT NULL,
  ended_at TIMESTAMPTZ,
  CONSTRAINT ended_when_not_sent CHECK ((result = 'sent') = (ended_at IS NULL))
);
CREATE INDEX command_log_by_car ON command_log (car_id, sent_at);
