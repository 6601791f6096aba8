//! How far the car had come: the odometer at any moment, and the way between the things in its books.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A known stand of the counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stand {
    pub at: DateTime<Utc>,
    pub km: f64,
}

/// What is known of the counter at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Odometer {
    pub at: DateTime<Utc>,
    /// The likeliest; `None` where nothing can be said.
    pub km: Option<f64>,
    /// It showed at least this, and at most that, as far as is known.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub how: How,
    pub before: Option<Stand>,
    pub after: Option<Stand>,
}

/// How a stand of the counter is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It stands in the books for this very moment.
    Read,
    /// Between two stands, evenly over the time.
    Between,
    /// Nothing later is known: at least the last stand.
    Last,
    /// Nothing earlier is known: at most the first stand.
    First,
    /// The counter was changed in between.
    Replaced,
    Unknown,
}

/// Something that happened to the car.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// What the thing itself says.
    pub odometer_km: Option<f64>,
}

/// A trip as the driver's log tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedTrip {
    pub id: Uuid,
    pub started_after: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub odometer_before: Option<f64>,
    pub odometer_after: Option<f64>,
    pub distance_km: f64,
    /// What the person calls the places, as far as they marked them.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Where it was seen; absent in what the person keeps to themselves.
    pub from_latitude: Option<f64>,
    pub from_longitude: Option<f64>,
    pub to_latitude: Option<f64>,
    pub to_longitude: Option<f64>,
    /// `drive`, or `movement`: one drive or several.
    pub what: String,
    pub purpose: Option<String>,
    pub notes: Option<String>,
    pub state: String,
    pub source: String,
}

/// What there is between which ways are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Things<'a> {
    Fills,
    Charges,
    Trips,
    /// Expenses of these categories, in small letters.
    Expenses(&'a [String]),
}

impl Odometer {
    /// What follows from the stands next to a moment.
    pub fn at(at: DateTime<Utc>, before: Option<Stand>, after: Option<Stand>) -> Self {
        let (km, low, high, how) = match (before, after) {
            (Some(stand), _) | (_, Some(stand)) if stand.at == at => {
                (Some(stand.km), Some(stand.km), Some(stand.km), How::Read)
            }
            (Some(from), Some(to)) if to.km >= from.km => {
                (Some(between(from, to, at)), Some(from.km), Some(to.km), How::Between)
            }
            (Some(_), Some(_)) => (None, None, None, How::Replaced),
            (Some(last), None) => (Some(last.km), Some(last.km), None, How::Last),
            (None, Some(first)) => (None, None, Some(first.km), How::First),
            (None, None) => (None, None, None, How::Unknown),
        };
        Self { at, km, low, high, how, before, after }
    }

    /// What a thing says of itself.
    pub fn said(stand: Stand) -> Self {
        Self::at(stand.at, Some(stand), None)
    }
}

/// Evenly over the time, to the tenth of a kilometre: more would be pretended.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a century are below 2^52")]
fn between(from: Stand, to: Stand, at: DateTime<Utc>) -> f64 {
    let millis = |span: chrono::TimeDelta| span.num_milliseconds() as f64;
    let share = millis(at - from.at) / millis(to.at - from.at);
    ((from.km + (to.km - from.km) * share) * 10.0).round() / 10.0
}

/// The stands next to each of these moments, in their order: from the mileage book, and from fill-ups.
pub async fn at(
    db: &mut PgConnection,
    car: Uuid,
    moments: &[DateTime<Utc>],
) -> Result<Vec<Odometer>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT asked.at AS "at!", before.at AS "before_at?", before.km AS "before_km?", after.at AS "after_at?",
             after.km AS "after_km?"
           FROM unnest($2::timestamptz[]) WITH ORDINALITY AS asked (at, place)
           LEFT JOIN LATERAL (
             SELECT at, km FROM (
               (SELECT entry_date::timestamptz AS at, odometer_reading::float8 AS km FROM meter_entries
                WHERE car_id = $1 AND entry_date::timestamptz <= asked.at ORDER BY entry_date DESC, id DESC LIMIT 1)
               UNION ALL
               (SELECT filled_at::timestamptz, odometer_reading::float8 FROM fuel_entries
                WHERE car_id = $1 AND filled_at::timestamptz <= asked.at AND odometer_reading IS NOT NULL
                  AND state IS DISTINCT FROM 'candidate'
                ORDER BY filled_at DESC, id DESC LIMIT 1)
             ) AS either ORDER BY at DESC, km DESC LIMIT 1
           ) AS before ON true
           LEFT JOIN LATERAL (
             SELECT at, km FROM (
               (SELECT entry_date::timestamptz AS at, odometer_reading::float8 AS km FROM meter_entries
                WHERE car_id = $1 AND entry_date::timestamptz >= asked.at ORDER BY entry_date, id LIMIT 1)
               UNION ALL
               (SELECT filled_at::timestamptz, odometer_reading::float8 FROM fuel_entries
                WHERE car_id = $1 AND filled_at::timestamptz >= asked.at AND odometer_reading IS NOT NULL
                  AND state IS DISTINCT FROM 'candidate'
                ORDER BY filled_at, id LIMIT 1)
             ) AS either ORDER BY at, km LIMIT 1
           ) AS after ON true
           ORDER BY asked.place"#,
        car,
        moments,
    )
    .fetch_all(db)
    .await?;
    let stand = |at: Option<DateTime<Utc>>, km: Option<f64>| at.zip(km).map(|(at, km)| Stand { at, km });
    let odometer = rows.into_iter().map(|row| {
        Odometer::at(row.at, stand(row.before_at, row.before_km), stand(row.after_at, row.after_km))
    });
    Ok(odometer.collect())
}

