-- What a later version may do to the tables that workers write, while workers of today still run: columns that may be
-- empty, and indexes.
ALTER TABLE webhook_events ADD COLUMN of_tomorrow TEXT;
CREATE INDEX webhook_events_of_tomorrow ON webhook_events (vehicle_id, of_tomorrow);
ALTER TABLE readings ADD COLUMN of_tomorrow TEXT;
CREATE INDEX readings_of_tomorrow ON readings (signal, of_tomorrow);
ALTER TABLE vehicle_states ADD COLUMN of_tomorrow JSONB;
ALTER TABLE event_claims ADD COLUMN of_tomorrow TEXT;
ALTER TABLE ingest_spool ADD COLUMN of_tomorrow TEXT;
ALTER TABLE meter_entries ADD COLUMN of_tomorrow TEXT;
CREATE INDEX meter_entries_of_tomorrow ON meter_entries (car_id, of_tomorrow);
ALTER TABLE smartcar_vehicles ADD COLUMN of_tomorrow TEXT;
ALTER TABLE smartcar_sync_logs ADD COLUMN of_tomorrow TEXT;
