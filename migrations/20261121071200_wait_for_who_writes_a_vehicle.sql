-- Who takes a vehicle away waits for who is folding for it, as everyone does who writes: what is not committed yet could not
-- be taken away with it.
--
-- The key is that of shared/store/src/vehicles.rs: both halves of the id, one over the other.
CREATE FUNCTION carvetka_vehicle_lock(vehicle UUID) RETURNS BIGINT
LANGUAGE sql IMMUTABLE AS $$
  SELECT ('x' || left(hex, 16))::bit(64)::bigint # ('x' || right(hex, 16))::bit(64)::bigint
  FROM replace(vehicle::text, '-', '') AS hex;
$$;

CREATE FUNCTION carvetka_wait_for_vehicle() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(carvetka_vehicle_lock(OLD.id));
  RETURN OLD;
END $$;

CREATE TRIGGER carvetka_wait_for_vehicle BEFORE DELETE ON smartcar_vehicles
  FOR EACH ROW EXECUTE FUNCTION carvetka_wait_for_vehicle();