/// When the counter was changed, as the car's people said; oldest first.
pub async fn replacements(db: &mut PgConnection, car: Uuid) -> Result<Vec<DateTime<Utc>>, StoreError> {
    let moments = sqlx::query_scalar!(
        "SELECT at FROM decisions WHERE car_id = $1 AND kind = 'odometer' AND verdict = 'replaced' ORDER BY at",
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(moments)
}

/// What happened in this time (from inclusive, to exclusive), oldest first, at most `limit`. What is only a question is left
/// out.
pub async fn things(
    db: &mut PgConnection,
    car: Uuid,
    what: Things<'_>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Thing>, StoreError> {
    let rows = match what {
        Things::Fills => {
            sqlx::query_as!(
                Thing,
                r#"SELECT id, filled_at::timestamptz AS "at!", odometer_reading::float8 AS odometer_km
                   FROM fuel_entries
                   WHERE car_id = $1 AND filled_at::timestamptz >= $2 AND filled_at::timestamptz < $3
                     AND (state IS NULL OR state IN ('recorded', 'confirmed'))
                   ORDER BY filled_at, id LIMIT $4"#,
                car,
                from,
                to,
                limit,
            )
            .fetch_all(db)
            .await?
        }
        Things::Charges => {
            sqlx::query_as!(
                Thing,
                r#"SELECT id, started_at AS at, odometer_reading::float8 AS odometer_km FROM charging_sessions
                   WHERE car_id = $1 AND started_at >= $2 AND started_at < $3 AND state IN ('recorded', 'confirmed')
                   ORDER BY started_at, id LIMIT $4"#,
                car,
                from,
                to,
                limit,
            )
            .fetch_all(db)
            .await?
        }
        Things::Trips => {
            sqlx::query_as!(
                Thing,
                r#"SELECT id, started_at AS at, odometer_before::float8 AS odometer_km FROM trips
                   WHERE car_id = $1 AND started_at >= $2 AND started_at < $3 AND state IN ('recorded', 'confirmed')
                   ORDER BY started_at, id LIMIT $4"#,
                car,
                from,
                to,
                limit,
            )
            .fetch_all(db)
            .await?
        }
        Things::Expenses(categories) => {
            sqlx::query_as!(
                Thing,
                r#"SELECT id, occurred_at::timestamptz AS "at!", odometer_reading::float8 AS odometer_km FROM expenses
                   WHERE car_id = $1 AND occurred_at::timestamptz >= $2 AND occurred_at::timestamptz < $3
                     AND lower(category::text) = ANY ($5)
                   ORDER BY occurred_at, id LIMIT $4"#,
                car,
                from,
                to,
                limit,
                categories,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows)
}

/// The driver's log of this time (from inclusive, to exclusive), oldest first, behind a trip; at most `limit`.
pub async fn log(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    behind: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<LoggedTrip>, StoreError> {
    let (behind_at, behind_id) =
        behind.unwrap_or((DateTime::UNIX_EPOCH - chrono::TimeDelta::days(365_000), Uuid::nil()));
    let rows = sqlx::query_as!(
        LoggedTrip,
        r#"SELECT trip.id, trip.started_after, trip.started_at, trip.ended_at, trip.odometer_before::float8 AS odometer_before,
             trip.odometer_after::float8 AS odometer_after, trip.distance_km::float8 AS "distance_km!",
             origin.name AS "from?", goal.name AS "to?", trip.from_latitude, trip.from_longitude, trip.to_latitude,
             trip.to_longitude, trip.what, trip.purpose, trip.notes, trip.state::text AS "state!", trip.source_type AS source
           FROM trips AS trip
           LEFT JOIN geofences AS origin ON origin.id = trip.from_place_id
           LEFT JOIN geofences AS goal ON goal.id = trip.to_place_id
           WHERE trip.car_id = $1 AND trip.started_at >= $2 AND trip.started_at < $3 AND trip.state IN ('recorded', 'confirmed')
             AND (trip.started_at, trip.id) > ($4, $5)
           ORDER BY trip.started_at, trip.id LIMIT $6"#,
        car,
        from,
        to,
        behind_at,
        behind_id,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(hour: i64, km: f64) -> Stand {
        Stand { at: moment(hour), km }
    }

    fn moment(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hour)
    }

    #[test]
    fn between_two_stands_the_way_is_even_and_the_stands_are_its_bounds() {
        let known = Odometer::at(moment(3), Some(stand(0, 100.0)), Some(stand(12, 220.0)));
        assert_eq!((known.km, known.low, known.high), (Some(130.0), Some(100.0), Some(220.0)));
        assert_eq!(known.how, How::Between);
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        let how = |before, after| {
            let known = Odometer::at(moment(3), before, after);
            (known.how, known.km, known.low, known.high)
        };
        assert_eq!(how(Some(stand(3, 7.0)), None), (How::Read, Some(7.0), Some(7.0), Some(7.0)));
        assert_eq!(how(Some(stand(1, 7.0)), None), (How::Last, Some(7.0), Some(7.0), None));
        assert_eq!(how(None, Some(stand(9, 7.0))), (How::First, None, None, Some(7.0)));
        assert_eq!(how(Some(stand(1, 90_000.0)), Some(stand(9, 7.0))), (How::Replaced, None, None, None));
        assert_eq!(how(None, None), (How::Unknown, None, None, None));
    }
}
