-- Something of a car in every table. Positions of the car are 47.1234 with the number of the car behind it; what a person typed is
-- elsewhere. First as the machine.
SELECT set_config('carvetka.machine', 'on', false);
INSERT INTO auth.users (id) VALUES ('$user$');
INSERT INTO cars (id, user_id, name) VALUES ('$car$', '$user$', 'car $number$');
INSERT INTO smartcar_grants (id, user_id, api_version, smartcar_user_id, external_id, scopes)
  VALUES ('$grant$', '$user$', 'v3', '$smartcar_user$', '$user$', '{read_odometer}');
INSERT INTO refresh_plans (grant_id, token_version, lease_until, asked) SELECT id, 0, now(), 1 FROM smartcar_grants WHERE user_id = '$user$';
-- The machine's connection of today, and one of before whose vehicle went elsewhere.
INSERT INTO smartcar_vehicles (id, car_id, user_id, smartcar_vehicle_id, smartcar_user_id, grant_id, status, location_consent, vin)
  VALUES ('$vehicle$', '$car$', '$user$', '$smartcar$', '$smartcar_user$', '$grant$', 'active', true, 'VIN$number$'),
    ('$former$', '$car$', '$user$', 'former:$former$:elsewhere$number$', '$smartcar_user$', NULL, 'disconnected', true, 'VIN$number$');

INSERT INTO vehicle_errors VALUES ('$vehicle$', 'T', 'C', true, false, 'm', NULL, now(), 'event$number$');
INSERT INTO readings VALUES ('$vehicle$', '2026-02-01Z', 'location-preciselocation', 'position', '47.1234$number$,8.5', 1, 'oem', false, NULL),
  ('$former$', '2026-01-01Z', 'odometer-traveleddistance', 'number', '1', 1, 'oem', false, NULL);
INSERT INTO untimed_readings VALUES ('$vehicle$', 'x', 'number', '1', now());
INSERT INTO vehicle_states (vehicle_id, day, rules_version) VALUES ('$vehicle$', '2026-02-01', 1), ('$former$', '2026-01-01', 1);
INSERT INTO dirty_vehicles (vehicle_id, dirty_since, why) VALUES ('$vehicle$', now(), 'test') ON CONFLICT DO NOTHING;
INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data) VALUES ('$vehicle$', 'odometer', '{"km": 1}');
INSERT INTO quarantined_readings (id, vehicle_id, at, signal, value, why, evidence_until)
  VALUES (gen_random_uuid(), '$vehicle$', now(), 's', 'v', 'w', now());
INSERT INTO vehicle_rests VALUES ('$vehicle$', now(), 'asleep');
INSERT INTO vehicle_incapacities VALUES ('$vehicle$', 'lock', now());
INSERT INTO setup_versions VALUES ('$vehicle$', 1) ON CONFLICT DO NOTHING;
INSERT INTO api_usage VALUES ('$vehicle$', '2026-02-01', 5);
INSERT INTO command_log (id, vehicle_id, car_id, user_id, command, sent_at) VALUES (gen_random_uuid(), '$vehicle$', '$car$', '$user$', 'lock', now());
INSERT INTO pending_revocations (vehicle_id, smartcar_vehicle_id, smartcar_user_id, asked_at, next_try_at)
  VALUES ('$vehicle$', '$smartcar$', '$smartcar_user$', now(), now());
INSERT INTO connect_attempts (state_hash, browser_hash, user_id, car_id, api_version, external_id, scopes, location_consent, popup, created_at, expires_at)
  VALUES (sha256('s$number$'), sha256('b$number$'), '$user$', '$car$', 'v3', '$user$', '{}', true, false, now(), now());

-- Deliveries: of today's envelope, of one that names no user and several vehicles, and what waits to be looked at.
INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, user_id, body, waiting, processed, received_at) VALUES
  (gen_random_uuid(), 'one$number$', 'VEHICLE_STATE', 'webhook', '$smartcar$', '$smartcar_user$', '{"vehicle": "$smartcar$", "lat": 47.1234$number$}', '{}', true, now()),
  (gen_random_uuid(), 'two$number$', 'VEHICLE_STATE', 'webhook', '$smartcar$', '$smartcar_user$', '{"vehicle": "$smartcar$"}', '{$smartcar$}', false, now()),
  (gen_random_uuid(), 'several$number$', 'schedule', 'webhook', 'unknown', NULL, '{"vehicles": ["unknown", "$smartcar$"]}', '{unknown}', false, now());
INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
  VALUES (gen_random_uuid(), 'events', 'parked$number$', 'odd', '{"vehicle": "$smartcar$"}', '{}', now());
