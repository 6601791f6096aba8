//! `decisions`: what people decided about the machine's entries, and the rows of their own that stand in the place of the
//! machine's.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::decision::{Decided, Decision, FillUpVerdict, Price, SessionVerdict, Stretch, TripVerdict};
use domain::distance::Distance;
use domain::fact::RowId;
use domain::reading::Milli;
use domain::setup::Currency;
use domain::tariff::Micros;
use domain::trips::Purpose;
use domain::within::Within;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Whose decisions are asked for: all that may be about something after a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub vehicle: Uuid,
    pub since: DateTime<Utc>,
}

/// What people decided about entries that a fold of these vehicles may write: what reached beyond a moment each (and a day
/// before it, since a mileage entry stands for its day and a receipt for its day), and what is about some rows. A row of
/// theirs is a decision, too.
pub(crate) async fn since(
    db: &mut PgConnection,
    asked: &[Asked],
    rows: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Decision>>, StoreError> {
    let (vehicles, moments): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        asked.iter().map(|one| (one.vehicle, one.since)).unzip();
    let found = sqlx::query_as!(
        Said,
        r#"WITH wanted AS (
             SELECT vehicle.id, vehicle.car_id, one.since - interval '1 day' AS since
             FROM unnest($1::uuid[], $2::timestamptz[]) AS one (id, since)
             JOIN smartcar_vehicles AS vehicle ON vehicle.id = one.id
           )
           SELECT wanted.id AS "vehicle!", decision.id AS "id!", decision.row_id AS "row_id!", decision.kind::text AS "kind!",
             decision.verdict::text AS "verdict!", decision.decided_at AS "decided_at!", decision.at AS "at!",
             decision.started_after, decision.started_at, decision.ended_after, decision.ended_at, decision.split_at,
             CASE WHEN decision.odometer_km BETWEEN 0 AND 10000000 THEN round(decision.odometer_km * 1000)::bigint END AS metres, NULL::bigint AS millilitres,
             CASE WHEN abs(decision.amount) <= 1000000000 THEN round(decision.amount * 1000000)::bigint END AS micros, decision.currency, decision.purpose,
             decision.expense_id
           FROM wanted JOIN decisions AS decision ON decision.car_id = wanted.car_id
           WHERE decision.row_id IS NOT NULL
             AND (coalesce(decision.ended_at, decision.at) >= wanted.since OR decision.row_id = ANY ($3))
           UNION ALL
           SELECT wanted.id, own.id, own.id, 'fuel_entry', 'own', own.created_at::timestamptz, own.filled_at::timestamptz,
             own.filled_at::timestamptz, own.filled_at::timestamptz, own.filled_at::timestamptz, own.filled_at::timestamptz,
             NULL, NULL, CASE WHEN own.litres BETWEEN 0 AND 100000 THEN round(own.litres * 1000)::bigint END, NULL, NULL, NULL, NULL
           FROM wanted JOIN fuel_entries AS own ON own.car_id = wanted.car_id
           WHERE own.evidence_until IS NULL AND own.filled_at >= wanted.since AND isfinite(own.filled_at::timestamptz)
           UNION ALL
           SELECT wanted.id, own.id, own.id, 'charging_session', 'own', own.created_at, own.started_after, own.started_after,
             own.started_at, coalesce(own.ended_after, own.started_at), coalesce(own.ended_at, own.started_at),
             NULL, NULL, NULL, NULL, NULL, NULL, NULL
           FROM wanted JOIN charging_sessions AS own ON own.car_id = wanted.car_id
           WHERE own.evidence_until IS NULL AND coalesce(own.ended_at, own.started_at) >= wanted.since
             AND isfinite(own.started_after) AND isfinite(coalesce(own.ended_at, own.started_at))
           UNION ALL
           SELECT wanted.id, own.id, own.id, 'trip', 'own', own.created_at, own.started_after, own.started_after,
             own.started_at, coalesce(own.ended_after, own.started_at), coalesce(own.ended_at, own.started_at),
             NULL, NULL, NULL, NULL, NULL, NULL, NULL
           FROM wanted JOIN trips AS own ON own.car_id = wanted.car_id
           WHERE own.evidence_until IS NULL AND coalesce(own.ended_at, own.started_at) >= wanted.since
             AND isfinite(own.started_after) AND isfinite(coalesce(own.ended_at, own.started_at))"#,
        &vehicles,
        &moments,
        rows,
    )
    .fetch_all(db)
    .await?;
    let mut decisions: HashMap<Uuid, Vec<Decision>> = HashMap::new();
    for row in found {
        let vehicle = row.vehicle;
        // What says nothing decides nothing: an odd word of a page must not stop the car's deliveries.
        decisions.entry(vehicle).or_default().extend(row.decision());
    }
    Ok(decisions)
}

