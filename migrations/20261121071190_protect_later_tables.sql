-- Tables that came after the rows were protected: what the machine plans by is nobody's, and each user's books are theirs.
SELECT carvetka_protect(name::regclass)
FROM unnest(ARRAY['poll_plans', 'vehicle_cadences', 'poll_pace', 'refresh_plans', 'ingest_spool_returns']) AS name;

SELECT carvetka_protect_own('fuel_entries', ARRAY['id', 'car_id', 'filled_at', 'created_at'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
SELECT carvetka_protect_own('expenses', ARRAY['id', 'car_id', 'category', 'amount', 'created_at'],
  'EXISTS (SELECT FROM cars AS own WHERE own.id = car_id AND own.user_id = (SELECT auth.uid()))');