INSERT INTO ingest_spool (event_id, source, received_at, body, spooled_at) VALUES ('spooled$number$', 'webhook', now(), '{"vehicle": "$smartcar$"}', now());

-- The machine's books: what it keeps, and what a person will take over.
INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date, source_type, source_id, evidence, evidence_until) VALUES
  (md5('meter$number$')::uuid, '$car$', 100, '2026-02-01Z', 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now()),
  (md5('old meter$number$')::uuid, '$car$', 90, '2026-01-01Z', 'smartcar_sync', '$former$', '{}', now()),
  (md5('my meter$number$')::uuid, '$car$', 110, '2026-02-02Z', 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now());
INSERT INTO fuel_entries (id, car_id, filled_at, filled_after, litres, latitude, longitude, source_type, source_id, evidence, evidence_until) VALUES
  (md5('fuel$number$')::uuid, '$car$', '2026-02-01Z', '2026-02-01Z', 30, 47.1234$number$, 8, 'smartcar_sync', '$vehicle$', '{}', now()),
  (md5('my fuel$number$')::uuid, '$car$', '2026-02-02Z', '2026-02-02Z', 30, NULL, NULL, 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now());
INSERT INTO charging_sessions (id, car_id, started_after, started_at, ended_after, ended_at, latitude, longitude, cost, currency, expense_id, source_type, source_id, evidence, evidence_until) VALUES
  (md5('session$number$')::uuid, '$car$', '2026-02-01Z', '2026-02-01Z', '2026-02-01T03:00Z', '2026-02-01T03:00Z', 47.1234$number$, 8, 5, 'EUR', md5('expense$number$')::uuid, 'smartcar_sync', '$vehicle$', '{}', now()),
  (md5('my session$number$')::uuid, '$car$', '2026-02-02Z', '2026-02-02Z', '2026-02-02T03:00Z', '2026-02-02T03:00Z', NULL, NULL, 6, 'EUR', md5('my expense$number$')::uuid, 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now());
INSERT INTO expenses (id, car_id, category, amount, currency, occurred_at, source_type, source_id, evidence_until) VALUES
  (md5('expense$number$')::uuid, '$car$', 'charging', 5, 'EUR', '2026-02-01Z', 'smartcar_sync', '$vehicle$', now()),
  (md5('my expense$number$')::uuid, '$car$', 'charging', 6, 'EUR', '2026-02-02Z', 'smartcar_sync', '$vehicle$', now());
INSERT INTO trips (id, car_id, started_after, started_at, ended_after, ended_at, distance_km, from_latitude, from_longitude, source_type, source_id, evidence, evidence_until) VALUES
  (md5('trip$number$')::uuid, '$car$', '2026-02-01Z', '2026-02-01Z', '2026-02-01T03:00Z', '2026-02-01T03:00Z', 12, 47.1234$number$, 8, 'smartcar_sync', '$vehicle$', '{}', now()),
  (md5('my trip$number$')::uuid, '$car$', '2026-02-02Z', '2026-02-02Z', '2026-02-02T03:00Z', '2026-02-02T03:00Z', 13, NULL, NULL, 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now());
INSERT INTO issues (id, car_id, title, status, occurred_at, source_type, source_id, evidence, evidence_until) VALUES
  (md5('issue$number$')::uuid, '$car$', 'odd', 'suggested', now(), 'smartcar_sync', '$vehicle$', '{}', now()),
  (md5('my issue$number$')::uuid, '$car$', 'odd', 'suggested', now(), 'smartcar_sync', '$vehicle$', '{"vehicle": "$vehicle$"}', now());
INSERT INTO battery_estimates (id, car_id, estimated_for, usable_kwh, plus_minus_kwh, sessions, evidence_until, source_id)
  VALUES (gen_random_uuid(), '$car$', '2026-02-01Z', 50, 1, 5, now(), '$vehicle$');
INSERT INTO geofence_events (id, car_id, geofence_id, name, at, passage, inferred, evidence_until, source_id)
  VALUES (gen_random_uuid(), '$car$', md5('fence$number$')::uuid, 'home', now(), 'enter', false, now(), '$vehicle$');
INSERT INTO alerts (id, car_id, at, kind, details, evidence_until, source_id)
  VALUES (gen_random_uuid(), '$car$', now(), 'moved_without_driving', '{"latitude": 47.1234$number$}', now(), '$vehicle$');
INSERT INTO entry_history (car_id, row_id, kind, what, before, changed_at) VALUES
  ('$car$', md5('trip$number$')::uuid, 'trips', 'amended', '{"source_type": "smartcar_sync", "from_latitude": 47.1234$number$}', now()),
  ('$car$', gen_random_uuid(), 'alerts', 'retracted', '{"details": {"latitude": 47.1234$number$}}', now());