/// Where the oldest of those stretches begins that people joined or cut and that a fold up to this moment, and not further,
/// may not tell whole; `None` if there is none.
pub async fn reaching_beyond(
    db: &mut PgConnection,
    vehicle: Uuid,
    until: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    // An entry may rest on readings from after its end.
    let begins = sqlx::query_scalar!(
        r#"SELECT min(decision.started_after)
           FROM smartcar_vehicles AS vehicle JOIN decisions AS decision ON decision.car_id = vehicle.car_id
           WHERE vehicle.id = $1 AND decision.started_after <= $2
             AND coalesce(decision.ended_at, decision.at) + interval '3 days' > $2"#,
        vehicle,
        until,
    )
    .fetch_one(db)
    .await?;
    Ok(begins)
}

struct Said {
    vehicle: Uuid,
    id: Uuid,
    row_id: Uuid,
    kind: String,
    verdict: String,
    decided_at: DateTime<Utc>,
    at: DateTime<Utc>,
    started_after: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    split_at: Option<DateTime<Utc>>,
    metres: Option<i64>,
    millilitres: Option<i64>,
    micros: Option<i64>,
    currency: Option<String>,
    purpose: Option<String>,
    expense_id: Option<Uuid>,
}

impl Said {
    fn decision(&self) -> Option<Decision> {
        let what = match self.kind.as_str() {
            "meter_entry" => Decided::MeterEntry { at: self.at, odometer: self.odometer()? },
            "issue" => Decided::Issue,
            "fuel_entry" => Decided::FillUp { stretch: self.stretch()?, verdict: self.of_fill_up()? },
            "charging_session" => {
                Decided::ChargingSession { stretch: self.stretch()?, verdict: self.of_session()? }
            }
            "trip" => Decided::Trip { stretch: self.stretch()?, verdict: self.of_trip()? },
            _ => return None,
        };
        Some(Decision { what, row: RowId(self.row_id.as_u128()), decided_at: self.decided_at })
    }

    fn stretch(&self) -> Option<Stretch> {
        let start = Within { after: self.started_after?, by: self.started_at? };
        let end = Within { after: self.ended_after?, by: self.ended_at? };
        Some(Stretch { start, end })
    }

    fn odometer(&self) -> Option<Distance> {
        self.metres.map(Distance::from_metres)
    }

    fn of_fill_up(&self) -> Option<FillUpVerdict> {
        match self.verdict.as_str() {
            "edited" | "confirmed" | "deleted" => Some(FillUpVerdict::Theirs),
            "own" => Some(FillUpVerdict::Receipt { litres: self.millilitres.map(Milli) }),
            "merged" => Some(FillUpVerdict::Merged),
            "noted" => Some(FillUpVerdict::Noted(self.words())),
            _ => None,
        }
    }

    fn of_session(&self) -> Option<SessionVerdict> {
        match self.verdict.as_str() {
            "edited" | "confirmed" | "deleted" | "own" => Some(SessionVerdict::Theirs),
            "merged" => Some(SessionVerdict::Merged),
            "split" => Some(SessionVerdict::Split { at: self.split_at? }),
            "priced" => {
                let currency = Currency::parse(self.currency.as_deref()?).ok()?;
                Some(SessionVerdict::Priced(Price { amount: Micros(self.micros?), currency }))
            }
            "unbooked" => Some(self.expense_id.map_or(SessionVerdict::NotBooked, |expense| {
                SessionVerdict::BookedAs(RowId(expense.as_u128()))
            })),
            "noted" | "expense_noted" => Some(SessionVerdict::Noted(self.words())),
            _ => None,
        }
    }

    fn of_trip(&self) -> Option<TripVerdict> {
        match self.verdict.as_str() {
            "edited" | "confirmed" | "deleted" | "own" => Some(TripVerdict::Theirs),
            "merged" => Some(TripVerdict::Merged),
            "split" => Some(TripVerdict::Split { at: self.split_at?, odometer: self.odometer() }),
            "purposed" => match self.purpose.as_deref()? {
                "business" => Some(TripVerdict::Purposed(Purpose::Business)),
                "private" => Some(TripVerdict::Purposed(Purpose::Private)),
                _ => None,
            },
            "noted" => Some(TripVerdict::Noted(self.words())),
            _ => None,
        }
    }

    /// The row that holds them is this one.
    const fn words(&self) -> RowId {
        RowId(self.id.as_u128())
    }
}
