//! Looks at the pipeline while it works: the cars' ledger on one side, the database on the other.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use simulator::Ledger;
use sqlx::PgPool;
use store::overview::{self, Figures};
use tokio::time::Instant;

use super::lag::Lag;
use super::stage::Stage;

pub struct Watch {
    pool: PgPool,
    ledger: Arc<Ledger>,
    lag: Lag,
}

/// What there is to see at one moment.
#[derive(Debug)]
pub struct Seen {
    /// The time in the cars' lives.
    pub virtual_now: DateTime<Utc>,
    /// Whether they have caught up: from then on they live in real time, and seldom say anything.
    pub is_present: bool,
    /// Deliveries that were answered 2xx, each once.
    pub accepted: i64,
    pub figures: Figures,
    /// How long the oldest delivery that is not stored has waited.
    pub lag: Duration,
    /// The newest entries of the cars that wrote last.
    pub latest: Vec<Latest>,
}

/// A car and its newest entry.
#[derive(Debug, sqlx::FromRow)]
pub struct Latest {
    pub car: String,
    pub metres: i64,
    pub at: DateTime<Utc>,
}

impl Watch {
    /// Lines that fit under each other without scrolling.
    const LATEST: i64 = 8;
    /// So near the present is the present.
    const PRESENT: TimeDelta = TimeDelta::minutes(1);

    pub fn new(stage: &Stage, ledger: &Arc<Ledger>) -> Self {
        Self { pool: stage.pool.clone(), ledger: Arc::clone(ledger), lag: Lag::default() }
    }

    pub async fn look(&mut self) -> anyhow::Result<Seen> {
        // Asked first: what was accepted must be stored some time after, never before.
        let accepted = i64::try_from(self.ledger.counts().accepted)?;
        let mut db = self.pool.acquire().await?;
        let figures = overview::figures(&mut db).await?;
        let latest = sqlx::query_as(
            "SELECT car.name AS car, round(newest.odometer_reading * 1000)::bigint AS metres, newest.entry_date AS at
             FROM cars AS car CROSS JOIN LATERAL (
               SELECT odometer_reading, entry_date, created_at FROM meter_entries
               WHERE car_id = car.id ORDER BY entry_date DESC LIMIT 1
             ) AS newest
             ORDER BY newest.created_at DESC, newest.entry_date DESC LIMIT $1",
        )
        .bind(Self::LATEST)
        .fetch_all(&mut *db)
        .await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let virtual_now = self.ledger.now();
        Ok(Seen {
            virtual_now,
            is_present: clock::now() - virtual_now < Self::PRESENT,
            accepted,
            lag: self.lag.note(Instant::now(), count(accepted), count(figures.events)),
            figures,
            latest,
        })
    }
}

impl Seen {
    /// Accepted and not stored yet.
    pub fn behind(&self) -> i64 {
        (self.accepted - self.figures.events).max(0)
    }

    /// Whether nothing is left to be done.
    pub fn is_settled(&self) -> bool {
        self.behind() == 0 && self.figures.dirty_vehicles == 0 && self.figures.waiting_events == 0
    }
}
