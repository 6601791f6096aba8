-- Where people reach the database themselves (Supabase: there is an auth.uid()), each reads what is theirs and nothing
-- else, and nobody writes what the machine keeps. The machine is the tables' owner, whom policies do not concern; where
-- there is no auth.uid(), nothing of this is active.

-- Lets nobody but the machine see this table, or, with a condition, each user what it holds of theirs. Migrations that
-- make tables call it for them.
CREATE FUNCTION carvetka_protect(target REGCLASS, theirs TEXT DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  role TEXT;
BEGIN
  IF to_regprocedure('auth.uid()') IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  FOR role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
    EXECUTE format('REVOKE ALL ON %s FROM %I', target, role);
    IF theirs IS NOT NULL AND role = 'authenticated' THEN
      EXECUTE format('GRANT SELECT ON %s TO %I', target, role);
      EXECUTE format('DROP POLICY IF EXISTS carvetka_own_rows ON %s', target);
      EXECUTE format('CREATE POLICY carvetka_own_rows ON %s FOR SELECT TO %I USING (%s)', target, role, theirs);
    END IF;
  END LOOP;
END $$;

-- The same for a table that people write themselves: each their own rows. A table that somebody else made is left as its
-- makers protect it: it is ours if its first columns are those that our own migration gives it.
CREATE FUNCTION carvetka_protect_own(target REGCLASS, columns TEXT[], theirs TEXT) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  is_ours BOOLEAN;
BEGIN
  SELECT NOT relrowsecurity AND columns = (
    SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = target AND attnum BETWEEN 1 AND cardinality(columns)
  ) INTO is_ours FROM pg_class WHERE oid = target;
  IF is_ours AND to_regprocedure('auth.uid()') IS NOT NULL
    AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated')
  THEN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY carvetka_own_rows ON %s TO authenticated USING (%s) WITH CHECK (%2$s)', target, theirs);
  END IF;
END $$;

-- A partition is a table that can be named, and has no policies of the table that it is a part of.
CREATE OR REPLACE FUNCTION carvetka_make_partition(parent TEXT, key TEXT, name TEXT, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass(name) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION)', name, parent);
  PERFORM carvetka_protect(name::regclass);
  EXECUTE format(
    'WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %4$L AND %2$I < %5$L RETURNING *) INSERT INTO %3$I SELECT * FROM moved',
    parent || '_default', key, name, from_at, to_at);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name, from_at, to_at);
  RETURN true;
END $$;

-- The machine's own.
SELECT carvetka_protect(name::regclass) FROM unnest(ARRAY[
  'smartcar_grants', 'connect_attempts', 'pending_revocations', 'api_bucket', 'make_circuits', 'event_claims',
  'ingest_spool', 'parked_messages', 'vehicle_states', 'dirty_vehicles', 'webhook_events'
]) AS name;
SELECT carvetka_protect(inhrelid::regclass) FROM pg_inherits
WHERE inhparent IN ('webhook_events'::regclass, 'readings'::regclass);
SELECT carvetka_protect(name::regclass)
FROM unnest(ARRAY['smartcar_webhook_events_before_sync', '_sqlx_migrations']) AS name WHERE to_regclass(name) IS NOT NULL;

-- What people may see of their own cars.
SELECT carvetka_protect(name::regclass, 'user_id = (SELECT auth.uid())')
FROM unnest(ARRAY['smartcar_vehicles', 'vehicle_plans', 'command_log']) AS name;
SELECT carvetka_protect(name::regclass,
  'EXISTS (SELECT FROM smartcar_vehicles AS own WHERE own.id = vehicle_id AND own.user_id = (SELECT auth.uid()))')
FROM unnest(ARRAY[
  'readings', 'untimed_readings', 'vehicle_errors', 'quarantined_readings', 'api_usage', 'vehicle_rests',
  'vehicle_incapacities'
]) AS name;
SELECT carvetka_protect('smartcar_sync_logs',
  'EXISTS (SELECT FROM smartcar_vehicles AS own WHERE own.id = smartcar_sync_logs.smartcar_vehicle_id AND own.user_id = (SELECT auth.uid()))');
SELECT carvetka_protect('decisions',
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');

SELECT carvetka_protect_own('cars', ARRAY['id', 'user_id', 'name', 'make', 'model', 'year', 'vin'],
  'user_id = (SELECT auth.uid())');
SELECT carvetka_protect_own('meter_entries',
  ARRAY['id', 'car_id', 'odometer_reading', 'entry_date', 'source_type', 'source_id', 'notes', 'created_at'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
SELECT carvetka_protect_own('issues', ARRAY['id', 'car_id', 'title', 'description', 'created_at'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');

-- A view sees what its owner sees: nobody but the owner looks through this one. And tokens that an older web app left
-- beside its vehicles are for nobody's eyes until `carvetka keys rotate` has sealed them.
DO $$
DECLARE
  role TEXT;
  visible TEXT;
BEGIN
  IF to_regprocedure('auth.uid()') IS NULL THEN
    RETURN;
  END IF;
  SELECT string_agg(quote_ident(attname), ', ') INTO visible FROM pg_attribute
  WHERE attrelid = 'smartcar_vehicles'::regclass AND attnum > 0 AND NOT attisdropped
    AND attname NOT IN ('access_token', 'refresh_token');
  FOR role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
    EXECUTE format('REVOKE ALL ON smartcar_webhook_events FROM %I', role);
    EXECUTE format('REVOKE ALL ON smartcar_vehicles FROM %I', role);
    IF role = 'authenticated' THEN
      EXECUTE format('GRANT SELECT (%s) ON smartcar_vehicles TO %I', visible, role);
    END IF;
  END LOOP;
END $$;
