-- Places that became private: what is stored of the cars that were there is hidden by the next replay of each.
CREATE TABLE places_to_hide (
  vehicle_id UUID NOT NULL REFERENCES smartcar_vehicles (id) ON DELETE CASCADE,
  geofence_id UUID NOT NULL REFERENCES geofences (id) ON DELETE CASCADE,
  PRIMARY KEY (vehicle_id, geofence_id)
);
CREATE INDEX places_to_hide_by_place ON places_to_hide (geofence_id);
SELECT carvetka_protect('places_to_hide');

CREATE FUNCTION carvetka_hide_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO places_to_hide (vehicle_id, geofence_id)
  SELECT vehicle.id, NEW.id FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
  WHERE car.user_id = NEW.user_id
  ON CONFLICT DO NOTHING;
  PERFORM carvetka_mark_users_cars_dirty(NEW.user_id, 'epoch', 'a person keeps a place private');
  RETURN NULL;
END $$;

CREATE TRIGGER carvetka_hide
  AFTER INSERT ON geofences
  FOR EACH ROW WHEN (NEW.is_private) EXECUTE FUNCTION carvetka_hide_place();
CREATE TRIGGER carvetka_hide_more
  AFTER UPDATE ON geofences
  FOR EACH ROW WHEN (NEW.is_private AND
    (OLD.user_id, OLD.is_private, OLD.latitude, OLD.longitude, OLD.radius_m, OLD.corners)
    IS DISTINCT FROM (NEW.user_id, NEW.is_private, NEW.latitude, NEW.longitude, NEW.radius_m, NEW.corners))
  EXECUTE FUNCTION carvetka_hide_place();
