-- How many cars a user may connect, where it is not the free number. Written by whoever sells plans.
CREATE TABLE vehicle_plans (
  user_id UUID PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
  vehicles INTEGER NOT NULL CHECK (vehicles >= 0)
);