-- From here on as the person.
SELECT set_config('carvetka.machine', '', false);
UPDATE meter_entries SET notes = 'mine' WHERE id = md5('my meter$number$')::uuid;
UPDATE fuel_entries SET litres = 31 WHERE id = md5('my fuel$number$')::uuid;
UPDATE charging_sessions SET state = 'confirmed' WHERE id = md5('my session$number$')::uuid;
UPDATE trips SET distance_km = 14 WHERE id = md5('my trip$number$')::uuid;
UPDATE trips SET purpose = 'business' WHERE id = md5('trip$number$')::uuid;
UPDATE issues SET status = 'open' WHERE id = md5('my issue$number$')::uuid;
INSERT INTO decisions (car_id, kind, verdict, at) VALUES ('$car$', 'odometer', 'replaced', '2026-01-15Z');
INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date) VALUES (md5('typed meter$number$')::uuid, '$car$', 120, '2026-02-03Z');
INSERT INTO fuel_entries (id, car_id, filled_at, litres, source_type) VALUES (md5('typed fuel$number$')::uuid, '$car$', '2026-02-03Z', 40, 'import');
INSERT INTO expenses (car_id, category, amount, currency, occurred_at) VALUES ('$car$', 'tax', 7, 'EUR', '2026-02-03Z');
INSERT INTO charging_sessions (car_id, started_after, started_at) VALUES ('$car$', '2026-02-03Z', '2026-02-03Z');
INSERT INTO trips (id, car_id, started_after, started_at, distance_km) VALUES (md5('typed trip$number$')::uuid, '$car$', '2026-02-03Z', '2026-02-03Z', 15);
UPDATE trips SET distance_km = 16 WHERE id = md5('typed trip$number$')::uuid;
INSERT INTO geofences (id, user_id, name, latitude, longitude, radius_m, is_private) VALUES (md5('fence$number$')::uuid, '$user$', 'home', 1, 2, 100, false);
-- By its id, which is its person's, what hangs on it is found.
INSERT INTO geofences (id, user_id, name, latitude, longitude, radius_m) VALUES ('$user$', '$user$', 'office', 3, 4, 100);
INSERT INTO places_to_hide VALUES ('$vehicle$', md5('fence$number$')::uuid);
INSERT INTO tariffs (id, user_id, name) VALUES (md5('tariff$number$')::uuid, '$user$', 'city $user$');
INSERT INTO tariff_versions (tariff_id, valid_from, currency, zone, parts) VALUES (md5('tariff$number$')::uuid, '2026-01-01Z', 'EUR', 'UTC', '{"note": "$user$"}');
INSERT INTO purpose_rules (user_id, rank, purpose) VALUES ('$user$', 1, 'business');
INSERT INTO service_reminders (car_id, title, interval_km) VALUES ('$car$', 'oil', 15000);
INSERT INTO user_preferences (user_id, currency) VALUES ('$user$', 'EUR');
INSERT INTO notification_preferences (user_id, email) VALUES ('$user$', 'someone$number$@example.org');
INSERT INTO notification_choices VALUES ('$user$', 'oil_low', 'email', false);
INSERT INTO email_confirmations (user_id, email, code, asked_at, expires_at, asked_first_at)
  VALUES ('$user$', 'someone$number$@example.org', 'sealed', now(), now(), now());
INSERT INTO webhook_endpoints (id, user_id, url, secret, created_at)
  VALUES (md5('endpoint$number$')::uuid, '$user$', 'https://example.org/$number$', 'sealed', now());
INSERT INTO outgoing_messages (id, user_id, channel, endpoint_id, about, gathers, due_at, created_at)
  VALUES (md5('message$number$')::uuid, '$user$', 'webhook', md5('endpoint$number$')::uuid, 'test', false, now(), now());
INSERT INTO vehicle_plans VALUES ('$user$', 3);
INSERT INTO car_watches (car_id) VALUES ('$car$');
INSERT INTO book_imports VALUES (md5('import$number$')::uuid, '$car$', 'csv', 1, 2, 0, now(), NULL);
INSERT INTO attached_lines VALUES (gen_random_uuid(), '$car$', md5('my fuel$number$')::uuid, now()),
  (gen_random_uuid(), '$car$', md5('meter$number$')::uuid, now());
INSERT INTO book_import_rows VALUES
  (md5('import$number$')::uuid, md5('typed fuel$number$')::uuid, 'fuel_entries', 'written', '{"car_id": "$car$"}'),
  (md5('import$number$')::uuid, md5('my fuel$number$')::uuid, 'fuel_entries', 'attached', '{"car_id": "$car$"}'),
  (md5('import$number$')::uuid, md5('meter$number$')::uuid, 'meter_entries', 'attached', '{"car_id": "$car$"}');
