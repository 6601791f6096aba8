-- Places that repair cars, as OpenStreetMap knows them: public, and of nobody. Who connects as a person reads them through the api.
CREATE TABLE service_centers (
  osm_type TEXT NOT NULL CHECK (osm_type IN ('node', 'way', 'relation')),
  osm_id BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('repair', 'tyres', 'dealer')),
  name TEXT NOT NULL,
  latitude DOUBLE PRECISION NOT NULL CHECK (latitude BETWEEN -90 AND 90),
  longitude DOUBLE PRECISION NOT NULL CHECK (longitude BETWEEN -180 AND 180),
  address TEXT,
  phone TEXT,
  website TEXT,
  -- As OpenStreetMap writes them.
  opening_hours TEXT,
  operator TEXT,
  brand TEXT,
  changed_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (osm_type, osm_id)
);
CREATE INDEX service_centers_by_place ON service_centers (latitude, longitude);
SELECT carvetka_protect('service_centers');
