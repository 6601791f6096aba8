//! Whether anything is new about a person's cars.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Another one whenever a car was folded, corrected or connected anew. It can be compared, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub car_id: Uuid,
    pub mark: String,
}

/// More cars than any person has.
const MOST: i64 = 1_000;

/// The marks of the person's cars. Which transaction wrote a row last is known to the database anyway (`xmin`), so that nobody
/// has to keep books about changes; and every fold writes the state at the head.
pub async fn of_user(db: &mut PgConnection, user: Uuid) -> Result<Vec<Mark>, StoreError> {
    let marks = sqlx::query_as!(
        Mark,
        r#"SELECT car.id AS car_id, concat_ws(' ', car.xmin, vehicle.xmin, dirty.version, head.xmin) AS "mark!"
           FROM cars AS car
           LEFT JOIN LATERAL (
             SELECT id, xmin FROM smartcar_vehicles WHERE car_id = car.id ORDER BY connected_at DESC LIMIT 1
           ) AS vehicle ON true
           LEFT JOIN dirty_vehicles AS dirty ON dirty.vehicle_id = vehicle.id
           LEFT JOIN LATERAL (
             SELECT xmin FROM vehicle_states WHERE vehicle_id = vehicle.id ORDER BY day DESC LIMIT 1
           ) AS head ON true
           WHERE car.user_id = $1 ORDER BY car.id LIMIT $2"#,
        user,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(marks)
}
