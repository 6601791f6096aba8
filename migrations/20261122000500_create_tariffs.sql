-- What charging costs. A tariff belongs to a person; what it says at a time is one of its versions.
CREATE TABLE tariffs (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  name TEXT NOT NULL,
  -- Whose chargers it is for; null: it counts where a geofence names it, or everywhere if it is the default.
  network TEXT,
  is_default BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX tariffs_by_user ON tariffs (user_id, id);
CREATE UNIQUE INDEX one_default_tariff ON tariffs (user_id) WHERE is_default;
SELECT carvetka_protect_own('tariffs', ARRAY['id', 'user_id', 'name'], 'user_id = (SELECT auth.uid())');

CREATE TABLE tariff_versions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  tariff_id UUID NOT NULL REFERENCES tariffs (id) ON DELETE CASCADE,
  valid_from TIMESTAMPTZ NOT NULL,
  -- Exclusive; null: until further notice.
  valid_to TIMESTAMPTZ,
  currency TEXT NOT NULL,
  -- IANA, such as Europe/Berlin: whose clock its hours are of.
  zone TEXT NOT NULL,
  -- The parts, in the form of the api.
  parts JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT ends_after_it_begins CHECK (valid_to > valid_from)
);
CREATE UNIQUE INDEX tariff_versions_by_tariff ON tariff_versions (tariff_id, valid_from);
SELECT carvetka_protect('tariff_versions',
  'EXISTS (SELECT FROM tariffs AS own WHERE own.id = tariff_id AND own.user_id = (SELECT auth.uid()))');
