//! `service_centers`: places that repair cars, as `OpenStreetMap` knows them.

#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use chrono::{DateTime, Utc};
use domain::fences::metres;
use domain::reading::Position;
use exchange::centers::{Center, CenterKind, OsmId, OsmType};
use sqlx::PgConnection;

use crate::StoreError;

/// What writing a list changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserted {
    pub new: u64,
    pub changed: u64,
}

/// A place, and how far it is as the crow flies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    pub center: Center,
    pub metres: i64,
}

/// Which places are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    pub around: Position,
    pub kind: Option<CenterKind>,
    pub radius_m: u32,
    pub limit: i64,
}

/// The earth's mean radius in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;
/// Boxes are drawn so much wider than the circle within: what is rounded is not lost.
const WIDER: f64 = 1.001;

/// Writes places, each by its id of `OpenStreetMap`; none may come twice. What is written already is not written again.
pub async fn upsert(
    db: &mut PgConnection,
    centers: &[Center],
    now: DateTime<Utc>,
) -> Result<Upserted, StoreError> {
    fn each<'a, T>(centers: &'a [Center], of: impl Fn(&'a Center) -> T) -> Vec<T> {
        centers.iter().map(of).collect()
    }
    let upserted = sqlx::query!(
        r#"WITH written AS (
             INSERT INTO service_centers AS known
               (osm_type, osm_id, kind, name, latitude, longitude, address, phone, website, opening_hours, operator, brand, changed_at)
             SELECT *, $13::timestamptz FROM unnest(
               $1::text[], $2::bigint[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::text[], $8::text[], $9::text[],
               $10::text[], $11::text[], $12::text[])
             ON CONFLICT (osm_type, osm_id) DO UPDATE SET
               kind = excluded.kind, name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude,
               address = excluded.address, phone = excluded.phone, website = excluded.website,
               opening_hours = excluded.opening_hours, operator = excluded.operator, brand = excluded.brand,
               changed_at = excluded.changed_at
             WHERE (known.kind, known.name, known.latitude, known.longitude, known.address, known.phone, known.website,
                 known.opening_hours, known.operator, known.brand)
               IS DISTINCT FROM (excluded.kind, excluded.name, excluded.latitude, excluded.longitude, excluded.address,
                 excluded.phone, excluded.website, excluded.opening_hours, excluded.operator, excluded.brand)
             RETURNING xmax = 0 AS is_new
           )
           SELECT count(*) FILTER (WHERE is_new) AS "new!", count(*) FILTER (WHERE NOT is_new) AS "changed!" FROM written"#,
        &each(centers, |center| center.id.drawn_as.word()) as &[&str],
        &each(centers, |center| center.id.number),
        &each(centers, |center| center.kind.word()) as &[&str],
        &each(centers, |center| center.name.as_str()) as &[&str],
        &each(centers, |center| degrees(center.at.latitude_e6)),
        &each(centers, |center| degrees(center.at.longitude_e6)),
        &each(centers, |center| center.address.as_deref()) as &[Option<&str>],
        &each(centers, |center| center.phone.as_deref()) as &[Option<&str>],
        &each(centers, |center| center.website.as_deref()) as &[Option<&str>],
        &each(centers, |center| center.opening_hours.as_deref()) as &[Option<&str>],
        &each(centers, |center| center.operator.as_deref()) as &[Option<&str>],
        &each(centers, |center| center.brand.as_deref()) as &[Option<&str>],
        now,
    )
    .fetch_one(db)
    .await?;
    let count = |rows: i64| u64::try_from(rows).unwrap_or_default();
    Ok(Upserted { new: count(upserted.new), changed: count(upserted.changed) })
}

/// Deletes all places but these; says how many went.
pub async fn forget_others(db: &mut PgConnection, centers: &[Center]) -> Result<u64, StoreError> {
    let types: Vec<&str> = centers.iter().map(|center| center.id.drawn_as.word()).collect();
    let numbers: Vec<i64> = centers.iter().map(|center| center.id.number).collect();
    let gone = sqlx::query!(
        "DELETE FROM service_centers AS known
         WHERE NOT EXISTS (
           SELECT FROM unnest($1::text[], $2::bigint[]) AS told (osm_type, osm_id)
           WHERE told.osm_type = known.osm_type AND told.osm_id = known.osm_id)",
        &types as &[&str],
        &numbers,
    );
    Ok(gone.execute(db).await?.rows_affected())
}

