//! What a car costs: the fuel book, the charging sessions and the expenses, added up. Nothing is counted twice, and money of
//! different currencies is never added.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How sums are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Category,
    /// Category and month.
    Month,
}

/// A sum.
#[derive(Debug, Clone, PartialEq)]
pub struct CostRow {
    /// `2026-11`; absent where the whole time is one sum.
    pub month: Option<String>,
    /// `fuel`, `charging`, or the category of expenses.
    pub category: String,
    /// ISO 4217; absent where nobody said it.
    pub currency: Option<String>,
    /// Of what has a price; absent where nothing has: unknown is not zero.
    pub amount: Option<f64>,
    /// Between what the amount lies.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// How much of the amount is an estimate by usual prices.
    pub estimated: f64,
    pub entries: i64,
    /// Of how many entries only a part has a price.
    pub partial: i64,
    /// How many entries have no price at all: unknown is not zero.
    pub unpriced: i64,
}

/// More sums than anybody looks at.
const MOST: i64 = 10_000;

/// What this car cost from one moment to another (exclusive), in months of this zone. A charging session across the end of a
/// month counts in each with what it took there; a question is not counted, and what the machine hides is.
pub async fn sums(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: By,
    zone: chrono_tz::Tz,
) -> Result<Vec<CostRow>, StoreError> {
    let rows = sqlx::query_as!(
        CostRow,
        r#"WITH charged AS (
             SELECT session.*, (SELECT sum(line.amount) FROM jsonb_to_recordset(session.cost_parts) AS line (amount numeric)) AS whole
             FROM charging_sessions AS session
             WHERE session.car_id = $1 AND session.state <> 'candidate'
               AND session.started_after < $3 AND coalesce(session.ended_at, session.evidence_until, session.started_at) >= $2
           ), charging AS (
             -- Its lines, by their share of the whole: what a person paid has none, and one that is free has no share.
             SELECT session.id, line."from" AS at, session.cost * line.amount / session.whole AS amount,
               session.cost_low * line.amount / session.whole AS low, session.cost_high * line.amount / session.whole AS high,
               session.currency, session.cost_share
             FROM charged AS session, jsonb_to_recordset(session.cost_parts) AS line ("from" timestamptz, amount numeric)
             WHERE session.whole <> 0
             UNION ALL
             SELECT session.id, session.started_at, session.cost, session.cost_low, session.cost_high, session.currency,
               session.cost_share
             FROM charged AS session WHERE coalesce(session.whole, 0) = 0
           ), lines AS (
             SELECT id, at, 'charging' AS category, amount, coalesce(low, amount) AS low, coalesce(high, amount) AS high,
               currency, false AS is_estimate, coalesce(cost_share, 1) < 1 AS is_partial
             FROM charging
             UNION ALL
             -- What is estimated from litres is as sure as the litres are.
             SELECT id, filled_at::timestamptz, 'fuel', cost, cost - unsure, cost + unsure, currency::text, cost_is_estimate, false
             FROM fuel_entries, LATERAL (SELECT coalesce(total_cost, price_per_litre * litres) AS cost) AS one,
               LATERAL (SELECT CASE WHEN cost_is_estimate
                 THEN coalesce(cost * least(litres_plus_minus / nullif(litres, 0), 1), 0) ELSE 0 END AS unsure) AS two
             WHERE car_id = $1 AND state::text IS DISTINCT FROM 'candidate'
             UNION ALL
             SELECT id, coalesce(occurred_at, created_at)::timestamptz, category::text, amount, amount, amount, currency::text,
               false, false
             FROM expenses
             WHERE car_id = $1 AND NOT EXISTS (
               SELECT FROM charging_sessions AS session WHERE session.car_id = $1 AND session.expense_id = expenses.id)
           )
           SELECT CASE WHEN $4 THEN to_char(at AT TIME ZONE $5, 'YYYY-MM') END AS month, category AS "category!",
             currency, sum(amount)::float8 AS amount, sum(low)::float8 AS low, sum(high)::float8 AS high,
             coalesce(sum(amount) FILTER (WHERE is_estimate), 0)::float8 AS "estimated!",
             count(DISTINCT id) AS "entries!", count(DISTINCT id) FILTER (WHERE is_partial AND amount IS NOT NULL) AS "partial!",
             count(DISTINCT id) FILTER (WHERE amount IS NULL) AS "unpriced!"
           FROM lines WHERE at >= $2 AND at < $3
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $6"#,
        car,
        from,
        to,
        by == By::Month,
        zone.name(),
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
