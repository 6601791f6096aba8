-- Cars whose state other rules folded are found by that, however many cars there are.
CREATE INDEX vehicle_states_by_rules ON vehicle_states (rules_version, vehicle_id);