/// Whether there is any place at all.
pub async fn are_there(db: &mut PgConnection) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM service_centers) AS "found!""#);
    Ok(found.fetch_one(db).await?)
}

struct Row {
    osm_type: String,
    osm_id: i64,
    kind: String,
    name: String,
    latitude: f64,
    longitude: f64,
    address: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    opening_hours: Option<String>,
    operator: Option<String>,
    brand: Option<String>,
}

/// The nearest places, the nearest first.
pub async fn nearest(db: &mut PgConnection, search: Search) -> Result<Vec<Near>, StoreError> {
    let Search { around, kind, radius_m, limit } = search;
    let Frame { south, north, west_east: [one, other], half_chord } = Frame::of(around, radius_m);
    let rows = sqlx::query_as!(
        Row,
        "SELECT osm_type, osm_id, kind, name, latitude, longitude, address, phone, website, opening_hours, operator, brand
         FROM service_centers,
           -- The haversine of the angle between both, seen from the middle of the earth.
           LATERAL (SELECT power(sin(radians(latitude - $1) / 2), 2)
             + cos(radians($1)) * cos(radians(latitude)) * power(sin(radians(longitude - $2) / 2), 2) AS part) AS apart
         WHERE latitude BETWEEN $3 AND $4 AND (longitude BETWEEN $5 AND $6 OR longitude BETWEEN $7 AND $8)
           AND ($9::text IS NULL OR kind = $9) AND part <= $10
         ORDER BY part, osm_type, osm_id LIMIT $11",
        degrees(around.latitude_e6),
        degrees(around.longitude_e6),
        south,
        north,
        one.0,
        one.1,
        other.0,
        other.1,
        kind.map(CenterKind::word),
        half_chord,
        limit,
    )
    .fetch_all(db)
    .await?;
    let near = |row| {
        let center = Center::try_from(row)?;
        Ok(Near { metres: metres(around, center.at), center })
    };
    rows.into_iter().map(near).collect()
}

/// What lies around a circle, in degrees, for an index; and the circle itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    south: f64,
    north: f64,
    /// Two: a circle may lie across the date line.
    west_east: [(f64, f64); 2],
    /// The haversine of its radius.
    half_chord: f64,
}

impl Frame {
    fn of(around: Position, radius_m: u32) -> Self {
        let angle = f64::from(radius_m) / EARTH_M;
        let wide = angle * WIDER;
        let latitude = degrees(around.latitude_e6);
        let (south, north) = (latitude - wide.to_degrees(), latitude + wide.to_degrees());
        // The meridians that touch the circle; all of them, if a pole lies in it.
        let aside = if south <= -90.0 || north >= 90.0 {
            PI
        } else {
            (wide.sin() / latitude.to_radians().cos()).min(1.0).asin()
        };
        let longitude = degrees(around.longitude_e6);
        let (west, east) = (longitude - aside.to_degrees(), longitude + aside.to_degrees());
        let west_east = if west < -180.0 {
            [(-180.0, east), (west + 360.0, 180.0)]
        } else if east > 180.0 {
            [(west, 180.0), (-180.0, east - 360.0)]
        } else {
            [(west, east); 2]
        };
        Self { south, north, west_east, half_chord: (angle / 2.0).sin().powi(2) }
    }
}

impl TryFrom<Row> for Center {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt =
            |column| move |what: String| StoreError::corrupt("service_centers", column)(what.into());
        let drawn_as = OsmType::parse(&row.osm_type).ok_or(row.osm_type).map_err(corrupt("osm_type"))?;
        let kind = CenterKind::parse(&row.kind).ok_or(row.kind).map_err(corrupt("kind"))?;
        let at = Position::from_degrees(row.latitude, row.longitude);
        Ok(Self {
            id: OsmId { drawn_as, number: row.osm_id },
            kind,
            name: row.name,
            at: at.map_err(|error| StoreError::corrupt("service_centers", "latitude")(error.into()))?,
            address: row.address,
            phone: row.phone,
            website: row.website,
            opening_hours: row.opening_hours,
            operator: row.operator,
            brand: row.brand,
        })
    }
}

fn degrees(e6: i32) -> f64 {
    f64::from(e6) / 1e6
}
